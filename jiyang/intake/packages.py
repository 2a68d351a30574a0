"""Looking through a workbook's zip package before anything is unpacked whole: sizes, entities, far cells, formulas.

The spreadsheet library builds a rectangle up to the last cell: one stray cell in the last row and column would take all
memory. So every part it will read is inflated once, in pieces, counted and searched (0.2 s for 50,000 × 32 cells).
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from jiyang.intake.refusals import FileRefused

LARGEST_UNPACKED = 300 * 1024 * 1024  # bytes of all parts together
MOST_COLUMNS, MOST_ROWS = 500, 300_000
MOST_CELLS = LARGEST_UNPACKED // 8  # of a file in XML or HTML, the empty ones between others included
STRAY = 20_000  # empty rows before a last cell that make it a stray one
PIECE, SLICE = 1 << 20, 1 << 16
READ = re.compile(
    r"^(?:\[Content_Types\]\.xml|_rels/.+|xl/(?:workbook|sharedStrings|styles|metadata)\.xml|xl/_rels/.+|xl/worksheets/.+|xl/tables/.+)$",
    re.IGNORECASE,
)
ROW = re.compile(rb"""row\s[^>]*?\br\s*=\s*["'](\d+)["']""")
UNUSUAL = re.compile(
    rb"""<c(?! r="[A-R]?[A-Z][0-9]{1,5}"| r="[A-R]?[A-Z][12][0-9]{5}"| r="[A-Z]{1,3}[0-9]{1,7}"[^>]*/>|[a-z]|[^>]*\Z)"""
)  # a cell with content beyond the widest or longest table, or not written as all programs do
PLACED = re.compile(rb"<(?:\w+:)?(?:c|row)\s")
UNPLACED = re.compile(rb"""<(?:\w+:)?(?:(row)\b|c(?:/?>|\s(?![^>]*\br\s*=)[^>]*>))""")
CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Za-z]+)(\d+)["'][^>/]*>""")
COUNT = re.compile(rb"""\buniqueCount\s*=\s*["'](\d+)["']""")
FORMULA = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Z]{1,3})(\d{1,9})["'][^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"""
    rb"""(<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"""
)
EMPTY_TEXT = re.compile(
    rb"""^[^>]*\bt\s*=\s*["']str["']"""
)  # a formula whose result is a text: with an empty <v>, the empty one
FAILED = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*?\br\s*=\s*["']([A-Z]{1,3})(\d{1,9})["'][^>]*>"""
    rb"""(?:\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>))?(?:\s*<(?:\w+:)?v>([^<]*)<)?"""
)
FORMAT_TEXTS = re.compile(r'"[^"]*"|\\.')  # what a number format shows besides the number: "3700000"000000000
PARTS_OF_FORMATS = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}
DAMAGED = (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error, struct.error, ValueError, LookupError, ElementTree.ParseError, UnicodeError)  # fmt: skip


@dataclass
class Package:
    """What was seen: cells without a usable value per sheet, (row, column) from 0 → `formula_no_value`, `shown_otherwise` or the
    error's text (#N/A), and how days are counted.
    """

    from_1904: bool = False
    unvalued: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)


def inspect(data: bytes) -> Package:
    """Look through a package. Raises FileRefused for what is no workbook, too large, damaged or hostile."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _inspect(archive, data)
    except DAMAGED as failure:
        raise FileRefused("file_truncated") from failure


def _inspect(archive: zipfile.ZipFile, data: bytes) -> Package:
    parts = archive.infolist()
    names = {part.filename.replace("\\", "/").lower() for part in parts}
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise FileRefused("file_too_big")
    if names & {"xl/workbook.bin", "content.xml"}:
        raise FileRefused("file_binary_workbook")
    if "xl/workbook.xml" not in names:
        raise FileRefused("file_not_workbook")
    budget, unvalued, small = LARGEST_UNPACKED, {}, {}
    for part in parts:
        name = part.filename.replace("\\", "/")
        scan = _Scan(READ.match(name) is not None, part.file_size)  # any part may be called a sheet: all are searched
        for piece in _inflated(data, part, budget):
            budget -= len(piece)
            scan.feed(piece)
        scan.close()
        unvalued[name.lower()] = scan.unvalued
        if name.lower() in PARTS_OF_FORMATS:
            small[name.lower()] = archive.read(part)
    if styles := _shown_otherwise(small.get("xl/styles.xml", b"")):
        for part in parts:
            if (name := part.filename.replace("\\", "/").lower()).startswith("xl/worksheets/"):
                unvalued[name] |= dict.fromkeys(_styled(data, part, styles), "shown_otherwise")
    return _described(small, unvalued)


def _shown_otherwise(styles: bytes) -> list[int]:
    """Cell styles that show digits which the number itself does not have."""
    if b"<numFmt" not in styles:
        return []
    book = ElementTree.fromstring(styles)
    formats = {
        one.get("numFmtId")
        for one in book.iterfind("{*}numFmts/{*}numFmt")
        if any(text.strip('"\\').isdigit() for text in FORMAT_TEXTS.findall(one.get("formatCode", "").split(";")[0]))
    }
    return [number for number, one in enumerate(book.iterfind("{*}cellXfs/{*}xf")) if one.get("numFmtId") in formats]


def _styled(data: bytes, part: zipfile.ZipInfo, styles: list[int]) -> Iterator[tuple[int, int]]:
    """Places of the number cells that have one of the styles."""
    cell = re.compile(
        rb"""<(?:\w+:)?c\s(?=[^>]*\bs="(?:%s)")(?![^>]*\bt="(?!n"))[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*[^>/]>"""
        % "|".join(map(str, styles)).encode()
    )
    tail = b""
    for piece in _inflated(data, part, LARGEST_UNPACKED):
        text = tail + piece
        yield from ((int(found[2]) - 1, _column(found[1])) for found in cell.finditer(text))
        tail = text[-_Scan.OVERLAP :]


def _inflated(data: bytes, part: zipfile.ZipInfo, budget: int) -> Iterator[bytes]:
    """The part's bytes as they really come out; its stated size is not believed."""
    if part.flag_bits & 0x1:
        raise FileRefused("file_encrypted")
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileRefused("file_truncated")
    name_length, extra_length = struct.unpack_from("<HH", data, part.header_offset + 26)
    start = part.header_offset + 30 + name_length + extra_length
    packed = memoryview(data)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[at : at + PIECE]) for at in range(0, len(packed), PIECE))
        return
    stream, size = zlib.decompressobj(-15), 0
    for at in range(0, len(packed), SLICE):
        left = bytes(packed[at : at + SLICE])
        while left and not stream.eof:
            piece = stream.decompress(left, PIECE)
            left = stream.unconsumed_tail
            size += len(piece)
            if size > budget or size > part.file_size:
                raise FileRefused("file_too_big" if size > budget else "file_truncated")
            yield piece
    rest = stream.flush() if not stream.eof else b""
    if size + len(rest) != part.file_size:
        raise FileRefused("file_truncated")
    if rest:
        yield rest


class _Scan:
    """Searches a part piece by piece, with an overlap so that no tag is cut."""

    OVERLAP = 4096

    def __init__(self, is_read: bool, size: int) -> None:
        self.is_read, self.size, self.tail = is_read, size, b""
        self.rows = self.last_row = self.last_cell = self.unplaced = 0
        self.unvalued: dict[tuple[int, int], str] = {}

    def feed(self, piece: bytes) -> None:
        text = self.tail + piece
        opened = text.rfind(b"<")
        if 0 <= opened < len(text) - self.OVERLAP and PLACED.match(text, opened) and b">" not in text[opened:]:
            raise FileRefused("file_truncated")  # no program writes so long a tag of a cell: it could hide the address
        if self.is_read and b"<!" in text and (b"<!DOCTYPE" in text or b"<!ENTITY" in text):
            raise FileRefused("file_external_entity")
        self._search(text, len(self.tail))
        if (
            not self.rows
            and b"uniqueCount" in text
            and any(int(found[1]) > self.size for found in COUNT.finditer(text))
        ):
            raise FileRefused("file_truncated")  # the library sets memory aside for as many
        self.tail = text[-self.OVERLAP :]

    def _search(self, text: bytes, seen: int) -> None:
        rows = [int(found[1]) for found in ROW.finditer(text) if found.end() > seen]
        self.rows += len(rows)
        if rows and not (rows[0] >= self.last_row and rows == sorted(rows)):  # no program writes rows out of order
            self.last_cell = max(self.last_cell, *rows)
        self.last_row = max([self.last_row, *rows[-1:]])
        start, odd = 0, UNUSUAL.search(text) or b":" in text  # a prefix
        if odd:
            self._count(text, seen)
        else:
            # the last cell with content of this piece; blank formatted cells are self-closing
            content = -1
            for sign in (b"<v", b"<is", b":v>", b":is>"):
                content = max(content, text.rfind(sign, max(0, content)))  # what is absent is not sought again
            start = max(0, content - 2000)
        for found in CELL.finditer(text, start):
            self.last_cell = max(self.last_cell, int(found[2]))
            if (column := _column(found[1])) >= MOST_COLUMNS:
                raise FileRefused("file_too_wide", n=column + 1)
        for pattern, sign, told in ((FORMULA, b"</f", _no_value), (FAILED, b't="e"', _error)):
            if sign in text:
                found = {(int(one[2]) - 1, _column(one[1])): told(one) for one in pattern.finditer(text)}
                self.unvalued |= {place: what for place, what in found.items() if what}

    def _count(self, text: bytes, seen: int) -> None:
        """Cells without an address stand one after the other: a row has no more of them than a table has columns."""
        for found in UNPLACED.finditer(text):
            if found.end() > seen:
                self.unplaced = 0 if found[1] else self.unplaced + 1
                if self.unplaced > MOST_COLUMNS:
                    raise FileRefused("file_too_wide", n=self.unplaced)

    def close(self) -> None:
        if self.last_cell > MOST_ROWS and self.last_cell - self.rows <= STRAY:
            raise FileRefused("file_too_long", n=self.last_cell)
        if self.last_cell - self.rows > STRAY:
            raise FileRefused("file_stray_cell", row=self.last_cell)


def _no_value(cell: re.Match) -> str:
    """What a formula without a result is; "" for one whose result is the empty text."""
    return "" if cell[3] and EMPTY_TEXT.match(cell[0]) else "formula_no_value"


def _error(cell: re.Match) -> str:
    """The error as the cell shows it."""
    return (cell[3] or b"").decode("utf-8", "replace") or "cell_error"


def _column(letters: bytes) -> int:
    """Column from 0 by its letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _described(small: dict[str, bytes], unvalued: dict[str, dict]) -> Package:
    book = ElementTree.fromstring(small["xl/workbook.xml"])  # without a DOCTYPE: nothing to expand
    links = {}
    if "xl/_rels/workbook.xml.rels" in small:
        for one in ElementTree.fromstring(small["xl/_rels/workbook.xml.rels"]):
            target = one.get("Target", "").lstrip("/")
            links[one.get("Id")] = (target if target.startswith("xl/") else f"xl/{target}").lower()
    properties = book.find("{*}workbookPr")  # the strict form of the format has another namespace
    from_1904 = properties is not None and properties.get("date1904", "").lower() in {"1", "true", "on"}
    sheets = {one.get("name"): unvalued.get(links.get(_link(one)), {}) for one in book.iterfind(".//{*}sheet")}
    return Package(from_1904, {name: cells for name, cells in sheets.items() if name and cells})


def _link(sheet: ElementTree.Element) -> str | None:
    return next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
