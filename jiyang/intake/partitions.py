"""Dumps that hold the same people or households year by year (DOMAIN.md 1.4): only the newest year says how they are now."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jiyang.identifiers import idcard
from jiyang.intake.cells import as_text, narrow
from jiyang.intake.header import Header
from jiyang.intake.reader import Source

KEYS = {"person": "id_number", "household": "household_no"}  # by what the rows of a layout are known from year to year
YEAR = re.compile(r"(20\d\d)(?:\.0)?(?:年度?|-?\d\d(?:-?\d\d)?)?")


@dataclass(frozen=True)
class Partitions:
    """`past` are the years of which most stand in the `newest` one again: their rows are left out. `what` they are."""

    newest: str = ""
    past: frozenset[str] = frozenset()
    what: str = "人"

    @classmethod
    def of(cls, source: Source, parts: Sequence[Header]) -> "Partitions":
        number = KEYS.get(parts[0].layout.rows, "")
        if not all({"year", number} <= part.names for part in parts):
            return cls()
        people: dict[str, set[str]] = {}
        for part in parts:
            year_at, number_at = (_place(part, name) for name in ("year", number))
            for row in islice(source.rows(part.sheet), part.first_data, None):
                if len(row) > max(year_at, number_at) and row[number_at] and (year := year_of(row[year_at])):
                    people.setdefault(year, set()).add(_known_as(row[number_at]))
        newest = max(people, default="")
        now = people.pop(newest, set())
        past = frozenset(year for year, numbers in people.items() if len(numbers & now) * 2 > len(numbers))
        return cls(newest, past, "人" if number == "id_number" else "户")

    def judge(self, part: Header) -> Callable[[Sequence[Any]], str] | None:
        """What says why a row of a table is left out; None where no row is."""
        if not self.past or "year" not in part.names:
            return None
        at = _place(part, "year")

        def why(row: Sequence[Any]) -> str:
            year = year_of(row[at])
            return f"{year} 年度的行（只读 {self.newest} 年度）" if year in self.past else ""

        return why

    @property
    def told(self) -> str:
        """What is said of it; "" where no row is left out."""
        years = "、".join(sorted(self.past))
        return f"同一批{self.what}有几个年度的行，只读 {self.newest} 年度，没有读取：{years} 年度" if years else ""


def _known_as(cell: Any) -> str:
    """A number as it is compared between years: one of 15 digits has become one of 18."""
    text = narrow(as_text(cell))
    return idcard.upgrade(text) if len(text) == 15 and text.isascii() and text.isdecimal() else text[:18]


@lru_cache(maxsize=256, typed=True)
def year_of(cell: Any) -> str:
    found = YEAR.fullmatch(narrow(as_text(cell)))
    return found[1] if found else ""


def _place(part: Header, name: str) -> int:
    return next(place for place, one in part.columns.items() if one.name == name)
