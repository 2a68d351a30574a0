"""ABC tiers (ABC三类): every decision is a dated row; the last one in force is the household's tier."""

import datetime as dt

from django.db import models
from django.db.models import F, Q

from households.enums import RiskTier
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import Proposal


class TierDecisionQuerySet(ScopedQuerySet):
    def on(self, day: dt.date) -> "TierDecisionQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class TierDecision(HouseholdRecord):
    """分类认定: a person put the household into a tier for a reason, in force [`since`, `until`). DOMAIN.md 3.1.

    A temporary one (`override`) ends on a day said beforehand; the row that follows it, already there, gives the former
    tier back.
    """

    tier = models.CharField("类别", max_length=1, choices=RiskTier)
    reason = models.CharField("依据", max_length=200)
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)
    override = models.BooleanField("临时调整", default=False, db_default=False)

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


class TierChange(Proposal, HouseholdRecord):
    """分类调整申请: into or out of tier A, which a second person of the district confirms (DOMAIN.md 3.1)."""

    act = "tier.confirm"

    tier = models.CharField("调整为", max_length=1, choices=RiskTier)
    former = models.CharField("现分类", max_length=1, choices=RiskTier, blank=True)
    reason = models.CharField("依据", max_length=200)
    on = models.DateField("认定日期")
    expires_on = models.DateField("临时调整至", null=True, blank=True)

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "分类调整申请"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(voided_at=None, state=ProposalState.SUBMITTED),
                name="tier_change_one_open",
                violation_error_message="该户已有待确认的分类调整",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.former or '未分类'} → {self.tier}"
