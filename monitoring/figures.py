"""Figures of visits: due, overdue and made."""

import datetime as dt

from django.db.models import Case, DateField, ExpressionWrapper, F, IntegerField, Max, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from households.models import TierDecision
from households.models.household import HouseholdQuerySet
from households.services.state import visit_intervals
from jiyang.parameters import values
from jiyang.reporting import dashboard
from jiyang.reporting.figures import Month, figure
from monitoring.models import Visit
from monitoring.models.followup import FollowUpQuerySet
from monitoring.models.visit import VisitQuerySet


def with_due_day(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    """Annotate `due_then`: the day the next visit was wanted by, as known on `as_of`. Today's is stored."""
    if as_of >= timezone.localdate():
        return rows.annotate(due_then=F("state__next_visit_on"))
    days = visit_intervals()
    decided = TierDecision.objects.on(as_of).filter(household=OuterRef("pk"))
    visited = Visit.objects.to_the_door().filter(household=OuterRef("pk"), done_on__lte=as_of).order_by()
    last = visited.values("household").annotate(last=Max("done_on")).values("last")
    wait = Case(
        When(tier_then="A", then=Value(days["A"])),
        When(tier_then="B", then=Value(days["B"])),
        default=Value(days["C"]),
        output_field=IntegerField(),
    )
    began = Greatest(F("registered_on"), Subquery(decided.values("since")[:1]))
    due = ExpressionWrapper(Coalesce(F("last_then"), began) + wait, output_field=DateField())
    return rows.annotate(tier_then=Subquery(decided.values("tier")[:1]), last_then=Subquery(last)).annotate(
        due_then=due
    )


@figure("visit.overdue", "走访超期", unit="户", ledger="households:household")
def overdue(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    return with_due_day(rows.on_register(as_of), as_of).filter(due_then__lt=as_of)


@figure("visit.due_soon", "临期走访", unit="户", ledger="households:household")
def due_soon(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    until = as_of + dt.timedelta(days=int(values.get("visit.soon.days").value))
    return with_due_day(rows.on_register(as_of), as_of).filter(due_then__range=(as_of, until))


@figure("visit.made", "本月走访", unit="次", ledger="monitoring:visit")
def made(rows: VisitQuerySet, period: Month) -> VisitQuerySet:
    return rows.visited_in(period.first, period.last)


@figure("followup.open", "待核实事项", unit="件", ledger="monitoring:followup")
def follow_ups(rows: FollowUpQuerySet, as_of: dt.date) -> FollowUpQuerySet:
    return rows.open_on(as_of)


@figure("followup.overdue", "核实超期", unit="件", ledger="monitoring:followup")
def follow_ups_overdue(rows: FollowUpQuerySet, as_of: dt.date) -> FollowUpQuerySet:
    return rows.overdue_on(as_of)


dashboard.cell(30, "visit.overdue")
dashboard.cell(40, "visit.due_soon")
dashboard.cell(50, "visit.made")
dashboard.column(50, "visit.overdue", look="bad")
dashboard.column(60, "visit.due_soon")
dashboard.column(70, "visit.made")
