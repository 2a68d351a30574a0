"""Layouts whose rows are records of people in a later app's ledger: what becomes of them. Import, undo, preview and export ask here."""

from collections.abc import Iterable
from dataclasses import dataclass

from households.roster.fields import Slot
from jiyang.intake.layouts import layouts
from jiyang.ledgers.records import HouseholdRecord


@dataclass(frozen=True)
class Taker:
    """Rows that the layouts call `rows` become records of `model`, which has a `person`; `slots` are its columns.

    `key` is SQL over `{t}`, a staged row or a record: with the person it tells which record a row is. Where a person has
    several of one key, in the file or in the ledger, `apart` tells which; a constraint of the model holds the three unique.
    People who are not in the register are refused: such a file adds nobody.
    """

    rows: str
    model: type[HouseholdRecord]
    slots: tuple[Slot, ...]
    key: str = "0"
    apart: str = "''"

    @property
    def app(self) -> str:
        return self.model._meta.app_label

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
        parts = [(f"{t}.person_id", self.key.format(t=t), self.apart.format(t=t)) for t in (one, other)]
        return " and ".join(f"{left} = {right}" for left, right in zip(*parts, strict=True))


_takers: dict[str, Taker] = {}


def take(taker: Taker) -> None:
    """Register a taker; apps do so in their module `takers`."""
    _takers[taker.rows] = taker


def takers() -> Iterable[Taker]:
    return _takers.values()


def taker_of(layout: str) -> Taker | None:
    """The taker of a layout's rows; None where they are people, households or nothing that is kept."""
    return _takers.get(layouts()[layout].rows)
