"""Dated, sourced configuration: every threshold, deadline, quota and weight (DESIGN.md invariant 7, DOMAIN.md 16)."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jiyang.audit.tracking import Tracked
from jiyang.parameters.enums import Mark


class ParameterQuerySet(models.QuerySet):
    def on(self, day: dt.date) -> "ParameterQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class Parameter(Tracked):
    """参数: one value of one key, in force [`since`, `until`). `value` is JSON; `unit` says what it counts.

    A value is 已核实 once another person than the one who entered it has confirmed it; until then every result made
    with it shows 未经核实. `mark` is where the value came from (DOMAIN.md section 0).
    """

    key = models.CharField("键", max_length=80)
    title = models.CharField("名称", max_length=80)
    value = models.JSONField("值")
    unit = models.CharField("单位", max_length=20, blank=True)
    since = models.DateField("生效日期", default=dt.date(2021, 1, 1))
    until = models.DateField("失效日期", null=True, blank=True)
    source = models.CharField("来源", max_length=200)
    mark = models.CharField("依据", max_length=10, choices=Mark)
    ask = models.CharField("待确认单位", max_length=80, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="录入人"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核实人"
    )
    confirmed_at = models.DateTimeField("核实时间", null=True, blank=True)

    objects = ParameterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参数"
        ordering = ["key", "since"]
        constraints = [
            models.UniqueConstraint(fields=["key", "since"], name="parameter_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="parameter_dates"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="parameter_confirmed_pair",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | Q(entered_by=None) | ~Q(confirmed_by=F("entered_by")),
                name="parameter_two_people",
                violation_error_message="核实人不能是录入人",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None
