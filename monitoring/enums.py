"""Choices of visits (DOMAIN.md 3.2). Labels are what the officer reads on the phone."""

from django.db import models


class VisitMethod(models.TextChoices):
    HOME = "home", "入户"
    PHONE = "phone", "电话"
    VIDEO = "video", "视频"


class Met(models.TextChoices):
    HEAD = "head", "户主本人"
    FAMILY = "family", "家属"
    NOBODY = "nobody", "无人在家"


class PeopleChange(models.TextChoices):
    NONE = "none", "没有变化"
    CHANGED = "changed", "有变化"


class IncomeChange(models.TextChoices):
    SAME = "same", "差不多"
    MORE = "more", "增加"
    LESS = "less", "减少"


class Finding(models.TextChoices):
    FINE = "fine", "没问题"
    PROBLEM = "problem", "有问题"


class RiskSeen(models.TextChoices):
    NONE = "none", "没有"
    VERIFY = "verify", "有，转核实"
