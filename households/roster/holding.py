"""Rows that a job is about to change are locked before it looks at them: what was compared is what is written.

An officer who has begun to save is waited for, and seen; one who comes later waits for the job, and is told what it changed.
Always in this order, households first and by their keys, as services do that lock a household before its rows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from households.models import CaseRecord, Household, IncomeStatement, Membership, Person, roster_period
from households.roster.fields import CASE, INCOME, MOVED, RELATION
from households.roster.running import day_of
from households.roster.takers import of_people, taker_of
from jiyang.intake.models import Batch
from jiyang.planner import planned_with

# no key changes, so that rows which point to these can be entered meanwhile
HOLD = (
    "select count(*) from (select from {table} x where x.id in ({chosen}) order by x.id for no key update of x) as held"
)
# what the kept plan writes
ROWS = "households_rosterrow r where r.batch_id = %(batch)s and r.action in ('insert', 'update') and not r.held"


def hold(model: type, chosen: str, values: Mapping[str, Any]) -> None:
    """Lock the rows of `model` whose keys the query `chosen` finds, until the transaction ends.

    A large batch may change little: its rows are looked up by their keys, the rest of the register is left alone.
    """
    with planned_with(enable_nestloop="on"), connection.cursor() as cursor:
        cursor.execute(HOLD.format(table=model._meta.db_table, chosen=chosen), values)


def hold_planned(batch: Batch) -> None:
    """Lock the rows of the register that the batch's kept plan changes. Of what it adds there is nothing to lock."""
    values = {"batch": batch.pk, "year": roster_period(day_of(batch.data_date))[0]}
    if not _anything_known(values):  # a first load
        return
    for model, chosen in _of_records(batch) if taker_of(batch.layout) else _of_register():
        hold(model, chosen, values)


def _anything_known(values: Mapping[str, Any]) -> bool:
    with connection.cursor() as cursor:
        known = "r.household_id is not null or r.person_id is not null or r.taken is not null"
        cursor.execute(f"select exists (select 1 from {ROWS} and ({known}))", values)
        return cursor.fetchone()[0]


def _of_records(batch: Batch) -> Iterator[tuple[type, str]]:
    """A taker's records, and the households that they are of."""
    taker = taker_of(batch.layout)
    if taker.of_people:
        yield Household, f"select r.household_id from {ROWS} and r.household_id is not null"
    yield taker.model, f"select r.taken from {ROWS} and r.taken is not null"


def _of_register() -> Iterator[tuple[type, str]]:
    moved = f"'{MOVED}' = any(r.changed)"
    yield (
        Household,
        f"select r.household_id from {ROWS} and r.household_id is not null union"
        f" select p.household_id from households_person p where p.id in (select r.person_id from {ROWS} and {moved})",
    )
    yield Person, f"select r.person_id from {ROWS} and r.person_id is not null and r.changed <> '{{}}'"
    for one in of_people():
        yield one.model, _of("person_id", one.model, moved) + " and o.voided_at is null"
    joined = f"r.changed && '{{{RELATION.name},{MOVED}}}'"
    yield Membership, _of("person_id", Membership, joined) + " and o.until is null"
    live = " and o.voided_at is null"
    yield (
        IncomeStatement,
        _of("household_id", IncomeStatement, _says(INCOME)) + f"{live} and o.kind = 'roster' and o.year = %(year)s",
    )
    yield CaseRecord, _of("household_id", CaseRecord, _says(CASE)) + live


def _of(column: str, model: type, condition: str) -> str:
    """SQL: the rows of `model` that share `column` with planned rows which meet the condition."""
    return (
        f"select o.id from {model._meta.db_table} o where o.{column} in"
        f" (select r.{column} from {ROWS} and r.{column} is not null and {condition})"
    )


def _says(slots: tuple) -> str:
    return f"r.changed && '{{{','.join(slot.name for slot in slots)}}}'"
