"""What waits for a person (待办): apps register their sources in `waiting.py`, the task centre and the masthead read them.

A source is a queryset per actor, so scope holds here as on any list; it costs one query for all counts together, and one
for the lines of each source that has some.
"""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet
from django.utils import timezone

from jiyang.access.scope import Actor, require

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
    sources, today = [(source, source.rows(actor)) for source in sources_for(actor)], timezone.localdate()
    late = [(source.key, source.urgent(rows, today)) for source, rows in sources if source.urgent]
    parts = [*((f"{source.key}:all", rows) for source, rows in sources), *((f"{key}:late", rows) for key, rows in late)]
    tallies = _tallies(parts)
    return {
        source.key: (tallies.get(f"{source.key}:all", 0), tallies.get(f"{source.key}:late", 0)) for source, _ in sources
    }


def _tallies(parts: list[tuple[str, QuerySet]]) -> dict[str, int]:
    """Key -> how many rows, in one query; a key without rows may be left out.

    Each queryset is compiled once, as it is: as parts of a union of grouped ones they took most of a page's time.
    """
    require()  # what is compiled here does not ask for a scope itself
    queries, values = [], []
    for key, rows in parts:
        with suppress(EmptyResultSet):  # nothing can match: no part of the query
            sql, params = rows.order_by().values("pk").query.sql_with_params()
            queries.append(f"select %s::text, count(*) from ({sql}) waiting")
            values += [key, *params]
    if not queries:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(queries), values)
        return dict(cursor.fetchall())


def waiting_count(actor: Actor) -> int:
    """How much waits for the actor, for the masthead: at most a minute old."""
    key = f"tasks:{actor.user.pk}"
    if (known := cache.get(key)) is None:
        known = sum(_tallies([(source.key, source.rows(actor)) for source in sources_for(actor)]).values())
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
