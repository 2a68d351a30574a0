"""What a parameter's value may be: its kind follows from the value in force and its unit; typed answers are checked by it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

WHOLE_UNITS = ("天", "工作日", "月", "年", "户", "人", "次", "小时")
HUNDRED = 100
LONGEST = {
    "天": 36_525,
    "工作日": 26_000,
    "月": 1200,
    "年": 100,
    "小时": 876_600,
}  # a century: beyond it no calendar counts


class Kind(models.TextChoices):
    """数额 in yuan has two decimals, 天数 are whole, 比例 parts come to 100."""

    MONEY = "money", "金额"
    COUNT = "count", "整数"
    PERCENT = "percent", "百分比"
    SHARES = "shares", "比例（合计 100）"
    TABLE = "table", "分项数值"
    LIST = "list", "数列"
    NUMBER = "number", "数值"
    TEXT = "text", "文字"


def kind_of(value: Any, unit: str) -> Kind:
    if isinstance(value, dict):
        return Kind.SHARES if unit == "%" and total(value.values()) == HUNDRED else Kind.TABLE
    if isinstance(value, list):
        return Kind.LIST
    if isinstance(value, str):
        return Kind.TEXT
    if unit.startswith(("元", "万元")):
        return Kind.MONEY
    if unit == "%":
        return Kind.PERCENT
    return Kind.COUNT if unit.startswith(WHOLE_UNITS) else Kind.NUMBER


def words(value: Any) -> str:
    """A value as people read it: `A 50，B 30，C 20`; `45 × 16`; `5,000`."""
    if isinstance(value, dict):
        return "，".join(f"{key} {words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return " × ".join(words(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def total(numbers: Iterable[float]) -> Decimal:
    """The sum as people count it: 14.1 + 28.2 + 57.7 is 100."""
    return sum((Decimal(str(one)) for one in numbers), Decimal(0))


def problem(value: Any, kind: Kind, former: Any, unit: str = "") -> str:
    """Why a value is none of its kind; empty when it is. `former` says which parts a table or list has."""
    numbers = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    if kind == Kind.TEXT:
        return "" if str(value).strip() else "请填写内容"
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        return "请填写数字"
    if any(one < 0 for one in numbers):
        return "不能是负数"
    if isinstance(former, dict) and set(value) != set(former):
        return f"各项应为 {'、'.join(former)}"
    if isinstance(former, list) and len(value) != len(former):
        return f"应为 {len(former)} 个数"
    if kind == Kind.COUNT and any(one != int(one) for one in numbers):
        return "应为整数"
    if kind == Kind.MONEY and any(round(one, 2) != one for one in numbers):
        return "金额最多两位小数"
    if kind in {Kind.PERCENT, Kind.SHARES} and any(one > HUNDRED for one in numbers):
        return "百分比不能超过 100"
    if kind == Kind.SHARES and total(numbers) != HUNDRED:
        return f"各项合计应为 100，现在是 {words(float(total(numbers)))}"
    if unit in LONGEST and any(one > LONGEST[unit] for one in numbers):
        return f"不能超过 {LONGEST[unit]:,} {unit}"
    return ""


def parts_of(value: Any) -> list[tuple[str, str, Any]]:
    """(field name, label, former value) of each part of a value."""
    if isinstance(value, dict):
        return [(f"value_{key}", str(key), one) for key, one in value.items()]
    if isinstance(value, list):
        return [(f"value_{place}", f"第 {place + 1} 项", one) for place, one in enumerate(value)]
    return [("value", "新的值", value)]


def fields_for(value: Any, kind: Kind, unit: str) -> dict[str, forms.Field]:
    """One form field for each part of a value; parts say their former value."""
    found = {}
    for name, label, former in parts_of(value):
        hint = f"单位 {unit}，现为 {words(former)}" if unit else f"现为 {words(former)}"
        if kind == Kind.TEXT:
            found[name] = forms.CharField(label=label, help_text=hint, max_length=200)
        else:
            found[name] = forms.DecimalField(label=label, help_text=hint, max_digits=16, decimal_places=4)
    return found


def compose(answers: dict, value: Any) -> Any:
    """The value that the answers to `fields_for` say. Raises ValidationError where one is missing."""
    given = [(name, answers.pop(name, None)) for name, _, _ in parts_of(value)]
    if any(one is None for _, one in given):
        raise ValidationError([])
    plain = [_plain(one) for _, one in given]
    if isinstance(value, dict):
        return dict(zip(value, plain, strict=True))
    return plain if isinstance(value, list) else plain[0]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value
