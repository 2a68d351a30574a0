"""Figures of the register: households and people by tier, monitored, visits due (DESIGN.md invariant 8)."""

import datetime as dt

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from households.enums import MonitoringCategory, RiskTier
from households.models import TierDecision
from households.models.household import HouseholdQuerySet
from households.models.person import PersonQuerySet
from jiyang.reporting import dashboard
from jiyang.reporting.figures import figure

TIERS = [*((tier.value, tier.label) for tier in RiskTier), ("", "未分类")]


@figure(
    "household.registered", "脱贫享受政策户", unit="户", ledger="households:household", split="tier_then", parts=TIERS
)
def registered(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    """Households in the register on a day, by the tier in force that day."""
    rows = rows.on_register(as_of)
    if as_of == timezone.localdate():
        return rows.annotate(tier_then=F("state__tier"))
    decided = TierDecision.objects.on(as_of).filter(household=OuterRef("pk")).values("tier")[:1]
    return rows.annotate(tier_then=Coalesce(Subquery(decided), Value("")))


@figure("person.registered", "脱贫享受政策人口", unit="人", ledger="households:person")
def people(rows: PersonQuerySet, as_of: dt.date) -> PersonQuerySet:
    return rows.members_on(as_of)


@figure(
    "household.monitored",
    "监测对象（未消除）",
    unit="户",
    ledger="households:household",
    split="category",
    parts=MonitoringCategory.choices,
)
def monitored(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    return rows.monitored_on(as_of)


dashboard.cell(10, "household.registered", also=("person.registered",), look="tiers")
dashboard.cell(20, "household.monitored")
dashboard.column(10, "household.registered", title="享受政策户")
dashboard.column(20, "household.registered", title="A / B / C", look="bar")
dashboard.column(30, "household.monitored", title="监测对象")
dashboard.column(40, "household.monitored", title="监测占比", look="share", of="household.registered")
