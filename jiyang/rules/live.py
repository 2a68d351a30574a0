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


_lives: list[Live] = []


def register(live: Live) -> None:
    _lives[:] = [live]


def live() -> Live:
    """What rules run over in pages. Raises LookupError where no app registered any."""
    if not _lives:
        raise LookupError("没有登记规则所查的数据")
    return _lives[0]
