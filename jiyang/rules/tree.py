"""Nodes of a rule's condition: frozen, typed, already validated by `reading`. Three visitors walk them: `sql`, `evaluate`, `sentence`.

Truth has three values, as in SQL: a comparison with nothing is unknown, and only what is true is a hit.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from jiyang.rules.fields import Relation, RuleField

Scalar = str | int | bool | Decimal | dt.date


@dataclass(frozen=True)
class Amount:
    """A number that stands in a parameter: by how much a day is shifted (`sign` -1: back), or by what a number is multiplied."""

    param: str
    sign: int = 1


@dataclass(frozen=True)
class Operand:
    """Right side of a comparison: a literal, a parameter (`times` it), another field, or the day of the check.

    Dates may be shifted by whole months and days.
    """

    literal: Scalar | tuple[Scalar, ...] | None = None
    param: str = ""
    field: RuleField | None = None
    as_of: bool = False
    months: int | Amount = 0
    days: int | Amount = 0
    times: Decimal | Amount | None = None


@dataclass(frozen=True)
class Compare:
    """`op`: = != < <= > >= in not_in; contains (one of, anywhere) for text; has (one of), only (exactly) for lists."""

    field: RuleField
    op: str
    operand: Operand


@dataclass(frozen=True)
class Empty:
    """Nothing was written. A cell that could not be read is not empty but unknown."""

    field: RuleField
    wanted: bool = True


@dataclass(frozen=True)
class All:
    items: tuple["Node", ...]


@dataclass(frozen=True)
class Any:
    items: tuple["Node", ...]


@dataclass(frozen=True)
class AnyHeld:
    """Any of those conditions that the source can answer; refused where it can answer none. Never under a negation."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    item: "Node"


@dataclass(frozen=True)
class Named:
    """A term of the field, such as 能劳动, spelled once and used by many rules."""

    title: str
    item: "Node"


@dataclass(frozen=True)
class Quantified:
    """some, none, every or count of the related for which `where` is true; every of nobody is false.

    A count is compared with `operand`, or with `share` of all related.
    """

    kind: str
    relation: Relation
    where: "Node | None"
    op: str = ""
    operand: Operand | None = None
    share: Decimal | None = None


@dataclass(frozen=True)
class Parent:
    """A condition on the one that this belongs to: a person's household."""

    relation: Relation
    item: "Node"


Node = Compare | Empty | All | Any | AnyHeld | Not | Named | Quantified | Parent


def children(node: "Node") -> tuple["Node", ...]:
    if isinstance(node, All | Any | AnyHeld):
        return node.items
    if isinstance(node, Not | Named | Parent):
        return (node.item,)
    return (node.where,) if isinstance(node, Quantified) and node.where else ()


def parameters_of(node: "Node") -> set[str]:
    """Keys of every parameter a condition reads."""
    operand = getattr(node, "operand", None)
    found = {operand.param} if operand and operand.param else set()
    if operand:
        shifts = (operand.months, operand.days, operand.times)
        found.update(one.param for one in shifts if isinstance(one, Amount))
    return found.union(*(parameters_of(item) for item in children(node)))


def columns_of(node: "Node", subject: str, *, required: bool = False) -> dict[str, set[str]]:
    """Stored columns that a condition reads, by subject; a subject of whose rows it only asks whether there are any has none.

    `required`: those alone without which it cannot be answered.
    """
    found: dict[str, set[str]] = {subject: set()}
    if required and isinstance(node, AnyHeld):
        return found
    for one in (getattr(node, "field", None), getattr(getattr(node, "operand", None), "field", None)):
        if one is not None:
            found[subject].update(one.required if required else one.reads)
    below = node.relation.target if isinstance(node, Quantified | Parent) else subject
    if below != subject:
        found.setdefault(below, set())
    for child in children(node):
        for key, names in columns_of(child, below, required=required).items():
            found.setdefault(key, set()).update(names)
    return found
