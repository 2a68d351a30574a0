"""Workbooks in the XML form of Excel 2003 (SpreadsheetML), which programs save as .xls: read in one pass, nothing expanded.

A document type, and with it every entity, is refused; rows and columns are bounded as in the other formats.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from jiyang.intake.packages import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, STRAY
from jiyang.intake.refusals import FileRefused

SHEET, EXCEL = "urn:schemas-microsoft-com:office:spreadsheet", "urn:schemas-microsoft-com:office:excel"
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class Sheet:
    """`unvalued` are cells without a usable value as in `packages.Package`; rows and columns count from 0."""

    name: str
    rows: list[list[Any]] = field(default_factory=list)
    merged: list[Range] = field(default_factory=list)
    unvalued: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: bool = False


@dataclass
class Book:
    sheets: list[Sheet] = field(default_factory=list)
    from_1904: bool = False


def read(text: str) -> Book:
    """Raises FileRefused for what is hostile, damaged or too large."""
    reader = _Reader()
    try:
        reader.parser.Parse(text, True)
    except (expat.ExpatError, ValueError) as failure:
        raise FileRefused("file_truncated") from failure
    return reader.book


class _Reader:
    """Where in the document the parser is: sheet, row and column of the cell, and the text that it gathers."""

    def __init__(self) -> None:
        self.book = Book()
        self.row = self.column = -1
        self.spans = 0  # further rows that a row describes
        self.covers = (0, 0)  # further rows and columns of a merged cell
        self.formula = False
        self.type: str | None = None
        self.text: list[str] | None = None
        self.comments = 0
        self.room = MOST_CELLS
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def start(self, name: str, attributes: dict[str, str]) -> None:
        def told(key: str) -> str | None:
            return attributes.get(f"{SHEET} {key}", attributes.get(key))

        if name == f"{SHEET} Worksheet":
            self.book.sheets.append(Sheet(told("Name") or f"Sheet{len(self.book.sheets) + 1}"))
            self.row = -1
        elif name == f"{SHEET} Row":
            self.row = _next(told("Index"), self.row)
            self.column, self.spans = -1, int(told("Span") or 0)
        elif name == f"{SHEET} Cell":
            self.column = _next(told("Index"), self.column)
            self.covers = (int(told("MergeDown") or 0), int(told("MergeAcross") or 0))
            self.formula, self.type = told("Formula") is not None, None
        elif name == f"{SHEET} Comment":
            self.comments += 1
        elif name == f"{SHEET} Data" and not self.comments:
            self.type, self.text = told("Type") or "String", []
        elif name == f"{EXCEL} Visible":
            self.text = []
        elif name == f"{EXCEL} Date1904":
            self.book.from_1904 = True

    def characters(self, text: str) -> None:
        if self.text is not None and not self.comments:
            self.text.append(text)

    def end(self, name: str) -> None:
        if name == f"{SHEET} Comment":
            self.comments -= 1
        elif name == f"{SHEET} Data" and not self.comments:
            self.put("".join(self.text or ()))
            self.text = None
        elif name == f"{SHEET} Cell":
            self.end_cell()
        elif name == f"{SHEET} Row":
            self.row += self.spans
        elif name == f"{EXCEL} Visible":
            self.book.sheets[-1].hidden = "Hidden" in "".join(self.text or ())
            self.text = None

    def end_cell(self) -> None:
        """Merged cells, and a formula without a result."""
        sheet, (down, across) = self.book.sheets[-1], self.covers
        if self.formula and self.type is None:
            self.place("")
            sheet.unvalued[self.row, self.column] = "formula_no_value"
        if down or across:
            sheet.merged.append(((self.row, self.column), (self.row + down, self.column + across)))
        self.column += across

    def put(self, text: str) -> None:
        if text == "" and self.type == "String":
            return
        if self.type == "Error":
            self.book.sheets[-1].unvalued[self.row, self.column] = text or "cell_error"
        self.place(_value(text, self.type))

    def place(self, value: Any) -> None:
        """Put a value at its row and column, as far as a table may reach."""
        rows = self.book.sheets[-1].rows
        if self.column >= MOST_COLUMNS:
            raise FileRefused("file_too_wide", n=self.column + 1)
        if self.row - len(rows) > STRAY:
            raise FileRefused("file_stray_cell", row=self.row + 1)
        if self.row >= MOST_ROWS:
            raise FileRefused("file_too_long", n=self.row + 1)
        known = len(rows[self.row]) if self.row < len(rows) else 0
        new_rows, new_cells = max(0, self.row + 1 - len(rows)), max(0, self.column + 1 - known)
        self.room -= 8 * new_rows + new_cells  # an empty row is a list, too
        if self.room < 0:
            raise FileRefused("file_too_big")
        rows += [[] for _ in range(self.row + 1 - len(rows))]
        row = rows[self.row]
        row += [""] * (self.column + 1 - len(row))
        row[self.column] = value


def _refuse(*_: Any) -> None:
    raise FileRefused("file_external_entity")


def _next(index: str | None, last: int) -> int:
    """The place, from 0, of a row or cell that stands behind the last one, or where it says. Raises ValueError."""
    place = last + 1 if index is None else int(index) - 1
    if place <= last:
        raise ValueError("out of order")
    return place


def _value(text: str, kind: str | None) -> Any:
    try:
        if kind == "Number":
            return float(text)
        if kind == "DateTime":
            return dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return text == "1" if kind == "Boolean" else text
