"""The dashboard, composed from what apps registered: strip, 需处置, map, ranking, trend, the table of areas.

Every number is a figure's, counted together (`figures.count_together`): the page costs a few queries, however many it shows.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils import timezone

from jiyang.access.scope import Actor
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.reporting import drawing, figures, stored
from jiyang.reporting.figures import Figure, Month, Selection, Tally, moment_for

MONTHS = 12
RANKED = 12  # areas in the ranking


@dataclass(frozen=True)
class Cell:
    """One cell of the ledger strip: a figure, its parts below, other figures said beside it. `look`: `tiers` draws a bar;
    `of` names the figure it is a share of.
    """

    order: int
    figure: str
    also: tuple[str, ...] = ()
    look: str = ""
    of: str = ""


@dataclass(frozen=True)
class AreaColumn:
    """One column of the table of areas. `look`: `bar` draws the parts, `share` divides by another figure, `bad` reddens."""

    order: int
    figure: str
    title: str = ""
    look: str = ""
    of: str = ""


@dataclass(frozen=True)
class Need:
    """One line of 需处置: what is to be none. `severity`: `bad` (overdue, failed) or `warn` (due, attention)."""

    order: int
    figure: str
    severity: str


@dataclass(frozen=True)
class Ranking:
    figure: str
    title: str
    of: str
    note: str


@dataclass(frozen=True)
class Trend:
    title: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class MapOf:
    """The schematic map: the number in each town's marker, and the figure whose size is its lamp."""

    count: str
    lamp: str


_cells: dict[str, Cell] = {}
_columns: dict[tuple[str, str], AreaColumn] = {}
_needs: dict[str, Need] = {}
_rankings: dict[str, Ranking] = {}
_trends: dict[str, Trend] = {}
_maps: dict[str, MapOf] = {}


def cell(order: int, key: str, *, also: tuple[str, ...] = (), look: str = "", of: str = "") -> None:
    _cells[key] = Cell(order, key, also, look, of)


def column(order: int, key: str, *, title: str = "", look: str = "", of: str = "") -> None:
    _columns[key, look] = AreaColumn(order, key, title, look, of)


def need(order: int, key: str, severity: str) -> None:
    _needs[key] = Need(order, key, severity)


def ranking(key: str, *, title: str, of: str, note: str) -> None:
    _rankings[key] = Ranking(key, title, of, note)


def trend(title: str, *keys: str) -> None:
    _trends[title] = Trend(title, keys)


def map_of(*, count: str, lamp: str) -> None:
    _maps[count] = MapOf(count, lamp)


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
    """Counts of the figures a page shows, asked together and grouped by the areas of the table."""

    actor: Actor
    day: dt.date
    area: Region | None
    by: str
    found: dict[str, dict] = field(default_factory=dict)

    def ask(self, keys: list[str]) -> None:
        """Count figures at once, those the actor may open."""
        wanted = [
            figures.get(key) for key in dict.fromkeys(keys) if key not in self.found and may_count(self.actor, key)
        ]
        self.found |= figures.count_together(wanted, self.actor, self.day, area=self.area, by=self.by)

    def number(self, key: str, area: Region | None = None) -> Number:
        """The figure for one area of the table, or for the whole page's area."""
        chosen = figures.get(key)
        rows = self.found.get(key, {})
        tallies = rows.values() if area is None else [rows.get(area.pk, Tally())]
        place = area or self.area
        parts: dict[str, int] = {}
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
    """Context of the page. `?area=` chooses an area in reach, `?month=` the end of a past month (today without it)."""
    actor = request.actor
    month, day = chosen_month(request)
    home = chosen_area(request)
    below = Level.TOWN if home is not None and home.level == Level.DISTRICT else Level.VILLAGE
    counts = Counts(actor, day, home, str(below))
    counts.ask(_all_keys())
    areas = areas_of(actor, home, below)
    columns = [one for one in sorted(_columns.values(), key=lambda one: one.order) if may_count(actor, one.figure)]
    rows = [
        {"area": area, "url": f"?area={area.pk}" if below == Level.TOWN else "", "cells": row_of(counts, columns, area)}
        for area in areas
    ]
    shown = [row for row in rows if any(cell["number"].value for cell in row["cells"])] or rows[:20]
    return {
        "home": home,
        "below": below,
        "day": day,
        "month": month,
        "months": months_back(timezone.localdate(), MONTHS),
        "now": timezone.localtime(),
        "places": areas_to_choose(actor, home, areas),
        "cells": with_before(strip_of(counts), counts, month),
        "needs": needs_of(counts, areas),
        "map": map_for(counts, home, areas),
        "rankings": [ranked(counts, one, areas) for one in _rankings.values() if may_count(actor, one.figure)],
        "trends": [trend_of(counts, one) for one in _trends.values() if may_count(actor, one.figures[0])],
        "columns": columns,
        "rows": shown,
        "left_out": len(rows) - len(shown),
        "can_stored": home is not None and actor.may_open("reporting:stored"),
        "totals": row_of(counts, columns, None),
        "areas": areas,
    }


def _all_keys() -> list[str]:
    keys = [*_needs, *_rankings, *(key for key, _ in _columns)]
    for one in _cells.values():
        keys += [one.figure, *one.also, *([one.of] if one.of else [])]
    keys += [one.of for one in (*_rankings.values(), *_columns.values()) if one.of]
    return keys + [key for one in _maps.values() for key in (one.count, one.lamp)]


def strip_of(counts: Counts) -> list[dict]:
    found = []
    for one in sorted(_cells.values(), key=lambda cell: cell.order):
        if may_count(counts.actor, one.figure):
            number = counts.number(one.figure)
            also = [counts.number(key) for key in one.also if may_count(counts.actor, key)]
            share = share_of(number.value, counts.number(one.of).value) if one.of else ""
            found.append({"key": one.figure, "number": number, "look": one.look, "also": also, "share": share})
    return found


def with_before(cells: list[dict], counts: Counts, month: Month) -> list[dict]:
    """Beside each figure: what was stored at the end of the month before and of the same month last year. One query."""
    ends = {
        "上月": Month.of(month.first - dt.timedelta(days=1)).last,
        "去年同月": Month(month.year - 1, month.month).last,
    }
    known = stored.read(counts.actor, counts.area, list(ends.values())) if counts.area is not None else {}
    for cell in cells:
        cell["before"] = []
        for title, day in ends.items():
            tally = known.get((cell["key"], day))
            if tally is not None:
                change = cell["number"].value - tally.total
                cell["before"].append(
                    {"title": title, "value": tally.total, "change": f"{change:+d}" if change else ""}
                )
    return cells


def needs_of(counts: Counts, areas: list[Region]) -> list[dict]:
    """需处置: what is not none by severity, then what is well."""
    found = []
    for one in sorted(_needs.values(), key=lambda need: need.order):
        if not may_count(counts.actor, one.figure):
            continue
        number = counts.number(one.figure)
        per_area = [(counts.number(one.figure, area).value, area) for area in areas]
        worst = sorted((pair for pair in per_area if pair[0]), key=lambda pair: -pair[0])[:3]
        parts = [f"{part['key']} 类 {part['value']}" for part in number.parts if part["key"] == "A" and part["value"]]
        where = "、".join([*parts, *(f"{area.short_name} {value}" for value, area in worst)])
        lamp = one.severity if number.value else "ok"
        found.append({"number": number, "lamp": lamp, "tone": "" if lamp == "ok" else lamp, "where": where or "没有"})
    return sorted(found, key=lambda line: ["bad", "warn", "ok"].index(line["lamp"]))


def map_for(counts: Counts, home: Region | None, areas: list[Region]) -> dict | None:
    """The map of the district, where its outline is known and the page shows its towns."""
    if home is None or home.level != Level.DISTRICT or not _maps:
        return None
    chosen = next(iter(_maps.values()))
    if not (may_count(counts.actor, chosen.count) and may_count(counts.actor, chosen.lamp)):
        return None
    values = {area.pk: counts.number(chosen.count, area).value for area in areas}
    lamps = {area.pk: counts.number(chosen.lamp, area).value for area in areas}
    drawn = drawing.district_map(home, areas, values, lamps)
    if drawn is None:
        return None
    titles = [figures.get(key).title for key in (chosen.count, chosen.lamp)]
    return {**drawn, "count_title": titles[0], "lamp_title": titles[1]}


def ranked(counts: Counts, one: Ranking, areas: list[Region]) -> dict:
    """Areas by the figure, largest first, with its parts and its share of `of`."""
    lines = []
    for area in areas:
        number = counts.number(one.figure, area)
        if number.value:
            share = share_of(number.value, counts.number(one.of, area).value)
            lines.append({"area": area, "number": number, "share": share})
    lines.sort(key=lambda line: -line["number"].value)
    largest = lines[0]["number"].value if lines else 1
    for line in lines:
        line["width"] = 100 * line["number"].value // largest
    parts = figures.get(one.figure).parts
    return {"title": one.title, "note": one.note, "lines": lines[:RANKED], "left": len(lines[RANKED:]), "parts": parts}


def trend_of(counts: Counts, one: Trend) -> dict:
    """Twelve months of some figures, drawn and as a table, every number with the address of its list."""
    months = list(reversed(months_back(counts.day, MONTHS)))
    chosen = [figures.get(key) for key in one.figures]
    values = figures.series(chosen, counts.actor, months, area=counts.area)
    lines = []
    for figure in chosen:
        points = [
            {
                "month": month,
                "value": value,
                "url": Selection(figure, month if figure.is_flow else month.last, None, counts.area).url,
            }
            for month, value in zip(months, values[figure.key], strict=True)
        ]
        lines.append({"title": figure.title.removeprefix("本月"), "unit": figure.unit, "points": points})
    return {"title": one.title, "months": months, "lines": lines, "chart": drawing.line_chart(lines)}


def share_of(value: int, whole: int) -> str:
    return f"{100 * value / whole:.1f}%" if whole else "—"


def months_back(day: dt.date, number: int) -> list[Month]:
    """The month of `day` and those before it, newest first."""
    found, month = [], Month.of(day)
    for _ in range(number):
        found.append(month)
        month = Month.of(month.first - dt.timedelta(days=1))
    return found


def chosen_month(request: HttpRequest) -> tuple[Month, dt.date]:
    """The month asked for and the day its figures stand for: its last, or today in the running one."""
    today = timezone.localdate()
    try:
        month = Month.parse(request.GET.get("month", ""))
    except ValueError:
        month = Month.of(today)
    if month not in months_back(today, MONTHS):
        month = Month.of(today)
    return month, min(month.last, today)


def may_count(actor: Actor, key: str) -> bool:
    return actor.may_open(f"{figures.get(key).ledger}_list")


def chosen_area(request: HttpRequest) -> Region | None:
    """The area asked for, when the actor reaches it; else the widest of their postings."""
    asked = request.GET.get("area", "")
    if asked.isdecimal() and len(asked) < 19:
        found = Region.objects.within(request.actor).filter(pk=asked).first()
        if found is not None:
            return found
    return request.actor.home


def areas_to_choose(actor: Actor, home: Region | None, areas: list[Region]) -> list[Region]:
    """What the area select offers: the actor's widest place, what lies below it, and the page's place."""
    widest = actor.home
    if widest is None or widest.level == Level.VILLAGE:
        return []
    if home is not None and home.pk != widest.pk and widest.level == Level.DISTRICT:
        return [widest, *areas_of(actor, widest, Level.TOWN)]
    return [widest, *areas]


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
                "share": share_of(number.value, whole) if one.of else "",
            }
        )
    return cells
