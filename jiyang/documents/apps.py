from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "jiyang.documents"
    label = "documents"
    verbose_name = "材料附件"
