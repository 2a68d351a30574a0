"""月末存数: the stored figures of an area over thirteen months, beside what counts now; the same as a file."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.http import FileResponse, Http404, HttpRequest
from django.utils import timezone
from django.views.generic import TemplateView, View

from jiyang.access.scope import Actor
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.ledgers.export import safe, workbook_response
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.reporting import figures, stored
from jiyang.reporting.dashboard import chosen_area, may_count
from jiyang.reporting.figures import Figure, Month, Selection, Tally, moment_for

MONTHS = 13  # the same month of last year is the last of them
ALL = "all"
TITLE = "月末存数"


@dataclass(frozen=True)
class Value:
    """One number: as stored (None: nothing is), as counted now (None: not compared), the list of what counts now."""

    stored: int | None
    now: int | None
    url: str

    @property
    def differs(self) -> bool:
        return self.stored is not None and self.now is not None and self.stored != self.now


@dataclass(frozen=True)
class Line:
    """A figure, or one of its parts (`part`), over the months."""

    title: str
    part: str
    unit: str
    values: list[Value]


@dataclass
class Matrix:
    """The table of an area: figures × month ends, newest first. `compared`: the days that were counted again."""

    area: Region
    days: list[dt.date]
    compared: set[dt.date]
    lines: list[Line] = field(default_factory=list)

    @property
    def differing(self) -> int:
        return sum(value.differs for line in self.lines for value in line.values)

    @property
    def is_empty(self) -> bool:
        return all(value.stored is None for line in self.lines for value in line.values)


def month_ends(today: dt.date) -> list[dt.date]:
    """The last days of the months that are over, newest first."""
    found = [today.replace(day=1) - dt.timedelta(days=1)]
    while len(found) < MONTHS:
        found.append(found[-1].replace(day=1) - dt.timedelta(days=1))
    return found


def matrix_of(request: HttpRequest) -> Matrix:
    """The table that an address asks for. Counting again costs some queries a month, so only the newest month is compared
    unless `?compare=2021-09` or `all` asks for others. Raises Http404 for an unknown month."""
    actor, area, days = request.actor, chosen_area(request), month_ends(timezone.localdate())
    if area is None:
        raise Http404("没有可看的区划")
    asked = request.GET.get("compare") or str(Month.of(days[0]))
    compared = {day for day in days if asked in {ALL, str(Month.of(day))}}
    if not compared:
        raise Http404("没有这个月")
    found = Matrix(area, days, compared)
    known = stored.read(actor, area, days)
    chosen = [one for one in figures.all_figures() if may_count(actor, one.key)]
    now = {day: figures.count_together(chosen, actor, day, area=area) for day in compared}
    for one in chosen:
        counted = {day: now[day][one.key].get(None, Tally()) for day in compared}
        found.lines += _lines(one, area, days, known, counted)
    return found


def _lines(chosen: Figure, area: Region, days: list, known: dict, now: dict[dt.date, Tally]) -> Iterator[Line]:
    def value(day: dt.date, part: str | None) -> Value:
        before, counted = known.get((chosen.key, day)), now.get(day)
        url = Selection(chosen, moment_for(chosen, day), part, area).url
        return Value(_of(before, part), _of(counted, part), url)

    yield Line(chosen.title, "", chosen.unit, [value(day, None) for day in days])
    for part, label in chosen.parts:
        yield Line(chosen.title, label, chosen.unit, [value(day, part) for day in days])


def _of(tally: Tally | None, part: str | None) -> int | None:
    if tally is None:
        return None
    return tally.total if part is None else tally.parts.get(part, 0)


class StoredView(TemplateView):
    """The table; every number that still stands opens its list, one that does not shows both."""

    template_name = "reporting/stored.html"

    def get_context_data(self, **kwargs) -> dict:
        table, query = matrix_of(self.request), self.request.GET.copy()
        query.pop("compare", None)
        heads = [
            {"month": str(Month.of(day)), "compared": day in table.compared, "url": _with(query, str(Month.of(day)))}
            for day in table.days
        ]
        return {
            **super().get_context_data(**kwargs),
            "title": TITLE,
            "table": table,
            "heads": heads,
            "all_url": "" if len(table.compared) == len(table.days) else _with(query, ALL),
            "asked": self.request.GET.urlencode(),
            "areas": _choices(self.request.actor, table.area),
        }


def _with(query, compare: str) -> str:
    changed = query.copy()
    changed["compare"] = compare
    return f"?{changed.urlencode()}"


def _choices(actor: Actor, area: Region) -> list[tuple[str, list[Region]]]:
    """Areas to choose from, by level: the actor's own, the towns in reach, the villages of the town shown."""
    towns = Region.objects.within(actor).at(Level.TOWN).live()
    town = area.pk if area.level == Level.TOWN else area.town_id
    villages = (
        Region.objects.within(actor).at(Level.VILLAGE).live().filter(town=town) if town else Region.objects.none()
    )
    districts = [region for region in actor.regions if region.level == Level.DISTRICT]
    found = [("区县", districts), ("镇街", list(towns.order_by("code"))), ("行政村", list(villages.order_by("code")))]
    return [(title, places) for title, places in found if places]


class StoredExportView(View):
    """The table of the same address as .xlsx; logged."""

    def get(self, request: HttpRequest) -> FileResponse:
        table = matrix_of(request)
        headings, found = ["指标", "分项", "单位"], []
        for day in table.days:
            headings += [f"{Month.of(day)} 存数"] + ([f"{Month.of(day)} 现在重算"] if day in table.compared else [])
        for line in table.lines:
            cells = [line.title, line.part, line.unit]
            for day, value in zip(table.days, line.values, strict=True):
                cells.append("" if value.stored is None else str(value.stored))
                if day in table.compared:
                    cells.append(str(value.now))
            found.append(dict(zip(headings, map(safe, cells), strict=True)))
        where = f"{table.area.short_name} {Month.of(table.days[-1])} 至 {Month.of(table.days[0])}"
        note(LogKind.EXPORT, table="reporting.storedfigure", rows=len(found), purpose=f"{TITLE} {where}"[:200])
        name = f"{table.area.short_name}{TITLE}_{timezone.localdate():%Y%m%d}_{request.user}.xlsx"
        return workbook_response(iter(found), headings, TITLE, name)
