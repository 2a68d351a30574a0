"""What may happen to spells and plans by hand; the roster import writes the same columns set-based."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from employment.models import LabourPlan, LabourSpell
from households.models import Person
from households.services.facts import store
from jiyang.accounts.models import User
from jiyang.identifiers import phone
from jiyang.intake.values import reaches_county
from jiyang.ledgers.editing import claim


@transaction.atomic
def record_spell(*, by: User, person: Person, **fields: Any) -> LabourSpell:
    """Record a job of a person. Raises ValidationError by field; IntegrityError where it is recorded already."""
    _check(**fields)
    return _store(LabourSpell(**_of(person, by)), fields)


@transaction.atomic
def edit_spell(*, by: User, record: LabourSpell, version: int, **fields: Any) -> LabourSpell:
    """Change it. Raises ValidationError by field, Stale when somebody else changed it since `version`."""
    _check(**fields)
    return _store(claim(record, version), fields)


@transaction.atomic
def record_plan(*, by: User, person: Person, **fields: Any) -> LabourPlan:
    """Record what a person means to do. Raises ValidationError; IntegrityError where they have a plan already."""
    return _store(LabourPlan(**_of(person, by)), fields)


@transaction.atomic
def edit_plan(*, by: User, record: LabourPlan, version: int, **fields: Any) -> LabourPlan:
    """Change it. Raises ValidationError by field, Stale."""
    return _store(claim(record, version), fields)


def _of(person: Person, by: User) -> dict[str, Any]:
    if person.household.closed_on:
        raise ValidationError({"household_no": f"该户已于 {person.household.closed_on} 核减"})
    return {
        "person": person,
        "household": person.household,
        "entered_by": by,
        "done_by": by.name,
        "done_on": timezone.localdate(),
    }


def _store(record: Any, fields: dict[str, Any]) -> Any:
    if "job_phone" in fields:
        number = fields["job_phone"]
        record.job_phone_is_mobile = phone.is_mobile(number) if number else None
    return store(record, fields)


def _check(*, job_started_on: dt.date | None = None, job_ended_on: dt.date | None = None, **others: Any) -> None:
    """A job begins before it ends and not in the future; one that is over says when, a place reaches the county.

    DOMAIN.md 1.7: 1111_16, 5_01_005.
    """
    problems, today = {}, timezone.localdate()
    if others.get("job_place") and not reaches_county(others["job_place"]):
        problems["job_place"] = "务工所在地应写到县（市、区），如 山东省济南市历城区"
    if job_started_on and job_started_on > today:
        problems["job_started_on"] = "开始时间不能晚于今天，打算去的请登记务工计划"
    if job_started_on and job_ended_on and job_ended_on < job_started_on:
        problems["job_ended_on"] = "结束时间不能早于开始时间"
    if others.get("working") is False and not (job_ended_on and job_ended_on <= today):
        problems["job_ended_on"] = "已不务工的，请填今天或以前的结束时间"
    if problems:
        raise ValidationError(problems)
