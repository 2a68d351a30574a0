from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    name = "jiyang.access"
    label = "access"
    verbose_name = "权限与范围"

    def ready(self) -> None:
        from jiyang.access.schema import sync_schema
        from jiyang.access.standing import tell_refusals

        connection_created.connect(tell_refusals, dispatch_uid="jiyang.access.standing")
        last = [config for config in apps.get_app_configs() if config.models_module][
            -1
        ]  # once, after every app's tables
        post_migrate.connect(sync_schema, sender=last, dispatch_uid="jiyang.access.schema")
