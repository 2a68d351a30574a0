"""Text files as rows of cells: encoding and delimiter by trial, CSV as county tools and WPS write it, HTML tables."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from html import unescape

from jiyang.intake.cells import BROKEN
from jiyang.intake.packages import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, STRAY
from jiyang.intake.refusals import FileRefused

MOST_BROKEN = 0.05  # share of the characters beyond ASCII
SAMPLE = 200_000  # bytes looked at first
DELIMITERS = "\t,;|，；"
Range = tuple[tuple[int, int], tuple[int, int]]


def decode(data: bytes) -> tuple[str, bool]:
    """Text of a CSV, HTML or XML file: UTF-16 and UTF-8 by mark, else UTF-8, else GB18030; and whether some bytes of it are broken.

    A broken byte is read as BROKEN while few are: where many are, the encoding is another one. Raises FileRefused.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif (start := data[:4000]).count(b"\x00") > len(start) // 20:  # the zero bytes of digits and commas tell the order
        big = start[0::2].count(b"\x00") > start[1::2].count(b"\x00")
        candidates = ["utf-16-be" if big else "utf-16-le"]
    else:
        candidates = ["utf-8-sig", "gb18030"]
    for encoding in candidates:
        text, broken = _decoded(data, encoding)
        if text is None:
            continue
        text = text.rstrip("\x00\x1a")  # what old programs end or fill a file with
        if "\x00" in text:
            break
        if broken and text.endswith(BROKEN):  # cut off within a character
            raise FileRefused("file_truncated")
        return text.removeprefix("\ufeff"), broken
    raise FileRefused("file_encoding" if b"\x00" not in data else "file_not_workbook")


def _decoded(data: bytes, encoding: str) -> tuple[str | None, bool]:
    """(text, whether bytes were broken); None where they are too many for the encoding."""
    try:
        return data.decode(encoding), False
    except UnicodeDecodeError:
        if encoding.startswith("utf-16") or not _is_nearly(data[:SAMPLE].decode(encoding, "replace")):
            return None, False
    text = data.decode(encoding, "replace")
    return (text, True) if _is_nearly(text) else (None, False)


def _is_nearly(text: str) -> bool:
    """Whether so few characters are broken that the encoding must be right: a wrong one spoils most of what is not ASCII."""
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return text.count(BROKEN) <= MOST_BROKEN * beyond


def delimiter_of(text: str) -> str:
    """The delimiter that parts the first lines into most columns, most evenly. Raises FileRefused."""
    lines = [line for line in text[:40_000].splitlines()[:40] if line.strip()]
    best, most = "", 1
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter))
        width, times = max(widths.items(), key=lambda one: (one[1] * (one[0] > 1), one[0]), default=(1, 0))
        if width * times > most and width > 1:
            best, most = delimiter, width * times
    if not best:
        raise FileRefused("file_not_workbook")
    return best


def csv_rows(text: str) -> list[list[str]]:
    """Rows of a delimited text. Quotes that do not match are taken for what they are: characters. Raises FileRefused."""
    if not text.strip():
        raise FileRefused("file_empty")
    delimiter = delimiter_of(text)
    try:
        rows = _bounded(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = _unquoted(text, delimiter)
    else:
        if _swallowed(rows, delimiter):
            rows = _unquoted(text, delimiter)
    return [[_unwrapped(cell) for cell in row] for row in rows]


def _bounded(read: Iterable[list[str]]) -> list[list[str]]:
    """Rows as far as a table may reach; blank lines cost nothing, those below the last row are left out."""
    rows: list[list[str]] = []
    blank, filled, room = 0, 0, MOST_CELLS
    for row in read:
        if not any(row):
            blank += 1
            continue
        if rows and blank > STRAY:
            raise FileRefused("file_stray_cell", row=len(rows) + blank + 1)
        rows += [[]] * blank
        rows.append(row)
        blank, filled, room = 0, filled + 1, room - len(row)
        if len(row) > MOST_COLUMNS:
            raise FileRefused("file_too_wide", n=len(row))
        if filled > MOST_ROWS:
            raise FileRefused("file_too_long", n=f"至少 {MOST_ROWS + 1}")
        if room < 0:
            raise FileRefused("file_too_big")
    return rows


def _swallowed(rows: list[list[str]], delimiter: str) -> bool:
    """Whether a cell holds whole lines: two stray quotes far apart make one cell of all between them."""
    width = _width(rows)
    return any("\n" in cell and cell.count(delimiter) >= width - 1 for row in rows for cell in row if len(cell) > width)


def _width(rows: list[list[str]]) -> int:
    return Counter(len(row) for row in rows if row).most_common(1)[0][0]


def _unquoted(text: str, delimiter: str) -> list[list[str]]:
    """Line by line without quoting; refused when lines then differ in their number of columns."""
    csv_lines = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    try:
        rows = _bounded([_bare(cell) for cell in row] for row in csv_lines)
    except csv.Error as failure:
        raise FileRefused("file_broken_text", row=csv_lines.line_num) from failure
    width = _width(rows)
    for number, row in enumerate(rows, start=1):
        if len(row) > width or (len(row) < width and any(cell[:1] == '"' for cell in row)):  # the line goes on below
            raise FileRefused("file_broken_text", row=number)
    return rows


def _bare(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _unwrapped(cell: str) -> str:
    """`="3701…"` and a trailing tab, written so that a spreadsheet keeps the digits, go away."""
    if cell.endswith("\t"):
        cell = cell.rstrip("\t")
    return cell[2:-1] if len(cell) > 3 and cell.startswith('="') and cell.endswith('"') else cell


TAG = re.compile(r"""<(?:(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+)>|!--|[!?])""")
ATTRIBUTE = re.compile(r"""([^\s=>/"']++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++)))?+""")
OPENED = re.compile(r"</?[a-zA-Z]")
SILENT = {"style", "script", "title"}  # what they hold is not shown
FORM = {"input", "select", "option"}
TICKS = {"checkbox", "radio"}
UNSEEN = {"hidden", "button", "submit", "reset", "image", "file"}  # inputs that show no value of the row
ROUNDED = re.compile(r"-?[\d,]+(?:\.(\d+))?")


class Tables:
    """The cells of an HTML page's tables, spans kept as merged ranges.

    Read from tag to tag, each once: the library's parser begins anew at every unfinished one.
    """

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.merged: list[Range] = []
        self.held: dict[int, int] = {}  # column -> rows that a cell above still covers
        self.cell: list[str] | None = None
        self.options: list[tuple[int, bool]] | None = (
            None  # of a list to choose from: where each begins in the cell, and whether it is chosen
        )
        self.number = ""  # what the cell holds where it shows it rounded
        self.span = (1, 1)
        self.room = MOST_CELLS

    def read(self, text: str) -> None:
        at = 0
        while (opened := text.find("<", at)) >= 0:
            self._put(unescape(text[at:opened]))
            found = TAG.match(text, opened)
            if found is None and OPENED.match(text, opened):
                raise FileRefused("file_truncated")  # a tag without an end
            if found is None:
                self._put("<")
                at = opened + 1
            elif found[2]:
                at = self._tag(text, found[1] == "/", found[2].lower(), found)
            else:
                end = "-->" if found[0] == "<!--" else ">"
                closed = text.find(end, found.end())
                if closed < 0:
                    raise FileRefused("file_truncated")
                at = closed + len(end)
        self._put(unescape(text[at:]))
        self._close()

    def _put(self, text: str) -> None:
        if text and self.cell is not None:
            self.cell.append(text)

    def _tag(self, text: str, ends: bool, name: str, found: re.Match) -> int:
        """Take one tag; answers where the text goes on."""
        if ends:
            if name in {"td", "th", "tr", "table"}:
                self._close()
            elif name == "select":
                self._choose()
        elif name in SILENT:
            return _end_of(name, text, found.end())
        elif name == "tr":
            self._close()
            self.rows.append([])
            self.held = {place: left - 1 for place, left in self.held.items() if left > 1}
            self.room -= len(self.held)
            if len(self.rows) > MOST_ROWS:
                raise FileRefused("file_too_long", n=f"至少 {MOST_ROWS + 1}")
            if self.room < 0:
                raise FileRefused("file_too_big")
        elif name in {"td", "th"} and self.rows:
            self._close()
            attributes = _attributes(found[3])
            self.cell, self.number = [], attributes.get("x:num", "")
            self.span = (_span(attributes, "rowspan"), _span(attributes, "colspan"))
        elif name == "br":
            self._put("\n")
        elif name in FORM and self.cell is not None:
            self._form(name, _attributes(found[3]), self.cell)
        return found.end()

    def _form(self, name: str, attributes: dict[str, str], cell: list[str]) -> None:
        if name == "input":
            self._put(_entered(attributes))
        elif name == "select":
            self.options = []
        elif self.options is not None:
            self.options.append((len(cell), "selected" in attributes))

    def _choose(self) -> None:
        """Of the options of a list the chosen one is shown. Where the page does not say which, nobody knows what it showed."""
        if self.cell is not None and self.options:
            begins = [begin for begin, _ in self.options]
            shown = [
                "".join(self.cell[begin:end]) for begin, end in zip(begins, [*begins[1:], len(self.cell)], strict=True)
            ]
            chosen = [text for text, (_, is_chosen) in zip(shown, self.options, strict=True) if is_chosen]
            self.cell[begins[0] :] = chosen if len(chosen) == 1 else shown if len(shown) == 1 else [BROKEN]
        self.options = None

    def _close(self) -> None:
        if self.cell is None:
            return
        self._choose()
        row, (down, across) = self.rows[-1], self.span
        known = len(row)
        while self.held.get(len(row), 0) and len(row) < MOST_COLUMNS:
            row.append("")
        place = len(row)
        self.room -= across + place - known
        if self.room < 0:
            raise FileRefused("file_too_big")
        shown = re.sub(r"[ \t\r\n]+", " ", "".join(self.cell)).strip()
        row += [self.number if _is_rounded(shown, self.number) else shown, *[""] * (across - 1)]
        if down > 1:
            self.held |= {place + one: down for one in range(across)}
        if down > 1 or across > 1:
            at = len(self.rows) - 1
            self.merged.append(((at, place), (at + down - 1, place + across - 1)))
        self.cell = None
        if len(row) > MOST_COLUMNS:
            raise FileRefused("file_too_wide", n=len(row))


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in ATTRIBUTE.findall(text)}


def _end_of(name: str, text: str, at: int) -> int:
    """Behind what a silent tag holds: at its end, else at the end of the page."""
    found = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
    return found.start() if found else len(text)


def _entered(attributes: dict[str, str]) -> str:
    """What a field of a form shows: its value, or whether it is ticked."""
    kind = attributes.get("type", "text").lower()
    if kind in TICKS:
        return "☑" if "checked" in attributes else "□"
    return "" if kind in UNSEEN else attributes.get("value", "")


def _is_rounded(shown: str, number: str) -> bool:
    """Whether a cell shows its number (x:num) rounded: then the number counts. A unit or a date is more than that."""
    if not number or len(number) > 40 or not (found := ROUNDED.fullmatch(shown)):
        return False
    try:
        exact, seen = Decimal(number), Decimal(shown.replace(",", ""))
    except InvalidOperation:
        return False
    return exact.is_finite() and abs(exact - seen) * 2 <= Decimal(1).scaleb(-len(found[1] or ""))


def _span(attributes: dict[str, str], name: str) -> int:
    value = attributes.get(name) or "1"
    return (
        min(int(value[:6]), 65535 if name == "rowspan" else MOST_COLUMNS + 1)
        if value.isascii() and value.isdigit() and int(value[:6])
        else 1
    )


def html_tables(text: str) -> Tables:
    tables = Tables()
    tables.read(text)
    return tables
