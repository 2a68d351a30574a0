from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "jiyang.reporting"
    label = "reporting"
    verbose_name = "指标与报表"

    def ready(self) -> None:
        from jiyang.ui import navigation

        navigation.register(navigation.Entry("工作台", "home", 10))
