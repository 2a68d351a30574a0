"""From raw rows to typed columns with findings, column by column and memoised (STACK.md 10b)."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jiyang.intake.cells import BLANK, Read, as_text, reader_for, tidy
from jiyang.intake.detect import Header
from jiyang.intake.findings import Finding, kinds, letters
from jiyang.intake.layouts import Field
from jiyang.intake.places import Place, RegionIndex

SUMS = {"合计", "小计", "总计", "共计"}


@dataclass
class Mapped:
    """A file after normalising: `columns[name]` holds COPY-ready texts (None = empty), one per row.

    `rows` are Excel row numbers; `places` the regions; `raw[name]` what the cell said; `data_date` from 数据日期.
    """

    header: Header
    rows: list[int]
    columns: dict[str, list[str | None]]
    places: list[Place]
    findings: list[Finding]
    data_date: dt.date | None
    raw: dict[str, Sequence[Any]] = field(repr=False, default_factory=dict)

    def place_of(self, name: str) -> tuple[str, str] | None:
        """Heading as written and column letters of a field; None when the file has no such column."""
        for number, one in self.header.columns.items():
            if one.name == name:
                return self.header.headings[number], letters(number)
        return None

    def finding(
        self, name: str, index: int, code: str, *, stored: str | None = None, note: str = "", hint: str = ""
    ) -> Finding:
        """A finding at field `name` of the row at `index`."""
        heading, column = self.place_of(name) or ("", "")
        kind, row = kinds()[code], self.rows[index]
        value = as_text(self.raw[name][index]) if name in self.raw else ""
        cell = f"{column}{row}" if column else ""
        return Finding(
            self.header.sheet,
            row,
            name,
            heading,
            cell,
            value or None,
            code,
            kind.severity,
            stored,
            note or kind.message,
            hint or kind.hint,
        )


def data_rows(rows: Sequence[list[Any]], header: Header) -> tuple[list[int], list[list[Any]]]:
    """Rows that hold a person: blank ones, repeated headings and totals are left out. Numbers are Excel's."""
    headings = {place: text for place, text in header.headings.items() if place in header.columns}
    width = max(header.columns) + 1
    first = min(headings)
    numbers, kept = [], []
    for number, row in enumerate(rows, start=1):
        if number <= header.first_data or not any(row):
            continue
        if len(row) < width:
            row = row + [""] * (width - len(row))
        if not any(str(row[place]).strip() for place in header.columns):
            continue
        start = row[first]
        if isinstance(start, str) and start and (start == headings[first] or tidy(start).rstrip("：:") in SUMS):
            continue
        numbers.append(number)
        kept.append(row)
    return numbers, kept


def normalise(
    rows: Sequence[list[Any]],
    header: Header,
    regions: RegionIndex,
    *,
    as_of: dt.date | None = None,
    progress: Callable[[str, int], None] = lambda phase, done: None,
) -> Mapped:
    """Typed columns of all data rows. `as_of` (default: 数据日期, else today) is the day after which a birth lies ahead."""
    numbers, kept = data_rows(rows, header)
    width = max(header.columns) + 1
    across = list(zip(*(row[:width] for row in kept), strict=True)) if kept else [()] * width
    raw = {one.name: across[place] for place, one in header.columns.items()}
    data_date = _data_date(raw)
    day = as_of or data_date or dt.date.today()
    mapped = Mapped(header, numbers, {}, [], [], data_date, raw)
    for one in header.columns.values():
        if one.type not in {"ignored", "district", "town", "village"} and one.belongs_to != "file":
            mapped.columns[one.name] = _column(one, raw[one.name], day, mapped)
            progress("normalise", len(mapped.columns))
    mapped.places = _places(raw, len(numbers), regions, mapped)
    return mapped


def _data_date(raw: dict[str, Sequence[Any]]) -> dt.date | None:
    for cell in raw.get("data_date", ()):
        from jiyang.intake.cells import date_cell

        read = date_cell(cell, month=False)
        return dt.date.fromisoformat(read.stored) if read.stored else None
    return None


def _column(one: Field, cells: Sequence[Any], day: dt.date, mapped: Mapped) -> list[str | None]:
    """One column's stored texts; odd cells leave findings."""
    read_cell, memo = reader_for(one, day), {}
    odd: list[tuple[int, Read]] = []
    stored: list[str | None] = []
    empty = Read(None, one.required) if one.required else BLANK
    for index, cell in enumerate(cells):
        key = cell if type(cell) is str else (cell, type(cell))  # 1, 1.0 and True are equal and must stay apart
        read = memo.get(key)
        if read is None:
            read = read_cell(cell)
            if read is BLANK:
                read = empty
            memo[key] = read
        if read.code:
            odd.append((index, read))
        stored.append(read.stored)
    for index, read in odd:
        mapped.findings.append(mapped.finding(one.name, index, read.code, stored=read.official, note=read.note))
    return stored


def _places(raw: dict[str, Sequence[Any]], count: int, regions: RegionIndex, mapped: Mapped) -> list[Place]:
    blank = ("",) * count
    districts, towns, villages = (raw.get(name, blank) for name in ("district", "town", "village"))
    found = []
    for index, (district, town, village) in enumerate(zip(districts, towns, villages, strict=True)):
        place = regions.resolve(as_text(district), as_text(town), as_text(village))
        if place.code:
            mapped.findings.append(mapped.finding(place.field, index, place.code, hint=place.hint))
        found.append(place)
    return found
