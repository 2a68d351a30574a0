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

from jiyang.intake import formats
from jiyang.intake.refusals import FileRefused

LARGEST_UNPACKED = 600 * 1024 * 1024  # bytes of all parts together: 200,000 rows of 100 columns
LARGEST_OF_FEW = (
    300 * 1024 * 1024
)  # of a file that unfolds to more than MOST_UNFOLDED times its size; a table unfolds to ten
MOST_UNFOLDED = 40
MOST_COLUMNS, MOST_ROWS = 500, 300_000
MOST_CELLS = 10_000_000  # of a file in XML, HTML or CSV, the empty ones between others included
MOST_UNVALUED = 1_000_000  # cells without a usable value
STRAY = 20_000  # empty rows before a last cell that make it a stray one
PIECE, SLICE = 1 << 20, 1 << 16
READ = re.compile(
    r"^(?:\[Content_Types\]\.xml|_rels/.+|xl/(?:workbook|sharedStrings|styles|metadata)\.xml|xl/_rels/.+|xl/worksheets/.+|xl/tables/.+)$",
    re.IGNORECASE,
)
# Every pattern stops at the next "<": what a hostile part holds is never searched twice. In well-formed XML no tag holds one.
PREFIX = rb"(?:[^\s<>/:!?]++:)?"
UNUSUAL = re.compile(
    rb"""<c(?! r="[A-R]?[A-Z][0-9]{1,5}"(?: s="[0-9]++")?+(?: t="[A-Za-z]++")?+/?+>| r="[A-R]?[A-Z][12][0-9]{5}"(?: s="[0-9]++")?+(?: t="[A-Za-z]++")?+>"""
    rb"""| r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]++")?+/>|[a-z])"""
)  # a cell with content beyond the widest or longest table, or not written as all programs do
UNUSUAL_ROW = re.compile(rb"""<row(?! r="[0-9]{1,7}"(?:(?!\sr)[^<>])*+>|[A-Z])""")
ROW = re.compile(rb"""<row r="([0-9]+)\"""")
ADDRESS = re.compile(rb"""<c r="[A-Z]+([0-9]+)\"""")
SPECIAL = re.compile(
    rb"""<c r="([A-Z]+)([0-9]+)"((?: s="[0-9]+")?(?: t="[A-Za-z]+")?)>(?:(?<= t="e">)|(?=<f[\s/>]))((?:[^<]++|<(?!/?c[\s/>]))*+)"""
)  # a usual cell with an error or a formula, and what stands in it
TAG = re.compile(
    rb"""<%s+(row|c)(?:\s++r="([A-Z]*+)([0-9]++)"(?: s="([0-9]++)")?+(?: t="([A-Za-z]++)")?+(/?)>"""
    rb"""|(?=[\s/>])((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)(>?))""" % PREFIX
)  # a row or cell: its attributes where they are the usual ones, else all of them
INSIDE = re.compile(rb"""(?:[^<]++|<(?!/?%s(?:c|row)[\s/>]))*+""" % PREFIX)
ATTRIBUTE = re.compile(rb"""([^\s=<>"'/]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
STARTS = re.compile(rb"<%sc[\s>]" % PREFIX)
PLACED = re.compile(rb"<%s(?:c|row)\s" % PREFIX)
PLACE = re.compile(rb"([A-Za-z]*)([0-9]+)\Z")
COUNT = re.compile(rb"""\buniqueCount\s*+=\s*+["'](\d+)["']""")
FORMULA = re.compile(rb"<%sf[\s/>]" % PREFIX)
VALUE = re.compile(rb"<%s[vt](?:\s[^<>]*+)?>([^<]++)" % PREFIX)
TORN = re.compile(rb"<%sv(?:\s[^<>]*+)?>[^<]*+<!" % PREFIX)  # a comment within a value: the library reads half of it
EMPTY_VALUE = re.compile(rb"<%sv[\s/>]" % PREFIX)
STYLED = re.compile(rb"""<c r="([A-Z]+)([0-9]+)" s="([0-9]+)"(?: t="n")?>""")
SMALL = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}  # what says how the others are to be read
LARGEST_SMALL = 32 * 1024 * 1024
DAMAGED = (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error, struct.error, ValueError, LookupError, ElementTree.ParseError, UnicodeError)  # fmt: skip


Place = tuple[int, int]  # row and column from 0


@dataclass
class Package:
    """What was seen, per sheet: cells without a usable value → `formula_no_value` or the error's text (#N/A), number cells that
    show another number → their formats; and how days are counted.
    """

    from_1904: bool = False
    unvalued: dict[str, dict[Place, str]] = field(default_factory=dict)
    formatted: dict[str, dict[Place, formats.Formats]] = field(default_factory=dict)


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
    largest = min(LARGEST_UNPACKED, max(LARGEST_OF_FEW, MOST_UNFOLDED * len(data)))
    if sum(part.file_size for part in parts) > largest:
        raise FileRefused("file_too_big")
    if names & {"xl/workbook.bin", "content.xml"}:
        raise FileRefused("file_binary_workbook")
    if "xl/workbook.xml" not in names:
        raise FileRefused("file_not_workbook")
    budget, small, scans, styles = largest, {}, {}, {}
    for part in sorted(parts, key=lambda one: _name(one) not in SMALL):
        name = _name(part)
        if name in SMALL and part.file_size > LARGEST_SMALL:
            raise FileRefused("file_too_big")
        if name not in SMALL and not scans.keys() - SMALL:
            styles = _formats(small.get("xl/styles.xml", b""))
        # any part may be called a sheet: all are searched
        scan = scans[name] = _Scan(READ.match(name) is not None, part.file_size, styles)
        for piece in _inflated(data, part, budget):
            budget -= len(piece)
            scan.feed(piece)
        scan.close()
        if name in SMALL:
            small[name] = archive.read(part)
    return _described(small, scans)


def _name(part: zipfile.ZipInfo) -> str:
    return part.filename.replace("\\", "/").lower()


def _formats(styles: bytes) -> dict[bytes, formats.Formats]:
    """Cell style → its number format, of those that show another number than the cell holds."""
    if not styles:
        return {}
    book = ElementTree.fromstring(styles)  # without a DOCTYPE: nothing to expand
    codes = {str(number): code for number, code in formats.BUILT_IN.items()}
    codes |= {one.get("numFmtId"): one.get("formatCode", "") for one in book.iterfind("{*}numFmts/{*}numFmt")}
    used = [one.get("numFmtId") for one in book.iterfind("{*}cellXfs/{*}xf")]
    found = {number: formats.read(codes[number]) for number in set(used) & codes.keys()}
    return {str(place).encode(): found[number] for place, number in enumerate(used) if found.get(number)}


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
    """Searches a part piece by piece, each cut before its last cell, so that no cell is torn apart."""

    OVERLAP, LONGEST = 4096, 1 << 16  # bytes of a tag, and of a cell up to its value

    def __init__(self, is_read: bool, size: int, styles: dict[bytes, formats.Formats]) -> None:
        self.is_read, self.size, self.styles, self.tail = is_read, size, styles, b""
        self.is_sheet = False
        self.rows = self.last_row = self.last_cell = 0
        self.column = -1  # of the last cell of the row
        self.unvalued: dict[Place, str] = {}
        self.formatted: dict[Place, formats.Formats] = {}

    def feed(self, piece: bytes) -> None:
        text = self.tail + piece
        opened = text.rfind(b"<")
        if 0 <= opened < len(text) - self.OVERLAP and PLACED.match(text, opened) and text.find(b">", opened) < 0:
            raise FileRefused("file_truncated")  # no program writes so long a tag of a cell: it could hide the address
        if self.is_read and b"!" in text and (b"<!DOCTYPE" in text or b"<!ENTITY" in text):
            raise FileRefused("file_external_entity")
        at = self._last_start(text)
        at = max(opened, len(text) - self.OVERLAP) if at is None else at
        self.tail = text[at:]
        self._search(text[:at])

    def _last_start(self, text: bytes) -> int | None:
        """Where the last cell begins, if it does so near the end."""
        for reach in (self.OVERLAP, self.LONGEST):
            starts = [found.start() for found in STARTS.finditer(text, max(0, len(text) - reach))]
            if starts:
                return starts[-1]
        return None

    def _search(self, text: bytes) -> None:
        self.is_sheet = self.is_sheet or b"sheetData" in text  # cells stand behind it alone
        if not self.is_sheet:
            if b"uniqueCount" in text and any(int(found[1]) > self.size for found in COUNT.finditer(text)):
                raise FileRefused("file_truncated")  # the library sets memory aside for as many
        elif self._is_usual(text):
            self._look(text)
        else:
            self._walk(text)

    def _is_usual(self, text: bytes) -> bool:
        """Whether rows and cells are written as all programs do: their addresses first, no prefixes, no comments."""
        if b":" in text and any(prefixed in text for prefixed in (b":c", b":row", b":f", b":v", b":is")):
            return False
        return not ((b"!" in text and b"<!" in text) or UNUSUAL.search(text) or UNUSUAL_ROW.search(text))

    def _look(self, text: bytes) -> None:
        """Rows and cells as all programs write them: only the last cell with content, formulas and errors are looked at."""
        self._note_rows(list(map(int, ROW.findall(text))))
        content = -1  # blank formatted cells are self-closing
        for sign in (b"<v", b"<is"):
            content = max(content, text.rfind(sign, max(0, content)))  # what is absent is not sought again
        if content >= 0 and (found := ADDRESS.match(text, max(0, text.rfind(b"<c ", 0, content)))):
            self.last_cell = max(self.last_cell, int(found[1]))
        if self.styles:
            for found in STYLED.finditer(text):
                self._note_style((int(found[2]) - 1, _column(found[1])), found[3])
        if b"<f" not in text and b't="e"' not in text:
            return
        formulas = 0
        for found in SPECIAL.finditer(text):
            formulas += b"<f" in found[4]
            place = (int(found[2]) - 1, _column(found[1]))
            self._note(place, b' t="e"' in found[3], b' t="str"' in found[3], found[4])
        if formulas != len(FORMULA.findall(text)):  # some stand behind something else in their cells
            self._walk(text, rows=False)

    def _walk(self, text: bytes, *, rows: bool = True) -> None:
        """Rows and cells however they are written: without an address, or with one anywhere; the last one of several counts."""
        special = any(sign in text for sign in (b"<!", b"<f", b":f", b'"e"', b"'e'"))
        for found in TAG.finditer(text):
            tag, letters, number, style, kind, closed, inner, end = found.groups()
            if number is None:
                if not end:
                    raise FileRefused("file_truncated")
                told = {name: double or single for name, double, single in ATTRIBUTE.findall(inner)}
                letters, number = self._address(tag, told.get(b"r"))
                style, kind, closed = told.get(b"s"), told.get(b"t"), inner.endswith(b"/")
            if tag == b"row":
                if rows:
                    self._note_rows([int(number)])
                self.column = -1
                continue
            self.column = _column(letters) if letters else self.column + 1
            if closed:
                continue
            if self.column >= MOST_COLUMNS:
                raise FileRefused("file_too_wide", n=self.column + 1)
            place = (int(number) - 1, self.column)
            self.last_cell = max(self.last_cell, place[0] + 1)
            if special:
                self._note(place, kind == b"e", kind == b"str", INSIDE.match(text, found.end())[0])
            if self.styles and kind in (None, b"n"):
                self._note_style(place, style)

    def _address(self, tag: bytes, written: bytes | None) -> tuple[bytes, bytes | int]:
        """(letters, number) of a cell or row; without an address it stands behind the one before."""
        if written is None:
            return b"", self.last_row + (tag == b"row")
        if not (found := PLACE.match(written)) or bool(found[1]) == (tag == b"row"):
            raise FileRefused("file_truncated")
        return found.groups()

    def _note_rows(self, rows: list[int]) -> None:
        self.rows += len(rows)
        if rows and not (rows[0] >= self.last_row and rows == sorted(rows)):  # no program writes rows out of order
            self.last_cell = max(self.last_cell, *rows)
        self.last_row = rows[-1] if rows else self.last_row

    def _note(self, place: Place, is_error: bool, is_text: bool, body: bytes) -> None:
        """Remember an error as the cell shows it, and a formula without a result; that of one may be the empty text."""
        if is_error:
            shown = VALUE.search(body)
            self.unvalued[place] = shown[1].decode("utf-8", "replace").strip() if shown else "cell_error"
        elif TORN.search(body) or (
            FORMULA.search(body) and not VALUE.search(body) and not (is_text and EMPTY_VALUE.search(body))
        ):
            self.unvalued[place] = "formula_no_value"
        if len(self.unvalued) > MOST_UNVALUED:
            raise FileRefused("file_no_values")

    def _note_style(self, place: Place, style: bytes | None) -> None:
        if style in self.styles:
            self.formatted[place] = self.styles[style]
            if len(self.formatted) > MOST_UNVALUED:
                raise FileRefused("file_formats")

    def close(self) -> None:
        self._search(self.tail)
        if self.last_cell > MOST_ROWS and self.last_cell - self.rows <= STRAY:
            raise FileRefused("file_too_long", n=self.last_cell)
        if self.last_cell - self.rows > STRAY:
            raise FileRefused("file_stray_cell", row=self.last_cell)


def _column(letters: bytes) -> int:
    """Column from 0 by its letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _described(small: dict[str, bytes], scans: dict[str, _Scan]) -> Package:
    book = ElementTree.fromstring(small["xl/workbook.xml"])
    links = {}
    if "xl/_rels/workbook.xml.rels" in small:
        for one in ElementTree.fromstring(small["xl/_rels/workbook.xml.rels"]):
            target = one.get("Target", "").lstrip("/")
            links[one.get("Id")] = (target if target.startswith("xl/") else f"xl/{target}").lower()
    properties = book.find("{*}workbookPr")  # the strict form of the format has another namespace
    found = Package(properties is not None and properties.get("date1904", "").lower() in {"1", "true", "on"})
    for one in book.iterfind(".//{*}sheet"):
        scan, name = scans.get(links.get(_link(one), "")), one.get("name")
        if scan and name:
            found.unvalued[name], found.formatted[name] = scan.unvalued, scan.formatted
    return found


def _link(sheet: ElementTree.Element) -> str | None:
    return next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
