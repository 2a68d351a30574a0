"""The unit of amounts where the headings do not state it: a line above the table (单位：万元), or one of units below the headings.

A column that counts in a unit which is not its own, and from which nothing is converted, is not read, and that is told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jiyang.intake.brackets import other_unit, parted, states_unit
from jiyang.intake.cells import as_text
from jiyang.intake.groups import above_own, line_of_titles, unit_in
from jiyang.intake.header import Header
from jiyang.intake.layouts import AMOUNT, plain
from jiyang.intake.reader import Source

ABOVE = re.compile(r"单位(?:均?[为是]\s*|[:：]\s*|\s+|(?=[千万]?元(?:[)）\s]|$)))([^\s]*)|以([千万]?元)(?:为单位|计)")
AMOUNTS = re.compile(
    r"(?:(?<![\u4e00-\u9fff])|(?<=人民币))[千万]?元(?!(?!人民币|每)[\u4e00-\u9fff])"
)  # not that of a place's name: 开元社区
ALONE = re.compile(r"^[千万]?元$|[（(]([千万]?元)[)）]$")  # a line of one cell
UNIT_CELL = re.compile(
    r"^(?:[（(\[][^（）()\[\]]{1,16}[)）\]]|单位[:：].*|[千万]?元(?:/[^()（）]{1,4})?|人|口|户|个|个?月|天|日|亩|公里|平方米|㎡|岁|年)$"
)  # of a line of units below the headings


def apply(header: Header, source: Source) -> None:
    """Let the amounts of a sheet count in what the lines around its headings say."""
    rows = [list(row) for row in islice(source.rows(header.sheet), header.first_data + 1)]
    merged = source.merged(header.sheet)
    groups, titles = above_own(header, rows, merged), rows[: line_of_titles(header, rows, merged) + 1]
    count_in(header, above(titles), rows[header.first_data :], groups)


def count_in(
    header: Header, general: str, rows_below: Sequence[Sequence[Any]], groups: Mapping[int, str] | None = None
) -> None:
    """Let the amounts count in the `general` unit of a line above, or in that of the column's group or the line below the headings."""
    header.unit_above, own = general, _of_groups(header, groups or {}) | below(rows_below)
    if not general and not own:
        return
    for place, one in list(header.columns.items()):
        unit = own.get(place, general)
        if place in own and (why := other_unit(one, unit)):
            header.drop(place, why)
        elif unit and one.type == "money" and not AMOUNT.search(plain(header.headings[place])):
            header.columns[place] = one.under(f"({unit})")


def _of_groups(header: Header, groups: Mapping[int, str]) -> dict[int, str]:
    """Units of groups by column, where the own heading states none."""
    return {
        place: unit
        for place, group in groups.items()
        if place in header.columns
        and (unit := unit_in(group))
        and not any(
            states_unit(header.columns[place], text)
            for _, said in parted(plain(header.headings[place]))
            for text in said
        )
    }


def above(rows: Iterable[Sequence[Any]]) -> str:
    """The one unit of amounts that the lines above name; "" for none or several."""
    said = {unit for row in rows for unit in _said(row)}
    return said.pop() if len(said) == 1 else ""


def _said(row: Sequence[Any]) -> Iterator[str]:
    """The units that a line names: label and unit may stand in two cells, the unit alone in the only one."""
    filled = [cell.strip() for cell in row if isinstance(cell, str) and cell.strip()]
    for found in ABOVE.finditer(" ".join(filled)):
        yield from AMOUNTS.findall(found[1] or found[2] or "")
    if len(filled) == 1 and (alone := ALONE.search(filled[0])):
        yield alone[1] or alone[0]


def below(rows: Sequence[Sequence[Any]]) -> dict[int, str]:
    """Units by column, where the first line below the headings is one of units and holds nothing else."""
    cells = {place: text for row in rows[:1] for place, cell in enumerate(row) if (text := as_text(cell).strip())}
    if not all(map(UNIT_CELL.match, cells.values())):
        return {}
    return {place: plain(text).strip("()[]").removeprefix("单位") for place, text in cells.items()}
