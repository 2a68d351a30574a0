from django.db import models


class VersionKind(models.TextChoices):
    RULE = "rule", "规则"
    OFF = "off", "停用"


class Standing(models.TextChoices):
    """Where a version stands on a day."""

    DRAFT = "draft", "草稿"
    WAITING = "waiting", "待复核"
    COMING = "coming", "将生效"
    ACTIVE = "active", "生效"
    OFF = "off", "停用"
    PAST = "past", "已被取代"
    RETURNED = "returned", "退回"
    WITHDRAWN = "withdrawn", "已撤回"
