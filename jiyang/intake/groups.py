"""The groups that stand above columns: what a group says of its columns counts as if their own headings said it.

A unit is counted in (`units`); under another year than the file's own, or under a plan, a column is not read, and that is told.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

from jiyang.intake.brackets import unit_said, year_beside_unit, year_of
from jiyang.intake.cells import as_text
from jiyang.intake.header import Header
from jiyang.intake.layouts import plain
from jiyang.intake.reader import Range, Source

AGAIN = re.compile(r"（第\d+个）$")  # behind a heading that stands again
LASTING = {
    "name", "id_number", "birth", "phone", "number_text", "text", "ignored", "district", "town", "village", "county_place",
}  # types of what a person or a place keeps from year to year  # fmt: skip
WITHIN = "|"  # between a group and one within it
YEAR = re.compile(
    r"(?:^|(?<=\|))(20\d\d|\d\d(?=年))年度?(?![-—~至到以前后及\d])|\([^()]*?(20\d\d)年?度?[)/、,;]|(?<![\d\-—~至到])(20\d\d)年度?(?:$|\|)"
)
WRITTEN = re.compile("二[〇零○][〇零○一二三四五六七八九]{2}(?=年)")
DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
DAY = re.compile(r"^20\d\d年\d{1,2}月(?:\d{1,2}[日号])?$")
NOT_NOW = re.compile(
    r"计划(?!生育)|预[计测期估]|去年|[上前]一?年|[往历]年|目标|(?:^|(?<=\|))(?:原(?![因则材])|拟)|(?:识别|变更|脱贫|帮扶|消除)前"
    r"|20\d\d年?[-—~至到](?:20)?\d\d年"
)
PERIOD = re.compile(
    r"(?:[上前]一?年|去年)度?(?:10|十)月(?:1日|份)?[-—~至到]+[本当今]年度?(?:9|九)月(?:30日|份|底)?|(?:识别|申请)前(?:12|十二)个?月"
)  # over which an income of now is reckoned (DOMAIN.md 1.5)
LABEL = re.compile(
    r"^[^()（）]*(?:单位|时间|日期|人|电话|签[字章]|盖章|[编文]号)[:：]"
)  # of a line that tells who filled in, and when
FILLED_BY = re.compile("填[报表]|制表|审核|统计|数据|报送|上报|导出|截[至止]")
TITLE = re.compile(r"(?:名单|表|台账|花名册|汇总)(?:$|[（(])|^附件")
NO_GROUP = re.compile(r"[\d年月日.\-/]+|[（(\[]?[千万]?元[)）\]]?")  # alone in a cell that is not merged
LONGEST = 20  # characters of a group


def of(rows: Sequence[Sequence[Any]], header: Header, merged: Collection[Range]) -> dict[int, str]:
    """Per column the groups that stand above it, the outer one first: in the lines of its heading but the last, or in the line above
    that has several cells.
    """
    found: dict[int, list[tuple[int, str]]] = {}
    for number in _lines_of(header):
        for at, group in _of_line(rows, number, header, merged).items():
            around = found.setdefault(at, [])
            if not around or group[0] >= around[-1][0]:  # one that began before its surrounding group did ended there
                around.append(group)
    return {at: WITHIN.join(text for _, text in groups) for at, groups in found.items()}


def _of_line(
    rows: Sequence[Sequence[Any]], number: int, header: Header, merged: Collection[Range]
) -> dict[int, tuple[int, str]]:
    """Per column the text of line `number` that stands above it, and the place where it begins."""
    texts = texts_of(rows[number]) if number >= 0 else {}
    ends = {left: right for (top, left), (_, right) in merged if top == number and right > left}
    alone = _is_one_group(texts, ends, header)
    if len(texts) < 2 and not alone:
        return {}
    within = header.row <= number or alone
    return {at: one for at, one in carried(texts, header.headings, ends).items() if within or not _is_label(one[1])}


def carried(texts: Mapping[int, str], places: Collection[int], ends: Mapping[int, int]) -> dict[int, tuple[int, str]]:
    """Per column of `places` the text of a line that stands above it, and the place where it begins. A text reaches to the next one;
    in a line with merged cells, that end at `ends`, every other one stands above its own column alone.
    """
    found = {}
    for at in places:
        first = max((place for place in texts if place <= at), default=None)
        if first is not None and not (ends and at > ends.get(first, first)):
            found[at] = first, texts[first]
    return found


def _is_one_group(texts: Mapping[int, str], ends: Mapping[int, int], header: Header) -> bool:
    """Whether the only text of a line stands over a part of the columns alone: a title begins with the first or goes over nearly all,
    the unit of a whole table ends with the last.
    """
    if len(texts) != 1:
        return False
    (first,), places = texts, header.headings
    end = ends.get(first, first)
    inside = sum(first <= at <= end for at in places)
    of_all = TITLE.search(texts[first]) or (_is_label(texts[first]) and end >= max(places))
    return first > min(places) and end > first and inside * 2 <= len(places) and not of_all


def line_of_titles(header: Header, rows: Sequence[Sequence[Any]], merged: Collection[Range]) -> int:
    """The last line above the headings that may say something of the whole table: the one above them may be a group of a part."""
    number = header.row - 1
    texts = texts_of(rows[number]) if number >= 0 else {}
    ends = {left: right for (top, left), (_, right) in merged if top == number}
    return number - 1 if _is_one_group(texts, ends, header) else number


def texts_of(cells: Sequence[Any]) -> dict[int, str]:
    return {at: text for at, cell in enumerate(cells) if (text := re.sub(r"\s", "", as_text(cell)))}


def _is_label(text: str) -> bool:
    """Whether a text of a line above the headings says something of the file: 填报时间：2021年."""
    if re.match(r"[（(\[]?单位", text):  # that of the whole table
        return True
    return bool(_has_colon(text) and LABEL.match(text)) and not unit_said(plain(text))


def _has_colon(text: str) -> bool:
    return bool(re.search("[:：]", re.sub("[（(][^（()）]*[)）]", "", text)))


def _lines_of(header: Header) -> range:
    """The lines of groups: those of the heading but the last, or the one above it."""
    return range(header.row, header.first_data - 1) if header.lines > 1 else range(header.row - 1, header.row)


def above_own(header: Header, rows: Sequence[Sequence[Any]], merged: Collection[Range]) -> dict[int, str]:
    """Per column the group that surely stands above its own heading, in compared form.

    Above a heading of one line that is one over merged cells, or of several short texts of which none is a title or a label.
    """
    found = {at: WRITTEN.sub(_in_digits, plain(text)) for at, text in of(rows, header, merged).items()}
    if header.lines > 1:
        below = rows[header.first_data - 1]
        return {at: text for at, text in found.items() if at < len(below) and as_text(below[at]).strip()}
    wide = any(top == header.row - 1 and right > left for (top, left), (_, right) in merged)
    if not wide and not _are_groups(rows[header.row - 1] if header.row else ()):
        return {}
    return {at: text for at, text in found.items() if not DAY.match(text)}


def _in_digits(found: re.Match) -> str:
    return found[0].translate(DIGITS)


def _are_groups(cells: Sequence[Any]) -> bool:
    """Whether a line above the headings without merged cells is one of groups: several texts, none of which says something of the file."""
    texts = [text for cell in cells if (text := as_text(cell).strip())]
    return len(texts) > 1 and not any(
        is_title(text) or NO_GROUP.fullmatch(text) or _is_label(text) or FILLED_BY.match(text) for text in texts
    )


def is_title(text: str) -> bool:
    """Whether a text is too long for a group, or says something of the whole file: a title, or a label with what it tells."""
    return len(text) > LONGEST or _has_colon(text) or bool(TITLE.search(text))


def unit_in(group: str) -> str:
    """The unit that a group, or else the one around it, states; "" for none."""
    return next(filter(None, map(unit_said, reversed(group.split(WITHIN)))), "")


def apply(header: Header, source: Source, meant: Collection[str], day: str = "") -> None:
    """Leave out columns that a group dates otherwise than the file or plans, but for headings that are `meant` (in compared form).

    `day` (ISO) is the one that the file tells beside its table.
    """
    rows = [list(row) for row in islice(source.rows(header.sheet), header.first_data + 1)]
    leave_out(header, rows, above_own(header, rows, source.merged(header.sheet)), meant, day)
    _leave_out_parted(header, rows)


def leave_out(
    header: Header, rows: Sequence[Sequence[Any]], groups: Mapping[int, str], meant: Collection[str] = (), day: str = ""
) -> None:
    """See `apply`. Of columns of several years `twins` has taken the newest."""
    groups = {at: PERIOD.sub("", group) for at, group in groups.items()}
    years = {
        at: int(f"20{found[found.lastindex][-2:]}") for at, group in groups.items() if (found := YEAR.search(group))
    }
    own = _own_years(header, rows, day)
    _leave_out_dated(header, own, meant)
    if not years and not any(map(NOT_NOW.search, groups.values())):
        return
    names = {at: plain(AGAIN.sub("", heading)) for at, heading in header.headings.items()}
    dated, this = Counter(names[at] for at in years), dt.date.today().year
    for place, one in list(header.columns.items()):
        group, heading = groups.get(place, ""), header.headings[place]
        if one.must_exist or one.type in LASTING or plain(heading) in meant:
            continue
        of_another_year = place in years and years[place] not in (own or {this - 1, this}) and dated[names[place]] == 1
        if of_another_year or (header.layout.rows != "plan" and NOT_NOW.search(group)):
            header.drop(place, f"上方的“{group.replace(WITHIN, '”下的“')}”可能改变这一列的含义")


def _leave_out_dated(header: Header, own: Collection[int], meant: Collection[str]) -> None:
    """A column whose own bracket names, beside its unit, another year than the file's or the last one before: an income is known
    afterwards. Of columns of several years `twins` has taken the newest.
    """
    own = own or {dt.date.today().year}
    names = {at: plain(AGAIN.sub("", heading)) for at, heading in header.headings.items()}
    times = Counter(name.split("(")[0] for name in names.values())
    for place, one in list(header.columns.items()):
        said = year_beside_unit(one, names[place])
        if not said or one.must_exist or names[place] in meant or times[names[place].split("(")[0]] > 1:
            continue
        if not min(own) - 1 <= said[0] <= max(own):
            header.drop(place, f"括号里的“{said[1]}”可能改变这一列的含义")


def _leave_out_parted(header: Header, rows: Sequence[Sequence[Any]]) -> None:
    """A heading over columns of its own (是 | 否, 2023年 | 2024年, 本人 | 户主) is none of them: the first alone would say something else.

    The line below is one of such names where it fills nothing but several columns each under one heading.
    """
    below = [as_text(cell).strip() for cell in rows[header.first_data]] if header.first_data < len(rows) else []
    filled = {at for at, text in enumerate(below) if text}
    spans = {}
    for place in filled.intersection(header.headings):
        end = next((at for at in range(place + 1, len(below)) if at in header.headings or not below[at]), len(below))
        if end - place > 1 and len(set(below[place:end])) > 1:
            spans[place] = range(place, end)
    if not filled or filled != {at for span in spans.values() for at in span}:
        return
    for place, span in spans.items():
        if place in header.columns:
            header.drop(place, f"下面分成了“{'、'.join(below[at] for at in span)}”几栏，请合成一栏再传")


def _own_years(header: Header, rows: Sequence[Sequence[Any]], day: str) -> set[int]:
    """The years of which the file speaks: in the lines above the groups, in its first row, and beside its table."""
    titles = [as_text(cell) for row in rows[: max(0, _lines_of(header).start)] for cell in row]
    first = rows[header.first_data] if header.first_data < len(rows) else []
    days = [
        as_text(first[at])[:4]
        for at, one in header.columns.items()
        if one.belongs_to == "file" and at < len(first) and one.type in {"month", "day", "year"}
    ]
    named = {year for text in titles if (year := year_of(text))}
    return named | {int(text) for text in [*days, day[:4]] if text.isdecimal()}
