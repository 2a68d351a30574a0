"""The groups that stand above columns: what a group says of its columns counts as if their own headings said it.

A unit is counted in (`units`); under another year than the file's own, or under a plan, a column is not read, and that is told.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

from jiyang.intake.brackets import ANSWER, parted, year_beside_unit, year_of
from jiyang.intake.cells import as_text
from jiyang.intake.header import Header
from jiyang.intake.layouts import Field, label_key, plain
from jiyang.intake.reader import Range, Source

AGAIN = re.compile(r"（第\d+个）$")  # behind a heading that stands again
LASTING = {
    "name", "id_number", "birth", "phone", "number_text", "text", "ignored", "district", "town", "village", "county_place",
}  # types of what a person or a place keeps from year to year  # fmt: skip
WITHIN = "|"  # between a group and one within it
YEAR = re.compile(r"(?:^|(?<=\|))(20\d\d)年度?(?![-—~至到以前后及])|\((20\d\d)年?度?[)/、,;]")
DAY = re.compile(r"^20\d\d年\d{1,2}月(?:\d{1,2}[日号])?$")
NOT_NOW = re.compile(r"计划(?!生育)|预计|预测|预期|去年|上一?年")


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
    texts = (
        {at: text for at, cell in enumerate(rows[number]) if (text := re.sub(r"\s", "", as_text(cell)))}
        if number >= 0
        else {}
    )
    if len(texts) < 2:
        return {}
    ends = {left: right for (top, left), (_, right) in merged if top == number and right > left}
    found = {}
    for at in header.headings:
        first = max((place for place in texts if place <= at), default=None)
        if first is not None and not (ends and at > ends.get(first, first)) and not re.search("[:：]", texts[first]):
            found[at] = first, texts[first]
    return found


def _lines_of(header: Header) -> range:
    """The lines of groups: those of the heading but the last, or the one above it."""
    return range(header.row, header.first_data - 1) if header.lines > 1 else range(header.row - 1, header.row)


def above_own(header: Header, rows: Sequence[Sequence[Any]], merged: Collection[Range]) -> dict[int, str]:
    """Per column the group that surely stands above its own heading, in compared form.

    Above a heading of one line that is one over merged cells alone: any other text there may be a title.
    """
    found = {at: plain(text) for at, text in of(rows, header, merged).items()}
    if header.lines > 1:
        below = rows[header.first_data - 1]
        return {at: text for at, text in found.items() if at < len(below) and as_text(below[at]).strip()}
    wide = any(top == header.row - 1 and right > left for (top, left), (_, right) in merged)
    return {at: text for at, text in found.items() if not DAY.match(text)} if wide else {}


def unit_in(group: str) -> str:
    """What stands in the last bracket of a group, or of the one around it: its unit, where it is one."""
    return next((said[-1] for one in reversed(group.split(WITHIN)) for _, said in parted(one)), "")


def apply(header: Header, source: Source, meant: Collection[str]) -> None:
    """Leave out columns that a group dates otherwise than the file or plans, but for headings that are `meant` (in compared form)."""
    rows = [list(row) for row in islice(source.rows(header.sheet), header.first_data + 1)]
    leave_out(header, rows, above_own(header, rows, source.merged(header.sheet)), meant)
    _leave_out_parted(header, rows)


def leave_out(
    header: Header, rows: Sequence[Sequence[Any]], groups: Mapping[int, str], meant: Collection[str] = ()
) -> None:
    """See `apply`. Of columns of several years `twins` has taken the newest."""
    years = {at: int(found[1] or found[2]) for at, group in groups.items() if (found := YEAR.search(group))}
    _leave_out_dated(header, rows, meant)
    if not years and not any(map(NOT_NOW.search, groups.values())):
        return
    names = {at: plain(AGAIN.sub("", heading)) for at, heading in header.headings.items()}
    dated, own = Counter(names[at] for at in years), _own_years(header, rows)
    for place, one in list(header.columns.items()):
        group, heading = groups.get(place, ""), header.headings[place]
        if one.must_exist or one.type in LASTING or plain(heading) in meant:
            continue
        of_another_year = place in years and years[place] not in own and dated[names[place]] == 1
        if of_another_year or (header.layout.rows != "plan" and NOT_NOW.search(group)):
            header.drop(place, f"上方的“{group.replace(WITHIN, '”下的“')}”可能改变这一列的含义")


def _leave_out_dated(header: Header, rows: Sequence[Sequence[Any]], meant: Collection[str]) -> None:
    """A column whose own bracket names, beside its unit, another year than the file's or the last one before: an income is known
    afterwards. Of columns of several years `twins` has taken the newest.
    """
    own = _own_years(header, rows) or {dt.date.today().year}
    names = {at: plain(AGAIN.sub("", heading)) for at, heading in header.headings.items()}
    times = Counter(name.split("(")[0] for name in names.values())
    for place, one in list(header.columns.items()):
        said = year_beside_unit(one, names[place])
        if not said or one.must_exist or names[place] in meant or times[names[place].split("(")[0]] > 1:
            continue
        if not min(own) - 1 <= said[0] <= max(own):
            header.drop(place, f"括号里的“{said[1]}”可能改变这一列的含义")


def _leave_out_parted(header: Header, rows: Sequence[Sequence[Any]]) -> None:
    """A heading over columns of its own choices (是 | 否, each ticked) is none of them: the first alone would say something else."""
    below = [as_text(cell).strip() for cell in rows[header.first_data]] if header.first_data < len(rows) else []
    if not any(below) or any(
        one.must_exist and place < len(below) and below[place]
        for place, one in header.columns.items()
        if not _has_choices(one)
    ):
        return
    for place, one in list(header.columns.items()):
        end = next((at for at in range(place + 1, len(below)) if at in header.headings or not below[at]), len(below))
        choices = below[place:end]
        if len(set(choices)) > 1 and all(choices) and sum(_is_choice(one, text) for text in choices) > 1:
            header.drop(place, f"下面分成了“{'、'.join(choices)}”几栏，请合成一栏再传")


def _has_choices(one: Field) -> bool:
    return one.type == "yes_no" or one.codes is not None


def _is_choice(one: Field, text: str) -> bool:
    if one.type == "yes_no":
        return bool(ANSWER.fullmatch(plain(text))) or text in {"不是", "未"}
    return label_key(text) in one.labels


def _own_years(header: Header, rows: Sequence[Sequence[Any]]) -> set[int]:
    """The years of which the file speaks: in the lines above the groups, and in its first row."""
    titles = [as_text(cell) for row in rows[: max(0, _lines_of(header).start)] for cell in row]
    first = rows[header.first_data] if header.first_data < len(rows) else []
    days = [
        as_text(first[at])[:4]
        for at, one in header.columns.items()
        if one.belongs_to == "file" and at < len(first) and one.type in {"month", "day", "year"}
    ]
    return {year for text in titles if (year := year_of(text))} | {int(day) for day in days if day.isdigit()}
