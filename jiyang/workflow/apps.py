from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    name = "jiyang.workflow"
    label = "workflow"
    verbose_name = "待办与复核"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        autodiscover_modules("waiting")
