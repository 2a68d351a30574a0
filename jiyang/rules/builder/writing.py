"""Rows and groups → the condition as a rule file writes it. What is typed wrongly is written as typed: the reader refuses it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jiyang.rules.builder.choices import COUNTED, MANY, TERM
from jiyang.rules.builder.nodes import Node, Path
from jiyang.rules.fields import NUMBERS, RuleField, Subject, subjects

WHOLE, DECIMAL = re.compile(r"-?\d{1,15}", re.ASCII), re.compile(r"-?\d{1,12}\.\d{1,6}", re.ASCII)


class Writer:
    """Writes a tree and remembers which condition came from which place, so that a refusal finds its row."""

    def __init__(self) -> None:
        self.written: list[tuple[Any, Path]] = []

    def root(self, node: Node, subject: Subject) -> Any:
        return self._kept(self.content(node, subject, ()), ())

    def place_of(self, raw: Any) -> Path:
        """Where a condition was written from; the whole where it is unknown."""
        return next((path for one, path in self.written if one is raw), ())

    def _kept(self, raw: Any, path: Path) -> Any:
        self.written.append((raw, path))
        return raw

    def content(self, node: Node, subject: Subject, path: Path) -> Any:
        """What a container asks: one comparison as it stands, else a group."""
        if node.word("match", "all") == "all" and len(node.items) == 1 and node.items[0].kind != "group":
            return self.item(node.items[0], subject, (*path, 0))
        return self.group(node, subject, path)

    def group(self, node: Node, subject: Subject, path: Path) -> Any:
        items = [self.item(item, subject, (*path, place)) for place, item in enumerate(node.items)]
        match = node.word("match", "all")
        if match != "not":
            return self._kept({match: items}, path)
        if len(items) == 1 and not (isinstance(items[0], Mapping) and "any" in items[0]):
            return self._kept({"not": items[0]}, path)
        return self._kept({"not": self._kept({"any": items}, path)}, path)

    def item(self, node: Node, subject: Subject, path: Path) -> Any:
        if node.kind == "row":
            return self._kept(row(node, subject), path)
        if node.kind == "group":
            return self.group(node, subject, path)
        relation = subject.relations.get(node.word("relation"))
        target = subjects()[relation.target] if relation else subject
        if node.kind == "above":
            return self._kept({node.word("relation"): self.content(node, target, path)}, path)
        raw = counted(node, subject)
        if node.items:
            raw["where"] = self.content(node, target, path)
        return self._kept(raw, path)


def row(node: Node, subject: Subject) -> Any:
    """A comparison or the name of a term."""
    name = node.word("field")
    if name.startswith(TERM):
        return name.removeprefix(TERM)
    field, op = subject.fields.get(name), node.word("op")
    raw: dict[str, Any] = {"field": name, "op": op}
    if field is None or op in {"empty", "filled"}:
        return raw
    return raw | _right(node, field, op)


def counted(node: Node, subject: Subject) -> dict[str, Any]:
    """The quantifier of related rows, without the condition on them."""
    how = node.word("how", "some")
    raw: dict[str, Any] = {how: node.word("relation")}
    if how != "count":
        return raw
    raw["op"] = node.word("op")
    if node.word("by") == "share":
        return raw | {"share": number(node.word("value"))}
    return raw | _right(node, COUNTED, raw["op"])


def _right(node: Node, field: RuleField, op: str) -> dict[str, Any]:
    """The keys of the right side."""
    by = node.word("by", "value")
    if op in MANY:
        lines = [line.strip() for line in node.word("lines").split("\n")]
        return {"value": [*node.picks, *(line for line in lines if line)]}
    if by == "param":
        return {"param": node.word("param"), **_scale(node)}
    if by == "field":
        moved = _scale(node) if field.type in NUMBERS else _shift(node) if field.type == "date" else {}
        return {"value": {"field": node.word("other"), **moved}}
    if by == "as_of":
        return {"value": {"as_of": True, **_shift(node)}}
    return {"value": value(field, node.word("value").strip())}


def _scale(node: Node) -> dict[str, Any]:
    kind = node.word("scale")
    if kind == "number":
        return {"times": number(node.word("scale_number"))}
    return {"times": {"param": node.word("scale_param")}} if kind == "param" else {}


def _shift(node: Node) -> dict[str, Any]:
    kind, unit = node.word("shift"), node.word("unit", "months")
    if kind in {"back_param", "on_param"}:
        back = {"back": True} if kind == "back_param" else {}
        return {unit: {"param": node.word("shift_param"), **back}}
    if kind in {"back", "on"}:
        amount = number(node.word("amount"))
        return {unit: -amount if kind == "back" and isinstance(amount, int) else amount}
    return {}


def value(field: RuleField, text: str) -> Any:
    if field.type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if field.type == "integer":
        return int(text) if WHOLE.fullmatch(text) else text
    return number(text) if field.type == "decimal" else text


def number(text: str) -> Any:
    """A number where the text is one that a file keeps exactly, else the text."""
    text = text.strip()
    if WHOLE.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) and Decimal(text) == Decimal(str(float(text))):
        return float(text)
    return text
