"""Reading parameters: a dated value with its badge, or a refusal that says what is missing."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import F, Q
from django.utils import timezone

from jiyang.access import scope
from jiyang.caching import kept
from jiyang.parameters.models import Parameter
from jiyang.regions.enums import Level
from jiyang.regions.models import Region

STAMP, KEPT = "parameters:stamp", 600


class ParameterMissing(LookupError):
    """A value that is needed has no line for the day; what needs it refuses and shows this message."""


@dataclass(frozen=True)
class Value:
    """One value with what a page must show beside it."""

    key: str
    value: Any
    unit: str
    confirmed: bool
    source: str

    @property
    def badge(self) -> str:
        return "已核实" if self.confirmed else "未经核实"


def all_on(day: dt.date | None = None, *, district: int | None = None) -> dict[str, Value]:
    """Every parameter in force on `day` (today), by key: the district's own value before the general one.

    The district is the actor's (or the instance's only one) unless given. Kept in the cache until a parameter changes.
    """
    day, district = day or timezone.localdate(), district or own_district()
    stamp = kept(STAMP, lambda: uuid.uuid4().hex, None)
    return kept(f"parameters:{stamp}:{day}:{district or 0}", lambda: _read(day, district), KEPT)


def own_district() -> int | None:
    """Key of the district for which the running code acts; None where it acts for several."""
    actor = scope.current()
    if actor and actor.home:
        return actor.home.district_id or actor.home.pk
    if actor and actor.reach.districts:
        return actor.reach.districts[0] if len(actor.reach.districts) == 1 else None
    return kept("parameters:district", _only_district, KEPT) or None


def _only_district() -> int:
    found = list(Region.objects.at(Level.DISTRICT).values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else 0


def _read(day: dt.date, district: int | None) -> dict[str, Value]:
    rows = Parameter.objects.on(day).filter(Q(region=None) | Q(region=district))
    rows = rows.order_by(F("region").asc(nulls_first=True))  # a district's own value comes last and stays
    return {row.key: Value(row.key, row.value, row.unit, row.is_confirmed, row.source) for row in rows}


def forget(**kwargs) -> None:
    """Called when parameters changed: what is cached is read anew by the next reader."""
    cache.delete(STAMP)


def get(key: str, *, on: dt.date | None = None, district: int | None = None) -> Value:
    """The value of `key` in force on a day. Raises ParameterMissing."""
    try:
        return all_on(on, district=district)[key]
    except KeyError:
        day = on or timezone.localdate()
        raise ParameterMissing(f"参数 {key} 在 {day:%Y-%m-%d} 没有有效值，请由区级在“参数”页补录并核实后再试") from None
