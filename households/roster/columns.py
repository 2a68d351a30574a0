"""The staging table's columns as COPY takes them: personal numbers encrypted and indexed, what rules ask of a row derived."""

import re
from collections.abc import Iterable, Sequence

from households.models import CaseRecord, Household, Person, RosterRow
from households.roster.shared import NOTHING, alike, copies, of_one_name, tell_copies
from households.roster.takers import taker_of
from jiyang.identifiers import idcard, phone, pinyin
from jiyang.identifiers.encryption import blind_index_all, encrypt_all
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
DERIVED = 0.5  # the share of a staging's time before its COPY
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
SIGNS = re.compile(r"[\\\t\n\r]")
ESCAPED = {"text", "name", "listed", "county_place", "labels"}


def index_of(name: str) -> str:
    """The column of a personal number's blind index."""
    return "id_index" if name == "id_number" else f"{name}_index"


def derived_columns(mapped: Mapped, district_id: int, progress: Progress = UNTOLD) -> dict[str, list[str]]:
    """COPY texts of every staging column, personal numbers encrypted and indexed."""
    count, columns = len(mapped.rows), mapped.columns
    blank = [None] * count
    unread, copied = _unread(mapped), copies(mapped)
    tell_copies(mapped, copied)
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
        | alike(mapped, named, copied)
        | {"same_name": of_one_name(mapped, named, births, copied)}
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
