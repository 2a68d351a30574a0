"""How a row, or two or three, reads as the headings of a layout: which columns are known, and how well it fits."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jiyang.intake.beside import beside, groups_of_others
from jiyang.intake.groups import AGAIN
from jiyang.intake.header import Choice, Header
from jiyang.intake.layouts import Field, Layout, meanings, plain
from jiyang.intake.together import together
from jiyang.intake.writing import WHY

FEWEST = 5  # known headings that make a row the heading row
FEWEST_BELOW = 3  # further headings in a second line that make it one
BETA = 0.25  # how much less a missing heading weighs than an unknown one: exports are often "自定义"


@dataclass(frozen=True)
class Top:
    """The first rows of a sheet; `tall` are those in which a merged cell begins that goes further down, `wide` gives the last column of
    merged cells by their first one.
    """

    sheet: str
    rows: list[list[Any]]
    tall: Collection[int] = ()
    wide: Mapping[tuple[int, int], int] = field(default_factory=dict)


def readings(top: Top, number: int, layout: Layout, choice: Choice, saved: Mapping) -> Iterator[Header]:
    """The heading at row `number` read as one line and, where that tells more, as two or three; as one only where a second is not certain."""
    fewest, rows = 1 if choice.header_row else FEWEST, top.rows
    above = texts_of(rows[number])
    plainly = {place: ("", text) for place, text in above.items()}
    one_line = _match(top.sheet, number, 1, plainly, layout, choice, saved)
    if len(one_line.columns) >= fewest:
        ends = {left: right for (row, left), right in top.wide.items() if row == number - 1}
        others = groups_of_others(texts_of(rows[number - 1]), above, ends) if number else {}
        if others:
            stated = {place: (others.get(place, ""), text) for place, text in above.items()}
            one_line = _match(top.sheet, number, 1, stated, layout, choice, saved)
    below = texts_of(rows[number + 1]) if number + 1 < len(rows) and not looks_like_data(rows[number + 1]) else {}
    two = _match(top.sheet, number, 2, _two_lines(above, below), layout, choice, saved) if below else one_line
    more = len(two.columns) - len(one_line.columns)
    certain = more > 0 and one_line.names <= two.names and (number in top.tall or _is_parted(one_line, two, top))
    few = 1 if certain or number in top.tall or len(two.lacking) < len(one_line.lacking) else FEWEST_BELOW
    is_two = bool(above) and len(two.columns) >= fewest and more >= few
    if len(one_line.columns) >= fewest and not (is_two and certain):
        yield one_line
    if is_two:
        yield two
    lowest = texts_of(rows[number + 2]) if above and below and number + 2 < len(rows) else {}
    if sum(plain(text) in meanings() for text in lowest.values()) < FEWEST_BELOW or looks_like_data(rows[number + 2]):
        return
    three = _match(top.sheet, number, 3, _two_lines({**above, **below}, lowest), layout, choice, saved)
    if len(three.columns) - max(len(one_line.columns), len(two.columns)) >= FEWEST_BELOW:
        yield three


def _is_parted(one: Header, two: Header, top: Top) -> bool:
    """Whether the line below `one` only names the parts of some of its columns: each of its texts is a heading, or stands beside others
    below one text. A row of data would fill a column that the file must have, or hold what stands again further down.
    """
    above, below = texts_of(top.rows[one.row]), texts_of(top.rows[one.row + 1])
    if any(place in below and column.must_exist for place, column in one.columns.items()):
        return False
    further = top.rows[two.first_data :]
    return all(
        (place in two.columns or place in two.theirs or plain(text) in meanings() or _is_beside(place, above, below))
        and not any(place < len(row) and row[place] == text for row in further)
        for place, text in below.items()
    )


def _is_beside(place: int, above: Collection[int], below: Collection[int]) -> bool:
    """Whether a text below shares the one above with others."""
    return place not in above or (place + 1 in below and place + 1 not in above)


def texts_of(cells: Sequence[Any]) -> dict[int, str]:
    return {place: " ".join(str(cell).split()) for place, cell in enumerate(cells) if str(cell).strip()}


def looks_like_data(cells: Sequence[Any]) -> bool:
    """A row with dates, numbers or long digits is no heading."""
    return any(
        not isinstance(cell, str) or sum(map(str.isdigit, cell)) >= 6 for cell in cells if cell not in ("", None)
    )


def _told_apart(
    names: dict[int, tuple[str, str]], layout: Layout, theirs: Collection[int]
) -> dict[int, tuple[str, ...]]:
    """Per column of (group, own heading) what it may be called, the last one as the page shows it.

    The own heading alone does not count where group and own together mean something else (户主 · 姓名 is not the member's
    name, where rows are people); of equal ones the first that is not somebody else's (`theirs`) bears the name, the others a number.
    """
    owns, found, given = Counter(plain(own) for _, own in names.values()), {}, Counter()
    for place, (group, own) in sorted(names.items(), key=lambda item: item[0] in theirs):
        joined = together(group, own)
        field = layout.find(plain(own))
        other = {name for one in joined for name in meanings().get(plain(one), ())}
        of_head = group.startswith("户主") and owns[plain(own)] > 1
        if joined and layout.rows != "household" and (of_head or (other and field and field.name not in other)):
            found[place] = joined
            continue
        given[plain(own)] += 1
        times = given[plain(own)]
        found[place] = (*joined, own if times == 1 else f"{own}（第{times}个）")
    return {place: found[place] for place in names}


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
    stated: dict[int, tuple[str, str]],
    layout: Layout,
    choice: Choice,
    saved: Mapping,
) -> Header:
    """How columns, of which `stated` gives group and own heading, read in a layout."""
    theirs = {  # the number of 信息采集人 is somebody else's, and known as theirs
        place: who
        for place, who in beside(stated, layout).items()
        if not any(layout.find(plain(name)) for name in together(*stated[place]))
    }
    names = _told_apart(stated, layout, theirs)
    compared = {place: tuple(map(plain, candidates)) for place, candidates in names.items()}
    columns, ignored = _columns(compared, layout, theirs, choice, saved)
    headings = {place: candidates[-1] for place, candidates in names.items()}
    unknown = [headings[place] for place in sorted(headings) if place not in columns and place not in ignored]
    taken = {one.name for one in columns.values()}
    missing = [one.heading for one in layout.fields if one.name not in taken and not one.optional]
    score = _score(len(columns), len(columns) + len(unknown), len(columns) + len(missing))
    left_out = [headings[place] for place in sorted(ignored)]
    behind = {headings[place]: who for place, who in theirs.items() if layout.find(plain(stated[place][1]))}
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
        objected=[(name, why) for name in unknown if (why := _why_unread(name, behind, layout))],
        theirs=theirs,
        choice=choice,
        saved=saved,
    )


def _columns(
    compared: Mapping[int, tuple[str, ...]], layout: Layout, theirs: Collection[int], choice: Choice, saved: Mapping
) -> tuple[dict[int, Field], set[int]]:
    """The field of each column, and the columns that are left out on purpose: a person's word goes before the layout's own headings,
    these before its aliases, and an office's headings come last.
    """
    chosen = {plain(heading): name for heading, name in choice.mapping.items()}
    columns: dict[int, Field] = {}
    ours = plain(WHY)
    ignored = {place for place, keys in compared.items() if any(chosen.get(key) == "" or key == ours for key in keys)}
    taken: set[str] = set()

    def own(key: str) -> Field | None:
        return layout.by_name.get(saved.get(key, ""))

    by_heading = (layout.by_heading.get, layout.find)
    for look in (lambda key: layout.by_name.get(chosen.get(key, "")), *by_heading, own):
        for place, keys in compared.items():
            if place in columns or place in ignored or (place in theirs and look in by_heading):
                continue
            for key in keys:
                one = look(key)
                if one is not None and one.name not in taken and (key not in chosen or chosen[key] == one.name):
                    columns[place] = one.under(keys[-1])
                    taken.add(one.name)
                    break
    left = {
        place for place, keys in compared.items() if place not in columns and any(saved.get(key) == "" for key in keys)
    }
    return columns, ignored | left


def _why_unread(name: str, behind: Mapping[str, str], layout: Layout) -> str:
    """Why a heading that would mean a field is not read as it; "" for no such heading."""
    if who := behind.get(name):
        return f"跟在“{who}”后面，可能说的是那个人或单位；如果不是，请指定这一列的含义"
    return layout.objection(plain(AGAIN.sub("", name)))


def _score(known: int, stated: int, expected: int) -> float:
    """How well headings fit: the share of known ones among the file's, mildly lowered by those the layout has besides."""
    if not known:
        return 0.0
    precision, recall = known / stated, known / expected
    return round((1 + BETA) * precision * recall / (BETA * precision + recall), 4)


def rank(header: Header) -> tuple[float, int, int]:
    return (header.score, len(header.columns), -header.lines)
