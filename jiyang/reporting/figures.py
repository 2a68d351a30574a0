"""Figures: a number is a queryset plus the address of exactly that list (DESIGN.md invariant 8).

A *stock* takes `as_of` (a day), a *flow* takes `period` (a month). `split` names an annotation or field whose values
divide the figure into parts (A/B/C), counted in the same query.
"""

import datetime as dt
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
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


@dataclass(frozen=True)
class Figure:
    key: str
    title: str
    unit: str
    ledger: str
    select: Callable[..., QuerySet]
    is_flow: bool
    split: str = ""
    parts: tuple[tuple[str, str], ...] = ()

    def rows(self, rows: QuerySet, moment: "dt.date | Month") -> QuerySet:
        return self.select(rows, moment)


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
    split: str = "",
    parts: list[tuple[str, str]] | None = None,
) -> Callable:
    """Register a function `(rows, as_of)` or `(rows, period)` as a figure of the ledger `<app>:<name>`."""

    def wrap(select: Callable[..., QuerySet]) -> Callable[..., QuerySet]:
        names = list(inspect.signature(select).parameters)
        if len(names) != 2 or names[1] not in {"as_of", "period"}:
            raise TypeError(f"figure {key}: the function takes (rows, as_of) or (rows, period)")
        if key in _figures and _figures[key].select.__module__ != select.__module__:
            raise ValueError(f"two figures are called {key}")
        _figures[key] = Figure(key, title, unit, ledger, select, names[1] == "period", split, tuple(parts or ()))
        return select

    return wrap


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
            rows = rows.filter(**{self.figure.split: self.part})
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
    from jiyang.ledgers import registry

    rows = registry.get(chosen.ledger).rows(actor).select_related(None)
    rows = Selection(chosen, moment_for(chosen, day), None, area).apply(rows)
    keys = [key for key in (by, chosen.split) if key]
    found: dict[int | None, Tally] = {}
    for line in rows.order_by().values(*keys).annotate(n=Count("pk")) if keys else [{"n": rows.count()}]:
        cell = found.setdefault(line[by] if by else None, Tally())
        cell.total += line["n"]
        if chosen.split:
            part = line[chosen.split] or ""
            cell.parts[part] = cell.parts.get(part, 0) + line["n"]
    return found
