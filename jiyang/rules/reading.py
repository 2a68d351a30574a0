"""From YAML to validated nodes. Whatever is odd is refused with the file, the rule and the place in Chinese; nothing is guessed.

A condition is a mapping with one key (`all`, `any`, `any_held`, `not`, `some`, `none`, `every`, `count`, a parent relation), a leaf
`{field, op, value | param}`, its short form `[field, op, value]`, or the name of a term.
"""

import datetime as dt
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any as Whatever

from jiyang.rules import tree
from jiyang.rules.fields import LISTS, NUMBERS, RuleField, Subject, subjects

DEEPEST, MOST_LEAVES, MOST_VALUES, LONGEST = 10, 300, 200, 200
FARTHEST = {"months": 1_200, "days": 36_525}  # a century: beyond it no calendar counts
ORDER = {"<", "<=", ">", ">="}
OPERATORS = {
    "boolean": {"="}, "choice": {"=", "!=", "in", "not_in"}, "text": {"=", "!=", "in", "not_in", "contains"}, "integer": {"=", "!=", *ORDER},
    "decimal": {"=", "!=", *ORDER}, "date": {"=", "!=", *ORDER}, "choices": {"has", "only"}, "labels": {"has", "only"}, "hidden": set(),
}  # fmt: skip
TYPE_NAMES = {
    "text": "文字", "choice": "选项", "boolean": "是否", "date": "日期", "integer": "整数", "decimal": "小数", "choices": "多选", "labels": "多选", "hidden": "加密内容",
}  # fmt: skip
GROUPS = {"all": tree.All, "any": tree.Any, "any_held": tree.AnyHeld}
QUANTIFIERS = {"some", "none", "every", "count"}
Terms = Mapping[tuple[str, str], tuple[str, Whatever]]
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode categories of control, format and separating characters


def is_plain(text: str) -> bool:
    """Whether a line of text holds only what is seen; rare characters of names, in private areas too, are."""
    return "\ufffd" not in text and UNSEEN.isdisjoint(map(unicodedata.category, text))


class RuleBroken(ValueError):
    """A rule that cannot be understood; the text names file, rule and place.

    `message` is the text without them, `raw` the innermost written condition that is at fault.
    """

    message: str = ""
    raw: Whatever = None


def key_of(raw: Mapping) -> str:
    """What says the kind of a condition. Stored as JSON, keys come back in another order."""
    return next((key for key in raw if key in QUANTIFIERS), next(iter(raw)))


class Reader:
    """Reads one rule's condition. `terms` maps (subject, name) to (title, raw condition)."""

    def __init__(self, where: str, terms: Terms | None = None) -> None:
        self.where, self.terms, self.leaves = where, terms or {}, 0

    def broken(self, place: str, message: str) -> RuleBroken:
        problem = RuleBroken(f"{self.where}：{place}：{message}")
        problem.message = message
        return problem

    def read(self, raw: Whatever, subject: Subject, place: str = "when", depth: int = 0) -> tree.Node:
        try:
            return self._read(raw, subject, place, depth)
        except RuleBroken as problem:
            problem.raw = raw if problem.raw is None else problem.raw
            raise

    def _read(self, raw: Whatever, subject: Subject, place: str, depth: int) -> tree.Node:
        if depth > DEEPEST:
            raise self.broken(place, f"条件套得太深，最多 {DEEPEST} 层")
        if isinstance(raw, str):
            return self._term(raw, subject, place, depth)
        if isinstance(raw, list):
            return self._leaf(self.long(raw, place), subject, place)
        if not isinstance(raw, Mapping) or not raw:
            raise self.broken(place, "条件应为一组条件、一个比较或一个术语")
        if "field" in raw:
            return self._leaf(raw, subject, place)
        key = key_of(raw)
        if key in QUANTIFIERS:
            return self._quantified(key, raw, subject, place, depth)
        if len(raw) > 1:
            raise self.broken(place, f"一个条件只能有一个键，这里有 {'、'.join(map(str, raw))}")
        if key in GROUPS:
            items = raw[key]
            if not isinstance(items, list) or not items:
                raise self.broken(f"{place}.{key}", "条件组是空的，空组会命中所有人，不予执行")
            read = (self.read(item, subject, f"{place}.{key}[{n}]", depth + 1) for n, item in enumerate(items, 1))
            return GROUPS[key](tuple(read))
        if key == "not":
            read = self.read(raw[key], subject, f"{place}.not", depth + 1)
            self._answered(read, f"{place}.not")
            return tree.Not(read)
        relation = subject.relations.get(key)
        if relation and not relation.many:
            target = subjects()[relation.target]
            return tree.Parent(relation, self.read(raw[key], target, f"{place}.{key}", depth + 1))
        raise self.broken(place, f"不认识的条件“{key}”")

    def _term(self, name: str, subject: Subject, place: str, depth: int) -> tree.Node:
        found = self.terms.get((subject.key, name))
        if found is None:
            raise self.broken(place, f"{subject.title}没有术语“{name}”")
        return tree.Named(found[0], self.read(found[1], subject, f"{place}.{name}", depth + 1))

    def long(self, raw: list, place: str) -> dict:
        """The short form of a comparison as its long one."""
        if len(raw) == 2 and raw[1] in ("empty", "filled"):
            return {"field": raw[0], "op": raw[1]}
        if len(raw) != 3:
            raise self.broken(place, "比较应写成 [字段, 比较, 值]")
        name, op, value = raw
        if isinstance(value, Mapping) and "param" in value:
            return {"field": name, "op": op, **value}
        return {"field": name, "op": op, "value": value}

    def field(self, name: Whatever, subject: Subject, place: str) -> RuleField:
        found = subject.fields.get(name) if isinstance(name, str) else None
        if found is None:
            raise self.broken(place, f"{subject.title}没有字段“{name}”")
        return found

    def _leaf(self, raw: Mapping, subject: Subject, place: str) -> tree.Node:
        self.leaves += 1
        if self.leaves > MOST_LEAVES:
            raise self.broken(place, f"条件太多，最多 {MOST_LEAVES} 个比较")
        if unknown := set(raw) - {"field", "op", "value", "param", "times"}:
            raise self.broken(place, f"不认识的键 {'、'.join(sorted(map(str, unknown)))}")
        field, op = self.field(raw["field"], subject, place), raw.get("op")
        if op in ("empty", "filled"):
            if "value" in raw or "param" in raw:
                raise self.broken(place, f"“{op}”不带值")
            return tree.Empty(field, op == "empty")
        if not isinstance(op, str) or op not in OPERATORS[field.type]:
            raise self.broken(place, f"“{field.title}”是{TYPE_NAMES[field.type]}，不能用“{op}”比较")
        if ("value" in raw) == ("param" in raw):
            raise self.broken(place, "要有 value 或 param 其中之一")
        if "param" in raw:
            return tree.Compare(field, op, self._param(field.type, raw, place))
        if raw["value"] is None:
            raise self.broken(place, "值是空的；要判断没有填，请用 empty")
        return tree.Compare(field, op, self._operand(field, op, raw["value"], subject, place))

    def _param(self, kind: str, raw: Mapping, place: str) -> tree.Operand:
        if kind not in NUMBERS:
            raise self.broken(place, f"参数是数值，不能与{TYPE_NAMES[kind]}比较")
        if not isinstance(raw["param"], str) or not raw["param"]:
            raise self.broken(place, "参数要写键名")
        times = None if "times" not in raw else self.times(raw["times"], place)
        return tree.Operand(param=raw["param"], times=times)

    def _operand(self, field: RuleField, op: str, value: Whatever, subject: Subject, place: str) -> tree.Operand:
        if isinstance(value, Mapping):
            return self._relative(field, value, subject, place)
        if op in {"in", "not_in", "has", "only", "contains"}:
            values = value if isinstance(value, list) else [value]
            if not values:
                raise self.broken(place, "选项是空的")
            if len(values) > MOST_VALUES:
                raise self.broken(place, f"值太多，最多 {MOST_VALUES} 个")
            if op in {"in", "not_in"} and not isinstance(value, list):
                raise self.broken(place, f"“{op}”要一组值")
            if op == "contains" and "" in values:
                raise self.broken(place, "要找的文字是空的，空文字会命中所有人，不予执行")
            return tree.Operand(literal=tuple(self.literal(field, one, place) for one in values))
        return tree.Operand(literal=self.literal(field, value, place))

    def _relative(self, field: RuleField, value: Mapping, subject: Subject, place: str) -> tree.Operand:
        if unknown := set(value) - {"field", "as_of", "months", "days", "times"}:
            raise self.broken(place, f"不认识的键 {'、'.join(sorted(map(str, unknown)))}")
        shift = {key: self.shift(value[key], place, most) for key, most in FARTHEST.items() if key in value}
        if value.get("as_of") is True and field.type == "date" and "field" not in value and "times" not in value:
            return tree.Operand(as_of=True, **shift)
        other = self.field(value.get("field"), subject, place)
        if not field.comparable(other) or (shift and other.type != "date"):
            raise self.broken(place, f"“{field.title}”与“{other.title}”类型不同，不能比较")
        if "times" in value and other.type not in NUMBERS:
            raise self.broken(place, "只有数值可以乘倍数")
        times = self.times(value["times"], place) if "times" in value else None
        return tree.Operand(field=other, times=times, **shift)

    def literal(self, field: RuleField, value: Whatever, place: str) -> tree.Scalar:
        """A value of the field's type, nothing converted that could mean something else."""
        kind = field.type
        if isinstance(value, str):
            self._plain(value, place)
        if kind == "boolean" and isinstance(value, bool):
            return value
        if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if kind == "decimal":
            return self.number(value, place)
        if kind == "date" and isinstance(value, str | dt.date):
            return self._date(value, place)
        if kind == "text" and isinstance(value, str):
            return value
        if kind in {"choice", *LISTS} and isinstance(value, str):
            if value in field.choices or field.open:
                return value
            raise self.broken(place, f"“{field.title}”没有选项“{value}”")
        raise self.broken(place, f"“{field.title}”是{TYPE_NAMES[kind]}，值“{value}”不合")

    def _plain(self, value: str, place: str) -> None:
        if len(value) > LONGEST:
            raise self.broken(place, f"文字太长，最多 {LONGEST} 字")
        if not is_plain(value):
            raise self.broken(place, "文字里不能有控制字符或乱码")

    def _date(self, value: Whatever, place: str) -> dt.date:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        try:
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.broken(place, f"“{value}”不是日期，应如 2022-04-01") from None

    def number(self, value: Whatever, place: str) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.broken(place, f"“{value}”不是数值")
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            raise self.broken(place, f"“{value}”不是数值") from None
        if not found.is_finite():
            raise self.broken(place, f"“{value}”不是数值")
        return found

    def times(self, value: Whatever, place: str) -> Decimal | tree.Amount:
        """A number, or `{param: key}`."""
        return self._amount(value, place, {"param"}) if isinstance(value, Mapping) else self.number(value, place)

    def shift(self, value: Whatever, place: str, most: int) -> int | tree.Amount:
        """Whole months or days, or `{param: key}`; with `back: true` that many before."""
        return (
            self._amount(value, place, {"param", "back"})
            if isinstance(value, Mapping)
            else self.whole(value, place, most)
        )

    def _amount(self, value: Mapping, place: str, allowed: set[str]) -> tree.Amount:
        key, back = value.get("param"), value.get("back", False)
        if set(value) - allowed or not isinstance(key, str) or not key or not isinstance(back, bool):
            raise self.broken(place, "数量应写成一个数，或 {param: 键名}")
        return tree.Amount(key, -1 if back else 1)

    def _answered(self, node: tree.Node, place: str) -> None:
        """A condition of which a part may go unanswered is no ground for saying that something is not so."""
        if isinstance(node, tree.AnyHeld):
            raise self.broken(place, "“any_held”不能放在否定或计数里，缺一份表就会多命中")
        for child in tree.children(node):
            self._answered(child, place)

    def whole(self, value: Whatever, place: str, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.broken(place, f"“{value}”应为整数")
        if abs(value) > most:
            raise self.broken(place, f"“{value}”太大，最多 {most}")
        return value

    def _quantified(self, kind: str, raw: Mapping, subject: Subject, place: str, depth: int) -> tree.Node:
        allowed = {kind, "where"} | ({"op", "value", "param", "times", "share"} if kind == "count" else set())
        if unknown := set(raw) - allowed:
            raise self.broken(place, f"不认识的键 {'、'.join(sorted(map(str, unknown)))}")
        relation = subject.relations.get(raw[kind]) if isinstance(raw[kind], str) else None
        if relation is None or not relation.many:
            raise self.broken(place, f"{subject.title}没有“{raw[kind]}”可以计数")
        target = subjects()[relation.target]
        where = None
        if "where" in raw:
            where = self.read(raw["where"], target, f"{place}.{kind}.where", depth + 1)
            if _has_parent(where):
                raise self.broken(place, "计数里不能再回到上一级")
            if kind in {"none", "every", "count"}:
                self._answered(where, place)
        elif kind == "every":
            raise self.broken(place, "“every”要有 where")
        if kind != "count":
            return tree.Quantified(kind, relation, where)
        op = raw.get("op")
        if not isinstance(op, str) or op not in OPERATORS["integer"]:
            raise self.broken(place, f"个数不能用“{op}”比较")
        if sum(key in raw for key in ("value", "param", "share")) != 1:
            raise self.broken(place, "要有 value、param 或 share 其中之一")
        if "share" in raw:
            share = self.number(raw["share"], place)
            if not 0 <= share <= 1:
                raise self.broken(place, f"占总数的份额应在 0 到 1 之间，这里是“{share}”")
            return tree.Quantified(kind, relation, where, op, share=share)
        number = RuleField("count", f"{relation.title}数", "integer")
        operand = (
            self._param("integer", raw, place)
            if "param" in raw
            else self._operand(number, op, raw["value"], subject, place)
        )
        return tree.Quantified(kind, relation, where, op, operand)


def _has_parent(node: tree.Node) -> bool:
    return isinstance(node, tree.Parent) or any(_has_parent(item) for item in tree.children(node))
