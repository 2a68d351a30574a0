"""Small workbooks as offices make them: a few sound people of the sample roster, written with one peculiarity each."""

import io
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

DATA = Path(__file__).parents[1] / "data"


@cache
def _sample() -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    rows = CalamineWorkbook.from_path(DATA / "roster_a_small.xlsx").get_sheet_by_index(0).to_python()
    texts = [tuple(str(int(cell)) if isinstance(cell, float) else str(cell) for cell in row) for row in rows[2:]]
    return texts[0], tuple(texts[1:])


def people(count: int = 6, **changes) -> list[dict]:
    """The first `count` people of the sample, heading → text; `changes` applies to all of them."""
    headings, rows = _sample()
    return [{**dict(zip(headings, row, strict=True)), **changes} for row in rows[:count]]


def homes(count: int = 3) -> list[dict]:
    """The people of the first `count` households with more than one member."""
    headings, rows = _sample()
    everybody = [dict(zip(headings, row, strict=True)) for row in rows]
    numbers = [one["户编号"] for one in everybody]
    wanted = [number for number in dict.fromkeys(numbers) if numbers.count(number) > 1][:count]
    return [one for one in everybody if one["户编号"] in wanted]


def grid(rows: Sequence[dict], headings: Sequence[str] | None = None) -> list[list]:
    """Heading row and rows; headings default to the sample's."""
    names = list(headings or _sample()[0])
    return [names, *([row.get(name, "") for name in names] for row in rows)]


def workbook(
    *sheets: tuple[str, Sequence[Sequence]], titles: int = 1, touch: Callable | None = None, **options
) -> bytes:
    """An .xlsx of sheets (name, rows) below `titles` title rows; `touch(book, [sheet…])` adds what is peculiar."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        made = []
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for number in range(titles):
                sheet.write(number, 0, f"标题 {number + 1}")
            for number, row in enumerate(rows, start=titles):
                for place, cell in enumerate(row):
                    if cell is not None and cell != "":
                        (sheet.write_string if isinstance(cell, str) else sheet.write)(number, place, cell)
            made.append(sheet)
        if touch:
            touch(book, made)
    return out.getvalue()


def rezipped(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The package with each part changed by `change(name, content)`."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for part in source.infolist():
            target.writestr(part.filename, change(part.filename, source.read(part)))
    return out.getvalue()


def in_sheet(data: bytes, old: bytes, new: bytes) -> bytes:
    """The package with `old` replaced once in its first sheet."""
    return rezipped(data, lambda name, text: text.replace(old, new, 1) if name.endswith("sheet1.xml") else text)


def csv_text(rows: Sequence[Sequence], delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(map(str, row)) for row in rows) + "\r\n"
