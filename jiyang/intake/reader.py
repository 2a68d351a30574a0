"""From a file's bytes to sheets of cells: told by content, bounded before unpacking, refused with one clear message.

Reads .xlsx, .xlsm (macros ignored), .xls, CSV and text in the usual encodings, and HTML tables and the XML of Excel 2003
saved as .xls. Hidden rows and columns are read like others. Everything stays in memory: nothing is left behind.
"""

import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from jiyang.intake import compound, packages, texts, xmlbook
from jiyang.intake.cells import Unvalued, as_text
from jiyang.intake.dates import EPOCH, EPOCH_1904
from jiyang.intake.formats import Formats
from jiyang.intake.packages import MOST_COLUMNS
from jiyang.intake.refusals import MENDABLE, FileRefused

__all__ = ["LARGEST_FILE", "MENDABLE", "FileRefused", "Source", "read"]

LARGEST_FILE = 60 * 1024 * 1024  # bytes
OLE, ZIP = compound.SIGNATURE, b"PK\x03\x04"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
SPREADSHEET_XML = re.compile(r"<(?:\w+:)?Workbook\b[^>]*urn:schemas-microsoft-com:office:spreadsheet")  # Excel 2003's
WEB_PAGE = re.compile(r"\A\s*MIME-Version:|<frameset\b", re.IGNORECASE)  # its tables stand in parts or in other files
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"BM", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"MZ", b"{\\rtf")
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class Source:
    """A readable file: names of its sheets, and the rows of each as Python values (str, float, bool, date, "").

    `hidden` names hidden sheets; `epoch` is the day from which numbers count days; `merged` gives merged ranges and
    `unvalued` the cells without a usable value (`packages.Package`), rows and columns from 0.
    """

    sheets: list[str]
    kind: str
    _rows: Callable[[str], Iterator[list[Any]]]
    hidden: frozenset[str] = frozenset()
    epoch: dt.date = EPOCH
    _merged: Callable[[str], list[Range]] = field(default=lambda sheet: [])
    _release: Callable[[], None] = lambda: None
    _unvalued: dict[str, dict[tuple[int, int], str | Unvalued]] = field(default_factory=dict)
    _height: Callable[[str], int] = lambda sheet: 0

    @property
    def untyped(self) -> bool:
        """Whether all cells are texts, numbers as they were shown."""
        return self.kind in {"csv", "html"}

    def rows(self, sheet: str) -> Iterator[list[Any]]:
        return self._rows(sheet)

    def height(self, sheet: str) -> int:
        """About how many rows a sheet has; 0 where only reading them tells."""
        return self._height(sheet)

    def merged(self, sheet: str) -> list[Range]:
        return self._merged(sheet)

    def release(self) -> None:
        """Forget the parsed sheets, which are large; they are parsed again when asked for."""
        self._release()

    def unvalued(self, sheet: str) -> dict[tuple[int, int], str | Unvalued]:
        return self._unvalued.get(sheet, {})


def read(data: bytes, filename: str = "") -> Source:
    """Open a file by its content. Raises FileRefused."""
    if not data:
        raise FileRefused("file_empty")
    if len(data) > LARGEST_FILE:
        raise FileRefused("file_too_big")
    if data.startswith(OLE):
        if ENCRYPTED in data:
            raise FileRefused("file_encrypted")
        return _workbook(data, "xls", compound.inspect(data))
    if data.startswith(ZIP):
        return _workbook(data, "xlsx", packages.inspect(data))
    if data.startswith(PICTURES):
        raise FileRefused("file_not_workbook")
    text, broken = texts.decode(data)
    if WEB_PAGE.search(text[:20_000]):
        raise FileRefused("file_web_page")
    if SPREADSHEET_XML.search(text[:20_000]):
        source = _xml(text)
    else:
        source = _html(text) if "<table" in text[:200_000].lower() else _csv(text, filename)
    if broken:
        _mark_broken(source)
    return source


def _workbook(data: bytes, kind: str, seen: packages.Package | compound.Compound) -> Source:
    book = _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
    sheets = [one for one in book.sheets_metadata if one.typ in (SheetTypeEnum.WorkSheet, None)]
    if not sheets:
        raise FileRefused("file_no_sheet")
    opened: dict[str, Any] = {}
    formatted = {name: _by_row(cells) for name, cells in getattr(seen, "formatted", {}).items()}

    def sheet_of(name: str) -> Any:
        if name not in opened:
            opened[name] = _guarded(lambda: book.get_sheet_by_name(name))  # parses the whole sheet: once
            if opened[name].total_width > MOST_COLUMNS:
                raise FileRefused("file_too_wide", n=opened[name].total_width)
        return opened[name]

    def rows(name: str) -> Iterator[list[Any]]:
        sheet = sheet_of(name)
        start = sheet.start or (0, 0)
        offset, blank = [""] * start[1], []
        for _ in range(start[0]):
            yield blank
        for number, row in enumerate(sheet.iter_rows(), start=start[0]):
            whole = offset + row if offset else row
            yield _as_shown(number, whole, formatted[name]) if formatted.get(name) else whole

    return Source(
        [one.name for one in sheets],
        kind,
        rows,
        frozenset(one.name for one in sheets if one.visible != SheetVisibleEnum.Visible),
        EPOCH_1904 if seen.from_1904 else EPOCH,
        lambda name: sheet_of(name).merged_cell_ranges or [],
        opened.clear,
        seen.unvalued,
        lambda name: sheet_of(name).total_height,
    )


def _by_row(cells: dict[packages.Place, Formats]) -> dict[int, list[tuple[int, Formats]]]:
    found: dict[int, list[tuple[int, Formats]]] = {}
    for (row, place), one in cells.items():
        found.setdefault(row, []).append((place, one))
    return found


def _as_shown(number: int, row: list[Any], formatted: dict[int, list[tuple[int, Formats]]]) -> list[Any]:
    """A row with the numbers that their formats change as the texts that are shown."""
    for place, one in formatted.get(number, ()):
        if place < len(row):
            row[place] = one.shown(row[place])
    return row


def _guarded(open_it: Callable[[], Any]) -> Any:
    """Whatever the library makes of a damaged workbook, a panic of its native code included, is one refusal."""
    try:
        return open_it()
    except PasswordError as failure:
        raise FileRefused("file_encrypted") from failure
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as failure:  # pyo3's PanicException is a BaseException
        raise FileRefused("file_encrypted" if "password" in str(failure).lower() else "file_truncated") from failure


def _csv(text: str, filename: str) -> Source:
    rows = texts.csv_rows(text)
    return Source([stem_of(filename) or "CSV"], "csv", lambda _: iter(rows))


def stem_of(filename: str) -> str:
    """A file's name without folder and ending."""
    return filename.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _html(text: str) -> Source:
    found = texts.html_tables(text)
    return Source(["HTML"], "html", lambda _: iter(found.rows), _merged=lambda _: found.merged)


def _xml(text: str) -> Source:
    book = xmlbook.read(text)
    if not book.sheets:
        raise FileRefused("file_no_sheet")
    sheets = {sheet.name: sheet for sheet in book.sheets}
    return Source(
        list(sheets),
        "xml",
        lambda name: iter(sheets[name].rows),
        frozenset(sheet.name for sheet in book.sheets if sheet.hidden),
        EPOCH_1904 if book.from_1904 else EPOCH,
        lambda name: sheets[name].merged,
        _unvalued={name: sheet.unvalued for name, sheet in sheets.items()},
    )


def _mark_broken(source: Source) -> None:
    """Cells with bytes that stand for no character hold no usable value.

    Where such a byte may have been a separator (the row has more or fewer cells than most), neither do those behind it.
    """
    for sheet in source.sheets:
        rows = list(source.rows(sheet))
        usual = Counter(map(len, filter(None, rows))).most_common(1)[0][0] if source.kind == "csv" and any(rows) else 0
        found = source._unvalued.setdefault(sheet, {})
        for number, row in enumerate(rows):
            odd = [place for place, cell in enumerate(row) if isinstance(cell, str) and texts.BROKEN in cell]
            if odd and usual and len(row) != usual:
                odd = list(range(odd[0], len(row)))
            found |= {(number, place): Unvalued("text_broken", as_text(row[place])) for place in odd}
