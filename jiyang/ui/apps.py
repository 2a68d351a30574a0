from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "jiyang.ui"
    label = "ui"
    verbose_name = "界面"

    def ready(self) -> None:
        from jiyang.ui import checks  # noqa: F401  (registers the check)
