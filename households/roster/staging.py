"""From normalised columns to the staging table `roster_stage`: encrypted first, then one COPY.

`roster_stage` is a temporary table of the running transaction: COPY is refused on tables under row-level security,
and a check that leaves nothing behind needs none else.
"""

import io
from collections.abc import Iterable, Sequence

from django.db import connection

from households.models import Household, Person, RosterRow
from jiyang.identifiers import pinyin
from jiyang.identifiers.encryption import blind_index_all, encrypt_all
from jiyang.intake.findings import kinds
from jiyang.intake.normalise import Mapped

PERSON_ID = f"{Person._meta.db_table}.id_number"
PERSON_PHONE = f"{Person._meta.db_table}.phone"
HOUSEHOLD_PHONE = f"{Household._meta.db_table}.phone"
# Cells of a household repeated in each of its rows
HOUSEHOLD_FIELDS = (
    "hamlet", "stated_size", "poverty_cause", "dangerous_house", "safe_water", "income_per_head", "phone", "identified_on",
    "household_type", "category", "risk_removed", "risk_identified_on", "risk_removed_on",
)  # fmt: skip
CREATE = """
create temp table roster_stage (like households_rosterrow including defaults) on commit drop;
alter table roster_stage alter column id drop not null, alter column batch_id drop not null,
    alter column action drop not null, alter column "first" drop not null, alter column changed drop not null;
"""
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
PLAIN = {"name", "hamlet", "ethnic", "name_pinyin"}


def stage(mapped: Mapped, district_id: int) -> None:
    """Fill `roster_stage` with the rows of a file. Also settles cells that differ within a household (majority)."""
    settle_household_fields(mapped)
    columns = derived_columns(mapped, district_id)
    names = list(columns)
    lines = "\n".join(map("\t".join, zip(*columns.values(), strict=True)))
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        listed = ", ".join(f'"{name}"' for name in names)
        cursor.copy_expert(f"copy roster_stage ({listed}) from stdin", io.StringIO(lines))
        cursor.execute("create index on roster_stage (household_no); create index on roster_stage (id_index)")
        cursor.execute("analyze roster_stage (household_no, id_index, person_no)")


def derived_columns(mapped: Mapped, district_id: int) -> dict[str, list[str]]:
    """COPY texts of every staging column, personal numbers encrypted and indexed."""
    count, columns = len(mapped.rows), mapped.columns
    blank = [None] * count
    ids, names = columns.get("id_number", blank), columns.get("name", blank)
    phones, person_phones = columns.get("phone", blank), columns.get("person_phone", blank)
    bad = {finding.row for finding in mapped.findings if kinds()[finding.code].severity == "E"}
    outside = {finding.row for finding in mapped.findings if finding.code == "town_outside_district"}
    known = {name: values for name, values in columns.items() if name not in {"id_number", "phone", "person_phone"}}
    found = {name: _texts(values, escape=name in PLAIN) for name, values in known.items()}
    return found | {
        "row": list(map(str, mapped.rows)),
        "copy_of": _texts(copies(mapped)),
        "refused": ["t" if row in bad else "f" for row in mapped.rows],
        "out_of_area": ["t" if row in outside else "f" for row in mapped.rows],
        "district_id": [str(district_id)] * count,
        "town_id": _texts([place.town for place in mapped.places]),
        "village_id": _texts([place.village for place in mapped.places]),
        "name_pinyin": _texts([pinyin.sort_key(name) if name else None for name in names], escape=True),
        "id_number": _bytes(encrypt_all(ids, PERSON_ID)),
        "id_index": _bytes(blind_index_all(ids)),
        "id_kind": ["\\N" if number is None else "disability" if len(number) > 18 else "id_card" for number in ids],
        "sex": ["\\N" if number is None else "m" if int(number[16]) % 2 else "f" for number in ids],
        "birth_date": [
            "\\N" if number is None else f"{number[6:10]}-{number[10:12]}-{number[12:14]}" for number in ids
        ],
        "phone": _bytes(encrypt_all(phones, HOUSEHOLD_PHONE)),
        "phone_index": _bytes(blind_index_all(phones)),
        "person_phone": _bytes(encrypt_all(person_phones, PERSON_PHONE)),
        "person_phone_index": _bytes(blind_index_all(person_phones)),
    }


def _texts(values: Iterable, *, escape: bool = False) -> list[str]:
    if escape:
        return ["\\N" if value is None else str(value).translate(ESCAPES) for value in values]
    return ["\\N" if value is None else str(value) for value in values]


def _bytes(values: Iterable[bytes | None]) -> list[str]:
    return ["\\N" if value is None else "\\\\x" + value.hex() for value in values]


def copies(mapped: Mapped) -> list[int | None]:
    """For each row the Excel row of an identical earlier one (序号 aside), None for a row of its own."""
    names = [name for name in mapped.raw if name not in {"serial", "data_date"}]
    first: dict[tuple, int] = {}
    found: list[int | None] = []
    for number, cells in zip(mapped.rows, zip(*(mapped.raw[name] for name in names), strict=True), strict=True):
        earlier = first.setdefault(cells, number)
        found.append(None if earlier == number else earlier)
    return found


def settle_household_fields(mapped: Mapped) -> None:
    """Where rows of one household differ in a household cell, the majority counts (a tie: the first row), with a finding."""
    names = [name for name in HOUSEHOLD_FIELDS if name in mapped.columns]
    numbers = mapped.columns.get("household_no", [])
    first: dict[str, tuple] = {}
    odd: set[str] = set()
    for number, cells in zip(numbers, zip(*(mapped.columns[name] for name in names), strict=True), strict=False):
        if number is not None and first.setdefault(number, cells) != cells:
            odd.add(number)
    if not odd:
        return
    rows: dict[str, list[int]] = {}
    for index, number in enumerate(numbers):
        if number in odd:
            rows.setdefault(number, []).append(index)
    for indexes in rows.values():
        for name in names:
            _settle(mapped, name, indexes)


def _settle(mapped: Mapped, name: str, indexes: Sequence[int]) -> None:
    column = mapped.columns[name]
    values = [column[index] for index in indexes]
    if len(set(values)) == 1:
        return
    faulty = {finding.row for finding in mapped.findings if finding.field == name and finding.severity != "N"}
    sound = [column[index] for index in indexes if mapped.rows[index] not in faulty] or values
    chosen = max(dict.fromkeys(sound), key=sound.count)
    for index in indexes:
        if column[index] != chosen and mapped.rows[index] not in faulty:
            mapped.findings.append(mapped.finding(name, index, "household_fields_differ", stored=chosen))
            column[index] = chosen


def keep(batch_id: int) -> None:
    """Keep the staged rows with their plan for preview and approval."""
    columns = [field.column for field in RosterRow._meta.local_concrete_fields if field.name not in {"id", "batch"}]
    listed = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into households_rosterrow (batch_id, {listed}) select %s, {listed} from roster_plan order by row",
            [batch_id],
        )


def restage(batch_id: int) -> None:
    """The kept rows of a batch back in `roster_stage`, to plan and apply them."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        cursor.execute("insert into roster_stage select * from households_rosterrow where batch_id = %s", [batch_id])
        cursor.execute("create index on roster_stage (household_no); create index on roster_stage (id_index)")
        cursor.execute("analyze roster_stage (household_no, id_index, person_no)")
