"""Files that go back to who must mend a roster: an annotated copy of the original, and the failed rows alone.

Both keep the file's own headings, sheets and texts. Cells are text, so that no ID number loses a digit and nothing is taken
for a formula, but for days and short numbers, which are read otherwise as texts. A number that has lost digits is no text:
the copy leaves it as it was, the failed rows say that it is lost. What a row took from a row above is written in it: in the
failed rows another one stands there.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db.models import Count, Min, Q

from households.models import RosterRow
from households.roster.jobs import FILE_AAD
from jiyang.identifiers.encryption import decrypt_bytes
from jiyang.intake import units
from jiyang.intake.cells import BROKEN, DIGITS_LOST, MERGED, Unvalued, as_text, has_lost_digits, unvalued
from jiyang.intake.dates import EPOCH_1904
from jiyang.intake.enums import RowAction, Severity
from jiyang.intake.findings import kinds
from jiyang.intake.gather import gather
from jiyang.intake.header import Choice, Header
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.reader import Source, read
from jiyang.intake.writing import SUMMARY, WHY
from jiyang.ledgers.export import safe

FAILED = (RowAction.REFUSED, RowAction.UNKNOWN, RowAction.DUPLICATE, RowAction.OUT_OF_AREA)
CAME = (RowAction.INSERT, RowAction.UPDATE, RowAction.SAME)  # of a batch that was written
LOOKS = {
    Severity.ERROR: {"bg_color": "#fbe9e7", "border": 1, "border_color": "#b3261e"},
    Severity.WARNING: {"bg_color": "#fff4d6", "border": 1, "border_color": "#b07800"},
    Severity.NORMALISED: {"bg_color": "#e8f0f2"},
}
FIRST_DAY = dt.date(1900, 1, 1)  # that a workbook knows
LONG_NUMBER = 1e10  # from which on a number names somebody, or is a telephone's
LONGEST = 32_000  # characters of a cell or comment that a workbook takes


@dataclass
class Part:
    """A sheet of the original: `offset` turns its row numbers into the batch's, data begin after row `head` (from 1).

    The headings of one that `continues` another stand there; `again` are rows of headings of further tables below the first.
    `columns` and `headings` are as `jobs.parts_of` gives them.
    """

    sheet: str
    offset: int
    head: int
    continues: str = ""
    again: list[int] = field(default_factory=list)
    columns: list[tuple[int, str]] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Notes:
    """The findings of one row: by column letters, and together."""

    cells: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    wrong: bool = False  # one of them is an error


def annotated(batch: Batch, path: Path) -> int:
    """The original with coloured and commented cells and a summary sheet; returns the findings written."""
    return annotate(path, original(batch), parts_of(batch), notes_of(batch), lambda book: write_summary(book, batch))


def annotate(
    path: Path,
    source: Source,
    parts: Iterable[Part],
    notes: dict[int, Notes],
    summary: Callable[[xlsxwriter.Workbook], None],
) -> int:
    """A copy of `source` with the notes at their cells, after the sheet that `summary` writes; returns the findings written."""
    with _workbook(path, source) as book:
        summary(book)
        width = 0
        for part in parts:
            sheet, looks = book.add_worksheet(_title(book, part.sheet)), _looks(book)
            sheet.freeze_panes(part.head, 0)
            _merge(sheet, source, part)
            for number, cells in enumerate(source.rows(part.sheet)):
                width = max(width, len(cells))
                _write(sheet, number, cells, notes.get(number + 1 + part.offset), looks)
            sheet.set_column(0, max(0, width - 1), 14)
    return sum(len(found) for one in notes.values() for found in one.cells.values())


def failed_rows(batch: Batch, path: Path) -> int:
    """The rows that nothing came of (FAILED) only, with what is wrong in a last column; returns their number.

    Corrected, the file is uploaded as a continuation of the batch.
    """
    rows = RosterRow.objects.filter(batch=batch, action__in=FAILED)
    wanted, notes, written = dict(rows.values_list("row", "action")), notes_of(batch), 0
    source = original(batch)
    with _workbook(path, source) as book:
        parts = {part.sheet: part for part in parts_of(batch)}
        for part in parts.values():
            sheet, looks = book.add_worksheet(_title(book, part.sheet)), _looks(book)
            above = parts.get(part.continues, part)
            end = _width_before_why(source, above)
            top = [cells[:end] for cells in islice(source.rows(above.sheet), above.head + 1)]
            if not units.below(top[above.head :]):
                del top[above.head :]
            width, line = max(len(cells[:end]) for one in (above, part) for cells in source.rows(one.sheet)), len(top)
            for number, cells in enumerate(top):
                _write(sheet, number, cells, None, looks)
                if number == above.head - 1:
                    sheet.write_string(number, width, WHY)
            _merge(sheet, source, above)
            sheet.freeze_panes(line, 0)
            for number, cells in enumerate(source.rows(part.sheet), start=1):
                cells = cells[:end]
                if number <= part.head:
                    continue
                if number in part.again:
                    _write(sheet, line, cells, None, looks)
                    sheet.write_string(line, width, WHY)
                    line += 1
                    continue
                if action := wanted.get(number + part.offset):
                    found = notes.get(number + part.offset, Notes())
                    cells = [DIGITS_LOST if has_lost_digits(cell) else cell for cell in cells]
                    _write(sheet, line, cells, found, looks)
                    beside = action == RowAction.REFUSED and not found.wrong
                    why = "；".join([*found.texts, *(["同户的其他行有错误"] if beside else [])])
                    sheet.write_string(line, width, safe(why[:LONGEST]))
                    line, written = line + 1, written + 1
            sheet.set_column(0, width - 1, 14)
            sheet.set_column(width, width, 60)
    return written


def strangers(batch: Batch) -> int:
    """How many rows of a continuation have neither household, ID number nor name of a row that the former batch left out."""
    of_file = Batch.objects.filter(
        file=batch.continues.file.name
    )  # rows of what was held of it came to batches of their own
    left = RosterRow.objects.filter(batch__in=of_file, action__in=FAILED)
    known = Q(pk__in=[])
    for name in ("household_no", "id_index", "name"):
        known |= Q(**{f"{name}__in": left.exclude(**{name: None}).values(name)})
    villages = Q(name=None, village__in=left.filter(name=None).values("village"))
    return RosterRow.objects.filter(batch=batch).exclude(known | villages).count()


def still_out(batches: Collection[Batch], written: Collection[Batch]) -> dict[int, int]:
    """Batch → how many of the rows that it left out came in by none of the batches `written`; those without any are not in it."""
    came = RosterRow.objects.filter(batch__in=written, action__in=CAME)
    filled = {name: came.exclude(**{name: None}).values(name) for name in ("id_index", "household_no", "name")}
    named = Q(household_no__in=filled["household_no"]) & (Q(name=None) | Q(name__in=filled["name"]))
    village = Q(household_no=None, name=None, village__in=came.filter(name=None).values("village"))
    left = RosterRow.objects.filter(batch__in=batches, action__in=FAILED)
    left = left.exclude(Q(id_index__in=filled["id_index"]) | named | village)
    return dict(left.order_by().values_list("batch").annotate(Count("pk")))


def _merge(sheet: xlsxwriter.worksheet.Worksheet, source: Source, part: Part) -> None:
    """Merge the cells of the headings as they were: by them a second line of headings is told.

    The library's own way writes cells, and those of rows further down first, which a workbook in constant memory cannot.
    """
    sheet.merge += [
        [top, left, bottom, right]
        for (top, left), (bottom, right) in source.merged(part.sheet)
        if bottom < part.head and (top, left) != (bottom, right)
    ]


def _width_before_why(source: Source, part: Part) -> int | None:
    """Where the last column of a file that went back before says what was wrong: it is said anew."""
    heading = next(islice(source.rows(part.sheet), part.head - 1, part.head), [])
    end = len(heading)
    while end and heading[end - 1] in ("", WHY):
        end -= 1
    return end if WHY in heading[end:] else None


def original(batch: Batch) -> Source:
    """The uploaded file. What rows took from rows above, or from merged cells, stands in each of them, as it was read.

    Cells without a usable value say so: a copy has neither formulas nor formats.
    """
    with batch.file.open("rb") as stream:
        source = read(decrypt_bytes(stream.read(), FILE_AAD), batch.filename)
    parts = parts_of(batch)
    taken = _taken(source, batch.layout, parts)
    return replace(source, _rows=lambda sheet: _resolved(source, sheet, taken.get(sheet, {})))


def _taken(source: Source, layout: str, parts: list[Part]) -> dict[str, dict[int, dict[int, Any]]]:
    """Sheet → row from 0 → column → what was read there, where it is not what the cell itself holds."""
    if not all(part.columns for part in parts):  # of a batch that was read before columns were kept
        return {}
    fields = layouts()[layout]
    headers = [
        Header(
            part.sheet, 0, part.head, fields, {place: fields.by_name[name] for place, name in part.columns},
            dict(map(tuple, part.headings)), [], [], 0.0, continues=part.continues,
            choice=Choice(mapping={dict(map(tuple, part.headings))[place]: name for place, name in part.columns}),
        )
        for part in parts
    ]  # fmt: skip
    gathered = gather(source, replace(headers[0], parts=headers))
    ends = [first for first, _ in gathered.starts[1:]] + [len(gathered.rows)]
    found: dict[str, dict[int, dict[int, Any]]] = {}
    for header, (first, offset), end in zip(gathered.parts, gathered.starts, ends, strict=True):
        rows = found.setdefault(header.sheet, {})
        at = {gathered.rows[index] - offset - 1: index for index in range(first, end)}
        columns = [(place, gathered.columns[one.name]) for place, one in header.columns.items()]
        for number, cells in enumerate(source.rows(header.sheet)):
            if (index := at.get(number)) is None:
                continue
            for place, column in columns:
                cell = column[index]
                if cell not in ("", None) and cell != (cells[place] if place < len(cells) else ""):
                    rows.setdefault(number, {})[place] = _said(cell)
    return found


def _said(cell: Any) -> Any:
    """A cell as a copy may hold it: what was merged over several people is not the first one's, nor sound what stands behind a broken byte."""
    code = cell.code if isinstance(cell, Unvalued) else ""
    if code == "text_broken" and BROKEN not in cell.shown:
        return f"{cell}{BROKEN}"
    return f"{MERGED}{cell}" if code == "cell_merged" else cell


def _resolved(source: Source, sheet: str, taken: dict[int, dict[int, Any]]) -> Iterator[list[Any]]:
    """The rows of a sheet with what they took from elsewhere, and with what stands for values that cannot be used."""
    instead: dict[int, dict[int, Any]] = {}
    for (row, place), what in source.unvalued(sheet).items():
        instead.setdefault(row, {})[place] = _said(unvalued(what))
    for number, cells in enumerate(source.rows(sheet)):
        if number in instead or number in taken:
            said = instead.get(number, {}) | taken.get(number, {})
            cells = [*cells, *[""] * (max(said) + 1 - len(cells))]
            cells = [said.get(place, cell) for place, cell in enumerate(cells)]
        yield cells


def parts_of(batch: Batch) -> list[Part]:
    return [Part(*one) for one in batch.columns["parts"]]


def notes_of(batch: Batch) -> dict[int, Notes]:
    """Row of the batch -> what is wrong with it."""
    found: dict[int, Notes] = {}
    lines = BatchFinding.objects.filter(batch=batch).exclude(severity=Severity.NORMALISED).order_by("row", "cell")
    for row, cell, column, severity, message, hint in lines.values_list(
        "row", "cell", "column", "severity", "message", "hint"
    ):
        note, text = found.setdefault(row, Notes()), f"{message}。{hint}" if hint else message
        note.cells.setdefault(cell.rstrip("0123456789"), []).append((severity, text))
        note.wrong |= severity == Severity.ERROR
        note.texts.append(f"{column}：{text}" if column else text)
    return found


def write_summary(book: xlsxwriter.Workbook, batch: Batch) -> None:
    """How many rows of which kind, and each kind of fault with its number and remedy."""
    sheet = book.add_worksheet(SUMMARY[0])
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 3, 60)
    lines: list[Iterable[Any]] = [(SUMMARY[1], str(batch)), ("文件", batch.filename), ("行数", batch.rows)]
    lines += [(RowAction(key).label, number) for key, number in batch.counts.items() if key in RowAction.values]
    write_lines(book, sheet, [*lines, ()], ("问题", "处数", "级别", "怎么改"), _tally(batch))


def write_lines(
    book: xlsxwriter.Workbook,
    sheet: xlsxwriter.worksheet.Worksheet,
    head: list[Iterable[Any]],
    headings: tuple,
    lines: Iterable[tuple],
) -> None:
    """A sheet of texts: some lines, a row of headings, a table."""
    for number, line in enumerate(head):
        _line(sheet, number, line)
    _line(sheet, len(head), headings, book.add_format({"bold": True}))
    for number, line in enumerate(lines, start=len(head) + 1):
        _line(sheet, number, line)


def _tally(batch: Batch) -> Iterator[tuple]:
    found = BatchFinding.objects.filter(batch=batch).order_by().values_list("severity", "code")
    counted = found.annotate(times=Count("pk"), message=Min("message"), hint=Min("hint"))
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NORMALISED: 2}
    for severity, code, times, message, hint in sorted(counted, key=lambda one: (order[one[0]], -one[2])):
        standard = kinds().get(code)
        message, hint = (standard.message, standard.hint) if standard else (message, hint)
        yield message, times, Severity(severity).label, hint


def _line(sheet, number: int, values: Iterable[Any], look=None) -> None:
    for place, value in enumerate(values):
        sheet.write_string(number, place, safe(str(value)), look)


def _write(sheet, number: int, cells: list[Any], notes: Notes | None, looks: dict) -> None:
    """One row as text, days and numbers that are read otherwise as such; cells with findings in their colour, with the messages as comment."""
    marked = {_place(letters): found for letters, found in notes.cells.items()} if notes else {}
    for place in range(max(len(cells), max(marked, default=-1) + 1)):
        cell = cells[place] if place < len(cells) else ""
        text, found = safe(as_text(cell)[:LONGEST]), marked.get(place)
        worst = min((severity for severity, _ in found), key="EWN".index) if found else ""
        if isinstance(cell, dt.date):
            day = cell.date() if isinstance(cell, dt.datetime) else cell
            sheet.write_datetime(number, place, max(day, FIRST_DAY), looks[f"day {worst}"])
        elif has_lost_digits(cell) or (isinstance(cell, float) and abs(cell) < LONG_NUMBER):
            sheet.write_number(number, place, cell, looks.get(f"number {worst}"))
        elif text or found:
            sheet.write_string(number, place, text, looks.get(worst))
        if found:
            sheet.write_comment(number, place, "\n".join(text for _, text in found)[:LONGEST], {"x_scale": 2})


def _place(letters: str) -> int:
    """Column letters as a number from 0; a finding of the whole row stands at its first cell."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return max(0, number - 1)


def _looks(book: xlsxwriter.Workbook) -> dict[str, Any]:
    if not hasattr(book, "looks"):
        book.looks = {severity: book.add_format({"num_format": "@", **look}) for severity, look in LOOKS.items()}
        book.looks |= {f"number {severity}": book.add_format(look) for severity, look in LOOKS.items()}
        day = {"num_format": "yyyy-mm-dd"}
        book.looks |= {f"day {severity}": book.add_format(day | look) for severity, look in (LOOKS | {"": {}}).items()}
    return book.looks


def _workbook(path: Path, source: Source) -> xlsxwriter.Workbook:
    """A new workbook that counts its days as the source does: texts may hold such numbers."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    return xlsxwriter.Workbook(str(path), options | {"date_1904": source.epoch == EPOCH_1904})


def _title(book: xlsxwriter.Workbook, name: str) -> str:
    """A sheet's name that Excel takes and that the book does not have yet."""
    base = "".join(" " if letter in "[]:*?/\\" else letter for letter in name)[:31].strip("'") or "名单"
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    return next(one for one in (base, *(f"{base[:28]}_{n}" for n in range(2, 99))) if one.lower() not in taken)
