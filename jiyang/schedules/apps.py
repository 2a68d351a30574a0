from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    name = "jiyang.schedules"
    label = "schedules"
    verbose_name = "定时任务"

    def ready(self) -> None:
        from jiyang.schedules.registry import discover

        discover()
