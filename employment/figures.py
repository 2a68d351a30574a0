"""Figures of labour: who is in work, and who means to be and is not (plan point 15: 有务工意愿的动态清零)."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q

from employment.models import LabourPlan, LabourSpell
from households.models import Membership
from households.models.household import on_register as registered_on
from jiyang.reporting import dashboard
from jiyang.reporting.figures import Month, figure


def at_work(day: dt.date, person: str) -> Exists:
    return Exists(LabourSpell.objects.standing(day).filter(person=OuterRef(person)))


def on_register(day: dt.date, person: str) -> Exists:
    return Exists(Membership.objects.in_force(day).filter(person=OuterRef(person)))


@figure("labour.working", "在岗务工人数", unit="人", ledger="households:person")
def working(as_of: dt.date) -> Q:
    """People on the register who are in some job on the day."""
    return Q(at_work(as_of, "pk")) & Q(on_register(as_of, "pk"))


@figure("labour.begun", "本月新上岗", unit="条", ledger="employment:spell")
def begun(period: Month) -> Q:
    return Q(job_started_on__range=(period.first, period.last))


@figure("labour.unplaced", "计划务工未上岗", unit="人", ledger="employment:plan")
def unplaced(as_of: dt.date) -> Q:
    """Plans to work of people who are in no job on the day."""
    return waiting_on(as_of) & Q(on_register(as_of, "person"))


@figure("labour.waiting", "有人计划务工未上岗", unit="户", ledger="households:household")
def waiting(as_of: dt.date) -> Q:
    """Households with somebody who means to work and is in no job on the day."""
    plans = LabourPlan.objects.filter(waiting_on(as_of), household=OuterRef("pk"))
    return registered_on(as_of) & Q(Exists(plans))


def waiting_on(day: dt.date) -> Q:
    return Q(done_on__lte=day) & Q(plans_to_work=True) & ~Q(at_work(day, "person"))


dashboard.need(70, "labour.waiting", "warn")
