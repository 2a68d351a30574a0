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


class Topic(models.TextChoices):
    """What a follow-up is about."""

    RISK = "risk", "返贫致贫风险"
    EDUCATION = "education", "义务教育"
    MEDICAL = "medical", "基本医疗"
    HOUSING = "housing", "住房安全"
    WATER = "water", "饮水安全"
    PEOPLE = "people", "家庭人口变化"


class FollowUpState(models.TextChoices):
    OPEN = "open", "待核实"
    DONE = "done", "已办结"


class Subject(models.TextChoices):
    """What of the register a visit may contradict; the last four are items of `households.enums.GuaranteeItem`."""

    PHONE = "phone", "户联系电话"
    ADDRESS = "address", "家庭住址"
    INCOME = "income", "人均纯收入预估"
    EDUCATION = "education", "义务教育"
    MEDICAL = "medical", "基本医疗"
    HOUSING = "housing", "住房安全"
    WATER = "water", "饮水安全"

    @classmethod
    def guarantees(cls) -> "tuple[Subject, ...]":
        return cls.EDUCATION, cls.MEDICAL, cls.HOUSING, cls.WATER


class HitState(models.TextChoices):
    """Of a lead: open ones wait for somebody, decided ones stay as long as they are true."""

    NEW = "new", "待核实"
    ASSIGNED = "assigned", "已派发"
    CONFIRMED = "confirmed", "属实"
    EXPLAINED = "explained", "已说明"
    DISMISSED = "dismissed", "不属实"
    GONE = "gone", "自行消失"
