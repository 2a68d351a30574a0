"""The unit of amounts where the headings do not state it: a line above the table (单位：万元), or one of units below the headings."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from jiyang.intake.cells import as_text
from jiyang.intake.layouts import AMOUNT, plain
from jiyang.intake.reader import Source

if TYPE_CHECKING:
    from jiyang.intake.detect import Header

ABOVE = re.compile(r"单位[:：]\s*([^\s]*)")
AMOUNTS = re.compile(r"[千万]?元")
BELOW = re.compile(r"^[(（\[]?(?:单位[:：])?([千万]?元)(?:/[^()（）]*)?[)）\]]?$")


def apply(header: "Header", source: Source) -> None:
    """Let the amounts of a sheet count in what the lines around its headings say."""
    rows = [list(row) for row in islice(source.rows(header.sheet), header.first_data + 1)]
    general, own = _above(rows[: header.row]), _below(rows[header.first_data :])
    if not general and not own:
        return
    for place, one in header.columns.items():
        unit = own.get(place, general)
        if unit and one.type == "money" and not AMOUNT.search(plain(header.headings[place])):
            header.columns[place] = one.under(f"({unit})")


def _above(rows: Iterable[Sequence[Any]]) -> str:
    """The one unit of amounts that the lines above name; "" for none or several."""
    said = {
        unit
        for row in rows
        for cell in row
        if isinstance(cell, str)
        for found in ABOVE.findall(cell)
        for unit in AMOUNTS.findall(found)
    }
    return said.pop() if len(said) == 1 else ""


def _below(rows: Sequence[Sequence[Any]]) -> dict[int, str]:
    """Units by column, where the first line below the headings is one of units."""
    cells = {place: as_text(cell).strip() for row in rows[:1] for place, cell in enumerate(row)}
    return {place: found[1] for place, text in cells.items() if (found := BELOW.match(text))}
