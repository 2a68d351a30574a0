"""Headings that stand again inside a sheet: those that pages repeat, and those of a further table pasted below the first.

A row is passed over as a repeated heading only where each of its cells means what its column means. Any other heading begins a
table with columns of its own: one without the columns that the layout needs is left out and told (a summary, a list of
contacts); one that has them and differs otherwise refuses the file, as sheets with other columns do.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jiyang.intake import gone, groups, twins, units
from jiyang.intake.cells import as_text
from jiyang.intake.detect import heading_below
from jiyang.intake.header import MOST_NAMED, Header
from jiyang.intake.layouts import meanings, plain
from jiyang.intake.refusals import FileRefused

DIGITS = 6  # of a cell that is no heading


class Lines:
    """The numbered rows of a sheet (from 1); the next one can be looked at before it is taken."""

    def __init__(self, rows: Iterable[list[Any]]) -> None:
        self._again: list[tuple[int, list[Any]]] = []
        self._lines = self._numbered(rows)

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        return self._lines

    def _numbered(self, rows: Iterable[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
        for line in enumerate(rows, start=1):
            yield line
            while self._again:
                yield self._again.pop()

    def following(self) -> list[list[Any]]:
        """The next row, if there is one."""
        line = next(self._lines, None)
        if line is None:
            return []
        self._again.append(line)
        return [line[1]]


class Headings:
    """The headings of the table that is read, by which further ones are told."""

    def __init__(self, part: Header, lines: Lines) -> None:
        self.part, self.lines = part, lines
        self.own = [_compared(part.headings)] if part.again or part.continues else []
        self.titles: list[dict[int, str]] = []
        self.above: list[list[str]] = []
        self.aside: list[tuple[int, list[Any]]] = []

    def learn(self, number: int, row: Sequence[Any]) -> None:
        """Remember a line of the table's own heading, that above it (groups of columns may stand there, and again), and titles."""
        if number <= self.part.row:
            self.above.append(_filled(row))
        if number >= self.part.row:
            (self.own if number > self.part.row else self.titles).append(_compared(dict(enumerate(row))))

    def again(self, row: Sequence[Any]) -> str:
        """Why a line is no data that holds no more than a title of the sheet, as each page has it; "" for any other."""
        return "分组行" if gone.title_of(row) and _filled(row) in self.above else ""

    def left_out(self, number: int, row: list[Any]) -> None:
        """Remember a row that is no data and says a unit: it may be that of a table below."""
        if units.above([row]):
            self.aside.append((number, row))

    def read(self, number: int, row: list[Any], last: int) -> Header | None:
        """The table's own header where the row repeats its heading, that of another table, or None: the row is no heading.

        `last` is the number of the last row of data. Raises FileRefused for a heading with other columns; that of another table
        may lack columns that the layout needs.
        """
        texts = _compared(dict(enumerate(row)))
        if not self._is_heading(row, texts):
            return None
        unit = units.above(line for at, line in self.aside if at > last)
        rows = [row, *self.lines.following()]
        same_unit = unit in ("", self.part.unit_above) and not units.below(rows[1:])
        if texts in self.titles or (same_unit and any(texts.items() <= line.items() for line in self.own)):
            return self.part
        self.aside = []
        found = heading_below(self.part, number - 1, rows)
        if found is None:
            return None
        lines = [*[[]] * (number - 1), *rows]
        above = groups.above_own(found, lines, ())
        groups.leave_out(found, lines, above)
        units.count_in(found, unit or self.part.unit_above, rows[found.lines : found.lines + 1], above)
        if self._repeats(found):
            self.own.append(texts)
            return self.part
        return found if found.lacking else self._other(found)

    def _is_heading(self, row: Sequence[Any], texts: dict[int, str]) -> bool:
        """Whether a row names columns: its own at their places, or those of any layout, in most of its cells."""
        if any(
            not isinstance(row[place], str) or sum(map(str.isdigit, text)) >= DIGITS for place, text in texts.items()
        ):
            return False
        if len(texts) > 1 and texts in self.titles:
            return True
        half, columns = len(texts) // 2, self.part.columns
        if any(len(texts) > 1 and texts.items() <= line.items() for line in self.own):
            return True
        reads = {place: self.part.layout.find(text) for place, text in texts.items()}
        same = sum(
            one is not None and place in columns and one.name == columns[place].name for place, one in reads.items()
        )
        known = sum(one is not None or texts[place] in meanings() for place, one in reads.items())
        return same >= max(2, half) or known >= max(3, half)

    def _repeats(self, found: Header) -> bool:
        """Whether each cell of a heading means what its column means, in the same unit."""
        old, new = _compared(self.part.headings), _compared(found.headings)
        for place, text in new.items():
            one, own = found.columns.get(place), self.part.columns.get(place)
            if one != own and not (text == old.get(place) and (one is None or own is None)):
                return False
        return True

    def _other(self, found: Header) -> Header:
        """The header of a table below, with the same columns at other places."""
        part = self.part
        wanted = {one.name: one.heading for one in part.columns.values() if one.type != "ignored"}
        own = {one.name: one.heading for one in found.columns.values() if one.type != "ignored"}
        less = [heading for name, heading in wanted.items() if name not in own]
        more = [heading for name, heading in own.items() if name not in wanted]
        units_differ, twice = sorted(found.units ^ part.units), twins.rivalled(found)
        if less or more or units_differ or twice:
            unknown = [heading for heading in found.unknown if heading not in part.unknown]
            said = (("没有", less), ("多了", more), ("没有认出", unknown), ("", units_differ), ("不止一列的是", twice))
            names = "；".join(f"{what}{'、'.join(names[:MOST_NAMED])}" for what, names in said if names)
            raise FileRefused("another_heading", sheet=found.sheet, row=found.row + 1, names=names)
        found.columns = {place: one for place, one in found.columns.items() if one.name in part.names}
        return found


def _filled(row: Sequence[Any]) -> list[str]:
    return [as_text(cell).strip() for cell in row if cell not in ("", None)]


def _compared(cells: dict[int, Any]) -> dict[int, str]:
    """Filled cells as headings are compared."""
    return {place: text for place, cell in cells.items() if (text := plain(as_text(cell)))}
