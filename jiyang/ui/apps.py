from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "jiyang.ui"
    label = "ui"
    verbose_name = "界面"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        from jiyang.ui import checks  # noqa: F401  (registers the check)

        autodiscover_modules("offline")
