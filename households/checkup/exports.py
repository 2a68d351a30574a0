"""Several national exports staged together as one source (体检): people of A, B and C, households of F, jobs of D, plans of G, villages of E.

Refused rows take part. A person or a household has a row per file that tells of it, so that a fault in either is seen; each is
completed by the others where its file has no such column. `version` 1 is the most telling file's: the one that counts as member
or household of another row. All tables end with the transaction.
"""

import datetime as dt
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.db import connection
from django.utils import timezone

from households.checkup import numbers
from households.checkup.spells import PHONES, Spells, in_county
from households.roster import staging
from households.roster.jobs import LAYOUTS
from jiyang.identifiers import idcard
from jiyang.intake import pipeline
from jiyang.intake.cells import as_text
from jiyang.intake.header import Choice
from jiyang.intake.layouts import Layout, layouts
from jiyang.intake.normalise import Mapped
from jiyang.intake.places import RegionIndex
from jiyang.intake.refusals import FileRefused
from jiyang.regions.models import Region
from jiyang.rules.sql import Base, Source

NULL = "\\N"
APART = 10_000_000  # row keys: file number × this + Excel row
PEOPLE = ("roster_c", "roster_b", "roster_a", "legacy_person")  # the more telling first
HOMES = ("roster_c", "roster_f", "roster_b", "roster_a", "legacy_household")
OF_IDENTITY = ("id_number", "id_index", "sex", "birth_date", "id_kind", "disability_category", "disability_level")
STAGED = Spells("over_spell", "household_key", "person_key", "rid")
SILENT = {"no_school_reason"}  # a layout without this column cannot give one: nothing was written, rather than unknown
JOINED_BY = {
    "village",
    "household_no",
    "id_number",
}  # columns without which a file says nothing of anybody; rules that need others are refused


@dataclass
class Exports:
    """The staged files: `source` for the engine, and names of the rows that were hit. `repeated` are copies that were left out."""

    source: Source
    files: list[Mapped]
    repeated: list[Path] = field(default_factory=list)
    _known: dict[int, dict[int, int]] = field(default_factory=dict)

    def records(self, subject: str, keys: Sequence[int]) -> list[str]:
        """户编号 of households, names of villages, ID numbers as written of everybody else (户编号 where there is none)."""
        return sorted({self._record(subject, key) for key in keys})

    def locate(self, key: int) -> tuple[int, int]:
        """(number of the file, index of the row in it) of a row's key."""
        number, line = divmod(key, APART)
        return number, self._places(number)[line]

    def _record(self, subject: str, key: int) -> str:
        number, place = self.locate(key)
        mapped, line = self.files[number], key % APART
        names = {"household": ("household_no",), "village": ("village",)}.get(subject, ("id_number", "household_no"))
        for name in names:
            stored = mapped.columns.get(name)
            value = (
                (stored[place] if stored else None) or as_text(mapped.raw[name][place]).strip()
                if name in mapped.raw
                else None
            )
            if value:
                return self._written(mapped, name, place, value)
        return f"{mapped.header.layout.title}第 {line} 行"

    def _written(self, mapped: Mapped, name: str, place: int, value: str) -> str:
        """An old number of 15 digits as it stands in the file: nobody knows the row by the longer one."""
        raw = as_text(mapped.raw[name][place]).strip() if name in mapped.raw else value
        return raw if len(raw) == 15 and len(value) == 18 else value

    def _places(self, number: int) -> dict[int, int]:
        if number not in self._known:
            self._known[number] = {line: place for place, line in enumerate(self.files[number].rows)}
        return self._known[number]


def stage(paths: Sequence[Path], *, district: Region, as_of: dt.date | None) -> tuple[Exports, dt.date]:
    """Read and stage the files in the running transaction. Raises FileRefused, OSError. Answers the day of the check too.

    A file given twice counts once.
    """
    files, repeated, seen = [], [], set()
    for path in paths:
        data = path.read_bytes()
        if (digest := hashlib.sha256(data).digest()) in seen:
            repeated.append(path)
            continue
        seen.add(digest)
        try:
            files += read([(data, path.name, None)], district, as_of)
        except FileRefused as refused:
            refused.file = path
            raise
    exports, day = stage_read(files, district, as_of)
    return replace(exports, repeated=repeated), day


def read(
    files: Iterable[tuple[bytes, str, Choice | None]], district: Region, as_of: dt.date | None
) -> Iterator[Mapped]:
    """Each file (contents, name, what a person said of its reading) as normalised columns. Raises FileRefused."""
    regions, chosen = RegionIndex.load(district), [_joined(layouts()[key]) for key in LAYOUTS]
    for data, name, choice in files:
        yield pipeline.load(data, name, layouts=chosen, regions=regions, as_of=as_of, choice=choice)


def stage_read(files: list[Mapped], district: Region, as_of: dt.date | None) -> tuple[Exports, dt.date]:
    """Stage files that were read, joined to each other."""
    dated = [mapped.data_date for mapped in files if mapped.data_date]
    day = as_of or (max(dated) if dated else timezone.localdate())
    tables: dict[str, list[Table]] = {}
    for number, mapped in enumerate(files):
        staging.stage(mapped, district.pk, f"over_{number}")
        _mark(mapped, f"over_{number}", day)
        table = Table(f"over_{number}", number, mapped)
        tables.setdefault(mapped.header.layout.key, []).append(table)
    bases = _bases({key: Pile(key, found) for key, found in tables.items()})
    bases = _settle_spells(bases, district)
    return Exports(Source("所给的导出表", bases), files), day


def _joined(layout: Layout) -> Layout:
    """The layout, asking for no more columns than join its rows to others'."""
    fields = tuple(replace(one, must_exist=one.must_exist and one.name in JOINED_BY) for one in layout.fields)
    return replace(layout, fields=fields)


def _settle_spells(bases: dict[str, Base], district: Region) -> dict[str, Base]:
    """Of each job: whether it is in this county, and since when its household is monitored."""
    spell, home = bases.get("spell"), bases.get("household")
    if spell is None:
        return bases
    added = set()
    with connection.cursor() as cursor:
        cursor.execute("alter table over_spell add column in_county boolean, add column household_identified_on date")
        if places := sorted({"job_county", "job_place"} & spell.columns):
            cursor.execute(f"update over_spell set in_county = {in_county(places, '%s')}", [district.name[:-1]])
            added.add("in_county")
        if home and "risk_identified_on" in home.columns:
            cursor.execute(
                "update over_spell s set household_identified_on = h.risk_identified_on from over_household h"
                " where h.household_key = s.household_key and h.version = 1"
            )
            added.add("household_identified_on")
    return {**bases, "spell": replace(spell, columns=spell.columns | added)}


def _mark(mapped: Mapped, table: str, day: dt.date) -> None:
    """Write what was found at each row's cells beside it, as `code` and `field:code`, and what a refused number tells all the same."""
    found: dict[int, set[str]] = {line: set() for line in mapped.rows}
    for one in mapped.findings:
        found.setdefault(one.line, set()).update((one.code, f"{one.field}:{one.code}"))
    lines = []
    cells = mapped.raw.get("id_number", [""] * len(mapped.rows))
    kinds = set(cells)
    sound = idcard.sound(kinds, as_of=day)  # the reader told all of them; a number cell lost its last digits
    told = {cell: numbers.told(cell if isinstance(cell, str) and cell not in sound else "", day) for cell in kinds}
    for line, cell in zip(mapped.rows, cells, strict=True):
        number, codes = told[cell], ",".join(sorted(found[line] | told[cell].faults))
        lines.append(f"{line}\t{{{codes}}}\t{number.key or NULL}\t{number.born or NULL}\t{number.sex or NULL}")
    with connection.cursor() as cursor:
        cursor.execute(
            f"create temp table {table}_marks (line integer primary key, codes text[], person bytea, born date, sex text) on commit drop"
        )
        cursor.copy_expert(f"copy {table}_marks from stdin", io.StringIO("\n".join(lines)))
        for column, known in (("birth_date", "born"), ("sex", "sex")):
            cursor.execute(
                f"update {table} t set {column} = m.{known} from {table}_marks m where m.line = t.row and t.{column} is null"
            )


@dataclass
class Table:
    name: str
    number: int
    mapped: Mapped

    @property
    def present(self) -> set[str]:
        """Columns that the file fills, by itself or derived from an ID number or telephone."""
        layout, names = self.mapped.header.layout, set(self.mapped.columns)
        if "id_number" in names:
            names |= set(OF_IDENTITY)
        if layout.rows == "village":
            names.add("same_village")
        return names | {
            f"{name}_is_mobile" for name in names if name in layout.by_name and layout.by_name[name].type == "phone"
        }


class Pile:
    """All files of one layout as one query. `present` are the columns that every one of them fills."""

    def __init__(self, key: str, tables: list[Table]) -> None:
        self.key, self.tables, self.layout = key, tables, layouts()[key]
        self.present = set.intersection(*(table.present for table in tables))

    def own(self, subject: str) -> set[str]:
        """Present columns that tell of the subject."""
        if subject == self.layout.rows:
            if subject != "person":
                return set(self.present)
            return {name for name in self.present if not self._of_household(name)} | {"household_no"}
        return {name for name in self.present if self._of_household(name)}

    def _of_household(self, name: str) -> bool:
        one = self.layout.by_name.get(name.removesuffix("_is_mobile"))
        return one is not None and one.belongs_to == "household"

    def query(self, names: set[str]) -> str:
        listed = "".join(f', t."{name}"' for name in sorted(names - {"unread"}))
        parts = [
            f"select {table.number}::bigint * {APART} + t.row as rid, t.unread, m.codes as problems,"
            f" t.household_no as household_key, coalesce(t.id_index, m.person) as person_key, t.town_id, t.village_id{listed}"
            f" from {table.name} t join {table.name}_marks m on m.line = t.row"
            for table in self.tables
        ]
        return "(" + " union all ".join(parts) + ")"


def _bases(piles: dict[str, Pile]) -> dict[str, Base]:
    bases: dict[str, Base] = {}
    people = [piles[key] for key in PEOPLE if key in piles]
    homes = [piles[key] for key in HOMES if key in piles]
    if people:
        bases["person"] = _people(people)
    if homes:
        bases["household"] = _homes(homes, monitored="roster_c" in piles)
    for key, subject in (("roster_d", "spell"), ("roster_g", "plan"), ("roster_e", "village")):
        if key in piles:
            bases[subject] = _plain(subject, piles[key])
    return bases


def _merged(piles: list[Pile], subject: str, same: str) -> tuple[list[str], set[str]]:
    """Per pile a query of its rows of the subject, completed by the others' columns that it lacks (joined by `same`)."""
    columns = set().union(*(pile.own(subject) for pile in piles)) | (SILENT if subject == "person" else set())
    kinds = {name: f"null::{_sql_type(piles, name)}" for name in columns}
    queries = []
    for pile in piles:
        own = pile.own(subject)
        givers = [other for other in piles if other is not pile]
        picked, joins, lacking = [], [], []
        for place, other in enumerate(givers):
            keys = ", ".join(same.split())
            on = " and ".join(f"g{place}.{key} = o.{key}" for key in same.split())
            joins.append(
                f" left join (select distinct on ({keys}) * from {other.query(other.own(subject))} x"
                f" where {' and '.join(f'{key} is not null' for key in same.split())} order by {keys}, rid) g{place} on {on}"
            )
        for name in sorted(columns):
            place = next((place for place, other in enumerate(givers) if name in other.own(subject)), None)
            if name in own:
                picked.append(f'o."{name}"')
            elif place is not None:
                picked.append(f'g{place}."{name}" as "{name}"')
                if name in SILENT:
                    continue
                lacking.append(f"case when g{place}.rid is null or '{name}' = any(g{place}.unread) then '{name}' end")
            else:
                picked.append(f'{kinds[name]} as "{name}"')
        unread = f"o.unread || array_remove(array[{', '.join(lacking)}]::text[], null)" if lacking else "o.unread"
        queries.append(
            f"select o.rid, {unread} as unread, o.problems, o.household_key, o.person_key, o.town_id, o.village_id,"
            f" {', '.join(picked)} from {pile.query(own)} o{''.join(joins)}"
        )
    return queries, columns


def _sql_type(piles: list[Pile], name: str) -> str:
    for pile in piles:
        one = pile.layout.by_name.get(name)
        if one and one.sql_type:
            return one.sql_type
    return {"birth_date": "date", "id_index": "bytea", "id_number": "bytea", "disability_category": "smallint", "disability_level": "smallint"}.get(
        name, "boolean" if name.endswith("_is_mobile") else "text"
    )  # fmt: skip


def _table(name: str, query: str, *indexed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table {name} on commit drop as {query}")
        for column in indexed:
            cursor.execute(f"create index on {name} ({column})")
        cursor.execute(f"analyze {name}")


def _people(piles: list[Pile]) -> Base:
    queries, columns = _merged(piles, "person", "household_key person_key")
    for place, query in enumerate(queries):
        queries[place] = f"select {place} as file_rank, z.* from ({query}) z"
    _table(
        "over_people",
        "select u.*, case when person_key is null or file_rank = min(file_rank) over (partition by household_key, person_key)"
        f" then 1 else 2 end as version from ({' union all '.join(queries)}) u",
    )
    _table(
        "over_person",
        "select p.*, i.same_id, i.same_id_towns from over_people p left join (select person_key, count(*)::int as same_id,"
        " count(distinct coalesce(town_id, 0))::int as same_id_towns from over_people where person_key is not null and version = 1"
        " group by 1) i using (person_key)",
        "household_key",
        "person_key",
    )
    known = frozenset(columns | {"problems", "same_id", "same_id_towns"})
    return Base("over_person", known, "rid", unread=True, one="{t}.version = 1")


def _homes(piles: list[Pile], *, monitored: bool) -> Base:
    """`monitored` where any file names a category; every household of a 监测对象信息 that has no such column."""
    queries, columns = _merged(piles, "household", "household_key")
    known = "category is not null or 'category:enum_unknown' = any(problems)" if "category" in columns else "in_c"
    parts = [
        f"(select distinct on (household_key) {place} as version_rank, {pile.key == 'roster_c'} as in_c, q.* from ({query}) q"
        " where household_key is not null order by household_key, rid)"
        for place, (pile, query) in enumerate(zip(piles, queries, strict=True))
    ]
    _table(
        "over_household",
        f"select u.*, row_number() over (partition by household_key order by version_rank)::int as version,"
        f" bool_or({known}) over w as monitored"
        f" from ({' union all '.join(parts)}) u window w as (partition by household_key)",
        "household_key",
    )
    known_columns = columns | {"problems"} | ({"monitored"} if monitored or "category" in columns else set())
    return Base("over_household", frozenset(known_columns), "rid", unread=True, one="{t}.version = 1")


def _plain(subject: str, pile: Pile) -> Base:
    columns, extra = set(pile.present), ""
    phones = subject == "spell" and {"job_phone", "job_county"} <= columns
    query = pile.query(columns | ({"job_phone_index"} if phones else set()))
    if subject == "spell":
        extra, more = _spells(columns)
        columns |= more
    _table(f"over_{subject}", f"select q.*{extra} from {query} q", "household_key", "person_key")
    if phones:
        _phones()
        columns |= PHONES
    return Base(f"over_{subject}", frozenset(columns | {"problems"}), "rid", unread=True)


def _spells(columns: set[str]) -> tuple[str, set[str]]:
    if not {"job_started_on", "job_ended_on"} <= columns:
        return "", set()
    return f", {STAGED.previous_ended_on('q')} as previous_ended_on", {"previous_ended_on"}


def _phones() -> None:
    """How many households share a telephone and, within one, in how many counties its different workers do."""
    with connection.cursor() as cursor:
        cursor.execute("alter table over_spell add column phone_households integer, add column phone_counties integer")
        cursor.execute(
            f"update over_spell s set phone_households = h.phone_households, phone_counties = {STAGED.phone_counties('s')}"
            f" from ({STAGED.by_phone}) h where h.job_phone_index = s.job_phone_index"
        )
