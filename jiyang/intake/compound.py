"""Looking through an old .xls (a compound file with a BIFF stream) before the spreadsheet library does.

The library follows sector chains and believes stated sizes: a damaged file would make it fill all memory. So chains are
walked here with an end, and the records that say how large something is are checked.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from jiyang.intake.packages import MOST_COLUMNS, STRAY
from jiyang.intake.refusals import FileRefused

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
END, LARGEST_SECTOR = 0xFFFFFFFE, 0xFFFFFFFA
MOST_ROWS = 65_536
BIFF8, OLD_BOFS = 0x0600, {0x0009, 0x0209, 0x0409}
STREAMS = {"workbook", "book"}
# records of the BIFF stream
BOF, EOF, DIMENSIONS, DATE_MODE, FILE_PASS, SHARED_STRINGS, SHEET, BOOL_OR_ERROR, FORMULA, MULTIPLE = (
    0x0809, 0x000A, 0x0200, 0x0022, 0x002F, 0x00FC, 0x0085, 0x0205, 0x0006, 0x00BD,
)  # fmt: skip
CELLS = {0x0203, 0x00FD, 0x0204, 0x027E, 0x00BD, 0x0006, 0x0406, 0x0205, 0x00D6, 0x0003, 0x0002}
FORMULAS, EMPTY_LITERAL = {0x0006, 0x0406}, b"\x17\x00"  # ="" in a formula gives an empty text on purpose
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


@dataclass
class Compound:
    """What was seen: how days are counted, and cells without a usable value per sheet, (row, column) from 0 → `formula_no_value`
    or the error's text.
    """

    from_1904: bool = False
    unvalued: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)


def inspect(data: bytes) -> Compound:
    """Look through a compound file. Raises FileRefused for what is damaged, encrypted or no workbook."""
    try:
        return _workbook(_Sectors(data).stream())
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as failure:
        raise FileRefused("file_truncated") from failure


class _Sectors:
    """The sectors of a compound file, with chains that end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        shift, small_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise ValueError("sector size")
        self.size = 1 << shift
        self.count = len(data) // self.size + 1
        self.tables, self.first_directory = struct.unpack_from("<II", data, 44)
        self.smallest, self.first_small, self.small_tables, self.first_more, self.more = struct.unpack_from(
            "<5I", data, 56
        )
        if max(self.tables, self.small_tables, self.more) > self.count:
            raise ValueError("table size")
        self.next = self._allocation()

    def sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        if number >= self.count or start >= len(self.data):
            raise ValueError("sector outside the file")
        return self.data[start : start + self.size]

    def _allocation(self) -> list[int]:
        listed = list(struct.unpack_from("<109I", self.data, 76))
        number, seen = self.first_more, 0
        while number <= LARGEST_SECTOR and seen < self.more:
            numbers = struct.unpack(f"<{self.size // 4}I", self.sector(number))
            listed += numbers[:-1]
            number, seen = numbers[-1], seen + 1
        if number <= LARGEST_SECTOR:
            raise ValueError("list of tables does not end")
        found: list[int] = []
        for one in (number for number in listed if number <= LARGEST_SECTOR):
            part = self.sector(one)
            found += struct.unpack(f"<{len(part) // 4}I", part[: len(part) // 4 * 4])
        return found

    def chain(self, number: int, following: list[int] | None = None) -> Iterator[int]:
        following = self.next if following is None else following
        for _ in range(len(following) + 1):
            if number == END:
                return
            yield number
            number = following[number]
        raise ValueError("chain does not end")

    def joined(self, number: int) -> bytes:
        return b"".join(self.sector(one) for one in self.chain(number))

    def stream(self) -> bytes:
        """The workbook's records. All chains of the directory are walked, as the library may follow any."""
        directory = self.joined(self.first_directory)
        entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
        small_next: list[int] = []
        if self.small_tables and self.first_small <= LARGEST_SECTOR:
            table = self.joined(self.first_small)
            small_next = list(struct.unpack(f"<{len(table) // 4}I", table))
        small, found = b"", None
        for entry in entries:
            (length,) = struct.unpack_from("<H", entry, 64)
            name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le")
            kind, (start, size) = entry[66], struct.unpack_from("<II", entry, 116)
            if kind == 5 and start <= LARGEST_SECTOR:
                small = self.joined(start)
            if kind != 2 or not size:
                continue
            if size > len(self.data):
                raise ValueError("stream size")
            if size < self.smallest:
                parts = [small[64 * one : 64 * one + 64] for one in self.chain(start, small_next)]
            else:
                parts = [self.sector(one) for one in self.chain(start)]
            if name.lower() in STREAMS and (found is None or name.lower() == "workbook"):  # some hold both
                found = b"".join(parts)[:size]
        if found is None:
            raise FileRefused("file_not_workbook")
        return found


def _workbook(records: bytes) -> Compound:
    found = Compound()
    names: dict[int, str] = {}
    sheet, at, rows, last = "", 0, set(), -1
    formulas, open_parts = _Formulas(), 0
    while at + 4 <= len(records):
        kind, length = struct.unpack_from("<HH", records, at)
        body = at + 4
        if at == 0 and (kind in OLD_BOFS or (kind == BOF and struct.unpack_from("<H", records, body)[0] < BIFF8)):
            raise FileRefused("file_old_workbook")  # the library does not know how its texts are coded
        if kind == BOF:
            _no_stray(rows, last)
            sheet, rows, last = names.get(at, ""), set(), -1
            open_parts += 1
        elif kind == EOF:
            open_parts -= 1
        elif kind in CELLS and length >= 6:
            if not open_parts:
                raise ValueError("cells behind the end of their sheet")  # the library would leave them out
            row, column = struct.unpack_from("<HH", records, body)
            end = struct.unpack_from("<H", records, body + length - 2)[0] if kind == MULTIPLE else column
            if max(column, end) >= MOST_COLUMNS:
                raise FileRefused("file_too_wide", n=max(column, end) + 1)
            rows.add(row)
            last = max(last, row)
            if error := _error(records, kind, body, length):
                found.unvalued.setdefault(sheet, {})[row, column] = error
            formulas.see(kind, (sheet, row, column), records[body : body + length])
        elif kind == SHEET:
            _note_sheet(records[body : body + length], names)
        elif kind == DATE_MODE:
            found.from_1904 = struct.unpack_from("<H", records, body)[0] == 1
        elif kind == FILE_PASS:
            raise FileRefused("file_encrypted")
        else:
            _plausible(records, kind, body, length)
        at = body + length
    _no_stray(rows, last)
    formulas.tell(found)
    return found


class _Formulas:
    """Formulas whose result is the empty text, which is also written where there is none.

    None is meant where no formula of the file has a result: some program wrote them, and no spreadsheet has worked them out.
    """

    def __init__(self) -> None:
        self.calculated = False
        self.empty: list[tuple[str, int, int]] = []

    def see(self, kind: int, place: tuple[str, int, int], record: bytes) -> None:
        if kind not in FORMULAS:
            return
        if not (len(record) >= 20 and record[6] == 3 and record[12:14] == b"\xff\xff"):
            self.calculated = True
        elif EMPTY_LITERAL not in record[20:]:
            self.empty.append(place)

    def tell(self, found: Compound) -> None:
        for sheet, row, column in [] if self.calculated else self.empty:
            found.unvalued.setdefault(sheet, {})[row, column] = "formula_no_value"


def _plausible(records: bytes, kind: int, body: int, length: int) -> None:
    """Records whose stated sizes the library sets memory aside for."""
    if kind == DIMENSIONS and length >= 12:
        first, last, left, right = struct.unpack_from("<IIHH", records, body)
        if not (first <= last <= MOST_ROWS + 1 and left <= right <= 4 * MOST_COLUMNS):
            raise ValueError("dimensions")
    if kind == SHARED_STRINGS and struct.unpack_from("<I", records, body + 4)[0] > len(records):
        raise ValueError("shared strings")


def _no_stray(rows: set[int], last: int) -> None:
    if last - len(rows) > STRAY:
        raise FileRefused("file_stray_cell", row=last + 1)


def _error(records: bytes, kind: int, body: int, length: int) -> str:
    """The error that a cell shows; "" for a cell with a value."""
    if kind == BOOL_OR_ERROR and length >= 8 and records[body + 7] == 1:
        return ERRORS.get(records[body + 6], "cell_error")
    if kind == FORMULA and length >= 14 and records[body + 6] == 2 and records[body + 12 : body + 14] == b"\xff\xff":
        return ERRORS.get(records[body + 8], "cell_error")
    return ""


def _note_sheet(body: bytes, names: dict[int, str]) -> None:
    """A sheet's name by the place of its first record."""
    (place,), size, wide = struct.unpack_from("<I", body), body[6], body[7] & 1
    text = body[8 : 8 + size * (2 if wide else 1)]
    names[place] = text.decode("utf-16-le" if wide else "latin-1")
