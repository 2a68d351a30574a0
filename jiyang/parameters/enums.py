from django.db import models


class Mark(models.TextChoices):
    """Where a value comes from (DOMAIN.md section 0)."""

    PLAN = "plan", "工作要点"
    FOUND = "found", "公开来源"
    KNOWN = "K", "常识，待核"
    DEFAULT = "D", "设计默认"
    GAP = "gap", "未查到"
    DEMO = "demo", "演示值"
    DOCUMENT = "doc", "文件规定"


class ChangeKind(models.TextChoices):
    VALUE = "value", "新的值"
    CONFIRM = "confirm", "核实现有值"
