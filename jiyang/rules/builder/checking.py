"""What is missing or wrong on the builder's page, row by row, and the condition that the page says where nothing is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from jiyang.rules.builder.choices import COUNTED, MANY, MATCHES, TERM, UNITS, ops_of, ways_of
from jiyang.rules.builder.nodes import Node, Path
from jiyang.rules.builder.writing import Writer, counted, number, row
from jiyang.rules.catalogue import terms
from jiyang.rules.fields import RuleField, Subject, subjects
from jiyang.rules.reading import Reader, RuleBroken
from jiyang.rules.tree import parameters_of

EMPTY_GROUP = "这一组是空的，空组会命中所有人：请加条件或删去"


@dataclass
class Checked:
    """`raw`: the condition, None while something is wrong. `problems` by place; those in `unfinished` only lack something."""

    raw: Any = None
    problems: dict[Path, str] = field(default_factory=dict)
    unfinished: set[Path] = field(default_factory=set)


def checked(root: Node, subject: Subject, parameters: Collection[str]) -> Checked:
    found = Checked()
    for path, lacking, message in _walk(root, subject, (), parameters):
        found.problems[path] = message
        if lacking:
            found.unfinished.add(path)
    if found.problems:
        return found
    writer = Writer()
    raw = writer.root(root, subject)
    try:
        node = Reader("", terms()).read(raw, subject)
    except RuleBroken as broken:
        found.problems[writer.place_of(broken.raw)] = _told(broken)
        return found
    if missing := sorted(parameters_of(node) - set(parameters)):
        found.problems[()] = f"没有参数 {'、'.join(missing)}"
        return found
    found.raw = raw
    return found


def _walk(node: Node, subject: Subject, path: Path, parameters: Collection[str]) -> Iterator[tuple[Path, bool, str]]:
    """(place, whether something is only lacking, message) of every row and container that is not in order by itself."""
    target = subject
    if node.kind == "row":
        if lacking := _lacking_row(node, subject, parameters):
            yield path, True, lacking
        elif wrong := _wrong_shift(node, subject) or _wrong(row(node, subject), subject):
            yield path, False, wrong
        return
    if node.kind in {"related", "above"}:
        relation = subject.relations.get(node.word("relation"))
        if relation is None or relation.many != (node.kind == "related"):
            yield path, False, f"{subject.title}没有这种关联记录，请删去"
            return
        target = subjects()[relation.target]
    if problem := _container(node, subject, parameters):
        yield (path, *problem)
    for place, item in enumerate(node.items):
        yield from _walk(item, target, (*path, place), parameters)


def _container(node: Node, subject: Subject, parameters: Collection[str]) -> tuple[bool, str] | None:
    how = node.word("how")
    if not node.items and (node.kind != "related" or how == "every"):
        return True, EMPTY_GROUP
    if how != "count":
        return None
    if lacking := _lacking(node, COUNTED, ways_of(COUNTED, node.word("op"), counted=True), parameters):
        return True, lacking
    wrong = _wrong(counted(node, subject), subject)
    return (False, wrong) if wrong else None


def _wrong_shift(node: Node, subject: Subject) -> str:
    """A day is moved by so many months or days; in which direction is chosen, not typed as a sign."""
    one = subject.fields.get(node.word("field"))
    if one is None or one.type != "date" or node.word("by") not in {"as_of", "field"} or not node.word("shift"):
        return ""
    if node.word("unit", "months") not in dict(UNITS):
        return "请选择个月还是天"
    amount = number(node.word("amount"))
    typed = node.word("shift") in {"back", "on"} and isinstance(amount, int)
    return "移动的个月数或天数应大于 0，往前还是往后在旁边选" if typed and amount < 1 else ""


def _wrong(raw: Any, subject: Subject) -> str:
    try:
        Reader("", terms()).read(raw, subject)
    except RuleBroken as broken:
        return _told(broken)
    return ""


def _told(broken: RuleBroken) -> str:
    """The reader's message in the page's words."""
    return broken.message.replace("any_held", dict(MATCHES)["any_held"])


def _lacking_row(node: Node, subject: Subject, parameters: Collection[str]) -> str:
    name = node.word("field")
    if not name:
        return "请选择字段"
    if name.startswith(TERM) or name not in subject.fields:
        return ""
    one = subject.fields[name]
    if node.word("op") not in dict(ops_of(one)):
        return "请选择怎样比较"
    return _lacking(node, one, ways_of(one, node.word("op")), parameters)


def _lacking(node: Node, one: RuleField, ways: list, parameters: Collection[str]) -> str:
    """What the right side lacks."""
    op, by = node.word("op"), node.word("by", "value")
    if not op:
        return "请选择怎样比较"
    if op in MANY:
        return (
            ""
            if node.picks or node.word("lines").strip()
            else "请至少写一个值"
            if one.type == "text"
            else "请至少选一项"
        )
    if not ways:
        return ""
    if by in {"value", "share"} and not node.word("value").strip():
        return "请填写要比的值"
    keys = (("param", by == "param"), ("scale_param", node.word("scale") == "param"), ("shift_param", node.word("shift") in {"back_param", "on_param"}))  # fmt: skip
    if any(asked and node.word(word) not in parameters for word, asked in keys):
        return "请选择参数"
    if by == "field" and not node.word("other"):
        return "请选择另一个字段"
    if node.word("scale") == "number" and not node.word("scale_number").strip():
        return "请填写倍数"
    return "请填写移动几个月或几天" if node.word("shift") in {"back", "on"} and not node.word("amount").strip() else ""
