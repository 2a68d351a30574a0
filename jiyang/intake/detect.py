"""Finding sheet, heading row and layout: the row whose headings fit a layout best wins (DOMAIN.md 1.1).

Every guess can be corrected by a person (`Choice`) without another upload.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice, zip_longest
from typing import Any

from jiyang.intake import continued, twins, units
from jiyang.intake.cells import as_text
from jiyang.intake.layouts import Field, Layout, meanings, plain
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused
from jiyang.intake.twins import AGAIN
from jiyang.intake.writing import CHECKUP, SUMMARY, WHY

SEARCHED = 20  # rows in which the headings may stand
LONGEST_HEADING = 500  # characters of a cell that are compared: what is longer is no heading
FEWEST = 5  # known headings that make a row the heading row
FEWEST_BELOW = 3  # further headings in a second line that make it one
BETA = 0.25  # how much less a missing heading weighs than an unknown one: exports are often "自定义"
TOWN_NAME = re.compile(
    r"^[\d\s.、．()（）_\-—]*((?!乡镇|各|全)[\u4e00-\u9fff]{1,8}?(?:街道(?:办事处)?|镇|乡|办事处))"
    r"(?:$|[^\u4e00-\u9fff]|名单|数据|台账|人[口员]|脱贫|监测|务工|户)"
)  # 3.崔寨街道, 崔寨街道(2)
ABOUT = re.compile(r"(?:基本)?(?:信息|情况|资料)$")  # what a group of columns is called besides whom it is about
MOST_NAMED = 12  # unknown headings that a message names
ALIKE = 0.8  # share of common columns above which another sheet was meant to be the same


@dataclass(frozen=True)
class Choice:
    """What a person corrected: layout, sheet, heading row (from 1, as Excel shows it), heading → field name.

    An empty field name in `mapping` leaves the column out. Everything empty: found by itself. Without a `sheet` all are read,
    the mapping holds for each that has the heading, and one with no heading in that row is searched for its own.
    """

    layout: str = ""
    sheet: str = ""
    header_row: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value}

    def __bool__(self) -> bool:
        return bool(self.as_dict())


@dataclass
class Header:
    """Where the data of a sheet begin and what each column is. Rows and columns count from 0.

    `score` (0–1) and `reason` say why; `ignored` are headings that a person left out; `parts` are the sheets that are
    read as one file, this one included; `apart` names sheets that were not read, with the reason, `unread` those of them
    that hold data, with their number of rows; tables on a sheet that are not read are named there by their lines; `told` says which columns were read in place of others, and why some were not.
    `twins` are columns that would mean the same, none of which can be told to be the one. A part that `continues` another sheet
    has no heading and that sheet's columns; `town` is the town after which the sheet is named. A part that stands `again` is a
    further table below the first one of its sheet; `unit_above` is the unit of amounts that a line above the headings names.
    `choice` and `saved` are what a person corrected and an office's own headings, by which the headings were read.
    """

    sheet: str
    row: int
    first_data: int
    layout: Layout
    columns: dict[int, Field]
    headings: dict[int, str]
    unknown: list[str]
    missing: list[str]
    score: float
    ignored: list[str] = field(default_factory=list)
    reason: str = ""
    parts: list["Header"] = field(default_factory=list)
    apart: dict[str, str] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    continues: str = ""
    told: list[str] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)
    town: str = ""
    again: bool = False
    unit_above: str = ""
    choice: Choice = field(default_factory=Choice, repr=False)
    saved: Mapping = field(default_factory=dict, repr=False)

    @property
    def lines(self) -> int:
        """Lines of the heading: one, or two where groups stand above."""
        return self.first_data - self.row

    @property
    def sheets(self) -> list[str]:
        return [part.sheet for part in self.parts] or [self.sheet]

    @property
    def went_back(self) -> bool:
        """Whether the sheet is one of failed rows: each says all that holds for it, and none stands where it stood."""
        return any(plain(heading) == plain(WHY) for heading in self.headings.values())

    @property
    def lacking(self) -> list[str]:
        """Headings without which the file cannot be read. A sheet named after its town needs no column for it."""
        known = self.names | ({"town"} if self.town else set())
        return [one.heading for one in self.layout.fields if one.must_exist and one.name not in known]

    @property
    def units(self) -> set[str]:
        """Headings that state another unit than the layout's."""
        return {f"{one.heading}以{one.stated_unit}计" for one in self.columns.values() if one.stated_unit}

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.columns.values()}

    def leave_out(self, part: "Header", first: int, last: int, rows: int) -> str:
        """Name lines (from 1) of the sheet of `part` as another table that was not read; `rows` of them hold data."""
        name = f"{part.sheet} 第 {first}–{last} 行"
        self.unread[name], self.apart[name] = rows, "是另一张表"
        return name


def detect(
    source: Source,
    layouts: Sequence[Layout],
    choice: Choice | None = None,
    saved: Mapping[str, Mapping] | None = None,
    towns: Mapping[str, str] | None = None,
    hidden: Callable[[str], Collection[int]] = lambda sheet: (),
) -> Header:
    """The best heading row over all sheets and layouts, or the one a person chose. Raises FileRefused.

    `saved` holds an office's own headings: layout key → {heading in compared form: field name}; `towns` names the towns of sheets
    whose names alone do not say that they are towns; `hidden` gives the hidden columns of a sheet.
    """
    choice, saved = choice or Choice(), saved or {}
    wanted = [one for one in layouts if not choice.layout or one.key == choice.layout]
    found = [
        best
        for name in _sheets(source, choice)
        if (best := _best_of(source, name, wanted, choice, saved, (towns or {}).get(name, "")))
    ]
    for one in found:
        twins.settle(one, source, set(map(plain, choice.mapping)), saved.get(one.layout.key, {}), hidden)
        units.apply(one, source)
    visible = [one for one in found if one.sheet not in source.hidden]
    best = max(visible or found, key=lambda one: (not one.lacking, _rank(one)), default=None)
    if best is None:
        raise FileRefused("layout_unknown")
    if len(best.unknown) > len(best.columns) and not choice:
        raise FileRefused("wrong_layout", title=best.layout.title, n=len(best.unknown))
    if twice := _twice(best):
        raise FileRefused("tables_beside", names="、".join(twice))
    if best.lacking:
        raise FileRefused("missing_column", names=_lacking(best), unread=_unread(best), title=best.layout.title)
    _refuse_twins(best)
    _join(best, [one for one in (visible or found) if one is not best], source)
    for part in best.parts:
        best.unread |= part.unread
        best.apart |= part.apart
    if not choice.sheet:
        continued.join(best, source, [one.sheet for one in found])
        for part in best.parts:
            part.town = town_named(part.sheet) or (towns or {}).get(part.sheet, part.town)
    _name_unread(best, source, "没有选它" if choice.sheet else "没有表头")
    best.reason = _reason(best)
    return best


def heading_at(
    source: Source, sheet: str, row: int, layout: Layout, saved: Mapping[str, str] | None = None
) -> Header | None:
    """How the heading in row `row` (from 1) of a sheet reads in a layout, over two lines where it has two; None: as nothing."""
    return _best_of(source, sheet, [layout], Choice(sheet=sheet, header_row=row), {layout.key: saved or {}})


def heading_below(part: Header, number: int, rows: Sequence[Sequence[Any]]) -> Header | None:
    """How a further heading on the sheet of `part`, in row `number` (from 0), reads; `rows` are that row and the next one."""
    top = [*[[]] * number, *map(list, rows)]
    choice = replace(part.choice, header_row=number + 1)
    found = max(_readings(part.sheet, number, top, part.layout, choice, part.saved, False), key=_rank, default=None)
    if found:
        found.town, found.again = part.town, True
    return found


def town_named(sheet: str) -> str:
    """The town after which a sheet is named; "" for none."""
    found = TOWN_NAME.match(sheet.strip())
    return found[1] if found else ""


def _rank(header: Header) -> tuple[float, int, int]:
    return (header.score, len(header.columns), -header.lines)


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
    top = [[cell[:LONGEST_HEADING] if isinstance(cell, str) else cell for cell in row] for row in searched]
    numbers = [choice.header_row - 1] if choice.header_row else range(len(top))
    tall = {first for (first, _), (last, _) in source.merged(name) if last > first}
    found = [
        header
        for number in numbers
        if number < len(top)
        for layout in layouts
        for header in _readings(name, number, top, layout, choice, saved.get(layout.key, {}), number in tall)
    ]
    for one in found:
        one.town = town_named(name) or town
    best = max(found, key=_rank, default=None)
    if best and not choice.header_row:
        best = _first_table(best, found, top)
        _name_above(best, top)
    if choice.header_row and not choice.sheet and (best is None or best.lacking):
        own = _best_of(source, name, layouts, replace(choice, header_row=None), saved, town)
        return own if own and (best is None or not own.lacking) else best
    return best


def _first_table(best: Header, found: Sequence[Header], top: Sequence[Sequence[Any]]) -> Header:
    """The first of several tables that stand below each other: the best heading must not hide rows above it."""
    data = {number for number, row in enumerate(top) if _is_data(row)}

    def are_apart(one: Header, other: Header) -> bool:
        return not data.isdisjoint(range(one.first_data, other.row))

    before = [one for one in found if one.layout is best.layout and not one.lacking and are_apart(one, best)]
    return max((one for one in before if not any(are_apart(other, one) for other in before)), key=_rank, default=best)


def _name_above(best: Header, top: Sequence[Sequence[Any]]) -> None:
    """Rows of another table above the one that is read are named as rows that were not."""
    first = next((number for number, row in enumerate(top[: best.row]) if _names_columns(row)), best.row)
    rows = [number for number in range(first, best.row) if _is_data(top[number])]
    if rows:
        best.leave_out(best, first + 1, rows[-1] + 1, len(rows))


def _names_columns(row: Sequence[Any]) -> bool:
    """Whether a row names columns of any layout in most of its cells."""
    texts = _texts(row)
    known = sum(plain(text) in meanings() for text in texts.values())
    return known >= max(3, len(texts) // 2) and not _looks_like_data(row)


def _is_data(row: Sequence[Any]) -> bool:
    """Whether a row between two headings belongs to a table: it holds a figure."""
    return _is_filled(row) and not _names_columns(row) and any(map(str.isdigit, "".join(map(as_text, row))))


def _readings(
    sheet: str, number: int, top: list[list[Any]], layout: Layout, choice: Choice, saved: Mapping, merged: bool
) -> Iterator[Header]:
    """The heading at row `number` read as one line and, where that tells more, as two."""
    fewest = 1 if choice.header_row else FEWEST
    above = _texts(top[number])
    one_line = _match(
        sheet,
        number,
        1,
        _told_apart({place: ("", text) for place, text in above.items()}, layout),
        layout,
        choice,
        saved,
    )
    if len(one_line.columns) >= fewest:
        yield one_line
    if number + 1 >= len(top) or _looks_like_data(top[number + 1]):
        return
    names = _told_apart(_two_lines(above, _texts(top[number + 1])), layout)
    two = _match(sheet, number, 2, names, layout, choice, saved)
    more = len(two.columns) - len(one_line.columns)
    few = 1 if merged or len(two.lacking) < len(one_line.lacking) else FEWEST_BELOW
    if above and len(two.columns) >= fewest and more >= few:
        yield two


def _texts(cells: Sequence[Any]) -> dict[int, str]:
    return {place: " ".join(str(cell).split()) for place, cell in enumerate(cells) if str(cell).strip()}


def _looks_like_data(cells: Sequence[Any]) -> bool:
    """A row with dates, numbers or long digits is no heading."""
    return any(
        not isinstance(cell, str) or sum(map(str.isdigit, cell)) >= 6 for cell in cells if cell not in ("", None)
    )


def _told_apart(names: dict[int, tuple[str, str]], layout: Layout) -> dict[int, tuple[str, ...]]:
    """Per column of (group, own heading) what it may be called, the last one as the page shows it.

    The own heading alone does not count where group and own together mean something else (户主 · 姓名 is not the member's
    name, where rows are people); of equal ones the first bears the name, the others a number.
    """
    owns, found, given = Counter(plain(own) for _, own in names.values()), {}, Counter()
    for place, (group, own) in names.items():
        joined = [f"{front}{own}" for front in dict.fromkeys((group, ABOUT.sub("", group))) if front]
        field = layout.find(plain(own))
        other = {name for one in joined for name in meanings().get(plain(one), ())}
        of_head = group.startswith("户主") and owns[plain(own)] > 1
        if joined and layout.rows != "household" and (of_head or (other and field and field.name not in other)):
            found[place] = tuple(joined)
            continue
        given[plain(own)] += 1
        times = given[plain(own)]
        found[place] = (*joined, own if times == 1 else f"{own}（第{times}个）")
    return found


def _two_lines(above: dict[int, str], below: dict[int, str]) -> dict[int, tuple[str, str]]:
    """Per column the group above it, if any, and its own heading: that below, or what stands alone above."""
    group, found = "", {}
    for place in range(max([*above, *below], default=-1) + 1):
        group = above.get(place, group if place in below else "")
        if place in below:
            found[place] = group, below[place]
        elif place in above:
            found[place] = "", above[place]
    return found


def _match(
    sheet: str,
    number: int,
    lines: int,
    names: dict[int, tuple[str, ...]],
    layout: Layout,
    choice: Choice,
    saved: Mapping,
) -> Header:
    compared = {place: tuple(map(plain, candidates)) for place, candidates in names.items()}
    chosen = {plain(heading): name for heading, name in choice.mapping.items()}
    columns: dict[int, Field] = {}
    ours = plain(WHY)
    ignored = {place for place, keys in compared.items() if any(chosen.get(key) == "" or key == ours for key in keys)}
    taken: set[str] = set()

    def own(key: str) -> Field | None:
        return layout.by_name.get(saved.get(key, ""))

    for look in (lambda key: layout.by_name.get(chosen.get(key, "")), layout.by_heading.get, layout.find, own):
        for place, keys in compared.items():
            if place in columns or place in ignored:
                continue
            for key in keys:
                one = look(key)
                if one is not None and one.name not in taken and (key not in chosen or chosen[key] == one.name):
                    columns[place] = one.under(keys[-1])
                    taken.add(one.name)
                    break
    ignored |= {
        place for place, keys in compared.items() if place not in columns and any(saved.get(key) == "" for key in keys)
    }
    headings = {place: candidates[-1] for place, candidates in names.items()}
    unknown = [headings[place] for place in sorted(headings) if place not in columns and place not in ignored]
    missing = [one.heading for one in layout.fields if one.name not in taken and not one.optional]
    score = _score(len(columns), len(columns) + len(unknown), len(columns) + len(missing))
    left_out = [headings[place] for place in sorted(ignored)]
    objected = {name: why for name in unknown if (why := layout.objection(plain(AGAIN.sub("", name))))}
    return Header(
        sheet,
        number,
        number + lines,
        layout,
        dict(sorted(columns.items())),
        headings,
        unknown,
        missing,
        score,
        left_out,
        told=[f"“{name}”没有读：{why}" for name, why in objected.items()],
        choice=choice,
        saved=saved,
    )


def _score(known: int, stated: int, expected: int) -> float:
    """How well headings fit: the share of known ones among the file's, mildly lowered by those the layout has besides."""
    if not known:
        return 0.0
    precision, recall = known / stated, known / expected
    return round((1 + BETA) * precision * recall / (BETA * precision + recall), 4)


def _join(best: Header, others: list[Header], source: Source) -> None:
    """Sheets with the same columns are one file (a sheet per town); similar ones are not passed over in silence."""
    best.parts = [best]
    for other in others:
        if not _has_rows(source, other):
            best.apart[other.sheet] = "没有数据"
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
                _refuse_twins(other)
                best.parts.append(other)
        elif len(other.names & best.names) / len(other.names | best.names) >= ALIKE:
            differ = sorted(one.heading for one in best.layout.fields if one.name in other.names ^ best.names)
            raise FileRefused("sheets_differ", one=best.sheet, other=other.sheet, names="、".join(differ[:6]))
        else:
            best.apart[other.sheet] = "列不相同"
    best.parts.sort(key=lambda part: source.sheets.index(part.sheet))
    for name in source.hidden:
        if name not in best.sheets:
            best.apart[name] = "隐藏的工作表"


def _refuse_twins(header: Header) -> None:
    if header.twins:
        raise FileRefused("columns_twice", names="；".join(header.twins))


def _lacking(header: Header) -> str:
    """The missing headings, and what is told of columns that might have been they."""
    told = f"（{'；'.join(header.told)}）" if header.told else ""
    return "、".join(header.lacking) + told


def _unread(header: Header) -> str:
    """The headings that were not understood: one of them may be the missing one."""
    named = "、".join(header.unknown[:MOST_NAMED]) + ("等" if len(header.unknown) > MOST_NAMED else "")
    return f"没有认出的列名有：{named}。" if named else ""


def _name_unread(best: Header, source: Source, otherwise: str) -> None:
    """No sheet with data is passed over in silence. One whose headings are missing is named, never guessed."""
    for name in source.sheets:
        if name not in best.sheets and (name, *next(iter(source.rows(name)), ())[:1]) in (SUMMARY, CHECKUP):
            best.apart[name] = "本系统写的汇总"
        elif name not in best.sheets and (rows := sum(map(_is_filled, source.rows(name)))):
            best.unread[name] = rows
            best.apart.setdefault(name, otherwise)


def _same_rows(source: Source, one: Header, other: Header) -> bool:
    """Whether a sheet is the copy of another: officers keep one beside the original."""
    if one.columns != other.columns or one.went_back:
        return False
    tables = (islice(source.rows(part.sheet), part.first_data, None) for part in (one, other))
    return all(left == right for left, right in zip_longest(*tables))


def _twice(header: Header) -> list[str]:
    """Headings of two tables side by side: those that tell who a row is about stand twice."""
    again = {AGAIN.sub("", heading) for heading in header.unknown if AGAIN.search(heading)}
    found = [header.headings[place] for place, one in header.columns.items() if one.must_exist]
    return [name for name in found if name in again] if len(again.intersection(found)) * 2 > len(found) > 2 else []


def _is_filled(row: Sequence[Any]) -> bool:
    """Whether a row holds more than a title or a sentence."""
    return sum(1 for cell in row if cell not in ("", None)) > 1


def _has_rows(source: Source, header: Header) -> bool:
    return any(any(row) for row in islice(source.rows(header.sheet), header.first_data, header.first_data + 50))


def _reason(header: Header) -> str:
    lines = f"第 {header.row + 1} 行" if header.lines == 1 else f"第 {header.row + 1}–{header.row + 2} 行"
    parts = [
        f"{lines}的 {len(header.columns) + len(header.unknown)} 个列名里认出 {len(header.columns)} 个，"
        f"版式是“{header.layout.title}”"
    ]
    headed = [part.sheet for part in header.parts if not part.continues]
    if len(headed) > 1:
        parts.append(f"{len(headed)} 个工作表列名相同，合并读取：{'、'.join(headed)}")
    parts += dict.fromkeys(text for part in header.parts for text in part.told)
    if header.apart:
        parts.append(f"没有读取：{'、'.join(f'{name}（{why}）' for name, why in header.apart.items())}")
    return "；".join(parts)
