"""Figures: a number is a queryset plus the address of exactly that list (DESIGN.md invariant 8).

A *stock* takes `as_of` (a day), a *flow* takes `period` (a month). Its function gives either the rows — `(rows, as_of)`
— or, simpler and counted together with others in one query, the condition that picks them — `(as_of)` → `Q`.
`split` divides a figure into parts (A/B/C): a path, or a function of the moment that gives an expression.
"""

import datetime as dt
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, reduce, wraps
from operator import or_
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from jiyang.access.scope import Actor
from jiyang.regions.models import Region

LAST_YEAR = 2200  # days beyond overflow what is added to them
PARAMETERS = ("figure", "part", "as_of", "period", "area")


@dataclass(frozen=True)
class Month:
    """A calendar month: `first` and `last` day, both included."""

    year: int
    month: int

    @classmethod
    def of(cls, day: dt.date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """From `2021-10`. Raises ValueError."""
        day = dt.date.fromisoformat(f"{text}-01")
        return cls.of(day)

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def last(self) -> dt.date:
        return self.next.first - dt.timedelta(days=1)

    @property
    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


Moment = dt.date | Month
Split = str | Callable[[Moment], Combinable]
PART = "figure_part"  # alias of the split's value on the rows of a figure


@dataclass(frozen=True)
class Figure:
    """`condition` of a figure told by one, else None; `summed` = (figure, path): today's count is also that sum."""

    key: str
    title: str
    unit: str
    ledger: str
    select: Callable[..., QuerySet]
    is_flow: bool
    split: Split = ""
    parts: tuple[tuple[str, str], ...] = ()
    condition: Callable[[Moment], Q] | None = None
    summed: tuple[str, str] | None = None

    def rows(self, rows: QuerySet, moment: Moment) -> QuerySet:
        """The figure's rows among `rows`, with the part of each as `figure_part` where the figure has parts."""
        rows = self.select(rows, moment)
        return rows.alias(**{PART: self.part_at(moment)}) if self.split else rows

    def part_at(self, moment: Moment) -> Combinable:
        return F(self.split) if isinstance(self.split, str) else self.split(moment)


@dataclass
class Tally:
    """Counts of one figure in one area: the total and its parts, each with its address."""

    total: int = 0
    parts: dict[str, int] = field(default_factory=dict)


_figures: dict[str, Figure] = {}


def figure(
    key: str,
    title: str,
    *,
    unit: str,
    ledger: str,
    split: Split = "",
    parts: list[tuple[str, str]] | None = None,
    summed: tuple[str, str] | None = None,
) -> Callable:
    """Register a function of the moment as a figure of the ledger `<app>:<name>`. Raises TypeError, ValueError."""

    def wrap(told: Callable) -> Callable:
        names = list(inspect.signature(told).parameters)
        if names[:-1] not in ([], ["rows"]) or names[-1:] not in (["as_of"], ["period"]):
            raise TypeError(f"figure {key}: the function takes (as_of) or (period), after (rows, …) when it gives rows")
        if key in _figures and _figures[key].select.__module__ != told.__module__:
            raise ValueError(f"two figures are called {key}")
        condition = told if len(names) == 1 else None
        select = _selecting(told) if condition else told
        is_flow = names[-1] == "period"
        _figures[key] = Figure(key, title, unit, ledger, select, is_flow, split, tuple(parts or ()), condition, summed)
        return told

    return wrap


def _selecting(condition: Callable[[Moment], Q]) -> Callable[..., QuerySet]:
    @wraps(condition)
    def select(rows: QuerySet, moment: Moment) -> QuerySet:
        return rows.filter(condition(moment))

    return select


def discover() -> None:
    autodiscover_modules("figures")


def all_figures() -> list[Figure]:
    return list(_figures.values())


def get(key: str) -> Figure:
    return _figures[key]


def moment_for(chosen: Figure, day: dt.date) -> "dt.date | Month":
    return Month.of(day) if chosen.is_flow else day


@cache
def list_address(ledger: str) -> str:
    from jiyang.ledgers import registry

    return registry.get(ledger).url("list")


@dataclass(frozen=True)
class Selection:
    """A figure as a list opens it: moment, area and part from the URL."""

    figure: Figure
    moment: "dt.date | Month"
    part: str | None = None
    area: Region | None = None

    def apply(self, rows: QuerySet) -> QuerySet:
        rows = self.figure.rows(rows, self.moment)
        if self.area is not None:
            rows = rows.in_region(self.area)
        if self.part is not None:
            rows = rows.filter(**{PART: self.part})
        return rows

    @property
    def label(self) -> str:
        part = dict(self.figure.parts).get(self.part, "") if self.part is not None else ""
        where = f"{self.area.short_name} " if self.area else ""
        return f"{where}{self.figure.title}{f'·{part}' if part else ''}（{self.moment}）"

    @property
    def url(self) -> str:
        """Address of the list that shows exactly the rows of this number."""
        query = {"figure": self.figure.key, "period" if self.figure.is_flow else "as_of": str(self.moment)}
        if self.area is not None:
            query["area"] = str(self.area.pk)
        if self.part is not None:
            query["part"] = self.part
        return f"{list_address(self.figure.ledger)}?{urlencode(query)}"


def selected(request: HttpRequest) -> Selection | None:
    """The figure named in a list's URL. Raises Http404 for an unknown figure, area or moment."""
    key = request.GET.get("figure")
    if not key:
        return None
    chosen = _figures.get(key)
    if chosen is None:
        raise Http404("没有这个指标")
    try:
        if chosen.is_flow:
            moment: dt.date | Month = Month.parse(request.GET.get("period") or str(Month.of(timezone.localdate())))
        else:
            moment = dt.date.fromisoformat(request.GET.get("as_of") or timezone.localdate().isoformat())
        if moment.year > LAST_YEAR:
            raise ValueError(f"{moment} lies beyond all plans")
        area_key = request.GET.get("area")
        area = Region.objects.within(request.actor).filter(pk=int(area_key)).first() if area_key else None
    except ValueError:
        raise Http404("日期或区划写法不对") from None
    if area_key and area is None:
        raise Http404("没有这个区划")
    return Selection(chosen, moment, request.GET.get("part"), area)


def count(chosen: Figure, actor: Actor, day: dt.date, *, area: Region | None = None, by: str = "") -> dict:
    """Counts of a figure, keyed by region key when `by` (`town`, `village`) is given, else {None: count}.

    One query; sums and parts come from the same grouped rows.
    """
    rows = Selection(chosen, moment_for(chosen, day), None, area).apply(_rows_of(chosen.ledger, actor))
    keys = [by] if by else []
    if chosen.split:
        rows = rows.annotate(**{PART: F(PART)})
        keys.append(PART)
    found: dict[int | None, Tally] = {}
    for line in rows.order_by().values(*keys).annotate(n=Count("pk")) if keys else [{"n": rows.count()}]:
        cell = found.setdefault(line[by] if by else None, Tally())
        cell.total += line["n"]
        if chosen.split:
            part = line[PART] or ""
            cell.parts[part] = cell.parts.get(part, 0) + line["n"]
    return found


def count_together(
    chosen: list[Figure], actor: Actor, day: dt.date, *, area: Region | None = None, by: str = ""
) -> dict[str, dict]:
    """Figure key -> what `count` answers. Figures told by a condition cost one query per ledger, whatever their number."""
    found, together = {}, {}
    for one in chosen:
        base, path = (get(one.summed[0]), one.summed[1]) if one.summed and day == timezone.localdate() else (one, "")
        if base.condition is None:
            found[one.key] = count(one, actor, day, area=area, by=by)
        else:
            together.setdefault(base.ledger, []).append((one, base, path))
    for ledger, entries in together.items():
        found |= _grouped(_rows_of(ledger, actor), entries, day, area, by)
    return found


def _grouped(rows: QuerySet, entries: list[tuple[Figure, Figure, str]], day: dt.date, area, by: str) -> dict[str, dict]:
    """One grouped query for figures of one ledger: a filtered aggregate for each total and each part."""
    sums = {}
    for place, (_, base, path) in enumerate(entries):
        moment = moment_for(base, day)
        condition = base.condition(moment)
        sums[f"n{place}"] = Sum(path, filter=condition, default=0) if path else Count("pk", filter=condition)
        if base.split and not path:
            rows = rows.alias(**{f"part{place}": base.part_at(moment)})
            for number, (part, _) in enumerate(base.parts):
                sums[f"n{place}_{number}"] = Count("pk", filter=condition & Q(**{f"part{place}": part}))
    if area is not None:
        rows = rows.in_region(area)
    key = by or "whole"  # one group for all: an aggregate would lose the conditions' outer references
    rows = rows if by else rows.annotate(whole=Value(1))
    found: dict[str, dict] = {one.key: {} for one, _, _ in entries}
    for line in rows.order_by().values(key).annotate(**sums):
        for place, (one, base, path) in enumerate(entries):
            parts = {} if path else {part: line[f"n{place}_{n}"] for n, (part, _) in enumerate(base.parts)}
            found[one.key][line[by] if by else None] = Tally(line[f"n{place}"], parts)
    return found


def series(
    chosen: list[Figure], actor: Actor, moments: list[Month], *, area: Region | None = None
) -> dict[str, list[int]]:
    """Figure key -> its count in each month (a stock: on the month's last day), for figures told by a condition.

    One query per ledger.
    """
    found: dict[str, list[int]] = {}
    for ledger in dict.fromkeys(one.ledger for one in chosen):
        mine = [one for one in chosen if one.ledger == ledger]
        conditions = {
            f"n{place}_{at}": one.condition(month if one.is_flow else month.last)
            for place, one in enumerate(mine)
            for at, month in enumerate(moments)
        }
        rows = _rows_of(ledger, actor)
        rows = rows.in_region(area) if area is not None else rows
        some = reduce(or_, conditions.values())
        sums = rows.filter(some).aggregate(**{name: Count("pk", filter=told) for name, told in conditions.items()})
        found |= {one.key: [sums[f"n{place}_{at}"] for at in range(len(moments))] for place, one in enumerate(mine)}
    return found


def _rows_of(ledger: str, actor: Actor) -> QuerySet:
    from jiyang.ledgers import registry

    return registry.get(ledger).rows(actor).select_related(None)
