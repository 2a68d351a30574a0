from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "jiyang.audit"
    label = "audit"
    verbose_name = "留痕"
