"""务工 and 务工计划: who works where since when, and who means to (plan point 15; DOMAIN.md 1.2 Rosters D and G, 10.1)."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import ExtractMonth, ExtractYear

from households.models import Person
from households.models.columns import amount, flag, phone, phone_index, words
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord


def owner(related_name: str) -> models.ForeignKey:
    """Whose record it is; checked once per statement, as what `Record` points to."""
    return models.ForeignKey(
        Person, models.PROTECT, related_name=related_name, db_constraint=False, verbose_name="人员"
    )


def in_work_on(day: dt.date) -> Q:
    """Spells that stand on `day`: begun, and not ended before it. One without an end that is not 已务工 stands no longer."""
    going = Q(job_ended_on__gte=day) | Q(job_ended_on=None) & ~Q(working=False)
    return Q(job_started_on__lte=day) & going


class SpellQuerySet(ScopedQuerySet):
    def standing(self, day: dt.date) -> "SpellQuerySet":
        return self.filter(in_work_on(day))


class LabourSpell(HouseholdRecord):
    """务工: one job of one person, 元. A person has one live spell for each month in which it began and each employer:

    the national system dates jobs by months.
    """

    person = owner("spells")
    follows = "person"
    working = flag("是否已务工")
    job_started_on = models.DateField("开始时间", null=True, blank=True)
    job_ended_on = models.DateField("结束时间", null=True, blank=True)
    job_place = words("务工所在地")
    job_county = words("务工所在县", 60)
    job_monthly_pay = amount("务工月收入（元）")
    job_employer = words("务工企业名称")
    job_industry = words("所属行业", 60)
    point_to_point = flag("是否点对点输送")
    job_channel = words("就业渠道", 60)
    travel_subsidy = amount("年度交通费补助（元）")
    job_phone = phone("电话号码")
    job_phone_index = phone_index("电话号码")
    job_phone_is_mobile = models.BooleanField("电话是手机号", null=True, blank=True, editable=False)
    other_info = words("其他信息", 200)

    field_groups = {
        "contact": ("job_phone",),
        "income": ("job_monthly_pay", "travel_subsidy"),
        "labour": (
            "working",
            "job_started_on",
            "job_ended_on",
            "job_place",
            "job_county",
            "job_employer",
            "job_industry",
            "point_to_point",
            "job_channel",
            "other_info",
        ),
    }
    masked = {"job_phone": "phone"}
    objects = SpellQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "务工"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                F("person"),
                ExtractYear("job_started_on"),
                ExtractMonth("job_started_on"),
                F("job_employer"),
                condition=Q(voided_at=None),
                nulls_distinct=False,
                name="spell_once",
                violation_error_message="此人这个月开始的同一单位的务工已经登记",
            ),
        ]
        indexes = [models.Index(fields=["job_phone_index"], condition=Q(voided_at=None), name="spell_phone")]

    def __str__(self) -> str:
        return f"{self.person} {self.job_started_on:%Y-%m}" if self.job_started_on else str(self.person)


class LabourPlan(HouseholdRecord):
    """务工计划: whether a person means to go to work, where, and what help they need. One live plan per person."""

    person = owner("plans")
    follows = "person"
    plans_to_work = flag("是否计划务工")
    planned_county = words("计划务工所在县", 60)
    service_need = words("就业服务需求")
    job_phone = phone("电话号码")
    job_phone_index = phone_index("电话号码")
    job_phone_is_mobile = models.BooleanField("电话是手机号", null=True, blank=True, editable=False)

    field_groups = {"contact": ("job_phone",), "labour": ("plans_to_work", "planned_county", "service_need")}
    masked = {"job_phone": "phone"}

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "务工计划"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(voided_at=None),
                name="labour_plan_one_live",
                violation_error_message="此人已有务工计划，请修改原有的一份",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} 的务工计划"
