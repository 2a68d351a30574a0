"""Figures of the register: households and people by tier, monitored, identified, removed (DESIGN.md invariant 8)."""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from households.enums import HelperKind, MonitoringCategory, RiskTier
from households.models import Pairing, TierDecision
from households.models.household import HouseholdQuerySet, monitored_on, on_register
from households.models.person import PersonQuerySet
from jiyang.reporting import dashboard
from jiyang.reporting.figures import Month, figure

TIERS = [*((tier.value, tier.label) for tier in RiskTier), ("", "未分类")]
HOUSEHOLDS = {"unit": "户", "ledger": "households:household"}


def tier_then(as_of: dt.date) -> Combinable:
    """The tier in force on a day; today's is stored."""
    if as_of == timezone.localdate():
        return F("state__tier")
    decided = TierDecision.objects.on(as_of).filter(household=OuterRef("pk")).values("tier")[:1]
    return Coalesce(Subquery(decided), Value(""))


@figure("household.registered", "脱贫享受政策户", **HOUSEHOLDS, split=tier_then, parts=TIERS)
def registered(as_of: dt.date) -> Q:
    """Households in the register on a day, by the tier in force that day."""
    return on_register(as_of)


@figure(
    "person.registered",
    "脱贫享受政策人口",
    unit="人",
    ledger="households:person",
    summed=("household.registered", "state__people"),
)
def people(rows: PersonQuerySet, as_of: dt.date) -> PersonQuerySet:
    return rows.members_on(as_of)


@figure("household.monitored", "监测对象（未消除）", **HOUSEHOLDS, split="category", parts=MonitoringCategory.choices)
def monitored(as_of: dt.date) -> Q:
    return monitored_on(as_of)


@figure("household.stable", "稳定户", **HOUSEHOLDS)
def stable(as_of: dt.date) -> Q:
    """Households in the register that are not monitored on the day."""
    return on_register(as_of) & ~Q(monitored_on(as_of) & Q(risk_identified_on__isnull=False))


@figure("household.identified", "本月新识别", **HOUSEHOLDS)
def identified(period: Month) -> Q:
    return on_register(period.last) & Q(risk_identified_on__range=(period.first, period.last))


@figure("household.removed", "本月风险消除", **HOUSEHOLDS)
def removed(period: Month) -> Q:
    return on_register(period.last) & Q(risk_removed_on__range=(period.first, period.last))


@figure("household.unhelped", "没有帮扶责任人", **HOUSEHOLDS)
def unhelped(as_of: dt.date) -> Q:
    """Households that no 帮扶责任人 looked after on the day; today's are stored."""
    if as_of == timezone.localdate():
        return on_register(as_of) & Q(state__helper_name="")
    paired = Pairing.objects.on(as_of).filter(household=OuterRef("pk"), kind=HelperKind.HELPER)
    return on_register(as_of) & ~Q(Exists(paired))


@figure("household.unmet", "三保障和饮水未达标", unit="户", ledger="households:household")
def unmet(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    """Households of which some item's latest check by the day says 不达标."""
    return rows.on_register(as_of).unmet_on(as_of)


dashboard.cell(10, "household.registered", also=("person.registered",), look="tiers")
dashboard.cell(20, "household.monitored")
dashboard.cell(25, "household.stable", of="household.registered")
dashboard.cell(60, "household.identified")
dashboard.cell(70, "household.removed")
dashboard.column(10, "household.registered", title="享受政策户")
dashboard.column(20, "household.registered", title="A / B / C", look="bar")
dashboard.column(30, "household.monitored", title="监测对象")
dashboard.column(40, "household.monitored", title="监测占比", look="share", of="household.registered")
dashboard.need(30, "household.unmet", "bad")
dashboard.need(60, "household.unhelped", "warn")
dashboard.ranking("household.monitored", title="监测对象", of="household.registered", note="各地户数与占享受政策户比例")
dashboard.trend("识别与消除", "household.identified", "household.removed")
