"""Cells that hold for the rows below them: merged ones, and what is written once per household or once per village.

A row takes from the row right above it what is certain and nothing else, never over a line that is no data. What cannot be
told stays blank: the normaliser then finds that the cell is empty.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jiyang.intake.cells import Unvalued, as_text, labelled
from jiyang.intake.header import Header
from jiyang.intake.layouts import Field
from jiyang.intake.reader import Source

if TYPE_CHECKING:
    from jiyang.intake.gather import Gathered

HOME = ("household_no", "town", "village")  # what says which household a row belongs to
PLACES = HOME[1:]
NUMBER = re.compile(r"[\d.]+$")
PERSON = ("id_number", "name")  # what a member's row has
IDENTITY = {
    "id_number",
    "name",
    "person_no",
}  # whom a row is about: where one person has several rows, merged over these
SEVERAL = {"spell", "plan"}  # rows of which one person may have several


def blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def fill(source: Source, part: Header, found: "Gathered", first: int, *, goes_on: bool) -> None:
    """Fill the rows of one sheet, which begin at index `first`; `goes_on`: the first one stands right below those before."""
    _merged(source, part, found, first)
    if part.went_back:
        return
    rows = _Rows(part, found, first, goes_on)
    _members(rows)
    _places(rows)


class _Rows:
    """The rows of one sheet among all that were gathered."""

    def __init__(self, part: Header, found: "Gathered", first: int, goes_on: bool) -> None:
        self.part, self.found, self.first = part, found, first
        self.goes_on = goes_on and first > 0
        self.numbers: list[Any] | None = found.columns["household_no"] if "household_no" in part.names else None

    def __iter__(self):
        return iter(range(self.first, len(self.found.rows)))

    def column(self, name: str) -> list[Any]:
        return self.found.columns[name]

    def have_blanks(self, column: Sequence[Any]) -> bool:
        return any(map(blank, set(column[self.first :])))

    def follows(self, index: int) -> bool:
        """Whether a row stands right below the one before it, with nothing between."""
        if index == self.first:
            return self.goes_on and self.part.first_data == 0
        return self.found.rows[index] == self.found.rows[index - 1] + 1

    def same_home(self, index: int) -> bool:
        """Whether a row bears the number of the row right above."""
        return bool(
            self.numbers and self.follows(index) and not blank(self.numbers[index])
            and self.numbers[index] == self.numbers[index - 1]
        )  # fmt: skip


def _merged(source: Source, part: Header, found: "Gathered", first: int) -> None:
    """A household's cells merged over its members hold for each of them; of a member's own nobody knows whose they are."""
    ranges = source.merged(part.sheet)
    if not ranges:
        return
    offset = found.starts[-1][1]
    at = {row - offset - 1: index for index, row in enumerate(found.rows[first:], start=first)}
    last = max(at, default=-1)
    for (top, left), (bottom, right) in ranges:
        if bottom == top or top not in at:
            continue
        below = [at[row] for row in range(top + 1, min(bottom, last) + 1) if row in at]
        for place in range(left, right + 1):
            one = part.columns.get(place)
            if one is not None and (one.is_value or one.name in PLACES or one.belongs_to == "household"):
                _spread(part, found, one, at[top], below)


def _spread(part: Header, found: "Gathered", one: Field, top: int, below: list[int]) -> None:
    """What one merged cell says of the rows that it covers."""
    column = found.columns[one.name]
    covered = [index for index in below if column[index] in ("", None)]
    if blank(column[top]) or not covered:
        return
    if one.belongs_to == "household" or _is_of_one(part, found, one, [top, *below]):
        for index in covered:
            column[index] = column[top]
        if one.name == "household_no":
            found.taken.update(covered)
    elif one.belongs_to == "person" and not isinstance(column[top], Unvalued):
        merged = Unvalued("cell_merged", as_text(column[top]))
        for index in (top, *covered):
            column[index] = merged


def _is_of_one(part: Header, found: "Gathered", one: Field, rows: list[int]) -> bool:
    """Whether a cell merged over several rows says whom they are all about: no other number stands beside it."""
    if part.layout.rows not in SEVERAL or one.name not in IDENTITY or "id_number" not in part.names:
        return False
    return len({cell for index in rows if not blank(cell := found.columns["id_number"][index])}) < 2


def _members(rows: _Rows) -> None:
    """Members below their household's first row that bear no number of their own take their household from the row right above.

    So do those that name no place either (what merged cells become in a text file), and all of a sheet on which no member
    bears a number, as far as the place is the same. A head of household never does: there a number is missing. The first
    row of a sheet that goes on with another does so only if nothing in it speaks against the household before.
    """
    part, found, numbers = rows.part, rows.found, rows.numbers
    names = [name for name in PLACES if name in part.names]
    if part.layout.rows == "household" or numbers is None or not names or not rows.have_blanks(numbers):
        return
    if "record_id" in part.names:  # exported here: a household that has no number yet is blank in all its rows
        return
    places = [rows.column(name) for name in names]
    shared = [rows.column(one.name) for one in part.columns.values() if one.belongs_to == "household"]
    heads = _heads(rows)
    if heads is None and not _jointly(rows, shared):
        return
    begin = 0 if rows.goes_on else rows.first
    once = heads is not None and all(
        blank(numbers[index])
        or heads[index]
        or index in found.taken
        or not rows.follows(index)  # again after a page's end
        for index in range(begin, len(found.rows))
    )
    for index in rows:
        below = rows.goes_on if index == rows.first else rows.follows(index)
        if not below or not blank(numbers[index]) or (heads and heads[index]):
            continue
        above = numbers[index - 1]
        same = all(blank(column[index]) or (once and column[index] == column[index - 1]) for column in places)
        if index == rows.first:
            same = same and _agrees(rows, shared, places)
        if not same or blank(above) or isinstance(above, Unvalued) or not _is_person(rows, index):
            continue
        for column in shared:
            column[index] = column[index - 1] if blank(column[index]) else column[index]
        found.taken.add(index)
        found.note("household_no", "household_above", as_text(above), index)


def _is_person(rows: _Rows, index: int) -> bool:
    """Whether a row says whom it is about: by a number, or by a name and what the person is to the head of household."""
    said = {name: rows.column(name)[index] for name in (*PERSON, "relation") if name in rows.part.names}
    if not blank(said.get("id_number")):
        return True
    name = said.get("name")
    return not (blank(name) or NUMBER.match(as_text(name).strip()) or blank(said.get("relation", "所写")))


def _heads(rows: _Rows) -> list[bool] | None:
    """Which rows are heads of household; None where the layout does not say."""
    if "relation" not in rows.part.names:
        return None
    field, column = rows.part.layout.by_name["relation"], rows.column("relation")
    heads = {cell: labelled(as_text(cell), field) == "head" for cell in set(column)}
    return list(map(heads.__getitem__, column))


def _jointly(rows: _Rows, shared: Sequence[list[Any]]) -> bool:
    """Whether all that belongs to a household stands once for all its rows: blank where the number is, and no number twice."""
    places = [rows.column(name) for name in PLACES if name in rows.part.names]
    return all(
        all(blank(column[index]) for column in shared)
        if blank(rows.numbers[index])
        else not (rows.same_home(index) or any(blank(column[index]) for column in places))
        for index in rows
    )


def _agrees(rows: _Rows, shared: Sequence[list[Any]], places: Sequence[list[Any]]) -> bool:
    """Whether the first row of a sheet can belong to the household at the end of the sheet before.

    Below a line of its own (续表) it must name the same village: that line is no data.
    """
    index = rows.first
    if rows.part.first_data > 0 and blank(places[-1][index]):
        return False
    return all(blank(column[index]) or column[index] == column[index - 1] for column in shared)


def _places(rows: _Rows) -> None:
    """镇街 and 村 that stand once take effect downwards: within a household always, over households where the sheet is written so."""
    names = [name for name in PLACES if name in rows.part.names]
    filled: dict[int, str] = {}
    once = False
    for place, name in enumerate(names):
        column, above = rows.column(name), [rows.column(one) for one in names[:place]]
        if not rows.have_blanks(column):
            continue
        told = _stands_once(rows, column, above)
        once = told is not None and (told or once)  # a sheet whose towns stand once has its villages written so, too
        for index in rows:
            if not blank(column[index]) or not rows.follows(index) or blank(column[index - 1]):
                continue
            if isinstance(column[index - 1], Unvalued) or any(one[index] != one[index - 1] for one in above):
                continue
            if rows.same_home(index) or (once and not (rows.numbers and blank(rows.numbers[index]))):
                column[index] = column[index - 1]
                filled[index] = name
    for index, name in filled.items():
        if index not in rows.found.taken:
            rows.found.note(name, "place_above", as_text(rows.column(name)[index]), index)


def _stands_once(rows: _Rows, column: Sequence[Any], above: Sequence[Sequence[Any]]) -> bool | None:
    """Whether a column of places is written on the first row of each block only, so that blank means "as above".

    None: it is not. A value stands twice below itself or begins inside a household, a household is torn apart (a sheet
    sorted otherwise), or the first row has none. False: nothing shows it, a blank may be a missing one; True: most blocks
    have further households, or most households stand below the first of their block.
    """
    seen: set[Any] = set()
    previous, blocks, longer, blanks, counted = None, 0, 0, 0, False
    for index in rows:
        if not rows.follows(index):
            previous = None
        elif index == rows.first:  # goes on with the last block of the sheet before
            previous, blocks = tuple(one[index - 1] for one in (*above, column)), 1
        if rows.same_home(index):
            if not blank(column[index]) and column[index] != column[index - 1]:
                return None
            continue
        number = rows.numbers[index] if rows.numbers else None
        if number in seen:
            return None
        seen |= {number} - {None, ""}
        if blank(column[index]):
            if index == rows.first and not rows.follows(index):
                return None
            longer += previous is not None and not counted
            blanks += previous is not None
            counted = True
            continue
        current = tuple(one[index] for one in (*above, column))
        if current == previous:
            return None
        previous, blocks, counted = current, blocks + 1, False
    return longer * 2 > blocks or blanks > blocks
