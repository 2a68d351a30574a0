"""The values that a hit rests on, apart from its sentence: kept with the hit, compared with what they are later.

Each is `{field, title, value, unit, reads}`: `value` as text without its unit, `reads` the `subject.column`s it tells of. A day that
moves with the check's is no value of the row and is left out: what did not change stays equal from night to night.
"""

from collections.abc import Callable, Iterator
from typing import Any

from jiyang.rules import tree
from jiyang.rules.evaluate import Row, is_held
from jiyang.rules.facts import RuleRefused
from jiyang.rules.fields import RuleField, Subject, subjects
from jiyang.rules.groups import reads_of
from jiyang.rules.sentence import Teller, shown

MOST = 40
Cited = list[dict[str, Any]]


class Citer:
    """Gathers the values of conditions on one day. What does not hang on the row is made once per condition."""

    def __init__(self, teller: Teller) -> None:
        self.teller, self.evaluator, self.facts = teller, teller.evaluator, teller.facts
        self._same: dict[
            tuple[str, int], tuple[tree.Node, Any]
        ] = {}  # by identity; the condition is held, so that it stays its own

    def _once(self, what: str, node: tree.Node, make: Callable[[], Any]) -> Any:
        if (what, id(node)) not in self._same:
            self._same[what, id(node)] = (node, make())
        return self._same[what, id(node)][1]

    def values(self, node: tree.Node, subject: Subject, row: Row) -> Cited:
        """In the order of the condition, each once."""
        found: dict[str, dict[str, Any]] = {}
        for one in self._walk(node, subject, row, ""):
            found.setdefault(f"{one['field']} {one['title']}", one)
        return list(found.values())[:MOST]

    def _walk(self, node: tree.Node, subject: Subject, row: Row, whose: str) -> Iterator[dict[str, Any]]:
        if isinstance(node, tree.Quantified):
            yield self._counted(node, subject, row, whose)
            yield from self._parameters(node)
            return
        if isinstance(node, tree.Parent):
            if above := row.related.get(node.relation.name):
                yield from self._walk(node.item, subjects()[node.relation.target], above[0], node.relation.title)
            return
        if isinstance(node, tree.AnyHeld) and not is_held(node, row):
            items = [item for item in node.items if is_held(item, row)]
        else:
            items = tree.children(node)
        for item in items:
            yield from self._walk(item, subject, row, whose)
        if isinstance(node, tree.Compare | tree.Empty):
            yield self._field(node.field, subject, row, whose)
        if isinstance(node, tree.Compare):
            if node.operand.field is not None:
                yield self._field(node.operand.field, subject, row, whose)
            yield from self._parameters(node)

    def _field(self, one: RuleField, subject: Subject, row: Row, whose: str) -> dict[str, Any]:
        text = shown(one, self.evaluator.value(one, row))
        reads = [f"{subject.key}.{name}" for name in one.reads]
        return _value(f"{subject.key}.{one.name}", f"{whose}{one.title}", text, one.unit, reads)

    def _counted(self, node: tree.Quantified, subject: Subject, row: Row, whose: str) -> dict[str, Any]:
        others = row.related.get(node.relation.name, [])
        number = sum(1 for one in others if node.where is None or self.evaluator.truth(node.where, one))
        return self._once("relation", node, lambda: self._relation(node, subject, whose)) | {"value": str(number)}

    def _relation(self, node: tree.Quantified, subject: Subject, whose: str) -> dict[str, Any]:
        where = f"中“{self.teller.tell(node.where)}”" if node.where else ""
        title, unit = f"{whose}{node.relation.title}{where}", subjects()[node.relation.target].unit
        return _value(f"{subject.key}.{node.relation.name}", title, "", unit, reads_of(node, subject))

    def _parameters(self, node: tree.Compare | tree.Quantified) -> list[dict[str, Any]]:
        return self._once("parameters", node, lambda: list(self._asked(node)))

    def _asked(self, node: tree.Node) -> Iterator[dict[str, Any]]:
        for key in sorted(tree.parameters_of(node)):
            try:
                value = self.facts.value(key)
            except RuleRefused:
                continue
            yield _value(f"param.{key}", self.teller.titles.get(key, key), str(value.value), value.unit, [])


def _value(field: str, title: str, text: str, unit: str, reads: list[str]) -> dict[str, Any]:
    return {
        "field": field,
        "title": title,
        "value": text.removesuffix(unit).rstrip() if unit else text,
        "unit": unit,
        "reads": reads,
    }
