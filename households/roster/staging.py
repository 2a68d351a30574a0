"""From normalised columns to the staging table `roster_stage`: encrypted first, then one COPY.

`roster_stage` is a temporary table of the running transaction: COPY is refused on tables under row-level security,
and a check that leaves nothing behind needs none else.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import connection

from households.models import CaseRecord, Household, Person, RosterRow
from households.roster.fields import OWNED
from households.roster.takers import taker_of
from jiyang.identifiers import idcard, phone, pinyin
from jiyang.identifiers.encryption import blind_index_all, encrypt_all
from jiyang.intake.bulk import FEW, analyze, copy
from jiyang.intake.cells import Read, as_text, narrow
from jiyang.intake.layouts import Layout
from jiyang.intake.normalise import Mapped
from jiyang.intake.progress import UNTOLD, Progress

PERSON_ID = f"{Person._meta.db_table}.id_number"
PERSON_PHONE = f"{Person._meta.db_table}.phone"
HOUSEHOLD_PHONE = f"{Household._meta.db_table}.phone"
AADS = {"id_number": PERSON_ID, "person_phone": PERSON_PHONE, "phone": HOUSEHOLD_PHONE} | {
    name: f"{CaseRecord._meta.db_table}.{name}" for name in CaseRecord.masked
}
PERSONAL = {"id_number", "phone"}  # types that are encrypted before COPY
KEPT = {field.column for field in RosterRow._meta.local_concrete_fields}
CREATE = """
create temp table {table} (like households_rosterrow including defaults) on commit drop;
alter table {table} alter column id drop not null, alter column batch_id drop not null,
    alter column action drop not null, alter column "first" drop not null, alter column changed drop not null,
    alter column held drop not null{further};
"""
# what rules ask of every staged row besides its cells: fields whose cell could not be read, faults of its cells, facts of
# encrypted numbers, whether it is its household's first row, who else in the file has its ID number or is its village, and,
# of somebody without any number, who else of the household has that name and nothing that tells them apart
FURTHER = {
    "unread": "text[] not null default '{}'",
    "problems": "text[] not null default '{}'",
    "leads": "boolean not null default false",
    "same_id": "integer",
    "same_id_names": "integer",
    "same_id_households": "integer",
    "same_id_towns": "integer",
    "same_village": "integer",
    "same_name": "integer",
    "disability_category": "smallint",
    "disability_level": "smallint",
}
NOTHING = "\\N"  # what COPY takes for an empty value
DERIVED = 0.5  # the share of a staging's time before its COPY
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
SIGNS = re.compile(r"[\\\t\n\r]")
ESCAPED = {"text", "name", "listed", "county_place", "labels"}


def stage(mapped: Mapped, district_id: int, table: str = "roster_stage", progress: Progress = UNTOLD) -> set[str]:
    """Fill a temporary table with the rows of a file: RosterRow's columns, one for each further field of its layout, FURTHER.

    Also settles cells that differ within a household (majority), and tells rows that stand twice. Answers the columns that are filled.
    """
    _tell_shared(mapped)
    settle_household_fields(mapped)
    columns = derived_columns(mapped, district_id, progress)
    with connection.cursor() as cursor:
        cursor.execute(_create(table, mapped.header.layout))
    rows = len(mapped.rows)

    def told(done: int) -> None:
        progress.part(DERIVED + (1 - DERIVED) * min(1, done / rows), min(done, rows))

    copy(table, _varied(table, columns) if rows > FEW else columns, told)
    analyze(table, "row", "household_no", "id_index", "person_no")
    return set(columns)


def _varied(table: str, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """The columns without those that say one thing in all rows: that becomes the table's default, and need not be copied."""
    same = {
        name: values[0]
        for name, values in columns.items()
        if name != "row" and values[0] == values[-1] and values.count(values[0]) == len(values)
    }
    plain = {name: value for name, value in same.items() if value == NOTHING or "\\" not in value}
    if plain:
        sets = ", ".join(f'alter column "{name}" set default %s' for name in plain)
        with connection.cursor() as cursor:
            cursor.execute(f"alter table {table} {sets}", [None if one == NOTHING else one for one in plain.values()])
    return {name: values for name, values in columns.items() if name not in plain}


def _create(table: str, layout: Layout | None = None) -> str:
    """The staging table's definition for a layout."""
    columns = dict(FURTHER)
    for one in layout.fields if layout else ():
        if one.is_value and one.name not in KEPT:
            columns[one.name] = one.sql_type
        if one.type in PERSONAL and index_of(one.name) not in KEPT:
            columns[index_of(one.name)] = "bytea"
        if one.type == "phone":
            columns[f"{one.name}_is_mobile"] = "boolean"
    return CREATE.format(
        table=table, further="".join(f', add column "{name}" {kind}' for name, kind in columns.items())
    )


def index_of(name: str) -> str:
    """The column of a personal number's blind index."""
    return "id_index" if name == "id_number" else f"{name}_index"


def derived_columns(mapped: Mapped, district_id: int, progress: Progress = UNTOLD) -> dict[str, list[str]]:
    """COPY texts of every staging column, personal numbers encrypted and indexed."""
    count, columns = len(mapped.rows), mapped.columns
    blank = [None] * count
    unread, copied = _unread(mapped), copies(mapped)
    _tell_copies(mapped, copied)
    ids, names = columns.get("id_number", blank), columns.get("name", blank)
    bad, ruled = _faulty(mapped)
    outside = {finding.line for finding in mapped.findings if finding.code == "town_outside_district"}
    types = {name: one.type for name, one in mapped.header.layout.by_name.items()}
    aads, found = aads_of(mapped.header.layout.key), {}
    for place, (name, values) in enumerate(columns.items()):
        progress.part(DERIVED * place / len(columns))
        if types[name] in PERSONAL:
            found |= _personal(name, values, types[name], aads.get(name, f"{RosterRow._meta.db_table}.{name}"))
        else:
            found[name] = _texts(values, escape=types[name] in ESCAPED)
    placeholders = [index for index, number in enumerate(ids) if idcard.is_placeholder(number)]
    named, births = list(ids), {index: idcard.birth_date(ids[index]) for index in placeholders}
    for index in placeholders:  # a placeholder says when somebody was born at most, not who they are
        named[index] = None
    sorted_by = {name: pinyin.sort_key(name) for name in set(names) if name}
    certificates = [number if number is not None and len(number) > 18 else None for number in named]
    return (
        found
        | _alike(mapped, named, copied)
        | {"same_name": _of_one_name(mapped, named, births, copied)}
        | {
            "row": list(map(str, mapped.rows)),
            "copy_of": _numbers(copied),
            "refused": ["t" if row in bad else "f" for row in mapped.rows],
            "ruled": ["t" if row in ruled else "f" for row in mapped.rows],
            "out_of_area": ["t" if row in outside else "f" for row in mapped.rows],
            "district_id": [str(district_id)] * count,
            "town_id": _numbers(place.town for place in mapped.places),
            "village_id": _numbers(place.village for place in mapped.places),
            "name_pinyin": _texts(list(map(sorted_by.get, names)), escape=True),
            "id_kind": [
                NOTHING if number is None else "disability" if len(number) > 18 else "id_card" for number in named
            ],
            "sex": [NOTHING if number is None else "m" if int(number[16]) % 2 else "f" for number in named],
            "birth_date": [
                str(births.get(index) or NOTHING)
                if number is None
                else f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
                for index, number in enumerate(named)
            ],
            "disability_category": [NOTHING if number is None else number[18] for number in certificates],
            "disability_level": [NOTHING if number is None else number[19] for number in certificates],
            "unread": unread,
            "problems": _problems(mapped),
            "leads": _leads(columns.get("household_no", blank)),
        }
    )


def _faulty(mapped: Mapped) -> tuple[set[int], set[int]]:
    """Rows with a cell that could not be read, and rows that lack what must be filled: the register may lack it too."""
    required = {one.name: one.required for one in mapped.header.layout.fields}
    bad: set[int] = set()
    ruled: set[int] = set()
    for one in mapped.findings:
        if one.severity == "E":
            (ruled if one.code == required.get(one.field) else bad).add(one.line)
    return bad, ruled


def _tell_copies(mapped: Mapped, copied: Sequence[int | None]) -> None:
    """A row that stands twice is a fault of both."""
    name = next((one for one in ("id_number", "head_id_number", "household_no") if one in mapped.columns), "")
    if name:
        twice = set(copied) - {None}
        mapped.findings += [
            mapped.finding(name, index, "row_duplicate")
            for index, (row, earlier) in enumerate(zip(mapped.rows, copied, strict=True))
            if earlier is not None or row in twice
        ]


def _tell_shared(mapped: Mapped) -> None:
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


def _alike(mapped: Mapped, ids: Sequence[str | None], copied: Sequence[int | None]) -> dict[str, list[str]]:
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


def _of_one_name(
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


def _leads(numbers: Sequence[str | None]) -> list[str]:
    """Whether each row is the first of its household."""
    seen: set[str | None] = {None}
    return ["f" if number in seen or seen.add(number) else "t" for number in numbers]


def _problems(mapped: Mapped) -> list[str]:
    """Faults of each row's cells, as `code` and `field:code`."""
    codes: dict[int, set[str]] = {}
    for one in mapped.findings:
        if one.severity != "N":
            codes.setdefault(one.line, set()).update((one.code, f"{one.field}:{one.code}"))
    return ["{" + ",".join(sorted(codes[row])) + "}" if row in codes else "{}" for row in mapped.rows]


def aads_of(layout: str) -> dict[str, str]:
    """Personal numbers of a layout -> the column under whose name they are encrypted: where they will be stored."""
    taker = taker_of(layout)
    return AADS | (taker.sealed if taker else {})


def _personal(name: str, values: list[str | None], kind: str, aad: str) -> dict[str, list[str]]:
    """A personal number: ciphertext, blind index and, of telephone numbers, whether it can be a mobile one.

    Each distinct number once: a household's telephone stands in every row of its members.
    """
    distinct = [value for value in dict.fromkeys(values) if value is not None]
    named = [None if idcard.is_placeholder(value) else value for value in distinct]
    made = {
        name: _bytes(encrypt_all(distinct, aad)),
        index_of(name): _bytes(blind_index_all(named)),
    }
    if kind == "phone":
        made[f"{name}_is_mobile"] = ["t" if phone.is_mobile(value) else "f" for value in distinct]
    if len(distinct) == len(values):  # all filled and none twice: they are in their places
        return made
    texts = {column: dict(zip(distinct, each, strict=True)) | {None: NOTHING} for column, each in made.items()}
    return {column: list(map(each.__getitem__, values)) for column, each in texts.items()}


def _unread(mapped: Mapped) -> list[str]:
    """Fields of each row whose cell could not be read: they are not empty."""
    fields: dict[int, set[str]] = {}
    required = {one.name: one.required for one in mapped.header.layout.fields}
    for finding in mapped.findings:  # a sign for "nothing" in a cell that must be filled is an empty cell
        if finding.severity == "E" and finding.value is not None and finding.code != required.get(finding.field):
            fields.setdefault(finding.line, set()).add(finding.field)
    return ["{" + ",".join(sorted(fields[row])) + "}" if row in fields else "{}" for row in mapped.rows]


def _texts(values: Sequence[str | None], *, escape: bool = False) -> list[str]:
    """Texts as COPY wants them: an empty one as \\N, signs that it would take for its own escaped."""
    if escape and SIGNS.search("\0".join(filter(None, values))):
        values = [value and value.translate(ESCAPES) for value in values]
    return [NOTHING if value is None else value for value in values] if None in values else list(values)


def _numbers(values: Iterable[int | None]) -> list[str]:
    values = list(values)
    texts = {value: str(value) for value in set(values)} | {None: NOTHING}
    return list(map(texts.__getitem__, values))


def _bytes(values: Iterable[bytes | None]) -> list[str]:
    return [NOTHING if value is None else "\\\\x" + value.hex() for value in values]


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
    for index in indexes:
        if column[index] != chosen and mapped.rows[index] not in faulty:
            mapped.findings.append(mapped.finding(name, index, "household_fields_differ", stored=chosen))
            column[index] = chosen


def _settle_place(mapped: Mapped, indexes: Sequence[int]) -> None:
    """A household lies in one village: rows that say another one follow the majority."""
    sound = [mapped.places[index] for index in indexes if not mapped.places[index].code]
    villages = [place.village for place in sound]
    if len(set(villages)) < 2:
        return
    chosen = max(dict.fromkeys(villages), key=villages.count)
    place = next(one for one in sound if one.village == chosen)
    for index in indexes:
        if mapped.places[index].village != chosen and not mapped.places[index].code:
            mapped.findings.append(mapped.finding("village", index, "household_fields_differ"))
            mapped.places[index] = place


def take_stated(filled: Collection[str]) -> None:
    """Of who has no ID number the file's own columns say sex and birth date. The rules have asked what the number says."""
    stated = {name: f"stated_{name}" for name in ("sex", "birth_date") if f"stated_{name}" in filled}
    if stated:
        sets = ", ".join(f"{name} = coalesce({name}, {column})" for name, column in stated.items())
        with connection.cursor() as cursor:
            cursor.execute(f"update roster_stage set {sets} where id_index is null and not 'id_number' = any(unread)")


def refuse(rows: Iterable[int], *, ruled: bool = False) -> None:
    """Mark staged rows as faulty; `ruled`: for a rule alone. Their households are refused by the plan (`plan.PLAN` says when)."""
    mark = "ruled" if ruled else "refused"
    with connection.cursor() as cursor:
        cursor.execute(f"update roster_stage set {mark} = true where row = any(%s)", [list(rows)])


PLANNED = {"household_id", "person_id", "taken", "first", "action", "changed", "before"}
OWN = {"id", "batch_id", "held", "further"}


def further(layout: Layout) -> dict[str, str]:
    """Staged columns of a layout that the register takes and `RosterRow` has no column for: name → SQL type."""
    found, taker = {}, taker_of(layout.key)
    for slot in taker.slots if taker else (slot for slots in OWNED.values() for slot in slots):
        one = layout.by_name.get(slot.name)
        if one and one.is_value and one.name not in KEPT:
            found[one.name] = one.sql_type
            if one.type in PERSONAL:
                found[index_of(one.name)] = "bytea"
            if taker and one.type == "phone":
                found[f"{one.name}_is_mobile"] = "boolean"
    return found


def kept(layout: Layout, condition: str) -> str:
    """SQL of a subquery: the kept rows that meet `condition` (over `r`), with the same columns as when they were staged."""
    columns = ", ".join(f"{name} {kind}" for name, kind in further(layout).items())
    if not columns:
        return f"(select * from households_rosterrow r where {condition})"
    more = f"left join lateral jsonb_to_record(r.further) as f({columns}) on true"
    return f"(select r.*, f.* from households_rosterrow r {more} where {condition})"


def keep(batch_id: int, layout: Layout) -> None:
    """Keep the staged rows with their plan for preview and approval."""
    staged = [f'"{column}"' for column in sorted(KEPT - PLANNED - OWN)]
    more = ", ".join(f"s.{name}" for name in further(layout))
    more = f"(select jsonb_strip_nulls(to_jsonb(f)) from (select {more}) f)" if more else "null"
    planned = [f'"{column}"' for column in sorted(PLANNED)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into households_rosterrow (batch_id, held, further, {', '.join([*staged, *planned])})"
            f" select %s, false, {more}, {', '.join(f's.{one}' for one in staged)}, {', '.join(f'p.{one}' for one in planned)}"
            "   from roster_stage s join roster_plan p using (row)",
            [batch_id],
        )
    # without statistics the commit would loop over these rows once for each of them
    analyze("households_rosterrow", "batch_id", "row", "household_no", "id_index", "person_no", "action")


ABSENT = """
select distinct m.household_id, m.person_id, m.district_id, m.town_id, m.village_id
  from roster_plan f join households_membership m on m.household_id = f.household_id and m.until is null
  join households_person x on x.id = m.person_id and x.voided_at is null
 where f.action not in ('refused', 'out_of_area', 'duplicate')
   and not exists (select 1 from roster_plan o where o.person_id = m.person_id)
"""


def absent() -> int:
    """How many members of the file's households the file does not list."""
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from ({ABSENT}) as a")
        return cursor.fetchone()[0]


def keep_absent(batch_id: int) -> int:
    """Keep who is not listed, to be confirmed by a person after the commit; returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into households_rosterabsence (batch_id, household_id, person_id, district_id, town_id, village_id, stays_reason, raised)"
            f" select %s, a.*, '', false from ({ABSENT}) as a",
            [batch_id],
        )
        return cursor.rowcount
