"""What rows of a file share: rows that stand twice, one ID number of several people, one name in a household."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from jiyang.identifiers import idcard
from jiyang.intake.cells import as_text, narrow
from jiyang.intake.normalise import Mapped

NOTHING = "\\N"  # what COPY takes for an empty value


def tell_copies(mapped: Mapped, copied: Sequence[int | None]) -> None:
    """A row that stands twice is a fault of both."""
    name = next((one for one in ("id_number", "head_id_number", "household_no") if one in mapped.columns), "")
    if name:
        twice = set(copied) - {None}
        mapped.findings += [
            mapped.finding(name, index, "row_duplicate")
            for index, (row, earlier) in enumerate(zip(mapped.rows, copied, strict=True))
            if earlier is not None or row in twice
        ]


def tell_shared(mapped: Mapped) -> None:
    """One ID number of two people or of two households, and one 户编号 of two heads, where rows are no people: those the rules judge."""
    of_heads = mapped.header.layout.rows == "household"
    if not of_heads and mapped.header.layout.rows not in {"spell", "plan"}:
        return
    blank, copied = [None] * len(mapped.rows), copies(mapped)
    number_at, name_at = (
        next((one for one in names if one in mapped.columns), "")
        for names in (("id_number", "head_id_number"), ("name", "head_name"))
    )
    firsts = [
        None if number is None or idcard.is_placeholder(number) else number[:18]
        for number in mapped.columns.get(number_at, blank)
    ]
    names, homes, years = (mapped.columns.get(one, blank) for one in (name_at, "household_no", "year"))
    person_nos = mapped.columns.get("person_no", blank)
    for rows in _sharing(firsts, years, copied):
        one_person = len({(homes[row], person_nos[row]) for row in rows}) == 1 and person_nos[rows[0]]
        if len({names[row] for row in rows} - {None}) > 1 and not one_person:  # whose name is written in two ways
            mapped.findings += [mapped.finding(number_at, row, "id_duplicate") for row in rows]
        elif len({homes[row] for row in rows} - {None}) > 1:
            mapped.findings += [mapped.finding(number_at, row, "person_in_two_households") for row in rows]
    members = {
        index for index, relation in enumerate(mapped.columns.get("relation", ())) if relation not in (None, "head")
    }
    for rows in _sharing(homes, years, copied) if of_heads else ():
        rows = [row for row in rows if row not in members]
        heads = [{column[row] for row in rows} - {None} for column in (firsts, names)]
        if len(heads[0]) > 1 or (len(heads[1]) > 1 and not heads[0]):
            mapped.findings += [mapped.finding("household_no", row, "two_heads") for row in rows]


def _sharing(
    values: Sequence[str | None], years: Sequence[str | None], copied: Sequence[int | None]
) -> list[list[int]]:
    """The rows of each value that several rows of one year have, copies of earlier ones aside."""
    found: dict[tuple, list[int]] = {}
    for index, (value, year, copy_of) in enumerate(zip(values, years, copied, strict=True)):
        if value is not None and copy_of is None:
            found.setdefault((value, year), []).append(index)
    return [rows for rows in found.values() if len(rows) > 1]


def alike(mapped: Mapped, ids: Sequence[str | None], copied: Sequence[int | None]) -> dict[str, list[str]]:
    """Of each row how many rows, names, households and towns have its ID number (first 18 characters), and how many rows its village and year.

    Copies are not counted; a row without a number has none.
    """
    names = [name for name in ("name", "household_no") if name in mapped.columns]
    firsts = [None if number is None else number[:18] for number in ids]
    counted = Counter(first for first, copy in zip(firsts, copied, strict=True) if first is not None and copy is None)
    shared: dict[str, list[int]] = {}
    for index, first in enumerate(firsts):
        if first is not None and counted[first] > 1 and copied[index] is None:
            shared.setdefault(first, []).append(index)
    told: dict[str, dict[str, str]] = {"same_id": {one: str(len(rows)) for one, rows in shared.items()}}
    for column, name in (("same_id_names", "name"), ("same_id_households", "household_no")):
        values = mapped.columns.get(name)
        if name in names:
            told[column] = {one: str(len({values[row] for row in rows} - {None})) for one, rows in shared.items()}
    told["same_id_towns"] = {one: str(len({mapped.places[row].town for row in rows})) for one, rows in shared.items()}
    found = {
        column: [NOTHING if first is None else known.get(first, "1") for first in firsts]
        for column, known in told.items()
    }
    if mapped.header.layout.rows == "village":
        years = mapped.columns.get("year") or [None] * len(mapped.rows)
        said = [(place.village, year) for place, year in zip(mapped.places, years, strict=True)]
        times = Counter(said)
        found["same_village"] = [NOTHING if village is None else str(times[village, year]) for village, year in said]
    return found


def of_one_name(
    mapped: Mapped, ids: Sequence[str | None], births: Mapping[int, dt.date | None], copied: Sequence[int | None]
) -> list[str]:
    """Of each row without any number how many of its household have its name, and relation, sex and birth date alike."""
    blank = [None] * len(ids)
    homes, names, relations, sexes, stated, person_nos, records = (
        mapped.columns.get(name, blank)
        for name in ("household_no", "name", "relation", "stated_sex", "stated_birth_date", "person_no", "record_id")
    )
    told = {
        index: (homes[index], names[index], births.get(index), relations[index], sexes[index], stated[index])
        for index, number in enumerate(ids)
        if number is None and copied[index] is None and homes[index] and names[index]
        if person_nos[index] is None and records[index] is None
    }
    times = Counter(told.values())
    return [str(times[told[index]]) if index in told else NOTHING for index in range(len(ids))]


def copies(mapped: Mapped) -> list[int | None]:
    """For each row the number of an earlier one that is the same but for blanks (序号 aside), None for a row of its own."""
    names = [name for name in mapped.raw if name not in {"serial", "data_date"}]
    lead = [narrow(as_text(cell)) for cell in mapped.raw.get("id_number") or mapped.raw[names[0]]]
    repeated = {cell for cell, times in Counter(lead).items() if times > 1}
    first: dict[tuple, int] = {}
    found: list[int | None] = [None] * len(mapped.rows)
    for index, cell in enumerate(lead):
        if cell in repeated:
            number = mapped.rows[index]
            said = tuple(narrow(as_text(mapped.raw[name][index])) for name in names)
            earlier = first.setdefault(said, number)
            found[index] = None if earlier == number else earlier
    return found
