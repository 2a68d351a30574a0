from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "jiyang.api"
    label = "api"
    verbose_name = "接口"
