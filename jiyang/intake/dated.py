"""The day that a file speaks of where no column tells it: from the lines above the headings, a sheet's or the file's name.

Only what can mean nothing else counts; a month is its last day. Two different days at one place tell none.
"""

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from jiyang.identifiers.idcard import EARLIEST
from jiyang.intake.cells import WIDE, as_text, tidy
from jiyang.intake.dates import date_cell
from jiyang.intake.header import Header
from jiyang.intake.reader import Source, stem_of

DAY = (
    r"(?:(?P<y1>20\d\d) ?年 ?(?P<m1>\d{1,2}) ?月(?: ?(?P<d1>\d{1,2}) ?[日号])?"
    r"|(?P<y2>20\d\d)(?P<sign>[-./])(?P<m2>\d{1,2})(?:(?P=sign)(?P<d2>\d{1,2}))?|(?P<y3>20\d\d)(?P<m3>\d\d)(?P<d3>\d\d)?)(?!\d)"
)
TIME = r"(?: ?T?\d{1,2}:\d{2}(?::\d{2})?)?"
OF_DATA = r"(?:数据|统计|截止|截至)(?:日期|时间)|(?:数据|统计)?截[至止]到?"
OF_FILE = r"(?:导出|下载|生成|查询|更新|填报|填表|制表|上报|报送)(?:日期|时间)"
SPAN = re.compile(rf"^(?:份|底|末|{TIME}) ?(?:[-~—–至到起前后]|以来)")  # behind a day: it only begins or ends something
WHOLE = re.compile(rf"^{DAY}{TIME}$")
BRACKETED = re.compile(rf"[\[(【] ?{DAY} ?[\])】]")
AT_END = re.compile(rf"(?<![\d至到\-~—.]){DAY}(?:份|底|末)?$")
AT_START = re.compile(rf"^{DAY}")
CLOCK = re.compile(r"(?<!\d)(20\d{6})[-_]?\d{6}$")  # 20210630102205: programs name what they export so
COPY = re.compile(r"(?:[-_ ]*(?:副本|最终版?|终稿|定稿|\(\d{1,2}\)|[-_ ]\d))+$")  # behind a file's name


def told(source: Source, parts: Sequence[Header], filename: str) -> tuple[dt.date, str] | None:
    """(day, where it stands) of a file; None where nothing tells it."""
    above = [list(row) for part in parts if not part.again for row in islice(source.rows(part.sheet), part.row)]
    sheets = [] if source.untyped else [part.sheet for part in parts]
    for where, days in (
        ("表头上方", _labelled(above, OF_DATA, source.epoch)),
        ("表头上方", _labelled(above, OF_FILE, source.epoch)),
        ("表头上方", (_alone(_text(cell)) for row in above for cell in row if isinstance(cell, str))),
        ("工作表名", map(_named, sheets)),
        ("文件名", [_named(stem_of(filename))]),
    ):
        if found := set(days) - {None}:
            return (found.pop(), where) if len(found) == 1 else None
    return None


def _labelled(rows: Iterable[Sequence[Any]], words: str, epoch: dt.date) -> Iterator[dt.date | None]:
    """Days behind a word that says what they are, in the same cell or in the next one."""
    label = re.compile(rf"(?:{words})(?:为|是)?[:： ]*(?P<rest>.*)$")
    for row in rows:
        filled = [cell for cell in row if cell not in ("", None)]
        for cell, following in zip(filled, [*filled[1:], ""], strict=False):
            if not isinstance(cell, str) or not (found := label.search(_text(cell))):
                continue
            if found["rest"]:
                yield _first(found["rest"])
            elif isinstance(following, str):
                yield _first(_text(following))
            else:
                yield _of_cell(following, epoch)


def _text(cell: object) -> str:
    return re.sub(r"\s+", " ", tidy(as_text(cell)).translate(WIDE)).strip()


def _first(text: str) -> dt.date | None:
    """The day with which a text begins, unless it is one end of a span."""
    found = AT_START.match(text)
    return None if found is None or SPAN.match(text[found.end() :]) else _day(found)


def _of_cell(cell: Any, epoch: dt.date) -> dt.date | None:
    stored = date_cell(cell, month=False, epoch=epoch).stored
    return _plausible(dt.date.fromisoformat(stored)) if stored else None


def _alone(text: str) -> dt.date | None:
    """A day that is the whole text, or stands in brackets in it."""
    found = WHOLE.match(text) or BRACKETED.search(text)
    return _day(found) if found else None


def _named(name: str) -> dt.date | None:
    """A day in the name of a file or sheet: with its word, alone, in brackets, at the end; at the start only to the day."""
    text = COPY.sub("", _text(name))
    if found := re.search(rf"(?:{OF_DATA}|{OF_FILE})[:： ]?(.*)$", text):
        return _first(found[1])
    if clock := CLOCK.search(text):
        return _first(clock[1])
    if found := WHOLE.match(text) or BRACKETED.search(text) or AT_END.search(text):
        return _day(found)
    found = AT_START.match(text)
    return _first(text) if found and _parts(found)[2] else None


def _parts(found: re.Match) -> tuple[int, int, int | None]:
    year, month, day = ((found[f"{part}1"] or found[f"{part}2"] or found[f"{part}3"]) for part in "ymd")
    return int(year), int(month), int(day) if day else None


def _day(found: re.Match) -> dt.date | None:
    year, month, day = _parts(found)
    if not 1 <= month <= 12 or not 1 <= (day or 1) <= (last := calendar.monthrange(year, month)[1]):
        return None
    if day is None and (year, month) == (dt.date.today().year, dt.date.today().month):
        return dt.date.today()
    return _plausible(dt.date(year, month, day or last))


def _plausible(day: dt.date) -> dt.date | None:
    return day if EARLIEST <= day <= dt.date.today() else None
