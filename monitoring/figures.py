"""Figures of visits: due, overdue and made."""

import datetime as dt

from django.db.models import (
    Case,
    DateField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import Exact, LessThan, Range
from django.utils import timezone

from households.figures import TIERS, tier_then
from households.models import TierDecision
from households.models.household import on_register
from households.services.state import visit_intervals
from jiyang.parameters import values
from jiyang.reporting import dashboard
from jiyang.reporting.figures import Month, figure
from monitoring.models import Visit
from monitoring.models.followup import open_on
from monitoring.models.hit import lead_open_on
from monitoring.models.visit import VisitQuerySet


def due_then(as_of: dt.date) -> Combinable:
    """The day the next visit was wanted by, as known on `as_of`. Today's is stored."""
    if as_of >= timezone.localdate():
        return F("state__next_visit_on")
    days = visit_intervals()
    decided = TierDecision.objects.on(as_of).filter(household=OuterRef("pk"))
    visited = Visit.objects.to_the_door().filter(household=OuterRef("pk"), done_on__lte=as_of).order_by()
    last = Subquery(visited.values("household").annotate(last=Max("done_on")).values("last"))
    began = Greatest(F("registered_on"), Subquery(decided.values("since")[:1]))
    tier = Coalesce(Subquery(decided.values("tier")[:1]), Value(""))
    wait = Case(
        When(Exact(tier, Value("A")), then=Value(days["A"])),
        When(Exact(tier, Value("B")), then=Value(days["B"])),
        default=Value(days["C"]),
        output_field=IntegerField(),
    )
    return ExpressionWrapper(Coalesce(last, began) + wait, output_field=DateField())


@figure("visit.overdue", "走访超期", unit="户", ledger="households:household", split=tier_then, parts=TIERS)
def overdue(as_of: dt.date) -> Q:
    return on_register(as_of) & Q(LessThan(due_then(as_of), as_of))


@figure("visit.due_soon", "临期走访", unit="户", ledger="households:household", split=tier_then, parts=TIERS)
def due_soon(as_of: dt.date) -> Q:
    until = as_of + dt.timedelta(days=int(values.get("visit.soon.days").value))
    return on_register(as_of) & Q(Range(due_then(as_of), (as_of, until)))


@figure("visit.made", "本月走访", unit="次", ledger="monitoring:visit")
def made(rows: VisitQuerySet, period: Month) -> VisitQuerySet:
    return rows.visited_in(period.first, period.last)


@figure("followup.open", "待核实事项", unit="件", ledger="monitoring:followup")
def follow_ups(as_of: dt.date) -> Q:
    return open_on(as_of)


@figure("followup.overdue", "核实超期", unit="件", ledger="monitoring:followup")
def follow_ups_overdue(as_of: dt.date) -> Q:
    return open_on(as_of) & Q(due_on__lt=as_of)


@figure("lead.open", "规则线索", unit="条", ledger="monitoring:hit")
def leads_open(as_of: dt.date) -> Q:
    return lead_open_on(as_of)


dashboard.cell(40, "visit.made")
dashboard.column(50, "visit.overdue", look="bad")
dashboard.column(60, "visit.due_soon")
dashboard.column(70, "visit.made")
dashboard.need(10, "visit.overdue", "bad")
dashboard.need(20, "followup.overdue", "bad")
dashboard.need(40, "visit.due_soon", "warn")
dashboard.need(50, "followup.open", "warn")
dashboard.need(60, "lead.open", "warn")
dashboard.map_of(count="household.monitored", lamp="visit.overdue")
