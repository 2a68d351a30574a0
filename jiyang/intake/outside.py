"""Filled cells that no heading stands above: nothing of them is read, and that is told."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from jiyang.intake.cells import as_text
from jiyang.intake.context import ENDLESS
from jiyang.intake.findings import Finding, letters
from jiyang.intake.header import Header
from jiyang.intake.reader import Source

if TYPE_CHECKING:
    from jiyang.intake.normalise import Mapped

Cells = dict[int, list[tuple[int, str]]]  # column from 0 → (row as Excel shows it, text)


class Outside:
    """The filled cells of a sheet's rows in columns without a heading."""

    def __init__(self, part: Header) -> None:
        self.headings, self.cells = part.headings, Cells()
        self.bare: dict[int, list[int]] = {}  # width of a row → its columns without a heading

    def see(self, number: int, row: Sequence[Any]) -> None:
        if len(row) not in self.bare:
            self.bare[len(row)] = [place for place in range(len(row)) if place not in self.headings]
        for place in self.bare[len(row)]:
            if text := as_text(row[place]).strip():
                self.cells.setdefault(place, []).append((number, text))


def tell(mapped: "Mapped", found: Sequence[tuple[Header, Cells]], source: Source) -> None:
    """A row of a text file (or of one that came back) that is longer than its heading is refused: a separator within a cell may have moved its cells.

    A column without a heading joins those that are not known.
    """
    longer: dict[int, tuple] = {}  # row's index → its first cell beyond the heading
    for part, cells in found:
        width = mapped.context.width = min(mapped.context.width, _width(part, source))
        if any(place >= width for place in cells):
            at = {mapped.excel_row(index): index for index in range(len(mapped.rows)) if mapped.part_of(index) is part}
        for place, filled in sorted(cells.items()):
            if place >= width:
                for number, text in filled:
                    longer.setdefault(at[number], (part, place, text))
            elif (name := f"{letters(place)} 列（没有列名）") not in mapped.header.unknown:
                mapped.header.unknown.append(name)
    mapped.findings += [
        _finding(mapped, index, *cell) for index, cell in sorted(longer.items(), key=lambda one: one[0])
    ]


def _finding(mapped: "Mapped", index: int, part: Header, place: int, text: str) -> Finding:
    """Told of the last column that is read, at the cell itself."""
    finding = mapped.finding(part.columns[max(part.columns)].name, index, "row_longer")
    finding.cell, finding.value = f"{letters(place)}{finding.row}", text
    return finding


def _width(part: Header, source: Source) -> int:
    """How many cells the heading has; without end for a workbook, whose rows are all of one width."""
    if source.kind != "csv":
        return ENDLESS
    return max(len(row) for row in islice(source.rows(part.sheet), part.row, part.first_data))
