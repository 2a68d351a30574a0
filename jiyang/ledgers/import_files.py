"""A ledger's import file: its heading rows found, its cells as texts; and the empty workbook to fill in."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import tablib
import xlsxwriter
from django.core.exceptions import ValidationError

from jiyang.intake.cells import DIGITS_LOST, as_text, has_lost_digits, narrow, tidy, unreadable, unvalued
from jiyang.intake.findings import kinds, letters
from jiyang.intake.reader import FileRefused, Source, read
from jiyang.ledgers.export import safe
from jiyang.ledgers.importing import MOST_ROWS, LedgerResource, options_of

OWN_ROW, OWN_WHY = "原行号", "错误"
SEARCHED = 8  # rows in which the headings may stand


class Spot(NamedTuple):
    """Where a line stands in the file; its sheet is named where several were read."""

    row: int
    sheet: str = ""

    def __str__(self) -> str:
        return f"“{self.sheet}”第 {self.row} 行" if self.sheet else f"第 {self.row} 行"


@dataclass(frozen=True)
class Table:
    """The lines under the heading rows of all sheets that were read: the texts of each, where it stands (blank rows count),
    its columns, and by heading what is wrong with its cells. `unknown` are headings nobody knows, `derived` those of the list
    that no file fills, `unread` other sheets with rows: name, how many, why not."""

    dataset: tablib.Dataset
    spots: list[Spot]
    places: list[dict[str, list[int]]]
    faults: list[dict[str, str]]
    header_row: int
    unknown: list[str]
    derived: list[str]
    sheets: list[str]
    unread: list[tuple[str, int, str]]

    def cell(self, index: int, heading: str) -> str:
        """The address of a line's cell."""
        return f"{letters(self.places[index][heading][0])}{self.spots[index].row}"


@dataclass
class Sheet:
    """One sheet as it was looked through: its rows, and where a heading row was found, its index and the known headings' columns."""

    name: str
    rows: list[list[Any]]
    is_hidden: bool = False
    index: int | None = None
    places: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[tuple[int, list[Any]]]:
        """The filled rows below the headings (all, where there are none), each with its number in the file."""
        first = 0 if self.index is None else self.index + 1
        below = enumerate(self.rows[first:], start=first + 1)
        return [(number, row) for number, row in below if any(as_text(cell).strip() for cell in row)]

    def find_headings(self, headings: dict[str, str]) -> None:
        """Take the row with the most known headings, if it has two."""
        found = [_places(row, headings) for row in self.rows[:SEARCHED]]
        best = max(range(len(found)), key=lambda index: (len(found[index]), -index), default=None)
        if best is not None and len(found[best]) > 1:
            self.index, self.places = best, found[best]

    def unknown(self) -> list[str]:
        known = {place for places in self.places.values() for place in places}
        texts = {place: tidy(as_text(cell)) for place, cell in enumerate(self.rows[self.index])}
        return [text for place, text in texts.items() if text and place not in known and text not in (OWN_ROW, OWN_WHY)]


def _places(row: list[Any], headings: dict[str, str]) -> dict[str, list[int]]:
    """Known heading -> the columns that bear it."""
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(row):
        if (heading := headings.get(narrow(as_text(cell)))) is not None:
            found.setdefault(heading, []).append(place)
    return found


def table_of(data: bytes, filename: str, resource: LedgerResource) -> Table:
    """What a file holds for a ledger: the sheet whose headings fit best, and those that have the same ones.

    Raises ValidationError: unreadable, no heading row, a heading that stands twice, a required column missing, too many lines.
    """
    headings = resource.spellings
    try:
        source = read(data, filename)
        sheets = [_sheet(source, name, headings) for name in source.sheets]
    except FileRefused as refused:
        raise ValidationError(str(refused)) from refused
    headed = [one for one in sheets if one.index is not None]
    best = max(headed, key=lambda one: (not one.is_hidden, len(one.places)), default=None)
    if best is None:
        raise ValidationError(f"没有找到表头。表头应含：{'、'.join(resource.headings)}")
    parts, unread = _parted(sheets, best)
    _refuse(parts, resource)
    return _table(parts, unread, best, resource)


def _sheet(source: Source, name: str, headings: dict[str, str]) -> Sheet:
    """A sheet with its cells that hold no usable value marked as such."""
    rows = [list(row) for row in source.rows(name)]
    for (row, place), what in source.unvalued(name).items():
        while len(rows) <= row:
            rows.append([])
        rows[row] += [""] * (place + 1 - len(rows[row]))
        rows[row][place] = unvalued(what)
    found = Sheet(name, rows, name in source.hidden)
    found.find_headings(headings)
    return found


def _parted(sheets: list[Sheet], best: Sheet) -> tuple[list[Sheet], list[tuple[str, int, str]]]:
    """The sheets to read as one table (a sheet per town), and those with rows that are not read."""
    parts, unread = [], []
    for one in sheets:
        same = next((part.name for part in parts if part.rows == one.rows), "")
        if one is best or (one.places.keys() == best.places.keys() and not one.is_hidden and not same):
            parts.append(one)
        elif rows := len(one.lines):
            why = "没有表头" if one.index is None else f"内容与“{same}”相同" if same else "列不相同"
            unread.append((one.name, rows, "隐藏的工作表" if one.is_hidden else why))
    return [one for one in parts if one.lines] or [best], unread


def _refuse(parts: list[Sheet], resource: LedgerResource) -> None:
    """Raises ValidationError for what no line of the file can be read by."""
    problems, places = [], parts[0].places
    for part in parts:
        where = f"工作表“{part.name}”里，" if len(parts) > 1 else ""
        for heading, found in part.places.items():
            if len(found) > 1:
                cells = "、".join(f"{letters(place)}{part.index + 1}" for place in found)
                problems.append(f"{where}“{heading}”列有 {len(found)} 个（{cells}），分不清读哪一列。请只留一列后再传")
    if missing := [heading for heading in resource.needed if heading not in places]:
        problems.append(f"缺少必需的列：{'、'.join(missing)}")
    rows = sum(len(part.lines) for part in parts)
    if not rows:
        problems.append("只有表头，没有数据行")
    if rows > MOST_ROWS:
        problems.append(f"有 {rows:,} 行，一次最多 {MOST_ROWS:,} 行，请分成几个文件")
    if problems:
        raise ValidationError(problems)


def _table(parts: list[Sheet], unread: list[tuple[str, int, str]], best: Sheet, resource: LedgerResource) -> Table:
    headings, spots, columns, faults = list(best.places), [], [], []
    dataset = tablib.Dataset(headers=headings)
    for part in parts:
        for number, row in part.lines:
            places = [part.places[heading][0] for heading in headings]
            cells = [row[place] if place < len(row) else "" for place in places]
            dataset.append([text_of(cell) for cell in cells])
            spots.append(Spot(number, part.name if len(parts) > 1 else ""))
            columns.append(part.places)
            found = zip(headings, places, map(fault_of, cells), strict=True)
            faults.append({heading: f"{letters(place)}{number} {why}" for heading, place, why in found if why})
    unread_columns = dict.fromkeys(text for part in parts for text in part.unknown())
    derived = [text for text in unread_columns if text in resource.listed]
    unknown = [text for text in unread_columns if text not in resource.listed]
    sheets = [part.name for part in parts]
    return Table(dataset, spots, columns, faults, best.index + 1, unknown, derived, sheets, unread)


def text_of(cell: object) -> str:
    """A cell's text; what has lost its value says so."""
    return DIGITS_LOST.shown if has_lost_digits(cell) else as_text(cell)


def fault_of(cell: object) -> str:
    """Why a cell holds no usable value, and how to mend it; "" for a sound one."""
    code = DIGITS_LOST.code if has_lost_digits(cell) else getattr(unreadable(cell), "code", "")
    return f"{kinds()[code].message}。{kinds()[code].hint}" if code else ""


def failed_lines(lines: Iterable) -> Iterator[dict[str, str]]:
    """The refused ones of a plan's lines as safe texts, with two columns of our own in front, which no import reads."""
    for line in lines:
        if line.problems:
            why = "；".join(f"{name}：{text}" if name else text for name, text in line.reasons)
            texts = {heading: safe(text) for heading, text in line.texts.items()}
            yield {OWN_ROW: f"{line.spot.sheet} {line.spot.row}".strip(), OWN_WHY: safe(why), **texts}


def template_of(resource: LedgerResource) -> bytes:
    """A workbook with the headings, text columns, and the official options of each."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet, text, bold = (
            book.add_worksheet("导入"),
            book.add_format({"num_format": "@"}),
            book.add_format({"bold": True, "num_format": "@"}),
        )
        for at, asked in enumerate(resource.form.fields.values()):
            sheet.set_column(at, at, 16, text)
            sheet.write_string(0, at, str(asked.label), bold)
            if (options := options_of(asked)) and len(",".join(options)) < 255:
                sheet.data_validation(
                    1, at, MOST_ROWS, at, {"validate": "list", "source": options, "ignore_blank": True}
                )
    return stream.getvalue()
