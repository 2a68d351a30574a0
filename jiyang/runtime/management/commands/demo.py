from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from jiyang.accounts.demo import make_users


class Command(BaseCommand):
    help = "Fill a demo instance: users of every role in two towns, then every app's `demo.fill()` in the order of the apps."

    def handle(self, *args, **options) -> None:
        with transaction.atomic():
            logins = make_users()
        for fill in fillers():
            fill()
        for login in logins:
            self.stdout.write(f"login {login.role} {login.username} {login.password} {login.town}")
        self.stdout.flush()


def fillers() -> list:
    """The `fill` function of each app's `demo` module, in the order of the apps; a higher `order` comes later."""
    import sys

    from django.apps import apps

    autodiscover_modules("demo")
    modules = [sys.modules.get(f"{config.name}.demo") for config in apps.get_app_configs()]
    found = [module for module in modules if hasattr(module, "fill")]
    return [module.fill for module in sorted(found, key=lambda module: getattr(module, "order", 0))]
