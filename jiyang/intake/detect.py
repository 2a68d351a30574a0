"""Finding sheet, heading row and layout: the row whose headings fit a layout best wins (DOMAIN.md 1.1).

Every guess can be corrected by a person (`Choice`) without another upload.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from jiyang.intake import continued, groups, sheets, twins, units
from jiyang.intake.cells import as_text
from jiyang.intake.groups import AGAIN
from jiyang.intake.header import MOST_NAMED, PLACED, Choice, Header
from jiyang.intake.layouts import Layout, meanings, plain
from jiyang.intake.matching import Top, looks_like_data, rank, readings, texts_of
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused

SEARCHED = 20  # rows in which the headings may stand
LONGEST_HEADING = 500  # characters of a cell that are compared: what is longer is no heading
ENOUGH = 10  # known columns beside which an office may have any number of its own
TOWN_NAME = re.compile(
    r"^[\d\s.、．()（）_\-—]*((?!乡镇|各|全)[\u4e00-\u9fff]{1,8}?(?:街道(?:办事处)?|镇|乡|办事处))"
    r"(?:$|[^\u4e00-\u9fff]|名单|数据|台账|人[口员]|脱贫|监测|务工|户)"
)  # 3.崔寨街道, 崔寨街道(2)


def detect(
    source: Source,
    layouts: Sequence[Layout],
    choice: Choice | None = None,
    saved: Mapping[str, Mapping] | None = None,
    towns: Mapping[str, str] | None = None,
    hidden: Callable[[str], Collection[int]] = lambda sheet: (),
    told: Callable[[Header, str], tuple[str, str]] = lambda header, name: ("", ""),
) -> Header:
    """The best heading row over all sheets and layouts, or the one a person chose. Raises FileRefused.

    `saved` holds an office's own headings: layout key → {heading in compared form: field name}; `towns` names the towns of sheets
    whose names alone do not say that they are towns; `hidden` gives the hidden columns of a sheet, `told` the town, village or day of
    which a table is without a column that says so, and where that is told.
    """
    choice, saved = choice or Choice(), saved or {}
    wanted = [one for one in layouts if not choice.layout or one.key == choice.layout]
    found = [
        best
        for name in _sheets(source, choice)
        if (best := _best_of(source, name, wanted, choice, saved, (towns or {}).get(name, "")))
    ]
    for one in found:
        chosen, own = set(map(plain, choice.mapping)), saved.get(one.layout.key, {})
        twins.settle(one, source, chosen, own, hidden)
        groups.apply(one, source, {*chosen, *own}, told(one, "data_date")[0])
        units.apply(one, source)
        _take_places(one, told)
    visible = [one for one in found if one.sheet not in source.hidden]
    best = max(
        visible or found,
        key=lambda one: (not one.lacking, not sheets.is_of_others(source, one), rank(one)),
        default=None,
    )
    if best is None:
        raise FileRefused("layout_unknown")
    _refuse(best, by_choice=bool(choice))
    sheets.join(best, [one for one in (visible or found) if one is not best], source)
    for part in best.parts:
        best.unread |= part.unread
        best.apart |= part.apart
    if not choice.sheet:
        continued.join(best, source, [one.sheet for one in found])
        for part in best.parts:
            part.town = town_named(part.sheet) or (towns or {}).get(part.sheet, part.town)
            if part.continues and part.village:
                part.village = told(part, "village")[0] or part.village
    sheets.name_unread(best, source, "没有选它" if choice.sheet else "没有表头")
    best.reading = _reading(best)
    best.noted = list(
        dict.fromkeys(text for part in best.parts for text in (*part.noted, *sheets.doubted(source, part)))
    )
    best.objected = list(dict.fromkeys(one for part in best.parts for one in part.objected))
    best.unknown += dict.fromkeys(name for part in best.parts for name in part.unknown if name not in best.unknown)
    return best


def _refuse(best: Header, *, by_choice: bool) -> None:
    """Raise FileRefused for a table that cannot be read; unknown headings matter less where a person chose the reading."""
    is_known = not best.lacking and len(best.columns) >= ENOUGH
    if len(best.unknown) > len(best.columns) and not (by_choice or is_known):
        raise FileRefused("wrong_layout", title=best.layout.title, n=len(best.unknown))
    if twice := _twice(best):
        raise FileRefused("tables_beside", names="、".join(twice))
    if best.lacking:
        raise FileRefused("missing_column", names=_lacking(best), unread=_unread(best), title=best.layout.title)
    sheets.refuse_twins(best)


def _take_places(header: Header, told: Callable[[Header, str], tuple[str, str]]) -> None:
    """A table that needs a town or village and has no column of it is of the one that stands above it or in a name."""
    for name in PLACED:
        one = header.layout.by_name.get(name)
        if one is None or one.heading not in header.lacking:
            continue
        said, where = told(header, name)
        setattr(header, name, said)
        if said:
            header.noted.append(f"没有“{one.heading}”列，按{where}读")


def heading_at(
    source: Source, sheet: str, row: int, layout: Layout, saved: Mapping[str, str] | None = None
) -> Header | None:
    """How the heading in row `row` (from 1) of a sheet reads in a layout, over two lines where it has two; None: as nothing."""
    return _best_of(source, sheet, [layout], Choice(sheet=sheet, header_row=row), {layout.key: saved or {}})


def heading_below(part: Header, number: int, rows: Sequence[Sequence[Any]]) -> Header | None:
    """How a further heading on the sheet of `part`, in row `number` (from 0), reads; `rows` are that row and the next one."""
    top = Top(part.sheet, [*[[]] * number, *map(list, rows)])
    choice = replace(part.choice, header_row=number + 1)
    found = max(readings(top, number, part.layout, choice, part.saved), key=rank, default=None)
    if found:
        found.town, found.village, found.again = part.town, part.village, True
    return found


def town_named(sheet: str) -> str:
    """The town after which a sheet is named; "" for none."""
    found = TOWN_NAME.match(sheet.strip())
    return found[1] if found else ""


def _sheets(source: Source, choice: Choice) -> list[str]:
    if not choice.sheet:
        return source.sheets
    if choice.sheet not in source.sheets:
        raise FileRefused("sheet_unknown", sheet=choice.sheet, sheets="、".join(source.sheets))
    return [choice.sheet]


def _best_of(
    source: Source, name: str, layouts: Sequence[Layout], choice: Choice, saved: Mapping, town: str = ""
) -> Header | None:
    searched = islice(source.rows(name), max(SEARCHED, (choice.header_row or 0) + 1))
    rows = [[cell[:LONGEST_HEADING] if isinstance(cell, str) else cell for cell in row] for row in searched]
    numbers = [choice.header_row - 1] if choice.header_row else range(len(rows))
    tall = {first for (first, _), (last, _) in source.merged(name) if last > first}
    wide = {first: right for first, (_, right) in source.merged(name) if right > first[1]}
    top = Top(name, rows, tall, wide)
    found = [
        header
        for number in numbers
        if number < len(rows)
        for layout in layouts
        for header in readings(top, number, layout, choice, saved.get(layout.key, {}))
    ]
    for one in found:
        one.town = town_named(name) or town
    best = max((one for one in found if not _ends_early(one, found)), key=rank, default=None)
    if best and not choice.header_row:
        best = _first_table(best, found, rows)
        _name_above(best, rows)
    if choice.header_row and not choice.sheet and (best is None or best.lacking):
        own = _best_of(source, name, layouts, replace(choice, header_row=None), saved, town)
        return own if own and (best is None or not own.lacking) else best
    return best


def _ends_early(header: Header, found: Sequence[Header]) -> bool:
    """Whether the last of several lines of a heading begins one that tells more with the line below: a title is no group of it."""
    return header.lines > 1 and any(
        one.row == header.first_data - 1 and one.lines > 1 and one.layout is header.layout and header.names < one.names
        for one in found
    )


def _first_table(best: Header, found: Sequence[Header], top: Sequence[Sequence[Any]]) -> Header:
    """The first of several tables that stand below each other: the best heading must not hide rows above it."""
    data = {number for number, row in enumerate(top) if _is_data(row)}

    def are_apart(one: Header, other: Header) -> bool:
        return not data.isdisjoint(range(one.first_data, other.row))

    before = [one for one in found if one.layout is best.layout and not one.lacking and are_apart(one, best)]
    return max((one for one in before if not any(are_apart(other, one) for other in before)), key=rank, default=best)


def _name_above(best: Header, top: Sequence[Sequence[Any]]) -> None:
    """Rows of another table above the one that is read are named as rows that were not."""
    first = next((number for number, row in enumerate(top[: best.row]) if _names_columns(row)), best.row)
    rows = [number for number in range(first, best.row) if _is_data(top[number])]
    if rows:
        best.leave_out(best, first + 1, rows[-1] + 1, len(rows))


def _names_columns(row: Sequence[Any]) -> bool:
    """Whether a row names columns of any layout in most of its cells."""
    texts = texts_of(row)
    known = sum(plain(text) in meanings() for text in texts.values())
    return known >= max(3, len(texts) // 2) and not looks_like_data(row)


def _is_data(row: Sequence[Any]) -> bool:
    """Whether a row between two headings belongs to a table: it holds a figure."""
    return sheets.is_filled(row) and not _names_columns(row) and any(map(str.isdigit, "".join(map(as_text, row))))


def _lacking(header: Header) -> str:
    """The missing headings, and what is told of columns that might have been they."""
    told = f"（{'；'.join(header.told)}）" if header.told else ""
    return "、".join(header.lacking) + told


def _unread(header: Header) -> str:
    """The headings that were not understood: one of them may be the missing one."""
    named = "、".join(header.unknown[:MOST_NAMED]) + ("等" if len(header.unknown) > MOST_NAMED else "")
    return f"没有认出的列名有：{named}。" if named else ""


def _twice(header: Header) -> list[str]:
    """Headings of two tables side by side: those that tell who a row is about stand twice."""
    again = {AGAIN.sub("", heading) for heading in header.unknown if AGAIN.search(heading)}
    found = [header.headings[place] for place, one in header.columns.items() if one.must_exist]
    return [name for name in found if name in again] if len(again.intersection(found)) * 2 > len(found) > 2 else []


def _reading(header: Header) -> str:
    """How the table is read: its heading, its layout, the sheets that go together."""
    lines = f"第 {header.row + 1} 行" if header.lines == 1 else f"第 {header.row + 1}–{header.first_data} 行"
    parts = [
        f"{lines}的 {len(header.columns) + len(header.unknown)} 个列名里认出 {len(header.columns)} 个，"
        f"版式是“{header.layout.title}”"
    ]
    headed = [part.sheet for part in header.parts if not part.continues]
    if len(headed) > 1:
        more = {part.sheet: [name for name in part.unknown if name not in header.unknown] for part in header.parts}
        same = "认出的列相同" if any(more.values()) else "列名相同"
        parts.append(f"{len(headed)} 个工作表{same}，合并读取：{'、'.join(headed)}")
        parts += [f"“{sheet}”还有没认出的列：{'、'.join(names[:MOST_NAMED])}" for sheet, names in more.items() if names]
    return "；".join(parts)
