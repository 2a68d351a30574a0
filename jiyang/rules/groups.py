"""Which field group a rule's columns belong to: what a role may not see on the register it may not read in a sentence either."""

from collections.abc import Callable, Iterable

from jiyang.access.scope import Actor
from jiyang.rules import tree
from jiyang.rules.fields import Subject

UNSEEN = "（内容涉及本岗位不能查看的信息）"
_guards: list[Callable[[str, str], str]] = []


def guards(of: Callable[[str, str], str]) -> Callable[[str, str], str]:
    """Register `of(subject key, column)` → field group; empty where the app does not know the column."""
    _guards.append(of)
    return of


def group_of(subject: str, column: str) -> str:
    return next((group for of in _guards if (group := of(subject, column))), "basic")


def reads_of(node: tree.Node, subject: Subject) -> list[str]:
    """`subject.column` of every column that a condition tells of, those of related rows too."""
    found = tree.columns_of(node, subject.key)
    return sorted(f"{key}.{column}" for key, columns in found.items() for column in columns)


def groups_of(node: tree.Node, subject: Subject) -> list[str]:
    """The field groups of which a condition tells."""
    return sorted({group_of(*one.split(".", 1)) for one in reads_of(node, subject)})


def may_read(actor: Actor, reads: Iterable[str]) -> bool:
    """Whether all the columns lie in field groups that the actor sees."""
    return actor.field_groups.issuperset(group_of(*one.split(".", 1)) for one in reads)


def told_to(actor: Actor, node: tree.Node, subject: Subject, text: str) -> str:
    """A sentence about a row, as far as the actor may read it."""
    return text if actor.field_groups.issuperset(groups_of(node, subject)) else UNSEEN
