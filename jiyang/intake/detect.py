"""Finding sheet, heading row and layout: the row with the most known headings wins (DOMAIN.md 1.1)."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from jiyang.intake.layouts import Field, Layout, plain
from jiyang.intake.reader import FileRefused, Source

SEARCHED = 12  # rows in which the headings may stand
FEWEST = 5  # known headings that make a row the heading row


@dataclass
class Header:
    """Where the data begin and what each column is. Rows and columns count from 0; `score` is the share of known headings."""

    sheet: str
    row: int
    first_data: int
    layout: Layout
    columns: dict[int, Field]
    headings: dict[int, str]
    unknown: list[str]
    missing: list[str]
    score: float


def detect(source: Source, layouts: list[Layout], *, sheet: str | None = None, row: int | None = None) -> Header:
    """The best heading row over all sheets and layouts, or the one a person chose. Raises FileRefused."""
    best: Header | None = None
    for name in [sheet] if sheet else source.sheets:
        top = [list(cells) for cells in islice(source.rows(name), SEARCHED)]
        for number in [row] if row is not None else range(len(top)):
            if number >= len(top):
                continue
            for layout in layouts:
                found = _match(name, number, top, layout)
                if found and (best is None or len(found.columns) > len(best.columns)):
                    best = found
    if best is None:
        raise FileRefused("layout_unknown")
    if len(best.unknown) > len(best.columns):
        raise FileRefused("wrong_layout", title=best.layout.title, n=len(best.unknown))
    if lacking := [one.heading for one in best.layout.fields if one.must_exist and one.heading in best.missing]:
        raise FileRefused("missing_column", names="、".join(lacking))
    return best


def _match(sheet: str, number: int, top: list[list[Any]], layout: Layout) -> Header | None:
    known = layout.by_heading()
    cells, first_data = top[number], number + 1
    names = {place: plain(cell) for place, cell in enumerate(cells) if str(cell).strip()}
    below = top[number + 1] if number + 1 < len(top) else []
    under = {place: plain(cell) for place, cell in enumerate(below) if str(cell).strip()}
    # two-line headings: a group heading above, the column's own below; what is alone above counts itself
    if sum(name in known for name in under.values()) >= FEWEST > sum(name in known for name in names.values()):
        return None
    columns: dict[int, Field] = {}
    for place, name in names.items():
        if name in known and known[name] not in columns.values():
            columns[place] = known[name]
    extra = {place: known[name] for place, name in under.items() if name in known and place not in columns}
    if len(columns) >= FEWEST and len(extra) >= FEWEST:
        columns, first_data = {**columns, **extra}, number + 2
    if len(columns) < FEWEST:
        return None
    two_lines = first_data == number + 2
    headings = {place: str(cells[place]).strip() for place in names}
    if two_lines:
        headings |= {place: str(below[place]).strip() for place in under}
    unknown = [headings[place] for place in sorted(headings) if place not in columns]
    missing = [one.heading for one in layout.fields if one not in columns.values()]
    return Header(
        sheet, number, first_data, layout, columns, headings, unknown, missing, len(columns) / len(layout.fields)
    )
