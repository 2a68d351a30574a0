from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "jiyang.reporting"
    label = "reporting"
    verbose_name = "指标与报表"
