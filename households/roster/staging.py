"""From normalised columns to the staging table `roster_stage`: encrypted first, then one COPY.

`roster_stage` is a temporary table of the running transaction: COPY is refused on tables under row-level security,
and a check that leaves nothing behind needs none else.
"""

from collections.abc import Collection, Iterable

from django.db import connection

from households.roster.columns import DERIVED, KEPT, PERSONAL, derived_columns, index_of
from households.roster.settling import settle_household_fields
from households.roster.shared import NOTHING, tell_shared
from jiyang.intake.bulk import FEW, analyze, copy
from jiyang.intake.layouts import Layout
from jiyang.intake.normalise import Mapped
from jiyang.intake.progress import UNTOLD, Progress

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


def stage(mapped: Mapped, district_id: int, table: str = "roster_stage", progress: Progress = UNTOLD) -> set[str]:
    """Fill a temporary table with the rows of a file: RosterRow's columns, one for each further field of its layout, FURTHER.

    Also settles cells that differ within a household (majority), and tells rows that stand twice. Answers the columns that are filled.
    """
    tell_shared(mapped)
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
