"""ABC tiers (ABC三类): every decision is a dated row; the last one in force is the household's tier."""

import datetime as dt

from django.db import models
from django.db.models import F, Q

from households.enums import RiskTier
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord


class TierDecisionQuerySet(ScopedQuerySet):
    def on(self, day: dt.date) -> "TierDecisionQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class TierDecision(HouseholdRecord):
    """分类认定: a person put the household into a tier for a reason, in force [`since`, `until`). DOMAIN.md 3.1."""

    tier = models.CharField("类别", max_length=1, choices=RiskTier)
    reason = models.CharField("依据", max_length=200)
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)

    objects = TierDecisionQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "分类认定"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(voided_at=None, until=None),
                name="tier_one_open",
                violation_error_message="该户刚被另一位同志调整过分类，请刷新后再试",
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="tier_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.since:%Y-%m-%d}"
