"""What waits for a person (待办): apps register their sources in `waiting.py`, the task centre and the masthead read them.

A source is a queryset per actor, so scope holds here as on any list; it costs one query for all counts together, and one
for the lines of each source that has some.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import cache
from django.db import models
from django.db.models import Count, QuerySet, Value
from django.utils import timezone

from jiyang.access.scope import Actor

COUNT_SECONDS = 60  # how old the masthead's number may be


@dataclass(frozen=True)
class TaskLine:
    """One thing to do: what, where, since when, until when (None: no deadline), and the page where it is done."""

    title: str
    url: str
    where: str = ""
    since: dt.date | None = None
    due_on: dt.date | None = None
    by: str = ""


@dataclass(frozen=True)
class TaskSource:
    """A kind of task. `view` is the URL name whose right shows it; `rows(actor)` what waits for this actor, in scope and
    ordered most urgent first; `line(row)` says one of them; `url` opens the whole list, where there is one.

    `urgent(rows, today)` narrows to the overdue ones (None: the kind has no deadline).
    """

    key: str
    title: str
    view: str
    rows: Callable[[Actor], QuerySet]
    line: Callable[[models.Model], TaskLine]
    urgent: Callable[[QuerySet, dt.date], QuerySet] | None = None
    url: Callable[[], str] | None = None


_sources: dict[str, TaskSource] = {}


def task_source(source: TaskSource) -> TaskSource:
    _sources[source.key] = source
    return source


def sources_for(actor: Actor) -> list[TaskSource]:
    return [source for source in _sources.values() if actor.may_open(source.view)]


def counts(actor: Actor) -> dict[str, tuple[int, int]]:
    """Source key -> (waiting, overdue of them), in one query."""
    sources = sources_for(actor)
    if not sources:
        return {}
    today, parts = timezone.localdate(), []
    for source in sources:
        rows = source.rows(actor).order_by()
        parts.append(_tally(rows, f"{source.key}:all"))
        if source.urgent:
            parts.append(_tally(source.urgent(rows, today), f"{source.key}:late"))
    first, *others = parts
    tallies = {row["task_kind"]: row["task_count"] for row in (first.union(*others, all=True) if others else first)}
    return {
        source.key: (tallies.get(f"{source.key}:all", 0), tallies.get(f"{source.key}:late", 0)) for source in sources
    }


def _tally(rows: QuerySet, key: str) -> QuerySet:
    model = rows.model
    found = model._base_manager.filter(pk__in=rows.values("pk")).order_by()
    return found.annotate(task_kind=Value(key, models.TextField())).values("task_kind").annotate(task_count=Count("pk"))


def waiting_count(actor: Actor) -> int:
    """How much waits for the actor, for the masthead: at most a minute old."""
    key = f"tasks:{actor.user.pk}"
    if (known := cache.get(key)) is None:
        known = sum(waiting for waiting, _ in counts(actor).values())
        cache.set(key, known, COUNT_SECONDS)
    return known


def forget_count(user) -> None:
    """The user has just done something: count anew on the next page."""
    cache.delete(f"tasks:{user.pk}")


def lines(source: TaskSource, actor: Actor, most: int = 20) -> list[TaskLine]:
    """The most urgent tasks of a source."""
    return [source.line(row) for row in source.rows(actor)[:most]]


def place_of(row: models.Model) -> str:
    """Where a household's record lies, as a task says it."""
    return f"{row.town.name} {row.village.short_name}"


def proposal_line(title: str, url: str, proposal: models.Model) -> TaskLine:
    """The task of deciding a proposal about a household."""
    return TaskLine(title, url, place_of(proposal), since=proposal.submitted_at.date(), by=proposal.submitted_by.name)
