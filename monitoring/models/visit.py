"""Visits to the door (走访): ten questions, one record however often the phone sends it (DESIGN.md invariant 10)."""

import datetime as dt

from django.db import models
from django.db.models import Q

from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord
from monitoring.enums import Finding, IncomeChange, Met, PeopleChange, RiskSeen, VisitMethod


class VisitQuerySet(ScopedQuerySet):
    def visited_in(self, start: dt.date, end: dt.date) -> "VisitQuerySet":
        """Visits made from `start` to `end`, both included (local days)."""
        return self.filter(done_on__range=(start, end))

    def to_the_door(self) -> "VisitQuerySet":
        """Visits that count for the tier's interval: at home and somebody was met (DOMAIN.md 3.2)."""
        return self.filter(method=VisitMethod.HOME).exclude(met=Met.NOBODY)


class Visit(HouseholdRecord):
    """走访记录. `client_uuid` is made by the browser when the form opens; `body_digest` tells a replay from a clash.

    The day of `visited_at` is `done_on`, who went to the door is `done_by`, who typed it `entered_by`.
    """

    client_uuid = models.UUIDField("设备编号", unique=True, editable=False)
    body_digest = models.CharField("内容摘要", max_length=64, editable=False)
    visited_at = models.DateTimeField("走访时间")
    method = models.CharField("方式", max_length=8, choices=VisitMethod)
    met = models.CharField("见到谁", max_length=8, choices=Met)
    people_change = models.CharField("家庭人口", max_length=8, choices=PeopleChange)
    income_change = models.CharField("收入比上次", max_length=8, choices=IncomeChange)
    education = models.CharField("义务教育", max_length=8, choices=Finding)
    medical = models.CharField("基本医疗", max_length=8, choices=Finding)
    housing = models.CharField("住房安全", max_length=8, choices=Finding)
    water = models.CharField("饮水安全", max_length=8, choices=Finding)
    risk = models.CharField("返贫风险", max_length=8, choices=RiskSeen)
    notes = models.TextField("情况说明", max_length=1000, blank=True)

    field_groups = {"health": ("medical",), "income": ("income_change",)}
    objects = VisitQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "走访记录"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(done_on__isnull=False), name="visit_has_day"),
        ]
        indexes = [
            models.Index(fields=["household", "-visited_at"]),
            models.Index(fields=["town", "-visited_at"]),
            models.Index(fields=["-visited_at", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.visited_at:%Y-%m-%d} {self.get_method_display()}"

    @property
    def has_problem(self) -> bool:
        """Whether the visit asks for a follow-up: a guarantee not fine, or a risk to verify."""
        checked = (self.education, self.medical, self.housing, self.water)
        return Finding.PROBLEM in checked or self.risk == RiskSeen.VERIFY
