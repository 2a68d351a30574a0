"""Readers of cells that hold days and months, in the notations that offices use. See `cells` for what they give.

What may mean two things is refused with both readings named (6/1/2017, 12.6, 2021.1), unless the other cells of its column
tell which is meant (`Ways`): one of them that can only be read one way, and none that can only be read the other.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from jiyang.intake.cells import (
    APOSTROPHES,
    BLANK,
    Read,
    as_text,
    changed,
    half_width,
    holds_several,
    is_nothing,
    narrow,
    unusable,
)
from jiyang.intake.numerals import FORMAL, NUMERALS, chinese_number

EPOCH, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
FIRST_SERIAL, LAST_SERIAL = 20000, 60000  # 1954 to 2064 as Excel counts days
FIRST_YEAR, LAST_YEAR = 1900, 2100
DIGITS_DAY = re.compile(r"^(\d{4})(\d{2})(?:(\d{2})|月)?$")
WEEKDAY = re.compile(r"(?<=[\d日号])\s*\(?(?:星期|周)[一二三四五六日天]\)?\s*$")
PART_OF_MONTH = re.compile(r"(?<=月)(?:份?[初中底末]|[上中下]旬)$")  # tells no day
MARK = r"[-./\\,、·—–]"
SPLIT_DAY = re.compile(rf"^(\d{{4}})(?:{MARK}|年)(\d{{1,2}})(?:(?:{MARK}|月份?)(?:(\d{{1,2}})[日号]?)?)?$")
MONTH_FIRST = re.compile(rf"^(\d{{1,2}})(?:{MARK}|月)(\d{{4}})年?$")  # 6/2017
YEAR_LAST = re.compile(r"^(\d{1,2})([-./])(\d{1,2})\2(\d{4})$")  # 6/1/2017: which is the month?
SHORT_YEAR = re.compile(r"^(\d{2})年(\d{1,2})(?:月份?(?:(\d{1,2})[日号]?)?)?$")
SHORT_PAIR = re.compile(r"^(\d{1,2})[-./](\d{1,2})$")  # 17.6
SHORT_DAY = re.compile(r"^\d{2}[-./]\d{1,2}[-./]\d{1,2}$")  # 17.6.5
SPACED = re.compile(r"^\s*(\d{4})\s+(\d{1,2})(?:\s+(\d{1,2}))?\s*$")
TIME = re.compile(
    r"(?<=\d|[日号])(?:T|\s*(?:[上下]午|凌晨|中午|晚上)|\s+|(?<=[日号]))\s*"
    r"(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AP]M|Z|\+\d\d:?\d\d)?|\d{1,2}[时点](?:\d{1,2}分(?:\d{1,2}秒)?|整)?)\s*$",
    re.IGNORECASE,
)
SERIAL = re.compile(r"^\d{5}(?:\.\d+)?$")
SERIAL_OR_MONTH = re.compile(
    r"^(20\d\d)(\d)(?:\.\d+)?$"
)  # 20176 is 1955-03-28 as a serial number, and 2017-6 without its zero
WHOLE_DATE = re.compile(r"^(\d{6}|\d{8})\.0+$")
OPEN_END = re.compile(
    r"^(?:长期|目前|未结束|仍?在岗|(?:仍|还|正|继续)?在?务工(?:中|至今)?|至今有效|9999(\W?)12\1(?:31)?)$"
)  # what is written where something has not ended
NO_DAY = re.compile(r"^(?:0{4}(\W?)00?\1(?:00?)?|1900(\W)0?1\2 ?00?|00?:00(?::00)?)$")  # what programs write for no day
MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]  # fmt: skip
ENGLISH_MONTH = re.compile(
    r"^(?:(\d{1,2})[-/.]?)?([A-Za-z]{3,9})[-/.,]?(\d{4}|[012]\d)$"
)  # Jun-17, as Excel shows 2017-6
ENGLISH_LAST = re.compile(r"^(\d{4})[-/.]?([A-Za-z]{3,9})(?:[-/.](\d{1,2}))?$")
CHINESE_PART = re.compile(r"([0-9〇○零OoОо一二三四五六七八九十]+)(?=[年月日号])")
ZEROS = str.maketrans("○OoОо", "〇" * 5)  # what is typed for the 〇 of 二〇一七
SHORT_MONTH = re.compile(r"^(?:\d{4}|\d\d)\.1$")
ZEROS_KEPT = re.compile(r"^\s*(?:\d{4}|\d\d)\.(?:10|0\d)\s*$")


@dataclass(frozen=True)
class Ways:
    """How a column writes its days, where a cell alone does not tell.

    `lost_zeros`: a text may have been a number that lost its last zero. `order`: `md` or `dm` of days with the year last.
    `year_first`: pairs such as 12.6 are year and month.
    """

    lost_zeros: bool = False
    order: str = ""
    year_first: bool = False


USUAL = Ways()


def ways_of(cells: Iterable[object], *, untyped: bool = False) -> Ways:
    """What the distinct cells of a column tell of each other. `untyped`: the file knows no numbers, all is text."""
    orders, pairs, zeros = set(), set(), False
    for cell in cells:
        if not isinstance(cell, str | float):
            continue
        zeros = zeros or (isinstance(cell, str) and ZEROS_KEPT.match(cell) is not None)
        text = _bare(as_text(cell))
        if found := YEAR_LAST.match(text):
            orders |= {_order(found)} - {""}
        elif found := SHORT_PAIR.match(text):
            pairs.add((int(found[1]) > 12, int(found[2]) > 12))
    return Ways(
        untyped and not zeros,
        orders.pop() if len(orders) == 1 else "",
        (True, False) in pairs and not any(second for _, second in pairs),
    )


def _order(found: re.Match) -> str:
    """`md` or `dm` where the numbers tell; "" where both are months."""
    first, second = int(found[1]), int(found[3])
    return "dm" if first > 12 >= second else "md" if second > 12 >= first else ""


def date_cell(cell: object, *, month: bool, epoch: dt.date = EPOCH, ways: Ways = USUAL, open_end: bool = False) -> Read:
    """YYYYMM, YYYYMMDD, 2021.5, 2021年5月, 2021-05-06, a date cell or Excel's serial number; a month is its first day.

    `open_end`: the column says when something ended, which it may not have.
    """
    if failed := unusable(cell):
        return failed
    if isinstance(cell, dt.date):
        return _of_date(cell.date() if isinstance(cell, dt.datetime) else cell, month)
    raw = as_text(cell)
    kept = _bare(raw)
    kept = PART_OF_MONTH.sub("", kept) if month else kept
    if not kept:
        return BLANK
    if is_nothing(kept) or NO_DAY.match(kept) or (open_end and OPEN_END.match(kept)):
        return Read(None, "placeholder", "")
    if SERIAL.match(kept) and FIRST_SERIAL <= float(kept) <= LAST_SERIAL:
        if found := SERIAL_OR_MONTH.match(kept):
            return _either(kept, f"{found[1]} 年 {found[2]} 月", "日期的序列号")
        return _as_cell(epoch + dt.timedelta(days=int(float(kept))), month)
    if (ways.lost_zeros or isinstance(cell, float)) and SHORT_MONTH.match(kept):
        return _either(kept, "1 月", "10 月")  # 2021.10 typed as a number is shown, and kept, as 2021.1
    if whole := WHOLE_DATE.match(kept):  # a number's text in a CSV
        return _day(whole[1] if kept == raw else raw, whole[1], month, ways)
    return _day(raw, kept, month, ways)


def is_month(cell: object, ways: Ways = USUAL) -> bool:
    """Whether a cell tells a month without a day."""
    if isinstance(cell, dt.date):
        return False
    found = _parts(WHOLE_DATE.sub(r"\1", _bare(as_text(cell))), ways)
    return not isinstance(found, Read) and found[2] is None


def birth_cell(cell: object, epoch: dt.date = EPOCH, ways: Ways = USUAL) -> Read:
    """A date of birth beside the ID number. Year and month alone tell no day that could differ from it."""
    text = "" if isinstance(cell, dt.date) else _bare(as_text(cell))
    if SERIAL.match(text) and FIRST_SERIAL <= float(text) <= LAST_SERIAL:
        return _as_cell(epoch + dt.timedelta(days=int(float(text))), month=False)
    read = date_cell(cell, month=False, epoch=epoch, ways=ways)
    if not read.stored or not text:
        return read
    if (SHORT_YEAR.match(text) or SHORT_PAIR.match(text)) and (year := int(read.stored[:4])) >= 2000:
        return _either(text, f"{year - 100} 年", f"{year} 年")
    return Read(None, "birth_without_day") if is_month(text, ways) else read


def _bare(raw: str) -> str:
    """The text without time, blanks and quotes; blanks between numbers part them."""
    if len(raw) in (6, 8) and raw.isascii() and raw.isdigit():
        return raw
    text = half_width(raw).strip(f' "“”{APOSTROPHES}')
    text = WEEKDAY.sub("", TIME.sub("", text))
    if parts := SPACED.match(text):
        text = "-".join(filter(None, parts.groups()))
    elif holds_several(text):
        return text
    kept = narrow(text).strip('"“”')
    return kept.rstrip("。.") or kept


def _of_date(day: dt.date, month: bool) -> Read:
    """A date cell. The first year that Excel counts holds numbers in cells that someone gave the format of a date."""
    if FIRST_YEAR < day.year <= LAST_YEAR:
        return _as_cell(day, month)
    return Read(None, "date_unreadable", None, f"日期格式的单元格里是别的数字，显示成了 {day.year} 年")


def _as_cell(day: dt.date, month: bool) -> Read:
    return Read(_iso(day, month), "date_serial_cell", _written(day, month))


def _either(text: str, one: str, other: str) -> Read:
    return Read(None, "date_ambiguous", None, f"{text} 分不清是 {one}还是{' ' if other[0].isdigit() else ''}{other}")


def _day(raw: str, kept: str, month: bool, ways: Ways) -> Read:
    found = _parts(kept, ways)
    if isinstance(found, Read):
        return found
    year, number, day_of_month = found
    if year > LAST_YEAR or (
        year < FIRST_YEAR and day_of_month is None
    ):  # 170605 is no month of 1706; a whole day is what it says
        return Read(None, "date_unreadable", None, f"不是日期：年份是 {year}")
    if not 1 <= number <= 12:
        return Read(None, "date_bad_month")
    if month and day_of_month == 0:  # 2017-06-00, as databases write a month
        day_of_month = 1
    try:
        day = dt.date(year, number, 1 if day_of_month is None else day_of_month)
    except ValueError:
        return Read(None, "date_bad_day")
    official = _written(day, month)
    if raw == official:
        return Read(_iso(day, month))
    return Read(_iso(day, month), changed(raw, kept) if kept == official else "date_format", official)


def _parts(kept: str, ways: Ways) -> tuple[int, int, int | None] | Read:
    """(year, month, day or None) of a text, or why it gives none."""
    text = _in_digits(kept)
    if found := DIGITS_DAY.match(text) or SPLIT_DAY.match(text):
        return int(found[1]), int(found[2]), None if found[3] is None else int(found[3])
    if found := MONTH_FIRST.match(text):
        return int(found[2]), int(found[1]), None
    if found := YEAR_LAST.match(text):
        return _year_last(found, ways)
    if found := SHORT_YEAR.match(text):
        return _century(int(found[1])), int(found[2]), None if found[3] is None else int(found[3])
    if found := SHORT_PAIR.match(text):
        return _short_pair(found, ways)
    if SHORT_DAY.match(text):
        return Read(None, "date_ambiguous", None, f"{text} 分不清哪一段是年份")
    return Read(None, "date_unreadable")


def _year_last(found: re.Match, ways: Ways) -> tuple[int, int, int | None] | Read:
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    order = _order(found) or ("md" if first == second else ways.order)
    if order:
        return (year, first, second) if order == "md" else (year, second, first)
    if first > 12:
        return Read(None, "date_bad_month")
    return _either(found[0], f"{first} 月 {second} 日", f"{second} 月 {first} 日")


def _short_pair(found: re.Match, ways: Ways) -> tuple[int, int, int | None] | Read:
    first, second = int(found[1]), int(found[2])
    if len(found[1]) < 2 or second > 12 or not second:
        return Read(None, "date_unreadable")
    if first > 12 or ways.year_first:
        return _century(first), second, None
    return _either(found[0], f"{_century(first)} 年 {second} 月", f"{first} 月 {second} 日")


def _century(year: int) -> int:
    """Nothing is recorded ahead of its time: of two digits beyond this year's, the last century is meant."""
    return 2000 + year if 2000 + year <= dt.date.today().year else 1900 + year


def _in_digits(text: str) -> str:
    """二〇二一年五月 → 2021年5月, Jun-17 → 2017年6月."""
    text = text.translate(FORMAL)
    if (found := ENGLISH_MONTH.match(text)) and (number := _english(found[2])):
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        return f"{year}年{number}月{found[1] or ''}"
    if (found := ENGLISH_LAST.match(text)) and (number := _english(found[2])):
        return f"{found[1]}年{number}月{found[3] or ''}"
    return CHINESE_PART.sub(_part_in_digits, text)


def _english(name: str) -> int:
    """Number of a month by its English name, whole or shortened; 0 for none."""
    return next((number for number, whole in enumerate(MONTHS, 1) if whole.startswith(name.lower())), 0)


def _part_in_digits(found: re.Match) -> str:
    text = found[1]
    if text.isascii() and text.isdigit():
        return text
    text = text.translate(ZEROS)
    if "十" in text:
        number = chinese_number(text)
        return found[0] if number is None else str(number)
    return "".join(char if char.isascii() else str(NUMERALS[char]) for char in text)


def _iso(day: dt.date, month: bool) -> str:
    return (day.replace(day=1) if month else day).isoformat()


def _written(day: dt.date, month: bool) -> str:
    return f"{day.year:04d}{day.month:02d}" if month else f"{day.year:04d}{day.month:02d}{day.day:02d}"
