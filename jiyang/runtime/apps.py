from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "jiyang.runtime"
    label = "runtime"
    verbose_name = "运行环境"
