"""A condition as a rule file writes it → rows and groups, to be changed in the browser."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jiyang.rules.builder.choices import TERM
from jiyang.rules.builder.nodes import Node
from jiyang.rules.fields import RuleField, Subject, subjects
from jiyang.rules.reading import GROUPS, QUANTIFIERS, Reader, key_of


class NotShown(ValueError):
    """A condition that cannot be shown in rows: a day moved by months and days at once, or related rows of a kind that is gone."""


def opened(raw: Any, subject: Subject) -> Node:
    """The tree of a condition that the reader accepts, or once did: a field that is gone stays a row. Raises NotShown."""
    return _filled(Node("group"), raw, subject)


def _target(subject: Subject, relation: str) -> Subject:
    if relation not in subject.relations:
        raise NotShown(f"{subject.title}没有“{relation}”")
    return subjects()[subject.relations[relation].target]


def _filled(container: Node, raw: Any, subject: Subject) -> Node:
    """The container with what is asked inside it: a group becomes its own, anything else its one item."""
    if isinstance(raw, Mapping) and (set(raw) & {*GROUPS, "not"}):
        ((match, items),) = raw.items()
        if match == "not":
            inner = items.get("any") if isinstance(items, Mapping) else None
            items = inner if inner is not None else [items]
        container.words["match"] = match
    else:
        container.words["match"], items = "all", [raw]
    container.items = [_item(item, subject) for item in items]
    return container


def _item(raw: Any, subject: Subject) -> Node:
    if isinstance(raw, str):
        return Node("row", {"field": f"{TERM}{raw}"})
    if isinstance(raw, list):
        return _row(Reader("").long(raw, ""), subject)
    if "field" in raw:
        return _row(raw, subject)
    key = key_of(raw)
    if key in GROUPS or key == "not":
        return _filled(Node("group"), raw, subject)
    if key in QUANTIFIERS:
        return _related(key, raw, subject)
    return _filled(Node("above", {"relation": key}), raw[key], _target(subject, key))


def _related(how: str, raw: Mapping, subject: Subject) -> Node:
    target = _target(subject, raw[how])
    node = Node("related", {"match": "all", "relation": raw[how], "how": how})
    if how == "count":
        node.words["op"] = raw["op"]
        node.words |= {"by": "share", "value": text(raw["share"])} if "share" in raw else _right(raw)
    return _filled(node, raw["where"], target) if "where" in raw else node


def _row(raw: Mapping, subject: Subject) -> Node:
    field, op = subject.fields.get(raw["field"]), raw["op"]
    node = Node("row", {"field": raw["field"], "op": op})
    if op in {"empty", "filled"}:
        return node
    value = raw.get("value")
    if op in {"in", "not_in", "has", "only", "contains"}:
        _several(node, field, value if isinstance(value, list) else [value])
    else:
        node.words |= _right(raw)
    return node


def _several(node: Node, field: RuleField | None, values: list) -> None:
    """Known options are ticked, in the order of the list; other words are lines."""
    order = list(field.choices) if field else []
    node.picks = sorted((one for one in values if one in order), key=order.index)
    if lines := [one for one in values if one not in order]:
        node.words["lines"] = "\n".join(lines)


def _right(raw: Mapping) -> dict[str, str]:
    if "param" in raw:
        return {"by": "param", "param": raw["param"], **_scale(raw)}
    value = raw["value"]
    if not isinstance(value, Mapping):
        return {"by": "value", "value": text(value)}
    if value.get("as_of"):
        return {"by": "as_of", **_shift(value)}
    return {"by": "field", "other": value["field"], **_scale(value), **_shift(value)}


def _scale(raw: Mapping) -> dict[str, str]:
    times = raw.get("times")
    if times is None:
        return {}
    return (
        {"scale": "param", "scale_param": times["param"]}
        if isinstance(times, Mapping)
        else {"scale": "number", "scale_number": text(times)}
    )


def _shift(raw: Mapping) -> dict[str, str]:
    found = {unit: raw[unit] for unit in ("months", "days") if raw.get(unit)}
    if len(found) > 1:
        raise NotShown("日期同时按月和按天移动")
    for unit, amount in found.items():
        if isinstance(amount, Mapping):
            return {
                "shift": "back_param" if amount.get("back") else "on_param",
                "shift_param": amount["param"],
                "unit": unit,
            }
        return {"shift": "back" if amount < 0 else "on", "amount": str(abs(amount)), "unit": unit}
    return {}


def text(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{Decimal(str(value)):f}" if isinstance(value, float | Decimal) else str(value)
