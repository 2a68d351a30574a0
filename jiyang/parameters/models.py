"""Dated, sourced configuration: every threshold, deadline, quota and weight (DESIGN.md invariant 7, DOMAIN.md 16)."""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from jiyang.audit.tracking import Tracked
from jiyang.parameters.enums import ChangeKind, Mark
from jiyang.parameters.kinds import words
from jiyang.workflow.proposals import Proposal


class ParameterQuerySet(models.QuerySet):
    def on(self, day: dt.date) -> "ParameterQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class Parameter(Tracked):
    """参数: one value of one key, in force [`since`, `until`). `value` is JSON; `unit` says what it counts.

    With a `region` it holds for that district in place of the general one. Days never overlap. A value is 已核实 once another person than the one who entered it has confirmed it; until then every result made
    with it shows 未经核实. `mark` is where the value came from (DOMAIN.md section 0).
    """

    key = models.CharField("键", max_length=80)
    title = models.CharField("名称", max_length=80)
    value = models.JSONField("值")
    unit = models.CharField("单位", max_length=20, blank=True)
    region = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用区县"
    )
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

    history_words = {"value": words}
    objects = ParameterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参数"
        ordering = ["key", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "region", "since"],
                nulls_distinct=False,
                name="parameter_once",
                violation_error_message="这个参数已有自同一天起的值",
            ),
            ExclusionConstraint(
                name="parameter_one_a_day",
                expressions=[
                    ("key", RangeOperators.EQUAL),
                    (Coalesce("region", 0), RangeOperators.EQUAL),
                    (Func(F("since"), F("until"), function="daterange", output_field=DateRangeField()), "&&"),
                ],
                violation_error_message="这个参数在这些天已有有效值",
            ),
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

    @property
    def words(self) -> str:
        return words(self.value)

    @property
    def basis(self) -> str:
        """Where the value comes from, in an officer's words."""
        return f"{self.get_mark_display()}，{self.source.replace('DOMAIN.md', '业务资料')}"

    @property
    def where(self) -> str:
        return self.region.name if self.region else "全部"

    @property
    def last_day(self) -> dt.date | None:
        return self.until - dt.timedelta(days=1) if self.until else None

    def is_on(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


class ParameterChange(Proposal, Tracked):
    """参数变更: a new dated value, or the confirmation of one that is there; another person activates it.

    Frozen as submitted: `value` is what the second person agrees to. `parameter` is the value to confirm, or what came
    of an approval. Source: DOMAIN.md section 0 (ground rules 1 and 2).
    """

    act = "parameter"
    history_words = {"value": words}

    kind = models.CharField("变更", max_length=10, choices=ChangeKind, default=ChangeKind.VALUE)
    key = models.CharField("键", max_length=80)
    title = models.CharField("名称", max_length=80)
    value = models.JSONField("值")
    unit = models.CharField("单位", max_length=20, blank=True)
    region = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用区县"
    )
    since = models.DateField("生效日期")
    until = models.DateField("失效日期", null=True, blank=True)
    source = models.CharField("依据文件", max_length=200)
    reason = models.CharField("说明", max_length=200, blank=True)
    parameter = models.ForeignKey(
        Parameter, models.PROTECT, null=True, blank=True, related_name="changes", editable=False, verbose_name="参数值"
    )

    class Meta:
        verbose_name = verbose_name_plural = "参数变更"
        constraints = [
            *Proposal.Meta.constraints,
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")),
                name="parameter_change_dates",
                violation_error_message="失效日期要晚于生效日期",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}：{words(self.value)} {self.unit}"

    @property
    def words(self) -> str:
        return f"{words(self.value)} {self.unit}".strip()

    @property
    def period(self) -> str:
        last = f" 至 {self.until - dt.timedelta(days=1)}" if self.until else " 起"
        return f"{self.since}{last}"

    @property
    def where(self) -> str:
        return self.region.name if self.region else "全部"
