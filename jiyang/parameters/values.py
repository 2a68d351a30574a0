"""Reading parameters: a dated value with its badge, or a refusal that says what is missing."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from jiyang.parameters.models import Parameter

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


def all_on(day: dt.date | None = None) -> dict[str, Value]:
    """Every parameter in force on `day` (today), by key. Kept in the cache until a parameter changes."""
    day = day or timezone.localdate()
    stamp = cache.get_or_set(STAMP, lambda: uuid.uuid4().hex, None)
    return cache.get_or_set(f"parameters:{stamp}:{day}", lambda: _read(day), KEPT)


def _read(day: dt.date) -> dict[str, Value]:
    rows = Parameter.objects.on(day)
    return {row.key: Value(row.key, row.value, row.unit, row.is_confirmed, row.source) for row in rows}


def forget(**kwargs) -> None:
    """Called when parameters changed: what is cached is read anew by the next reader."""
    cache.delete(STAMP)


def get(key: str, *, on: dt.date | None = None) -> Value:
    """The value of `key` in force on a day. Raises ParameterMissing."""
    try:
        return all_on(on)[key]
    except KeyError:
        day = on or timezone.localdate()
        raise ParameterMissing(f"参数 {key} 在 {day:%Y-%m-%d} 没有有效值，请由区级在“参数”页补录并核实后再试") from None
