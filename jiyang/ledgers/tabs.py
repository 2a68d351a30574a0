"""What later apps show on a household's page: tabs and timeline entries, registered here (DESIGN.md section 2)."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Subquery
from django.urls import reverse

from jiyang.access.scope import Actor


@dataclass(frozen=True)
class Entry:
    """One line of a household's timeline. `tone` colours the pin: `warn` wants attention."""

    on: dt.date
    what: str
    who: str
    text: str
    tag: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Tab:
    """A tab: `context(household, actor)` gives what `template` needs; `view` is the page whose right opens it.

    `counted()` is a queryset of rows with `household=OuterRef("pk")`: their number stands beside the title, at no query.
    """

    key: str
    title: str
    order: int
    view: str
    template: str
    context: Callable[..., dict]
    counted: Callable[[], QuerySet] | None = None


@dataclass(frozen=True)
class Source:
    """A contributor to the timeline: `entries(household, actor, most)`, newest first, in one query."""

    key: str
    view: str
    entries: Callable[..., list[Entry]]


@dataclass(frozen=True)
class Action:
    """A button of the household's page: `view` is a URL name that takes the household's key."""

    label: str
    view: str


_actions: dict[str, Action] = {}
_tabs: dict[str, Tab] = {}
_sources: dict[str, Source] = {}


def tab(entry: Tab) -> None:
    _tabs[entry.key] = entry


def action(entry: Action) -> None:
    _actions[entry.view] = entry


def actions_for(household, actor: Actor) -> list[dict]:
    """Buttons whose page the actor may open: label and address."""
    return [
        {"label": one.label, "url": reverse(one.view, args=[household.pk])}
        for one in _actions.values()
        if actor.may_open(one.view)
    ]


def timeline_source(source: Source) -> None:
    _sources[source.key] = source


def tabs_for(actor: Actor) -> list[Tab]:
    return [one for one in sorted(_tabs.values(), key=lambda tab: tab.order) if actor.may_open(one.view)]


def with_counts(rows: QuerySet, actor: Actor) -> QuerySet:
    """Annotate `tab_<key>` for every tab that counts: the number of its rows, None for none."""
    counted = [tab for tab in tabs_for(actor) if tab.counted]
    numbers = {
        f"tab_{tab.key}": Subquery(tab.counted().order_by().values("household").annotate(n=Count("pk")).values("n"))
        for tab in counted
    }
    return rows.annotate(**numbers)


def timeline(household, actor: Actor, most: int = 8) -> list[Entry]:
    """Entries of all sources the actor may open, newest first. One query per source."""
    found = [
        entry
        for source in _sources.values()
        if actor.may_open(source.view)
        for entry in source.entries(household, actor, most)
    ]
    return sorted(found, key=lambda entry: entry.on, reverse=True)[:most]
