"""The annotated copy of a checked export: every finding at its cell, and a sheet that lists them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import xlsxwriter

from households.checkup.job import contents
from households.checkup.telling import Telling
from households.models import CheckupFile, CheckupFinding
from households.roster.feedback import Notes, Part, annotate, write_lines
from jiyang.access.scope import Actor
from jiyang.intake.enums import Severity
from jiyang.intake.progress import Progress
from jiyang.intake.reader import Source, read
from jiyang.intake.writing import CHECKUP
from jiyang.rules.catalogue import SEVERITIES

EACH = 500  # rows after which the progress is told
LOOKS = {"error": Severity.ERROR, "warning": Severity.WARNING, "lead": Severity.WARNING}


def _telling(source: Source, progress: Progress, total: int) -> Source:
    """A source whose rows tell the progress as they are written."""

    def rows(sheet: str) -> Iterator[list]:
        for number, row in enumerate(source.rows(sheet)):
            if number % EACH == 0:
                progress.step("写批注表", number, total)
            yield row

    return replace(source, _rows=rows)


def annotated(one: CheckupFile, actor: Actor, path: Path, progress: Progress) -> int:
    """Write it; returns the findings written: those of the rows that the actor may see."""
    progress.step("读取问题", 0, one.rows or 0)
    rows = CheckupFinding.objects.visible_to(actor).filter(file=one).order_by("line", "pk")
    findings = list(rows.defer("value"))
    telling = Telling(one.checkup, actor)
    notes: dict[int, Notes] = {}
    for found in findings:
        found.text = telling.text(found)
        note, text = (
            notes.setdefault(found.line, Notes()),
            f"{found.title}：{found.text}" if found.text else found.title,
        )
        note.cells.setdefault(found.cell.rstrip("0123456789"), []).append((LOOKS[found.severity], text))
    source = _telling(read(contents(one), one.filename), progress, one.rows or 0)
    return annotate(
        path, source, [Part(*part) for part in one.columns["parts"]], notes, lambda book: summary(book, one, findings)
    )


def summary(book: xlsxwriter.Workbook, one: CheckupFile, findings: list[CheckupFinding]) -> None:
    """体检结果: what was checked, and every finding of the file."""
    sheet = book.add_worksheet(CHECKUP[0])
    for place, width in enumerate((22, 8, 8, 18, 10, 14, 40, 70)):
        sheet.set_column(place, place, width)
    counted = {key: sum(found.severity == key for found in findings) for key in SEVERITIES}
    write_lines(
        book,
        sheet,
        [
            (CHECKUP[1], one.filename),
            ("体检日期", one.checkup.as_of),
            *((label, counted[key]) for key, label in SEVERITIES.items()),
            (),
        ],
        ("工作表", "行", "单元格", "户编号", "姓名", "级别和规则", "问题", "依据"),
        (
            (
                found.sheet, found.row, found.cell, found.household_no, found.name or "", f"{SEVERITIES[found.severity]} {found.code}",
                found.title, found.text or "",
            )
            for found in findings
        ),
    )  # fmt: skip
