"""Nodes → a Chinese sentence, with the actual values of a row where one is given: 人均纯收入 5,820.00 元 < 监测线 6,000.00 元（2021年，未经核实）."""

import datetime as dt
from decimal import Decimal
from functools import singledispatchmethod
from typing import Any as Whatever

from jiyang.parameters.models import Parameter
from jiyang.rules import tree
from jiyang.rules.evaluate import Evaluator, Row
from jiyang.rules.facts import Facts, RuleRefused
from jiyang.rules.fields import RuleField

WORDS = {"=": "是", "!=": "不是", "in": "是", "not_in": "不是", "has": "含", "only": "只有", "contains": "含"}
SIGNS = {"!=": "≠", "<=": "≤", ">=": "≥"}
NUMBERED = {"integer", "decimal", "date"}


def shown(one: RuleField, value: Whatever) -> str:
    """A value as an officer reads it."""
    if value is None:
        return "未填"
    if one.type == "hidden":
        return "已填"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, list | tuple) and one.label:
        return "、".join(dict.fromkeys(map(one.label, value))) or "无"
    if isinstance(value, list | tuple):
        return "、".join(one.choices.get(item, str(item)) for item in value) or "无"
    if isinstance(value, Decimal):
        text = f"{value:,.2f}" if one.unit.startswith("元") or value != value.to_integral_value() else f"{value:,.0f}"
        return f"{text} {one.unit}".strip()
    if isinstance(value, int):
        return f"{value} {one.unit}".strip()
    return one.label(value) if one.label else one.choices.get(value, str(value))


class Teller:
    """Tells a condition, of all rows or of one."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.evaluator = facts, Evaluator(facts)
        self.titles = dict(Parameter.objects.values_list("key", "title"))

    @singledispatchmethod
    def tell(self, node: tree.Node, row: Row | None = None) -> str:
        raise TypeError(node)

    @tell.register
    def _(self, node: tree.All, row: Row | None = None) -> str:
        return "，且".join(self._grouped(item, row) for item in node.items)

    @tell.register(tree.Any)
    @tell.register(tree.AnyHeld)
    def _(self, node: tree.Any | tree.AnyHeld, row: Row | None = None) -> str:
        return "，或".join(self._grouped(item, row) for item in self._told(node, row))

    def _told(self, node: tree.Node, row: Row | None) -> tuple[tree.Node, ...]:
        """The parts of a group that are told: of alternatives, those that hold of the row."""
        if row is None or isinstance(node, tree.All):
            return node.items
        return tuple(item for item in node.items if self.evaluator.truth(item, row)) or node.items

    def _grouped(self, node: tree.Node, row: Row | None) -> str:
        text = self.tell(node, row)
        grouped = isinstance(node, tree.All | tree.Any | tree.AnyHeld) and len(self._told(node, row)) > 1
        return f"（{text}）" if grouped else text

    @tell.register
    def _(self, node: tree.Not, row: Row | None = None) -> str:
        return f"不符合“{self.tell(node.item)}”"

    @tell.register
    def _(self, node: tree.Named, row: Row | None = None) -> str:
        return node.title if row is None else f"{node.title}（{self.tell(node.item, row)}）"

    @tell.register
    def _(self, node: tree.Empty, row: Row | None = None) -> str:
        if not node.wanted and row is not None:
            return f"{node.field.title} {shown(node.field, self.evaluator.value(node.field, row))}"
        return f"{node.field.title}{'未填' if node.wanted else '已填'}"

    @tell.register
    def _(self, node: tree.Compare, row: Row | None = None) -> str:
        one, right = node.field, self.operand(node.field, node.operand, row)
        sign = (
            SIGNS.get(node.op, node.op) if one.type in NUMBERED else "为" if one.type == "boolean" else WORDS[node.op]
        )
        if row is None:
            return f"{one.title} {sign} {right}"
        value = self.evaluator.value(one, row)
        if one.label and isinstance(node.operand.literal, tuple):  # of several codes of ours, those that are asked for
            value = [item for item in value or () if item in node.operand.literal]
        actual = shown(one, value)
        if one.type in NUMBERED and node.op != "=":
            return f"{one.title} {actual} {sign} {right}"
        return f"{one.title}：{actual}"

    def operand(self, one: RuleField, operand: tree.Operand, row: Row | None = None) -> str:
        if operand.param:
            return self._parameter(one, operand)
        if isinstance(operand.literal, tuple):
            return "或".join(shown(one, item) for item in operand.literal)
        if operand.literal is not None:
            return shown(one, operand.literal)
        name = "检查日" if operand.as_of else operand.field.title
        if operand.times is not None:
            name += f"的 {self._amount(operand.times)} 倍"
        for shift, unit in ((operand.months, "个月"), (operand.days, "天")):
            if shift:
                back = shift.sign < 0 if isinstance(shift, tree.Amount) else shift < 0
                name += f"{'前' if back else '后'} {self._amount(shift)} {unit}"
        return name if row is None else f"{name} {shown(one, self.evaluator.operand(operand, row))}"

    def _amount(self, amount: Decimal | int | tree.Amount) -> str:
        if not isinstance(amount, tree.Amount):
            return str(abs(amount))
        try:
            return f"{self.facts.number(amount.param).normalize():f}"
        except RuleRefused:
            return f"“{self.titles.get(amount.param, amount.param)}”（没有有效值）"

    def _parameter(self, one: RuleField, operand: tree.Operand) -> str:
        title = self.titles.get(operand.param, operand.param)
        times = f"的 {self._amount(operand.times)} 倍" if operand.times is not None else ""
        try:
            number = self.facts.number(operand.param, operand.times)
            badge = self.facts.value(operand.param).badge
        except RuleRefused:
            return f"{title}{times}（{self.facts.as_of.year}年没有有效值）"
        return f"{title}{times} {shown(one, number)}（{self.facts.as_of.year}年，{badge}）"

    @tell.register
    def _(self, node: tree.Quantified, row: Row | None = None) -> str:
        where = f"“{self.tell(node.where, self._example(node, row))}”的" if node.where else ""
        if node.kind == "count":
            right = (
                f"总数的 {node.share}"
                if node.share is not None
                else self.operand(RuleField("n", "", "integer"), node.operand)
            )
            actual = "" if row is None else f" {self._number(node, row)}"
            if row is not None and node.op == "=":
                return f"{where}{node.relation.title}数{actual}"
            return f"{where}{node.relation.title}数{actual} {SIGNS.get(node.op, node.op)} {right}"
        lead = {"some": "有", "none": "没有", "every": "都是"}[node.kind]
        return f"{node.relation.title}中{lead}{where.removesuffix('的') or '记录'}"

    def _example(self, node: tree.Quantified, row: Row | None) -> Row | None:
        """Of “some”: the first of the related that it is true of, whose values are told."""
        others = row.related.get(node.relation.name, ()) if row is not None and node.kind == "some" else ()
        return next((one for one in others if self.evaluator.truth(node.where, one)), None)

    def _number(self, node: tree.Quantified, row: Row) -> int:
        others = row.related.get(node.relation.name, [])
        return sum(1 for one in others if node.where is None or self.evaluator.truth(node.where, one))

    @tell.register
    def _(self, node: tree.Parent, row: Row | None = None) -> str:
        above = row.related.get(node.relation.name) if row is not None else None
        return f"{node.relation.title}{self.tell(node.item, above[0] if above else None)}"
