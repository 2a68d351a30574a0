"""What may happen to spells and plans by hand; the roster import writes the same columns set-based."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from employment.models import LabourPlan, LabourSpell
from households.models import Person
from households.services.facts import fill, settle_household
from jiyang.accounts.models import User
from jiyang.identifiers import phone
from jiyang.intake.values import reaches_county
from jiyang.ledgers.editing import claim


@transaction.atomic
def record_spell(*, by: User, person: Person, **fields: Any) -> LabourSpell:
    """Record a job of a person. Raises ValidationError by field; IntegrityError where it is recorded already."""
    return _saved(LabourSpell(**_entered(by)), fill_spell, {"person": person, **fields})


@transaction.atomic
def edit_spell(*, by: User, record: LabourSpell, version: int, **fields: Any) -> LabourSpell:
    """Change it. Raises ValidationError by field, Stale when somebody else changed it since `version`."""
    return _saved(claim(record, version), fill_spell, fields)


@transaction.atomic
def record_plan(*, by: User, person: Person, **fields: Any) -> LabourPlan:
    """Record what a person means to do. Raises ValidationError; IntegrityError where they have a plan already."""
    return _saved(LabourPlan(**_entered(by)), fill_plan, {"person": person, **fields})


@transaction.atomic
def edit_plan(*, by: User, record: LabourPlan, version: int, **fields: Any) -> LabourPlan:
    """Change it. Raises ValidationError by field, Stale."""
    return _saved(claim(record, version), fill_plan, fields)


def fill_plan(record: LabourPlan, values: dict[str, Any]) -> None:
    """Give a plan these values. Raises ValidationError by field."""
    _fill(record, values)


def fill_spell(record: LabourSpell, values: dict[str, Any]) -> None:
    """Give a spell these values. Raises ValidationError by field."""
    _fill(record, values)
    _check(record, values.get("job_place"))


def _entered(by: User) -> dict[str, Any]:
    return {"entered_by": by, "done_by": by.name, "done_on": timezone.localdate()}


def _saved(record: Any, fill_in: Callable[[Any, dict], None], values: dict[str, Any]) -> Any:
    fill_in(record, values)
    record.save()
    return record


def _fill(record: Any, values: dict[str, Any]) -> None:
    person = values.get("person")
    if record.pk is None:
        settle_household(record, {"household": person.household})
        record.person = person
    if "job_phone" in values:
        number = values["job_phone"]
        record.job_phone_is_mobile = phone.is_mobile(number) if number else None
    fill(record, {name: value for name, value in values.items() if name != "person"})


def _check(record: LabourSpell, place: str | None) -> None:
    """A job begins before it ends and not in the future; one that is over says when, a place reaches the county.

    DOMAIN.md 1.7: 1111_16, 5_01_005.
    """
    problems, today, begun, ended = {}, timezone.localdate(), record.job_started_on, record.job_ended_on
    if place and not reaches_county(place):
        problems["job_place"] = "务工所在地应写到县（市、区），如 山东省济南市历城区"
    if begun and begun > today:
        problems["job_started_on"] = "开始时间不能晚于今天，打算去的请登记务工计划"
    if begun and ended and ended < begun:
        problems["job_ended_on"] = "结束时间不能早于开始时间"
    if record.working is False and not (ended and ended <= today):
        problems["job_ended_on"] = "已不务工的，请填今天或以前的结束时间"
    if problems:
        raise ValidationError(problems)
