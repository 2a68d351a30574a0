from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "jiyang.intake"
    label = "intake"
    verbose_name = "数据接收"
