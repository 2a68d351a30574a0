"""From a file's bytes to sheets of cells: told by content, bounded before unpacking, refused with one clear message.

Reads .xlsx, .xlsm (macros ignored), .xls, CSV and text in the usual encodings, and HTML tables saved as .xls.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

LARGEST_FILE = 60 * 1024 * 1024  # bytes
LARGEST_UNPACKED = 300 * 1024 * 1024  # bytes of all parts together, measured before unpacking
MOST_COLUMNS = 500
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"BM", b"Rar!", b"7z\xbc\xaf")
MESSAGES = {
    "file_empty": "文件是空的（0 字节）。请重新从系统导出后上传",
    "file_too_big": "文件过大：解压后超过 300 MB。请按镇街分开导出，或删去多余的空白行列后再传",
    "file_encrypted": "文件有打开密码。请在 Excel 里去掉密码（文件—信息—保护工作簿）后再传",
    "file_truncated": "文件不完整或已损坏，可能没有下载完。请重新导出后上传",
    "file_not_workbook": "这不是 Excel 或 CSV 文件。请上传从系统导出的 .xlsx、.xls 或 .csv 文件",
    "file_external_entity": "文件里有指向外部内容的引用，不安全。请在 Excel 里另存为新的 .xlsx 后再传",
    "file_too_wide": "表格有 {n} 列，超过 500 列。请只保留需要的列后再传",
    "file_no_rows": "只有标题和表头，没有数据行。请确认导出时选对了范围",
    "file_encoding": "认不出文本的编码。请在 Excel 里另存为 .xlsx 后再传",
    "layout_unknown": "没有找到表头。表头应含“户编号”“证件号码”等列名；如果是别的表，请到对应的导入页上传",
    "missing_column": "缺少必需的列：{names}。请按国家系统的导出原样上传，不要删列",
    "wrong_layout": "与“{title}”的版式不符：有 {n} 列不认识。请确认选对了导出表，或删去多余的列后再传",
}


class FileRefused(Exception):
    """The file as a whole cannot be read; `code` is stable, the text says what to do."""

    def __init__(self, code: str, **facts: Any):
        self.code = code
        super().__init__(MESSAGES[code].format(**facts))


@dataclass
class Source:
    """A readable file: names of its sheets, and the rows of each as Python values (str, float, bool, date, "")."""

    sheets: list[str]
    kind: str
    _rows: Any

    def rows(self, sheet: str) -> Iterator[list[Any]]:
        return self._rows(sheet)


def read(data: bytes, filename: str = "") -> Source:
    """Open a file by its content. Raises FileRefused."""
    if not data:
        raise FileRefused("file_empty")
    if len(data) > LARGEST_FILE:
        raise FileRefused("file_too_big")
    if data.startswith(OLE):
        if ENCRYPTED in data:
            raise FileRefused("file_encrypted")
        return _workbook(data, "xls")
    if data.startswith(ZIP):
        _measure(data)
        return _workbook(data, "xlsx")
    if data.startswith(PICTURES):
        raise FileRefused("file_not_workbook")
    text = decode(data)
    if "<table" in text[:200_000].lower():
        return _html(text)
    return _csv(text, filename)


def _measure(data: bytes) -> None:
    """Refuse bombs, plain archives and external entities before anything is unpacked whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise FileRefused("file_too_big")
            names = {part.filename for part in parts}
            if not names & {"xl/workbook.xml", "xl/workbook.bin"}:
                raise FileRefused("file_not_workbook")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        if b"<!DOCTYPE" in stream.read(4096).upper():
                            raise FileRefused("file_external_entity")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zipfile.zlib.error) as failure:
        raise FileRefused("file_truncated") from failure


def _workbook(data: bytes, kind: str) -> Source:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
    except (CalamineError, OSError, ValueError) as failure:
        raise FileRefused("file_encrypted" if "password" in str(failure).lower() else "file_truncated") from failure

    opened: dict[str, Any] = {}

    def rows(name: str) -> Iterator[list[Any]]:
        try:
            if name not in opened:
                opened[name] = book.get_sheet_by_name(name)  # parses the whole sheet: once
            sheet = opened[name]
            if sheet.width > MOST_COLUMNS:
                raise FileRefused("file_too_wide", n=sheet.width)
            start = sheet.start or (0, 0)
            offset, blank = [""] * start[1], []
            for _ in range(start[0]):
                yield blank
            for row in sheet.iter_rows():
                yield offset + row if offset else row
        except (CalamineError, OSError, ValueError) as failure:
            raise FileRefused("file_truncated") from failure

    return Source(names, kind, rows)


def decode(data: bytes) -> str:
    """Text of a CSV or HTML file: UTF-16 and UTF-8 by mark, else UTF-8, else GB18030. Raises FileRefused."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif data[1:2] == b"\x00" and data.count(b"\x00") > len(data) // 4:
        candidates = ["utf-16-le"]
    else:
        candidates = ["utf-8-sig", "gb18030"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise FileRefused("file_encoding" if b"\x00" not in data else "file_not_workbook")


def _csv(text: str, filename: str) -> Source:
    sample = text[:20_000]
    delimiter = max("\t,;，|", key=sample.count)
    if sample.count(delimiter) < 2:
        raise FileRefused("file_not_workbook")

    def rows(_: str) -> Iterator[list[str]]:
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                if len(row) > MOST_COLUMNS:
                    raise FileRefused("file_too_wide", n=len(row))
                yield [_unwrapped(cell) for cell in row]
        except csv.Error as failure:
            raise FileRefused("file_truncated") from failure

    return Source([filename.rsplit("/", 1)[-1].rsplit(".", 1)[0] or "CSV"], "csv", rows)


def _unwrapped(cell: str) -> str:
    """`="3701…"`, which county tools write so that Excel keeps the digits, is the text inside."""
    return cell[2:-1] if len(cell) > 3 and cell.startswith('="') and cell.endswith('"') else cell


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.cell = []
            self.span = int(dict(attrs).get("colspan") or 1) if str(dict(attrs).get("colspan") or 1).isdigit() else 1

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self.cell is not None:
            self.rows[-1] += ["".join(self.cell).strip(), *[""] * (min(self.span, MOST_COLUMNS) - 1)]
            self.cell = None


def _html(text: str) -> Source:
    parser = _Tables()
    parser.feed(text)
    if any(len(row) > MOST_COLUMNS for row in parser.rows):
        raise FileRefused("file_too_wide", n=max(len(row) for row in parser.rows))
    return Source(["HTML"], "html", lambda _: iter(parser.rows))
