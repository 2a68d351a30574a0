"""The dashboard, composed from what apps registered: cells of the ledger strip, columns of the town table."""

import datetime as dt
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils import timezone

from jiyang.access.scope import Actor
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.reporting import figures
from jiyang.reporting.figures import Figure, Selection, Tally, moment_for


@dataclass(frozen=True)
class Cell:
    """One cell of the ledger strip: a figure, its parts below, and other figures said beside it. `look`: `tiers` draws a bar."""

    order: int
    figure: str
    also: tuple[str, ...] = ()
    look: str = ""


@dataclass(frozen=True)
class AreaColumn:
    """One column of the town table. `look`: `bar` draws the parts, `share` divides by another figure, `bad` reddens."""

    order: int
    figure: str
    title: str = ""
    look: str = ""
    of: str = ""


_cells: dict[str, Cell] = {}
_columns: dict[tuple[str, str], AreaColumn] = {}


def cell(order: int, key: str, *, also: tuple[str, ...] = (), look: str = "") -> None:
    _cells[key] = Cell(order, key, also, look)


def column(order: int, key: str, *, title: str = "", look: str = "", of: str = "") -> None:
    _columns[key, look] = AreaColumn(order, key, title, look, of)


@dataclass
class Number:
    """A counted figure of one area, ready to show: value, address, parts (value, label; the whole page's with address)."""

    value: int
    url: str
    unit: str
    title: str
    parts: list[dict] = field(default_factory=list)


@dataclass
class Counts:
    """Counts of the figures a page shows, each asked once and grouped by the areas of the table."""

    actor: Actor
    day: dt.date
    area: Region | None
    by: str
    found: dict[str, dict] = field(default_factory=dict)

    def number(self, key: str, area: Region | None = None) -> Number:
        """The figure for one area of the table, or for the whole page's area."""
        chosen = figures.get(key)
        if key not in self.found:
            self.found[key] = figures.count(chosen, self.actor, self.day, area=self.area, by=self.by)
        rows = self.found[key]
        tallies = rows.values() if area is None else [rows.get(area.pk, Tally())]
        place = area or self.area
        parts = {}
        for tally in tallies:
            for part, n in tally.parts.items():
                parts[part] = parts.get(part, 0) + n
        where = self._selection(chosen, place)
        shown = [
            {
                "key": part,
                "kind": part or "none",
                "label": label,
                "value": parts.get(part, 0),
                "url": self._selection(chosen, place, part).url if area is None else "",
            }
            for part, label in chosen.parts
        ]
        return Number(sum(tally.total for tally in tallies), where.url, chosen.unit, chosen.title, shown)

    def _selection(self, chosen: Figure, place: Region | None, part: str | None = None) -> Selection:
        return Selection(chosen, moment_for(chosen, self.day), part, place)


def build(request: HttpRequest) -> dict:
    """Context of the page: `cells` of the strip, `areas` with their columns and the totals row."""
    actor, day = request.actor, timezone.localdate()
    home = chosen_area(request)
    below = Level.TOWN if home is not None and home.level == Level.DISTRICT else Level.VILLAGE
    counts = Counts(actor, day, home, str(below))
    cells = [
        {"number": counts.number(one.figure), "look": one.look, "also": [counts.number(key) for key in one.also]}
        for one in sorted(_cells.values(), key=lambda cell: cell.order)
        if may_count(actor, one.figure)
    ]
    columns = [
        one for one in sorted(_columns.values(), key=lambda column: column.order) if may_count(actor, one.figure)
    ]
    areas = areas_of(actor, home, below)
    rows = [
        {"area": area, "url": f"?area={area.pk}" if below == Level.TOWN else "", "cells": row_of(counts, columns, area)}
        for area in areas
    ]
    return {
        "home": home,
        "below": below,
        "day": day,
        "now": timezone.localtime(),
        "cells": cells,
        "columns": columns,
        "rows": [row for row in rows if any(cell["number"].value for cell in row["cells"])] or rows[:20],
        "empty_areas": sum(not any(cell["number"].value for cell in row["cells"]) for row in rows),
        "totals": row_of(counts, columns, None),
        "areas": areas,
    }


def may_count(actor: Actor, key: str) -> bool:
    return actor.may_open(f"{figures.get(key).ledger}_list")


def chosen_area(request: HttpRequest) -> Region | None:
    """The area asked for, when the actor reaches it; else the widest of their postings."""
    asked = request.GET.get("area", "")
    if asked.isdigit():
        found = Region.objects.within(request.actor).filter(pk=asked).first()
        if found is not None:
            return found
    return request.actor.home


def areas_of(actor: Actor, home: Region | None, below: str) -> list[Region]:
    if home is None or home.level == Level.VILLAGE:
        return [home] if home else []
    rows = Region.objects.at(below).live().order_by("code")
    if home.level == Level.ZONE:
        return list(rows.filter(zone=home))
    return list(rows.filter(**{home.level: home}))


def row_of(counts: Counts, columns: list[AreaColumn], area: Region | None) -> list[dict]:
    cells = []
    for one in columns:
        number = counts.number(one.figure, area)
        whole = counts.number(one.of, area).value if one.of else 0
        cells.append(
            {
                "number": number,
                "look": one.look,
                "title": one.title or number.title,
                "share": f"{100 * number.value / whole:.1f}%" if whole else "—",
            }
        )
    return cells
