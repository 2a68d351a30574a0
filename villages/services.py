"""What may happen to a village's figures by hand; the roster import writes the same columns set-based."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.roster.takers import FIRST_YEAR
from households.services.facts import fill, store
from jiyang.accounts.models import User
from jiyang.ledgers.editing import claim
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from villages.models import VillageYear


@transaction.atomic
def record_year(*, by: User, village: Region, year: int, **fields: Any) -> VillageYear:
    """Record a village's figures of a year. Raises ValidationError by field; IntegrityError where that year is recorded already."""
    record = VillageYear(entered_by=by, done_by=by.name, done_on=timezone.localdate())
    fill_year(record, {"village": village, "year": year, **fields})
    record.save()
    return record


def fill_year(record: VillageYear, values: dict[str, Any]) -> None:
    """Give a village's figures these values. Raises ValidationError by field."""
    village, year, today, problems = values["village"], values["year"], timezone.localdate(), {}
    if village.level != Level.VILLAGE:
        problems["village"] = "请选择行政村"
    if not FIRST_YEAR <= year <= today.year:
        problems["year"] = f"年度应在 {FIRST_YEAR} 到 {today.year} 之间"
    if problems:
        raise ValidationError(problems)
    if record.pk is None:
        record.place_at(village)
    record.year = year
    fill(record, {name: value for name, value in values.items() if name not in {"village", "year"}})


@transaction.atomic
def edit_year(*, by: User, record: VillageYear, version: int, **fields: Any) -> VillageYear:
    """Change them. Raises ValidationError by field, Stale when somebody else changed them since `version`."""
    return store(claim(record, version), fields)
