"""The unit of amounts where the headings do not state it: a line above the table (单位：万元), or one of units below the headings.

A column that counts in a unit which is not its own, and from which nothing is converted, is not read, and that is told.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from jiyang.intake.brackets import other_unit
from jiyang.intake.cells import as_text
from jiyang.intake.header import Header
from jiyang.intake.layouts import AMOUNT, plain
from jiyang.intake.reader import Source

ABOVE = re.compile(r"单位(?:[:：]\s*|\s+|(?=[千万]?元(?:[)）\s]|$)))([^\s]*)")
AMOUNTS = re.compile(r"[千万]?元")
UNIT_CELL = re.compile(
    r"^(?:[（(\[][^（）()\[\]]{1,16}[)）\]]|单位[:：].*|[千万]?元(?:/[^()（）]{1,4})?|人|口|户|个|个?月|天|日|亩|公里|平方米|㎡|岁|年)$"
)  # of a line of units below the headings


def apply(header: Header, source: Source) -> None:
    """Let the amounts of a sheet count in what the lines around its headings say."""
    rows = [list(row) for row in islice(source.rows(header.sheet), header.first_data + 1)]
    count_in(header, above(rows[: header.row]), rows[header.first_data :])


def count_in(header: Header, general: str, rows_below: Sequence[Sequence[Any]]) -> None:
    """Let the amounts count in the `general` unit of a line above, or in that of the line below the headings."""
    header.unit_above, own = general, below(rows_below)
    if not general and not own:
        return
    left: list[int] = []
    for place, one in header.columns.items():
        unit = own.get(place, general)
        if place in own and (why := other_unit(one, unit)):
            header.told.append(f"“{header.headings[place]}”没有读：{why}")
            header.unknown.append(header.headings[place])
            left.append(place)
        elif unit and one.type == "money" and not AMOUNT.search(plain(header.headings[place])):
            header.columns[place] = one.under(f"({unit})")
    for place in left:
        del header.columns[place]


def above(rows: Iterable[Sequence[Any]]) -> str:
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


def below(rows: Sequence[Sequence[Any]]) -> dict[int, str]:
    """Units by column, where the first line below the headings is one of units and holds nothing else."""
    cells = {place: text for row in rows[:1] for place, cell in enumerate(row) if (text := as_text(cell).strip())}
    if not all(map(UNIT_CELL.match, cells.values())):
        return {}
    return {place: plain(text).strip("()[]").removeprefix("单位") for place, text in cells.items()}
