"""Values of the register as cells of an official layout: the reverse of `cells`, so that an export reads back the same."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jiyang.intake.cells import FORMULA
from jiyang.intake.layouts import Field

WHY = (
    "问题说明（不导入）"  # heading of the column that says what is wrong with a row, in files that go back to be mended
)
SUMMARY, CHECKUP = ("汇总", "批次"), ("体检结果", "文件")  # name and first cell of the sheet that sums such a file up


def writer_for(field: Field) -> Callable[[Any], str]:
    """How the values of a field are written; None and empty values give an empty cell."""
    write = WRITERS.get(field.type, lambda value, field: str(value))
    return lambda value: "" if value is None or value == "" or value == [] else guarded(write(value, field))


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text[0] == "-" and text[1:].replace(".", "", 1).isdigit()


def _label(value: Any, field: Field) -> str:
    return field.official.get(str(value), str(value))


def _labels(values: Any, field: Field) -> str:
    last = len(field.order)
    ordered = sorted(map(str, values), key=lambda value: field.order.get(value, last))
    return ",".join(_label(value, field) for value in ordered)


def _amount(value: Any, field: Field) -> str:
    text = f"{Decimal(value):.2f}"
    return text.rstrip("0").rstrip(".") if field.type == "decimal" else text


WRITERS: dict[str, Callable[[Any, Field], str]] = {
    "choice": _label,
    "choices": _labels,
    "labels": _labels,
    "yes_no": lambda value, field: "是" if value else "否",
    "money": _amount,
    "decimal": _amount,
    "month": lambda value, field: f"{value:%Y%m}" if isinstance(value, dt.date) else str(value),
    "day": lambda value, field: f"{value:%Y%m%d}" if isinstance(value, dt.date) else str(value),
}
WRITERS["birth"] = WRITERS["day"]
