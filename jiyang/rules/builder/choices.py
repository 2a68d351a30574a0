"""What a row may choose from: comparisons, ways to say the other side, options, in the words of an officer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from jiyang.parameters.kinds import Kind, kind_of
from jiyang.parameters.models import Parameter
from jiyang.rules.builder.nodes import Node
from jiyang.rules.catalogue import terms
from jiyang.rules.fields import NUMBERS, RuleField, Subject, subjects
from jiyang.rules.sql import Source

Pairs = list[tuple[str, str]]
NUMBER_OPS = [("=", "等于"), ("!=", "不等于"), ("<", "小于"), ("<=", "不大于"), (">", "大于"), (">=", "不小于")]
CHOICE_OPS = [("=", "是"), ("!=", "不是"), ("in", "是其中之一"), ("not_in", "不是其中任何一个")]
LIST_OPS = [("has", "含其中之一"), ("only", "正好只有")]
OPS: dict[str, Pairs] = {
    "integer": NUMBER_OPS, "decimal": NUMBER_OPS, "choice": CHOICE_OPS, "choices": LIST_OPS, "labels": LIST_OPS, "boolean": [("=", "为")],
    "date": [("=", "就在"), ("!=", "不在"), ("<", "早于"), ("<=", "不晚于"), (">", "晚于"), (">=", "不早于")],
    "text": [*CHOICE_OPS, ("contains", "含有文字")], "hidden": [],
}  # fmt: skip
FILLED: Pairs = [("empty", "没有填"), ("filled", "填了")]
MANY = {"in", "not_in", "has", "only", "contains"}  # compared with several values
HOW: Pairs = [("some", "有"), ("none", "没有"), ("every", "全部是"), ("count", "数量")]
MATCHES: Pairs = [
    ("all", "全部成立"),
    ("any", "任一成立"),
    ("not", "都不成立"),
    ("any_held", "任一成立，没有数据的不计"),
]
SHIFTS: Pairs = [
    ("", "当天"),
    ("back", "往前"),
    ("on", "往后"),
    ("back_param", "往前，按参数"),
    ("on_param", "往后，按参数"),
]
SCALES: Pairs = [("", "不乘"), ("number", "乘以"), ("param", "乘以参数")]
UNITS: Pairs = [("months", "个月"), ("days", "天")]
COUNTED = RuleField("count", "数量", "integer")
TERM = "term:"


def ops_of(field: RuleField) -> Pairs:
    return [*OPS[field.type], *FILLED]


def ways_of(field: RuleField, op: str, *, counted: bool = False) -> Pairs:
    """How the right side may be said."""
    if op in MANY or op in dict(FILLED):
        return []
    other = ("field", "另一个字段")
    if counted:
        return [("value", "数"), ("share", "总数的几成"), ("param", "参数"), other]
    if field.type in NUMBERS:
        return [("value", "数"), ("param", "参数"), other]
    if field.type == "date":
        return [("value", "日期"), ("as_of", "检查日"), other]
    return [("value", "选定的值" if field.type == "choice" else "值"), other]


def widget_of(field: RuleField, op: str) -> str:
    """What a value is typed in: boxes, lines, both, select, date, number or text."""
    if op in MANY:
        if field.type == "text":
            return "lines"
        return "boxes_and_lines" if field.open and field.choices else "lines" if field.open else "boxes"
    if field.type in {"choice", "boolean"}:
        return "select"
    return "date" if field.type == "date" else "number" if field.type in NUMBERS else "text"


def options_of(field: RuleField) -> Pairs:
    return [("true", "是"), ("false", "否")] if field.type == "boolean" else list(field.choices.items())


def others_of(field: RuleField, subject: Subject) -> Pairs:
    """The fields with which this one may be compared."""
    return [
        (one.name, one.title) for one in subject.fields.values() if one.name != field.name and field.comparable(one)
    ]  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """Lists that one page needs again and again; `source` says which fields the standing data hold."""

    source: Source

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Key → title of every parameter that is a number. One query."""
        numbers = {Kind.MONEY, Kind.COUNT, Kind.PERCENT, Kind.NUMBER}
        rows = Parameter.objects.order_by("title", "since")
        return {
            row.key: f"{row.title}（{row.unit}）" if row.unit else row.title for row in rows if kind_of(row.value, row.unit) in numbers
        }  # fmt: skip

    def fields(self, subject: Subject) -> list[tuple[str, Pairs]]:
        """The fields of a subject as a grouped list: terms, what the standing data hold, what only exports hold."""
        base = self.source.bases.get(subject.key)
        held, other = [], []
        for one in sorted(subject.fields.values(), key=lambda one: one.title):
            known = base is not None and base.columns.issuperset(one.required)
            if known and not one.required:
                known = not base.columns.isdisjoint(one.optional)
            (held if known else other).append((one.name, one.title))
        named = [(f"{TERM}{name}", title) for (key, name), (title, _) in terms().items() if key == subject.key]
        return [
            (title, pairs)
            for title, pairs in (
                ("常用说法", named),
                (self.source.title, held),
                (f"{self.source.title}里没有的", other),
            )
            if pairs
        ]


def settled(node: Node, subject: Subject) -> Node:
    """The tree with what the page chooses by itself: the first comparison of a new field, the first way to say the right side."""
    if node.kind == "row":
        one = subject.fields.get(node.word("field"))
        if one is not None:
            if node.word("op") not in dict(ops_of(one)):
                node.words["op"] = ops_of(one)[0][0]
            _settle_right(node, ways_of(one, node.word("op")))
        return node
    target = subject
    if node.kind != "group":
        relation = subject.relations.get(node.word("relation"))
        target = subjects()[relation.target] if relation else subject
    if node.word("match") not in dict(MATCHES):
        node.words["match"] = "all"
    if node.kind == "related" and node.word("how") not in dict(HOW):
        node.words["how"] = "some"
    if node.word("how") == "count":
        if node.word("op") not in dict(NUMBER_OPS):
            node.words["op"] = ">="
        _settle_right(node, ways_of(COUNTED, node.word("op"), counted=True))
    for item in node.items:
        settled(item, target)
    return node


def _settle_right(node: Node, ways: Pairs) -> None:
    if not ways:
        node.words.pop("by", None)
    elif node.word("by") not in dict(ways):
        node.words["by"] = ways[0][0]
    if node.word("shift") and node.word("unit") not in dict(UNITS):
        node.words["unit"] = "months"
