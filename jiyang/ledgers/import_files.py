"""A ledger's import file: its heading row found, its cells as texts; and the empty workbook to fill in."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import tablib
import xlsxwriter
from django.core.exceptions import ValidationError

from jiyang.intake.cells import as_text, narrow, tidy, unusable
from jiyang.intake.reader import FileRefused, read
from jiyang.ledgers.export import safe
from jiyang.ledgers.importing import MOST_ROWS, LedgerResource

OWN_ROW, OWN_WHY = "原行号", "错误"
SEARCHED = 8  # rows in which the headings may stand
LOST = 1e15  # a number cell from here on has lost digits


@dataclass(frozen=True)
class Table:
    """The lines under the heading row, the file's row number of each (blank rows count), the heading row's, and headings
    nobody knows."""

    dataset: tablib.Dataset
    numbers: list[int]
    header_row: int
    unknown: list[str]


def table_of(data: bytes, filename: str, resource: LedgerResource) -> Table:
    """What a file holds for a ledger.

    Raises ValidationError: unreadable, no heading row, a required column missing, too many lines.
    """
    headings = {narrow(heading): heading for heading in resource.headings}
    try:
        source = read(data, filename)
        sheets = [(name, list(source.rows(name))) for name in source.sheets]
    except FileRefused as refused:
        raise ValidationError(str(refused)) from refused
    found = max(
        (
            (len(_known(row, headings)), -index, name, rows)
            for name, rows in sheets
            for index, row in enumerate(rows[:SEARCHED])
        ),
        default=None,
        key=lambda one: one[:2],
    )
    if found is None or found[0] < 2:
        raise ValidationError(f"没有找到表头。表头应含：{'、'.join(resource.headings)}")
    _, index, _, rows = found
    index = -index
    dataset, numbers = _lines(rows, index, headings, resource)
    return Table(dataset, numbers, index + 1, _unknown(rows[index], headings))


def _known(row: list, headings: dict[str, str]) -> set[str]:
    return {narrow(as_text(cell)) for cell in row} & set(headings)


def _unknown(row: list, headings: dict[str, str]) -> list[str]:
    known = {*headings, OWN_ROW, OWN_WHY}
    return [tidy(as_text(cell)) for cell in row if as_text(cell) and narrow(as_text(cell)) not in known]


def _lines(
    rows: list[list], index: int, headings: dict[str, str], resource: LedgerResource
) -> tuple[tablib.Dataset, list[int]]:
    places = {
        headings[narrow(as_text(cell))]: at for at, cell in enumerate(rows[index]) if narrow(as_text(cell)) in headings
    }
    needed = [str(field.label) for field in resource.form.fields.values() if field.required]
    if missing := [heading for heading in needed if heading not in places]:
        raise ValidationError(f"缺少必需的列：{'、'.join(missing)}")
    below = enumerate(rows[index + 1 :], start=index + 2)
    lines = [(number, row) for number, row in below if any(as_text(cell).strip() for cell in row)]
    if not lines:
        raise ValidationError("只有表头，没有数据行")
    if len(lines) > MOST_ROWS:
        raise ValidationError(f"有 {len(lines):,} 行，一次最多 {MOST_ROWS:,} 行，请分成几个文件")
    dataset = tablib.Dataset(headers=list(places))
    for _, row in lines:
        dataset.append([text_of(row[at]) if at < len(row) else "" for at in places.values()])
    return dataset, [number for number, _ in lines]


def text_of(cell: object) -> str:
    """A cell's text; what has lost its value says so, and no form takes it."""
    if unusable(cell) is not None:
        return "（公式没有结果）"
    if isinstance(cell, float) and abs(cell) >= LOST:
        return "（数值过长，末几位已丢失）"
    return as_text(cell)


def failed_lines(plan) -> Iterator[dict[str, str]]:
    """The refused lines of a plan as safe texts, with two columns of our own in front, which no import reads."""
    for line in plan.lines:
        if line.problems:
            why = "；".join(f"{name}：{text}" if name else text for name, text in line.problems)
            texts = {heading: safe(text) for heading, text in line.texts.items()}
            yield {OWN_ROW: str(line.row), OWN_WHY: safe(why), **texts}


def template_of(resource: LedgerResource) -> bytes:
    """A workbook with the headings, text columns, and the official options of each."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet, text, bold = (
            book.add_worksheet("导入"),
            book.add_format({"num_format": "@"}),
            book.add_format({"bold": True, "num_format": "@"}),
        )
        for at, field in enumerate(resource.form.fields.values()):
            sheet.set_column(at, at, 16, text)
            sheet.write_string(0, at, str(field.label), bold)
            options = [str(label) for code, label in getattr(field, "choices", []) if code not in ("", None)]
            if options and len(",".join(options)) < 255:
                sheet.data_validation(
                    1, at, MOST_ROWS, at, {"validate": "list", "source": options, "ignore_blank": True}
                )
    return stream.getvalue()
