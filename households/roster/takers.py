"""Layouts whose rows are records in a later app's ledger, of people or of villages: what becomes of them.

Import, undo, preview and export ask here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from households.roster.fields import Slot
from jiyang.intake.layouts import layouts
from jiyang.ledgers.records import Record

FIRST_YEAR = 2014  # the first of 建档立卡: nothing was counted before


@dataclass(frozen=True)
class Taker:
    """Rows that the layouts call `rows` become records of `model`; `slots` are its columns.

    `anchor` is whose records they are, a column of the model: a `person`, whose household they follow, or a `village`. `key`
    is SQL over `{t}`, a staged row or a record: with the anchor it tells which record a row is. Where an anchor has several of
    one key, in the file or in the ledger, `apart` tells which; a constraint of the model holds the three unique. People and
    villages that are not known are refused: such a file adds none. `dated` is the column of the year; a file without it
    speaks of the year of its day.
    """

    rows: str
    model: type[Record]
    slots: tuple[Slot, ...]
    key: str = "0"
    apart: str = "''"
    anchor: Literal["person", "village"] = "person"
    dated: str = ""

    @property
    def of_people(self) -> bool:
        return self.anchor == "person"

    @property
    def name(self) -> str:
        return self.model._meta.model_name

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def owners(self) -> dict[str, tuple[str, str]]:
        """Staged field -> (model, column), as `fields.OWNERS` has them."""
        return {slot.name: (self.name, slot.assigned[0][0]) for slot in self.slots}

    @property
    def sealed(self) -> dict[str, str]:
        """Personal numbers -> the column under whose name they are encrypted."""
        return {name: f"{self.table}.{name}" for name in self.model.masked}

    def same(self, one: str, other: str) -> str:
        """SQL: both rows of `model` are the same record."""
        parts = [(f"{t}.{self.anchor}_id", self.key.format(t=t), self.apart.format(t=t)) for t in (one, other)]
        return " and ".join(f"{left} = {right}" for left, right in zip(*parts, strict=True))


_takers: dict[str, Taker] = {}


def take(taker: Taker) -> None:
    """Register a taker; apps do so in their module `takers`."""
    _takers[taker.rows] = taker


def takers() -> Iterable[Taker]:
    return _takers.values()


def of_people() -> list[Taker]:
    """The takers whose records go where their person goes."""
    return [one for one in _takers.values() if one.of_people]


# What is kept of people is where they are.
ALONG = """
update {table} x set household_id = p.household_id from households_person p
 where p.id = x.person_id and p.id in ({people}) and x.voided_at is null and x.household_id <> p.household_id
"""


def along(people: str) -> dict[str, str]:
    """Statements that bring the takers' records of people, whose keys the query `people` finds, to where these are now; by name."""
    return {one.name: ALONG.format(table=one.table, people=people) for one in of_people()}


def taker_of(layout: str) -> Taker | None:
    """The taker of a layout's rows; None where they are people, households or nothing that is kept."""
    return _takers.get(layouts()[layout].rows)
