"""The typed whitelist: what a rule may ask of a subject, under which Chinese name. Apps register theirs in `rulefields.py`."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

NUMBERS = {"integer", "decimal"}
LISTS = {"choices", "labels"}  # choices: nothing written is unknown; labels: nothing written is the empty set
TYPES = {"text", "choice", "boolean", "date", "hidden", *NUMBERS, *LISTS}  # hidden: only whether anything is written


@dataclass(frozen=True)
class RuleField:
    """One field of a subject. `choices` maps stored value → official label; `unit` is shown behind numbers.

    A derived field names what it `needs`, its SQL over the row `{t}` on the day `{as_of}`, and the same in Python. `optional`
    columns count where the source holds them and are NULL elsewhere (`{name}` in the SQL); without `needs` one must be held.
    """

    name: str
    title: str
    type: str
    choices: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    open: bool = False  # labels beyond `choices` occur
    label: Callable[[str], str] | None = None  # how a value is told that is a code of ours
    needs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    sql: str = ""
    python: Callable[[Mapping[str, Any], dt.date], Any] | None = None

    @property
    def required(self) -> tuple[str, ...]:
        """Stored columns without which it says nothing."""
        return self.needs or (() if self.optional else (self.name,))

    def comparable(self, other: "RuleField") -> bool:
        """Whether values of both mean the same kind of thing: one type, and of choices some option in common."""
        if self.type in LISTS or self.type == "hidden":
            return False
        if self.type == other.type == "choice":
            return not self.choices.keys().isdisjoint(other.choices)
        return self.type == other.type or {self.type, other.type} <= NUMBERS

    @property
    def reads(self) -> tuple[str, ...]:
        """Every stored column that it may read."""
        return self.required + self.optional


@dataclass(frozen=True)
class Relation:
    """From a subject to others: joined where our `own` column equals theirs `other`. `many` may be quantified over."""

    name: str
    title: str
    target: str
    own: str
    other: str
    many: bool = True


@dataclass
class Subject:
    """What rules look at; `unit` counts its rows."""

    key: str
    title: str
    unit: str = "条"
    fields: dict[str, RuleField] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)

    def add(self, *fields: RuleField) -> None:
        for one in fields:
            if one.type not in TYPES:
                raise ValueError(f"{self.key}.{one.name}: {one.type}")
            self.fields[one.name] = one

    def link(self, *relations: Relation) -> None:
        self.relations |= {one.name: one for one in relations}


_subjects: dict[str, Subject] = {}


def subject(key: str, title: str = "", unit: str = "条") -> Subject:
    """The subject of that key, made on first use with its Chinese name and unit."""
    if key not in _subjects:
        if not title:
            raise KeyError(key)
        _subjects[key] = Subject(key, title, unit)
    return _subjects[key]


def subjects() -> dict[str, Subject]:
    return _subjects
