"""Nodes → truth of one exported record, in Python: True, False, or None for unknown. Held equal to SQL by a property test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatchmethod
from operator import eq, ge, gt, le, lt, ne
from typing import Any as Whatever

from jiyang.rules import tree
from jiyang.rules.facts import Facts, shifted
from jiyang.rules.fields import RuleField

OPERATORS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True)
class Row:
    """One record: values by field name, fields whose cell could not be read, related rows by relation."""

    values: Mapping[str, Whatever]
    unread: frozenset[str] = frozenset()
    related: Mapping[str, "list[Row]"] = field(default_factory=dict)


def both(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def either(truths: list[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False


def is_held(node: tree.Node, row: Row) -> bool:
    """Whether the row's source can answer a condition: it has the columns and the related."""
    if isinstance(node, tree.Quantified | tree.Parent):
        return node.relation.name in row.related
    for one in (getattr(node, "field", None), getattr(getattr(node, "operand", None), "field", None)):
        if one is not None and not row.values.keys() >= set(one.required):
            return False
    return all(is_held(child, row) for child in tree.children(node))


class Evaluator:
    """Truth of conditions on one day with one set of parameters. Raises RuleRefused for a missing parameter."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def value(self, one: RuleField, row: Row) -> Whatever:
        return one.python(row.values, self.facts.as_of) if one.python else row.values.get(one.name)

    def is_unread(self, one: RuleField, row: Row) -> bool:
        return not row.unread.isdisjoint(one.reads)

    @singledispatchmethod
    def truth(self, node: tree.Node, row: Row) -> bool | None:
        raise TypeError(node)

    @truth.register
    def _(self, node: tree.All, row: Row) -> bool | None:
        return both([self.truth(item, row) for item in node.items])

    @truth.register
    def _(self, node: tree.Any, row: Row) -> bool | None:
        return either([self.truth(item, row) for item in node.items])

    @truth.register
    def _(self, node: tree.AnyHeld, row: Row) -> bool | None:
        return either([self.truth(item, row) for item in node.items if is_held(item, row)])

    @truth.register
    def _(self, node: tree.Not, row: Row) -> bool | None:
        found = self.truth(node.item, row)
        return None if found is None else not found

    @truth.register
    def _(self, node: tree.Named, row: Row) -> bool | None:
        return self.truth(node.item, row)

    @truth.register
    def _(self, node: tree.Empty, row: Row) -> bool | None:
        if self.value(node.field, row) is not None:
            return not node.wanted
        return None if self.is_unread(node.field, row) else node.wanted

    @truth.register
    def _(self, node: tree.Compare, row: Row) -> bool | None:
        left, operand = self.value(node.field, row), node.operand
        if node.op in {"has", "only"}:
            return self._list(node, left, row)
        if left is None:
            return None
        if node.op in {"in", "not_in"}:
            return (left in operand.literal) == (node.op == "in")
        if node.op == "contains":
            return any(part in left for part in operand.literal)
        right = self.operand(operand, row)
        return None if right is None else OPERATORS[node.op](left, right)

    def _list(self, node: tree.Compare, held: list | None, row: Row) -> bool | None:
        if held is None and node.field.type == "choices":
            return None
        mine, wanted = set(held or ()), set(node.operand.literal)
        found = not mine.isdisjoint(wanted) if node.op == "has" else mine == wanted
        return found or (None if node.field.type == "labels" and self.is_unread(node.field, row) else False)

    def operand(self, operand: tree.Operand, row: Row) -> Whatever:
        if operand.param:
            return self.facts.number(operand.param, operand.times)
        if operand.literal is not None:
            return operand.literal
        base = self.facts.as_of if operand.as_of else self.value(operand.field, row)
        if base is None:
            return None
        if operand.times is not None:
            return base * self.facts.factor(operand.times)
        months, days = self.facts.shift(operand.months), self.facts.shift(operand.days)
        return shifted(base, months, days) if months or days else base

    @truth.register
    def _(self, node: tree.Quantified, row: Row) -> bool | None:
        others = row.related.get(node.relation.name, [])
        truths = [self.truth(node.where, one) if node.where else True for one in others]
        if node.kind == "every":
            return both(truths) if truths else False
        if node.kind == "some":
            return either(truths)
        if node.kind == "none":
            found = either(truths)
            return None if found is None else not found
        number = truths.count(True)
        right = node.share * len(others) if node.share is not None else self.operand(node.operand, row)
        return None if right is None else OPERATORS[node.op](number, right)

    @truth.register
    def _(self, node: tree.Parent, row: Row) -> bool | None:
        above = row.related.get(node.relation.name)
        return self.truth(node.item, above[0]) if above else None
