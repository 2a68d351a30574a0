"""Text files as rows of cells: encoding and delimiter by trial, CSV as county tools and WPS write it, HTML tables."""

import csv
import io
import re
from collections import Counter
from html.parser import HTMLParser

from jiyang.intake.cells import BROKEN
from jiyang.intake.packages import MOST_CELLS, MOST_COLUMNS
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
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = _unquoted(text, delimiter)
    else:
        if _swallowed(rows, delimiter):
            rows = _unquoted(text, delimiter)
    for row in rows:
        if len(row) > MOST_COLUMNS:
            raise FileRefused("file_too_wide", n=len(row))
    return [[_unwrapped(cell) for cell in row] for row in rows]


def _swallowed(rows: list[list[str]], delimiter: str) -> bool:
    """Whether a cell holds whole lines: two stray quotes far apart make one cell of all between them."""
    width = _width(rows)
    return any("\n" in cell and cell.count(delimiter) >= width - 1 for row in rows for cell in row if len(cell) > width)


def _width(rows: list[list[str]]) -> int:
    return Counter(len(row) for row in rows if row).most_common(1)[0][0]


def _unquoted(text: str, delimiter: str) -> list[list[str]]:
    """Line by line without quoting; refused when lines then differ in their number of columns."""
    csv_lines = csv.reader(text.splitlines(), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    try:
        rows = [[_bare(cell) for cell in row] for row in csv_lines]
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


class Tables(HTMLParser):
    """The cells of an HTML page's tables, spans kept as merged ranges."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.merged: list[Range] = []
        self.held: dict[int, int] = {}  # column -> rows that a cell above still covers
        self.cell: list[str] | None = None
        self.span = (1, 1)
        self.silent = 0
        self.room = MOST_CELLS

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in {"style", "script", "title"}:
            self.silent += 1
        elif tag == "tr":
            self._close()
            self.rows.append([])
            self.held = {place: left - 1 for place, left in self.held.items() if left > 1}
        elif tag in {"td", "th"} and self.rows:
            self._close()
            self.cell = []
            self.span = (_span(attrs, "rowspan"), _span(attrs, "colspan"))
        elif tag == "br" and self.cell is not None:
            self.cell.append("\n")

    def handle_data(self, data: str) -> None:
        if self.cell is not None and not self.silent:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "title"}:
            self.silent = max(0, self.silent - 1)
        elif tag in {"td", "th", "tr", "table"}:
            self._close()

    def _close(self) -> None:
        if self.cell is None:
            return
        row, (down, across) = self.rows[-1], self.span
        while self.held.get(len(row), 0) and len(row) < MOST_COLUMNS:
            row.append("")
        place = len(row)
        self.room -= across
        if self.room < 0:
            raise FileRefused("file_too_big")
        row += [re.sub(r"[ \t\r\n]+", " ", "".join(self.cell)).strip(), *[""] * (across - 1)]
        if down > 1:
            self.held |= {place + one: down for one in range(across)}
        if down > 1 or across > 1:
            at = len(self.rows) - 1
            self.merged.append(((at, place), (at + down - 1, place + across - 1)))
        self.cell = None
        if len(row) > MOST_COLUMNS:
            raise FileRefused("file_too_wide", n=len(row))


def _span(attrs: list, name: str) -> int:
    value = dict(attrs).get(name) or "1"
    return (
        min(int(value), 65535 if name == "rowspan" else MOST_COLUMNS + 1)
        if value.isascii() and value.isdigit() and int(value)
        else 1
    )


def html_tables(text: str) -> Tables:
    parser = Tables()
    parser.feed(text)
    parser.close()
    parser._close()
    return parser
