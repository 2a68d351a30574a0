"""Cells of one household that differ between its rows: the majority holds, and every other one is told."""

from collections import Counter
from collections.abc import Sequence

from jiyang.intake.cells import Read
from jiyang.intake.normalise import Mapped

DIFFER = "同一户各行填得不一致"


def settle_household_fields(mapped: Mapped) -> None:
    """Where rows of one household differ in a household cell, the majority of those that say anything counts (a tie: the first row), with a finding."""
    of_home = {one.name for one in mapped.header.layout.fields if one.belongs_to == "household"} - {"household_no"}
    names = [name for name in mapped.columns if name in of_home]
    numbers = mapped.columns.get("household_no", [])
    if not names or not numbers:
        return
    villages = [place.village for place in mapped.places]
    said = set(zip(numbers, villages, *(mapped.columns[name] for name in names), strict=True))
    times = Counter(number for number, *_ in said)
    odd = {number for number, different in times.items() if different > 1 and number is not None}
    if not odd:
        return
    rows: dict[str, list[int]] = {}
    for index, number in enumerate(numbers):
        if number in odd:
            rows.setdefault(number, []).append(index)
    faulty: dict[str, set[int]] = {}
    for finding in mapped.findings:
        if finding.severity != "N":
            faulty.setdefault(finding.field, set()).add(finding.line)
    for indexes in rows.values():
        for name in names:
            _settle(mapped, name, indexes, faulty.get(name, set()))
        _settle_place(mapped, indexes)


def _settle(mapped: Mapped, name: str, indexes: Sequence[int], faulty: set[int]) -> None:
    column = mapped.columns[name]
    values = [column[index] for index in indexes]
    if len(set(values)) == 1:
        return
    sound = [column[index] for index in indexes if mapped.rows[index] not in faulty]
    said = [value for value in sound if value is not None] or sound or values
    chosen = max(dict.fromkeys(said), key=said.count)
    if len(said) == 1 < len(sound):  # written once, on one row of the household
        blank = [index for index in indexes if column[index] is None and mapped.rows[index] not in faulty]
        mapped.note(name, blank, Read(None, "household_once"))
        for index in blank:
            column[index] = chosen
    told = _told(said, chosen, column[indexes[0]])
    for index in indexes:
        if column[index] != chosen and mapped.rows[index] not in faulty:
            mapped.findings.append(mapped.finding(name, index, "household_fields_differ", stored=chosen, note=told))
            column[index] = chosen


def _told(said: Sequence, chosen: object, first: object) -> str:
    """What differs, and which value was taken; `first` is what the household's first row says."""
    most = said.count(chosen)
    if all(said.count(value) < most for value in said if value != chosen):
        return f"{DIFFER}，取多数行的值"
    return f"{DIFFER}且没有多数，取{'第一行' if first == chosen else '其中先写'}的值"


def _settle_place(mapped: Mapped, indexes: Sequence[int]) -> None:
    """A household lies in one village: rows that say another one follow the majority."""
    sound = [mapped.places[index] for index in indexes if not mapped.places[index].code]
    villages = [place.village for place in sound]
    if len(set(villages)) < 2:
        return
    chosen = max(dict.fromkeys(villages), key=villages.count)
    place, told = (
        next(one for one in sound if one.village == chosen),
        _told(villages, chosen, mapped.places[indexes[0]].village),
    )
    for index in indexes:
        if mapped.places[index].village != chosen and not mapped.places[index].code:
            mapped.findings.append(mapped.finding("village", index, "household_fields_differ", note=told))
            mapped.places[index] = place
