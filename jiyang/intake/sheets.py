"""Which sheets of a workbook are read as one file, and what is said of the others: none is passed over in silence."""

import re
from collections.abc import Collection, Sequence
from itertools import islice, zip_longest
from typing import Any

from jiyang.intake import gone
from jiyang.intake.cells import as_text
from jiyang.intake.header import Header
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused
from jiyang.intake.writing import CHECKUP, SUMMARY

EXAMPLES = re.compile(r"示例|样例|范例|举例|样表|填写样")  # in the name of a sheet that shows how to fill in the others
KEYS = {
    "id_number",
    "head_id_number",
    "person_no",
    "name",
    "head_name",
    "village",
}  # by which a row names whom it is about
ALIKE = 0.8  # share of common columns above which another sheet was meant to be the same


def join(best: Header, others: list[Header], source: Source) -> None:
    """Sheets with the same columns are one file (a sheet per town); similar ones are not passed over in silence."""
    best.parts, doubt = [best], is_of_others(source, best)
    if doubt:
        best.noted.append(f"“{best.sheet}”{doubt}，请核对是不是要导入的名单")
    for other in others:
        if not _has_rows(source, other):
            best.apart[other.sheet] = "没有数据"
        elif not doubt and (why := is_of_others(source, other)):
            best.apart[other.sheet] = why
        elif other.layout is not best.layout:
            best.apart[other.sheet] = "版式不同"
        elif other.units != best.units:
            raise FileRefused(
                "sheets_differ", one=best.sheet, other=other.sheet, names="、".join(other.units ^ best.units)
            )
        elif other.names == best.names:
            same = next((part.sheet for part in best.parts if _same_rows(source, part, other)), "")
            if same:
                best.apart[other.sheet] = f"内容与“{same}”相同"
            else:
                refuse_twins(other)
                best.parts.append(other)
        elif len(other.names & best.names) / len(other.names | best.names) >= ALIKE:
            differ = sorted(one.heading for one in best.layout.fields if one.name in other.names ^ best.names)
            raise FileRefused("sheets_differ", one=best.sheet, other=other.sheet, names="、".join(differ[:6]))
        else:
            best.apart[other.sheet] = "列不相同"
    _leave_out_repeated(best, source)
    best.parts.sort(key=lambda part: source.sheets.index(part.sheet))
    for name in source.hidden:
        if name not in best.sheets:
            best.apart[name] = "隐藏的工作表"


def is_of_others(source: Source, header: Header) -> str:
    """Why the people of a sheet are not those of the list, as its name or title says: they have left or died, are those of an old list, or examples; "" for none."""
    if why := gone.why_not(header.sheet, islice(source.rows(header.sheet), header.row)):
        return why
    return "名称说是示例" if EXAMPLES.search(header.sheet) else ""


def doubted(source: Source, header: Header) -> list[str]:
    """What is said of a sheet that is read although its name or title speaks of people who are no longer there."""
    titles = [header.sheet, *map(gone.title_of, islice(source.rows(header.sheet), header.row))]
    return [f"“{title}”{gone.DOUBT}" for title in titles if gone.may_say(title)]


def refuse_twins(header: Header) -> None:
    if header.twins:
        raise FileRefused("columns_twice", names="；".join(header.twins))


def name_unread(best: Header, source: Source, otherwise: str) -> None:
    """No sheet with data is passed over in silence. One whose headings are missing is named, never guessed."""
    for name in source.sheets:
        if name not in best.sheets and (name, *next(iter(source.rows(name)), ())[:1]) in (SUMMARY, CHECKUP):
            best.apart[name] = "本系统写的汇总"
        elif name not in best.sheets and (rows := sum(map(is_filled, source.rows(name)))):
            best.unread[name] = rows
            best.apart.setdefault(name, otherwise)


def _same_rows(source: Source, one: Header, other: Header) -> bool:
    """Whether a sheet is the copy of another: officers keep one beside the original."""
    if one.columns != other.columns or one.went_back:
        return False
    tables = (islice(source.rows(part.sheet), part.first_data, None) for part in (one, other))
    return all(left == right for left, right in zip_longest(*tables))


def _leave_out_repeated(best: Header, source: Source) -> None:
    """A sheet of which each row stands in the others too (全区汇总 beside a sheet per town) is read once; the largest goes first."""
    if len(best.parts) < 2 or any(part.went_back for part in best.parts):
        return
    keys = {part.sheet: _rows_of(source, part, KEYS) for part in best.parts}
    rows: dict[str, set[int]] = {}

    def stands_in(found: dict[str, set[int]], part: Header) -> bool:
        others = [found[one.sheet] for one in best.parts if one is not part]
        return bool(found[part.sheet]) and found[part.sheet] <= set().union(*others)

    for part in sorted(best.parts, key=lambda part: -len(keys[part.sheet])):
        if part is best or not stands_in(keys, part):
            continue
        rows = rows or {one.sheet: _rows_of(source, one, one.names - {"serial"}) for one in best.parts}
        if stands_in(rows, part):
            best.parts.remove(part)
            best.apart[part.sheet] = "其中各行别的工作表里都有"


def _rows_of(source: Source, part: Header, names: Collection[str]) -> set[int]:
    """The rows of a sheet that name whom they are about, by their cells in the columns of `names`."""
    told = [place for place, one in part.columns.items() if one.name in KEYS]
    places = [place for place, one in sorted(part.columns.items(), key=lambda item: item[1].name) if one.name in names]
    return {
        hash(tuple(as_text(row[at]).strip() if at < len(row) else "" for at in places))
        for row in islice(source.rows(part.sheet), part.first_data, None)
        if any(at < len(row) and row[at] for at in told)
    }


def _has_rows(source: Source, header: Header) -> bool:
    return any(any(row) for row in islice(source.rows(header.sheet), header.first_data, header.first_data + 50))


def is_filled(row: Sequence[Any]) -> bool:
    """Whether a row holds more than a title or a sentence."""
    return sum(1 for cell in row if cell not in ("", None)) > 1
