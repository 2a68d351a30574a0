"""The standing data that rules run over: the app that keeps the register says how, so that the kernel need not know it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from jiyang.access.scope import Actor
from jiyang.rules.fields import Subject
from jiyang.rules.sql import Source


@dataclass(frozen=True)
class Named:
    """A row as a page names it, and where it is opened (empty: nowhere for this actor)."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Live:
    """`source()`: the rows of the scope it is called in; `named(subject, keys, actor)`: their names, in scope, by key."""

    title: str
    source: Callable[[], Source]
    named: Callable[[Subject, Collection[int], Actor], Mapping[int, Named]]


@dataclass(frozen=True)
class Stored:
    """What an app keeps of a rule's hits: how many stand in the actor's scope, their list, and how often they were right."""

    count: int
    url: str
    precision_url: str = ""


_lives: list[Live] = []
_keepers: list[Callable[[str, Actor], Stored | None]] = []


def keeps_hits(keeper: Callable[[str, Actor], Stored | None]) -> Callable[[str, Actor], Stored | None]:
    """Register `keeper(code, actor)`: None where the actor may not open the list."""
    _keepers[:] = [keeper]
    return keeper


def stored(code: str, actor: Actor) -> Stored | None:
    """The kept hits of a rule; None where no app keeps any."""
    return _keepers[0](code, actor) if _keepers else None


def register(live: Live) -> None:
    _lives[:] = [live]


def live() -> Live:
    """What rules run over in pages. Raises LookupError where no app registered any."""
    if not _lives:
        raise LookupError("没有登记规则所查的数据")
    return _lives[0]
