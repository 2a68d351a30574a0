"""Sheets without headings that go on with the table of a sheet before them: offices part a long table.

Such a sheet is read with that sheet's columns where its cells say that it fits, and never otherwise.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from jiyang.intake import gone
from jiyang.intake.cells import Read
from jiyang.intake.dates import Ways
from jiyang.intake.findings import kinds
from jiyang.intake.header import Header
from jiyang.intake.reader import Source
from jiyang.intake.values import reader_for

LOOKED_AT = 400  # rows
TITLE = 2  # cells that a line above the rows may fill
FEWEST = 3  # columns whose cells must tell what they are
UNTOLD = {"text", "labels", "county_place", "district", "town", "village", "ignored"}  # any text passes for these


def join(best: Header, source: Source, headed: Iterable[str]) -> None:
    """Add the sheets that go on with one of `best`'s parts; `headed` are the sheets with headings of their own."""
    parts = {part.sheet: part for part in best.parts}
    passed = {*headed, *source.hidden}
    before: Header | None = None
    for name in source.sheets:
        if name in parts:
            before = parts[name]
        elif before and name not in passed and not gone.why_not(name) and (found := continuation(source, name, before)):
            before = parts[name] = found
    best.parts = [parts[name] for name in source.sheets if name in parts]


def continuation(source: Source, sheet: str, before: Header) -> Header | None:
    """How `sheet` reads with the columns of `before`; None where it does not fit them."""
    typed = {place: one for place, one in before.columns.items() if one.type not in UNTOLD}
    readers = {
        place: reader_for(one, dt.date.today(), source.epoch, Ways(lost_zeros=source.untyped))
        for place, one in typed.items()
    }

    def sound(row: Sequence[Any]) -> dict[int, bool]:
        """Typed columns in which the row holds something: whether it is what the column holds."""
        read = {
            place: readers[place](row[place]) for place in typed if place < len(row) and row[place] not in ("", None)
        }
        return {place: _fits(one) for place, one in read.items() if one.stored is not None or one.code}

    rows = [list(row) for row in islice(source.rows(sheet), LOOKED_AT)]
    first = next((number for number, row in enumerate(rows) if _mostly(sound(row).values())), None)
    if first is None or any(_filled(row) > TITLE for row in rows[:first]):
        return None
    data = [row for row in rows[first:] if _filled(row) > 1]
    odd = _odd([sound(row) for row in data])
    if not _is_as_wide(data, before) or not _names_its_rows(data, before) or len(odd) < FEWEST:
        return None
    wrong = {place for place, is_odd in odd.items() if is_odd}
    if wrong - _wrong_before(source, before, sound, wrong):
        return None
    return replace(
        before, sheet=sheet, row=first, first_data=first, parts=[], apart={}, unread={}, continues=before.continues or before.sheet
    )  # fmt: skip


def _fits(read: Read) -> bool:
    return read.stored is not None and (not read.code or kinds()[read.code].severity == "N")


def _mostly(answers: Iterable[bool]) -> bool:
    answers = list(answers)
    return sum(answers) * 2 > len(answers)


def _filled(row: Sequence[Any]) -> int:
    return sum(1 for cell in row if cell not in ("", None))


def _odd(rows: Sequence[dict[int, bool]]) -> dict[int, bool]:
    """Columns that hold something: whether most of their cells are not what the column holds."""
    told: dict[int, list[bool]] = {}
    for row in rows:
        for place, is_sound in row.items():
            told.setdefault(place, []).append(is_sound)
    return {place: not _mostly(answers) for place, answers in told.items()}


def _is_as_wide(rows: Sequence[Sequence[Any]], before: Header) -> bool:
    """Whether the rows fill no more columns than those with a heading; a stray remark does not matter."""
    outside = [
        any(cell not in ("", None) for place, cell in enumerate(row) if place not in before.headings) for row in rows
    ]
    return sum(outside) * 2 < len(rows)


def _names_its_rows(rows: Sequence[Sequence[Any]], before: Header) -> bool:
    """Whether most rows name whom or what they are about."""
    named = {one.name: place for place, one in before.columns.items()}
    place = next((named[name] for name in ("id_number", "household_no", "village") if name in named), None)
    return place is not None and _mostly(place < len(row) and row[place] not in ("", None) for row in rows)


def _wrong_before(
    source: Source, before: Header, sound: Callable[[Sequence[Any]], dict[int, bool]], wrong: set[int]
) -> set[int]:
    """Those of the columns in which the sheet before is no better: the office fills them in its own way."""
    if not wrong:
        return set()
    odd = _odd([sound(row) for row in _first_rows(source, before)])
    return {place for place in wrong if odd.get(place)}


def _first_rows(source: Source, header: Header) -> Iterator[list[Any]]:
    return islice(source.rows(header.sheet), header.first_data, header.first_data + LOOKED_AT)
