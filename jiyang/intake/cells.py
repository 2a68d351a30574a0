"""Readers of single cells: each takes a raw cell and gives (stored text or None, finding code or "", official form).

Stored text is what COPY takes: enum keys, ISO days, plain decimals, `t`/`f`. Pure functions, memoised by the caller.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from jiyang.identifiers import idcard
from jiyang.intake.layouts import Field

WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x00AD, 0x202A, 0x202C, 0x202D, 0x202E])
SEPARATORS = re.compile(r"[,，、;；/|\s]+")
YES = {"是", "√", "✓", "✔", "☑", "有", "y", "yes", "1", "true", "对"}
NO = {"否", "×", "✗", "✘", "无", "n", "no", "0", "false", "没有"}
NUMERALS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d+$")
DAY = re.compile(r"^(\d{4})(?:[-./年])?(\d{1,2})(?:[-./月])?(?:(\d{1,2})日?)?(?:\s+00:00(?::00)?)?$")
MONEY_NOISE = re.compile(r"[,，\s元￥¥]")
PLAIN = re.compile("[\u4e00-\u9fff0-9A-Za-z]+$")
FIRST_SERIAL, LAST_SERIAL = 20000, 60000  # 1954 to 2064 as Excel counts days
EPOCH = dt.date(1899, 12, 30)
FORMULA = ("=", "+", "-", "@")
RARE = re.compile("[\u3400-\u4dbf\U00020000-\U000323af]")  # Chinese characters that old systems lose


class Read(NamedTuple):
    stored: str | None
    code: str = ""
    official: str | None = None
    note: str = ""


BLANK = Read(None)


def as_text(cell: object) -> str:
    """A cell as its text: whole numbers without `.0`, days as ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)


def tidy(text: str) -> str:
    """Without surrounding blanks, zero-width characters and line breaks."""
    return text.translate(INVISIBLE).replace("\r", "").replace("\n", "").replace("\t", " ").strip(" \u3000\xa0")


def narrow(text: str) -> str:
    """`tidy` in half-width characters without any blank, for numbers and codes."""
    if text.isascii() and text.isalnum():
        return text
    return re.sub(r"[\s\xa0]", "", text.translate(INVISIBLE).translate(WIDE)).lstrip("'’`").strip()


def text_cell(cell: object) -> Read:
    raw = as_text(cell)
    kept = tidy(raw)
    if not kept:
        return BLANK
    if kept == raw and PLAIN.match(kept):
        return Read(kept)
    if kept[0] == "'" and kept[1:2] in FORMULA:  # what our own export puts before such texts
        return Read(kept[1:])
    if kept != raw:
        return Read(kept, "surrounding_spaces", kept)
    if kept.startswith(FORMULA):
        return Read(kept, "formula_text", kept)
    if RARE.search(kept):
        return Read(kept, "rare_character", kept)
    if max(kept) > "\uffff":
        return Read(kept, "emoji_text", kept)
    return Read(kept)


def number_cell(cell: object) -> Read:
    """户编号, 人编号: text of digits; a number cell beyond 15 digits has lost some."""
    if isinstance(cell, float):
        return Read(None, "number_as_number") if abs(cell) >= 1e15 else Read(as_text(cell))
    kept = narrow(as_text(cell))
    if not kept:
        return BLANK
    if SCIENTIFIC.match(kept):
        return Read(None, "number_as_number")
    return Read(kept) if kept.isdigit() and len(kept) <= 20 else Read(None, "number_bad")


def id_cell(cell: object, as_of: dt.date) -> Read:
    """证件号码. A number cell is refused: Excel keeps 15 digits and a plausible wrong number would come out."""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return Read(None, "id_as_number")
    raw = as_text(cell)
    kept = narrow(raw)
    if not kept:
        return BLANK
    if SCIENTIFIC.match(kept):
        return Read(None, "id_scientific_text")
    checked = idcard.check(kept, as_of=as_of)
    if checked.problem:
        return _refused_id(checked)
    if checked.upgraded:
        return Read(checked.number, "id_15_digits", checked.number)
    if checked.number == raw:
        return Read(raw)
    return Read(checked.number, _id_change(raw, kept), checked.number)


def _refused_id(checked: idcard.Checked) -> Read:
    year = checked.number[6:10]
    code = {
        "length": "id_length_17",
        "shape": "id_shape",
        "future": "id_future_birth",
        "checksum": "id_checksum",
        "certificate": "certificate_invalid",
        "birthdate": "id_future_birth"
        if year.isdigit() and int(year) < 1900 and idcard.birth_date(checked.number)
        else "id_bad_birthdate",
    }[checked.problem]
    return Read(None, code, None, checked.message)


def _id_change(raw: str, kept: str) -> str:
    if raw.translate(WIDE) != raw and raw.strip(" \u3000\xa0") != kept:
        return "fullwidth_digits"
    return "id_lowercase_x" if kept.endswith("x") and raw == kept else "surrounding_spaces"


def phone_cell(cell: object) -> Read:
    kept = narrow(as_text(cell)).replace("-", "")
    if not kept:
        return BLANK
    return Read(kept) if kept.isdigit() and len(kept) == 11 else Read(kept[:20], "phone_10_digits")


def yes_no_cell(cell: object) -> Read:
    kept = narrow(as_text(cell))
    if not kept:
        return BLANK
    if kept.lower() in YES:
        return Read("t")
    return Read("f") if kept.lower() in NO else Read(None, "yes_no_unknown")


def choice_cell(cell: object, field: Field) -> Read:
    raw = as_text(cell)
    kept = tidy(raw)
    if not kept:
        return BLANK
    value = field.labels.get(kept) or field.labels.get(kept.translate(WIDE))
    if value is None:
        return Read(None, "enum_unknown")
    return Read(value) if kept == raw else Read(value, "surrounding_spaces", kept)


def choices_cell(cell: object, field: Field) -> Read:
    """Several labels in one cell, in any order and with any separator; stored in the order of the code list."""
    raw = as_text(cell)
    labels = [label for label in SEPARATORS.split(tidy(raw)) if label]
    if not labels:
        return BLANK
    values = {field.labels.get(label) for label in labels}
    if None in values:
        return Read(None, "enum_unknown")
    ordered = sorted(values, key=field.order.__getitem__)
    official = ",".join(str(dict(field.codes.choices)[value]) for value in ordered)
    if "healthy" in values and len(values) > 1:
        return Read(None, "health_contradiction")
    stored = "{" + ",".join(ordered) + "}"
    return Read(stored) if official == raw else Read(stored, "multi_separator", official)


def count_cell(cell: object) -> Read:
    """Whole numbers, also as Chinese numerals up to 99."""
    kept = narrow(as_text(cell)).rstrip("人口个月")
    if not kept:
        return BLANK
    if kept.isdigit() and len(kept) < 6:
        return Read(str(int(kept)))
    number = chinese_number(kept)
    return Read(None, "number_not_count") if number is None else Read(str(number))


def chinese_number(text: str) -> int | None:
    """三 → 3, 十二 → 12, 二十 → 20; None for what is not one."""
    if not text or any(char not in NUMERALS and char != "十" for char in text):
        return None
    if "十" not in text:
        return int("".join(str(NUMERALS[char]) for char in text)) if len(text) <= 4 else None
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return None
    return (NUMERALS[tens] if tens else 1) * 10 + (NUMERALS[ones] if ones else 0)


def money_cell(cell: object) -> Read:
    kept = MONEY_NOISE.sub("", as_text(cell).translate(INVISIBLE).translate(WIDE))
    if not kept:
        return BLANK
    try:
        amount = Decimal(kept)
    except InvalidOperation:
        return Read(None, "income_not_number")
    if not amount.is_finite() or abs(amount) >= Decimal("1e10"):
        return Read(None, "income_not_number")
    stored = f"{amount:.2f}"
    return Read(stored, "income_negative") if amount < 0 else Read(stored)


def date_cell(cell: object, *, month: bool) -> Read:
    """YYYYMM, YYYYMMDD, 2021.5, 2021年5月, 2021-05-06, a date cell or Excel's serial number; a month is its first day."""
    if isinstance(cell, dt.date):
        day = cell.date() if isinstance(cell, dt.datetime) else cell
        return Read(_iso(day, month), "date_serial_cell", f"{day:%Y%m}" if month else f"{day:%Y%m%d}")
    kept = narrow(as_text(cell))
    if not kept:
        return BLANK
    if kept.isdigit() and len(kept) == 5 and FIRST_SERIAL <= int(kept) <= LAST_SERIAL:
        day = EPOCH + dt.timedelta(days=int(kept))
        return Read(_iso(day, month), "date_serial_cell", f"{day:%Y%m}" if month else f"{day:%Y%m%d}")
    found = DAY.match(kept)
    if not found or len(kept) < 5:
        return Read(None, "date_unreadable")
    year, number, day_of_month = int(found[1]), int(found[2]), int(found[3] or 1)
    if not 1 <= number <= 12:
        return Read(None, "date_bad_month")
    try:
        return Read(_iso(dt.date(year, number, day_of_month), month))
    except ValueError:
        return Read(None, "date_bad_day")


def _iso(day: dt.date, month: bool) -> str:
    return (day.replace(day=1) if month else day).isoformat()


def reader_for(field: Field, as_of: dt.date) -> Callable[[object], Read]:
    """The reader of a field's cells."""
    by_type: dict[str, Callable[[object], Read]] = {
        "text": text_cell, "name": text_cell, "number_text": number_cell, "phone": phone_cell, "yes_no": yes_no_cell,
        "count": count_cell, "money": money_cell, "id_number": lambda cell: id_cell(cell, as_of),
        "month": lambda cell: date_cell(cell, month=True), "day": lambda cell: date_cell(cell, month=False),
        "choice": lambda cell: choice_cell(cell, field), "choices": lambda cell: choices_cell(cell, field),
    }  # fmt: skip
    return by_type[field.type]
