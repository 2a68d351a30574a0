"""Registering and editing households and people by hand; the roster import writes the same tables set-based."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.enums import Relation
from households.models import Household, Membership, Person
from households.services import state
from jiyang.accounts.models import User
from jiyang.identifiers import idcard, pinyin
from jiyang.identifiers.encryption import blind_index
from jiyang.ledgers.editing import claim
from jiyang.regions.models import Region


@transaction.atomic
def register_household(*, by: User, village: Region, head_name: str, head_id_number: str, **fields: Any) -> Household:
    """A new household with its head. Raises ValidationError with every problem; IntegrityError for a number in use."""
    today = timezone.localdate()
    household = Household(
        **_household_values(fields), registered_on=today, entered_by=by, done_by=by.name, done_on=today
    )
    household.place_at(village)
    household.save()
    person = Person(household=household, name=head_name, entered_by=by)
    set_id_number(person, head_id_number)
    person.name_pinyin = pinyin.sort_key(head_name)
    person.save()
    Membership.objects.create(
        person=person, household=household, relation=Relation.HEAD, since=today, join_reason="登记"
    )
    state.refresh([household.pk])
    return household


@transaction.atomic
def edit_household(*, by: User, record: Household, version: int, **fields: Any) -> Household:
    """Change the household's own fields. Raises Stale when somebody else changed it since `version`."""
    household = claim(record, version)
    for name, value in _household_values(fields).items():
        setattr(household, name, value)
    household.save()
    return household


def _household_values(fields: dict[str, Any]) -> dict[str, Any]:
    values = dict(fields)
    if "phone" in values:
        values["phone"] = values["phone"] or None
        values["phone_index"] = blind_index(values["phone"]) if values["phone"] else None
    return values


def set_id_number(person: Person, number: str) -> None:
    """Set the ID number with its index, birth date and sex. Raises ValidationError for a number that cannot be one."""
    checked = idcard.check(number)
    if checked.problem:
        raise ValidationError({"head_id_number": checked.message})
    person.id_number, person.id_index = checked.number, blind_index(checked.number[:18])
    person.birth_date, person.sex = checked.birth_date, checked.sex
