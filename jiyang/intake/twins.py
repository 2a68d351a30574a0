"""Columns of one sheet that would mean the same: told apart by the block they stand in, by their content or their year, never guessed."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from jiyang.intake import groups
from jiyang.intake.beside import OTHERS
from jiyang.intake.brackets import year_of
from jiyang.intake.cells import as_text
from jiyang.intake.findings import letters
from jiyang.intake.groups import AGAIN
from jiyang.intake.header import Header
from jiyang.intake.layouts import Field, plain
from jiyang.intake.reader import Source
from jiyang.intake.together import together


def settle(
    header: Header,
    source: Source,
    chosen: Collection[str],
    saved: Mapping[str, str],
    hidden: Callable[[str], Collection[int]],
) -> None:
    """Decide for each column that has rivals which is read. What was decided is told, what cannot be is named in `header.twins`.

    `chosen` are headings (in compared form) of which a person said what they mean, `saved` what an office said;
    `hidden` gives the columns of a sheet that are not seen: none of them wins over one that is.
    """
    rivals = {place: found for place in header.columns if (found := _rivals(header, place, chosen))}
    if not rivals:
        return
    rows = [list(row) for row in source.rows(header.sheet)]
    above, unseen = groups.of(rows, header, source.merged(header.sheet)), hidden(header.sheet)
    for place, others in rivals.items():
        kept = [at for at in (place, *others) if saved.get(plain(header.headings[at])) != ""] or [place]
        _settle(header, place, kept, above, unseen, rows[header.first_data :])
    header.columns = dict(sorted(header.columns.items()))


def rivalled(header: Header) -> list[str]:
    """Headings of columns that have rivals."""
    return [header.headings[place] for place in header.columns if _rivals(header, place, ())]


def _rivals(header: Header, place: int, chosen: Collection[str]) -> list[int]:
    """Further columns that would mean the same as that at `place`, unless a person said what it means or it is not read anyway."""
    one = header.columns[place]
    if one.type == "ignored" or plain(header.headings[place]) in chosen:
        return []

    def means_it(name: str) -> bool:
        own = plain(AGAIN.sub("", name))
        found = header.layout.find(own)
        return own == plain(header.headings[place]) or (found is not None and found.name == one.name)

    return [
        at
        for at, name in sorted(header.headings.items())
        if at != place
        and at not in header.theirs
        and name in header.unknown
        and plain(name) not in chosen
        and means_it(name)
    ]


def _settle(
    header: Header,
    place: int,
    places: list[int],
    above: Mapping[int, str],
    unseen: Collection[int],
    rows: Sequence[Sequence[Any]],
) -> None:
    one, said = header.columns[place], {at: f"{letters(at)} 列“{AGAIN.sub('', header.headings[at])}”" for at in places}
    about = "成员" if one.belongs_to == "household" else "户主" if header.layout.rows != "household" else None
    others = {at for at in places if OTHERS.search(above.get(at, "")) or (about and about in above.get(at, ""))}
    left = [at for at in places if at not in others] or places
    content = {at: _content(rows, at) for at in left}
    years = {at: year_of(header.headings[at]) or year_of(above.get(at, "")) for at in left}
    dated = None not in years.values()

    def named(left: list[int]) -> list[int]:
        """Where each has a group, those that mean it with theirs: 户主 · 姓名 beside 配偶 · 姓名."""
        return [at for at in left if _means(header, at, above[at], one)] if all(map(above.get, left)) else []

    def filled(left: list[int]) -> list[int]:
        if any(map(above.get, left)) and not dated:  # the empty one may be the one that is meant
            return left
        return [at for at in left if any(content[at])] or left[:1]

    def seen(left: list[int]) -> list[int]:
        return [at for at in left if at not in unseen] or left

    def newest(left: list[int]) -> list[int]:
        begun = [years[at] for at in left if dated and years[at] <= dt.date.today().year]  # a forecast is not what is
        return [at for at in left if years[at] == max(begun)] if begun else left

    def alike(left: list[int]) -> list[int]:
        return left[:1] if all(content[at] == content[left[0]] for at in left) else left

    def official(left: list[int]) -> list[int]:
        headed = [at for at in left if plain(AGAIN.sub("", header.headings[at])) in header.layout.by_heading]
        return headed if len(headed) == 1 else left

    left = named(left) or left
    for sieve in (filled, seen, newest, alike, official):
        left = sieve(left) if len(left) > 1 else left
    if len(left) > 1:
        header.twins.append("、".join(map(said.__getitem__, left)))
        return
    _take(header, place, left[0])
    if passed := [at for at in places if at != left[0] and at not in others]:
        why = "没有读" if any(any(content[at]) for at in passed) else "空着"
        header.noted.append(f"{'、'.join(map(said.__getitem__, passed))}{why}，读 {said[left[0]]}")


def _means(header: Header, place: int, groups_above: str, one: Field) -> bool:
    """Whether a column means a field together with the group above it."""
    group, own = groups_above.rsplit(groups.WITHIN, 1)[-1], AGAIN.sub("", header.headings[place])
    found = (header.layout.find(plain(name)) for name in together(group, own))
    return any(field is not None and field.name == one.name for field in found)


def _take(header: Header, place: int, other: int) -> None:
    """Let the column at `other` be what that at `place` was."""
    if place == other:
        return
    one, heading = header.columns.pop(place), header.headings[other]
    header.columns[other] = one.under(plain(AGAIN.sub("", heading)))
    header.unknown[header.unknown.index(heading)] = header.headings[place]


def _content(rows: Sequence[Sequence[Any]], place: int) -> list[str]:
    return [as_text(row[place]).strip() if place < len(row) else "" for row in rows if any(row)]
