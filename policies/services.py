import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.models import Household
from jiyang.accounts.models import User
from jiyang.documents.storing import attach_photo, clean_photo
from policies.models import LeafletDelivery


@transaction.atomic
def deliver(
    *, by: User, household: Household, kind: str, on: dt.date, receiver: str, done_by: str = "", photo=None
) -> LeafletDelivery:
    """Record a leaflet handed over, with its photo. Raises ValidationError: future day, household closed, not a photo."""
    picture = clean_photo(photo) if photo else None
    made = LeafletDelivery(entered_by=by, done_by=by.name)
    fill(made, {"household": household, "kind": kind, "on": on, "receiver": receiver, "done_by": done_by})
    made.save()
    if picture:
        attach_photo(
            household=household,
            subject="policies.leafletdelivery",
            subject_id=made.pk,
            data=picture,
            name=f"{made}.jpg",
            by=by,
        )
    return made


def fill(record: LeafletDelivery, values: dict[str, Any]) -> None:
    """Give a delivery these values. Raises ValidationError by field: future day, household closed."""
    household, on = values["household"], values["on"]
    if on > timezone.localdate():
        raise ValidationError({"on": "发放日期不能晚于今天"})
    if household.closed_on and on >= household.closed_on:
        raise ValidationError({"household_no": f"该户已于 {household.closed_on} 核减"})
    record.household, record.kind, record.receiver = household, values["kind"], values["receiver"]
    record.done_on, record.year, record.done_by = on, on.year, values.get("done_by") or record.done_by
