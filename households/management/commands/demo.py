from django.core.management.base import BaseCommand

from jiyang.accounts.demo import make_users


class Command(BaseCommand):
    help = "Fill a demo instance: users of every role in two towns, and the demo roster through the real import with its approval."

    def handle(self, *args, **options) -> None:
        logins = make_users()
        for login in logins:
            self.stdout.write(f"login {login.role} {login.username} {login.password} {login.town}")
        self.stdout.flush()
