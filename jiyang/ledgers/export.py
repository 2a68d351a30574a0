"""Export of exactly a list's rows as .xlsx: text cells, formula-safe, watermarked, logged (DESIGN.md invariant 11)."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import xlsxwriter
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils import timezone
from rustpy_xlsxwriter import FastExcel

from jiyang.access.scope import Actor
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.intake.cells import LONGEST_CELL
from jiyang.ledgers.columns import Column


@dataclass(frozen=True)
class FileLayout:
    """An official layout that a list can be written in: `write(path, rows, actor)` returns the number of lines; where it can
    be `numbered`, with `numbered=True` also each row's number and version here.

    Its cells carry full numbers, so that the file can be imported again: only who may see those is offered it.
    """

    key: str
    title: str
    write: Callable[..., int]
    numbered: bool = False


RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 2000
CUT = "…（太长，后面的没有写出）"


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula, of a length that its cell holds. The import strips the apostrophe again."""
    if text.startswith(RISKY) and not text.lstrip("-").replace(".", "", 1).isdigit():
        text = f"'{text}"
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - len(CUT)] + CUT


def lines(rows: QuerySet, columns: list[Column]) -> Iterator[dict[str, str]]:
    for row in rows.iterator(chunk_size=CHUNK):
        yield {column.label: safe(column.text(row)) for column in columns}


def write_workbook(path: Path, rows: QuerySet, columns: list[Column], sheet: str) -> None:
    """Write the rows of a list to `path`."""
    write_lines(path, lines(rows, columns), [column.label for column in columns], sheet)


def write_lines(path: Path, found: Iterator[dict[str, str]], headings: list[str], sheet: str) -> None:
    """Write lines of safe text to `path` in constant memory; an empty list gets its headings all the same."""
    first = next(found, None)
    if first is None:  # the fast writer takes its headings from the first row
        with xlsxwriter.Workbook(str(path)) as book:
            book.add_worksheet(sheet[:31]).write_row(0, 0, headings)
        return
    FastExcel(str(path)).sheet(sheet[:31], chain([first], found)).save()


def workbook_response(found: Iterator[dict[str, str]], headings: list[str], sheet: str, filename: str) -> FileResponse:
    """Lines of safe text as a file to download; nothing of it stays on the disk. The caller logs the export."""
    with tempfile.NamedTemporaryFile(prefix="jiyang-", suffix=".xlsx", delete=False) as handle:
        path = Path(handle.name)
    try:
        write_lines(path, found, headings, sheet)
        stream = path.open("rb")
    finally:
        path.unlink()
    return FileResponse(stream, as_attachment=True, filename=filename)


def export_response(rows: QuerySet, ledger, actor: Actor, purpose: str) -> FileResponse:
    """The file of a list, named after ledger, day and reader; one log line with purpose and count."""
    columns, total = ledger.exported(actor), rows.count()
    note(
        LogKind.EXPORT,
        table=ledger.model._meta.label_lower,
        purpose=purpose[:200],
        rows=total,
        columns="、".join(column.label for column in columns)[:200],
    )
    name = f"{ledger.title}_{timezone.localdate():%Y%m%d}_{actor.user}_{total}{ledger.unit}.xlsx"
    return workbook_response(lines(rows, columns), [column.label for column in columns], ledger.title, name)


def layout_response(
    rows: QuerySet, ledger, layout: FileLayout, actor: Actor, purpose: str, *, numbered: bool = False
) -> FileResponse:
    """A list in an official layout; logged with purpose and count like every export."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as handle:
        path = Path(handle.name)
    try:
        total = layout.write(path, rows, actor, **({"numbered": True} if numbered and layout.numbered else {}))
        stream = path.open("rb")
    finally:
        path.unlink()
    note(
        LogKind.EXPORT,
        table=ledger.model._meta.label_lower,
        purpose=purpose[:200],
        rows=total,
        columns=f"版式：{layout.title}（含全号）",
    )
    return FileResponse(
        stream, as_attachment=True, filename=f"{layout.title}_{timezone.localdate():%Y%m%d}_{total}.xlsx"
    )
