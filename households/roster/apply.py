"""Committing a plan: only planned rows are written, each updated one with the event that holds its before-image.

`roster_write` (a temporary table) holds one line per row to write, with the keys of its household and person; those of new
ones are drawn beforehand, so that no statement has to find again what another one has just written. Keys are drawn and rows
written in the file's order: neighbours in the tables are neighbours in their indexes, which an insert and an undo walk along.
"""

import datetime as dt
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from django.db import connection
from django.db.models import Model

from households.models import CaseRecord, Household, IncomeStatement, Person, roster_period
from households.roster.columns import KEPT
from households.roster.fields import CASE, HOUSEHOLD, INCOME, MOVED, PERSON, REOPENED, Slot, of_file
from households.roster.takers import Taker, along
from households.services import state
from jiyang.intake.bulk import analyze
from jiyang.intake.enums import RowAction
from jiyang.intake.models import Batch
from jiyang.planner import planned_with

ROWS = "@rows s join roster_write w on w.row = s.row"
WRITE = """
create temp table roster_write on commit drop as
with s as materialized (select row, household_no, household_id, person_id, first, changed from @plan p where action in ('insert', 'update')),
h as materialized (
    select household_no, coalesce(known, nextval('households_household_id_seq')) as home, known is null as new_home
      from (select household_no, min(household_id) as known from s group by household_no order by min(row)) o),
w as materialized (
    select s.row, h.home, h.new_home, s.person_id, s.first, s.changed from s join h using (household_no) order by s.row)
select row, home, new_home, coalesce(person_id, nextval('households_person_id_seq')) as person, person_id is null as new_person,
       first, changed
  from w
"""


def public_id(table: str, key: str) -> str:
    """SQL of a new row's public id: a UUID of version 7 (RFC 9562): milliseconds, 24 bits of `key` as the counter, 48 bits
    of a hash of table and key under the transaction's secret.

    In the order of their keys, so that a large batch fills one side of the index, and at a seventh of a random one's cost
    (PostgreSQL without OpenSSL opens /dev/urandom for each). Version and variant are the leading digit of their group: it
    keeps the counter's zeros.
    """
    count = f"to_hex(x'7000'::int | ({key} >> 12 & 4095)::int) || to_hex(x'8000'::int | ({key} & 4095)::int)"
    chance = f"encode(substr(sha256(int8send({key}) || convert_to(%(secret)s || '{table}', 'UTF8')), 1, 6), 'hex')"
    return f"(%(clock)s || {count} || {chance})::uuid"


NEW_HOUSEHOLDS = f"""
insert into households_household (id, public_id, version, household_no, address, registered_on, close_reason, done_by, done_on,
    entered_by_id, entered_at, origin_id, void_reason, @columns)
select w.home, {public_id("household", "w.home")}, 1, s.household_no, '', %(day)s, '', %(who)s, %(day)s, %(by)s, now(), %(batch)s, '', @values
  from {ROWS} where w.first and w.new_home order by w.row
"""
NEW_PEOPLE = f"""
insert into households_person (id, public_id, version, district_id, town_id, village_id, household_id, done_by, done_on,
    entered_by_id, entered_at, origin_id, void_reason, @columns)
select w.person, {public_id("person", "w.person")}, 1, h.district_id, h.town_id, h.village_id, h.id, %(who)s, %(day)s, %(by)s, now(), %(batch)s,
    '', @values
  from {ROWS} join households_household h on h.id = w.home and h.voided_at is null where w.new_person order by w.row
"""
# A member whose relation changed or who comes from another household: the old membership ends, a new one begins.
LEFT_MEMBERSHIPS = """
update households_membership x set until = greatest(x.since, %(day)s),
       leave_reason = case when x.household_id = w.home then '关系变更' else '其他转出' end
  from roster_write w where w.person = x.person_id and not w.new_person and x.until is null and w.changed && '{relation,household}'
"""
NEW_MEMBERSHIPS = f"""
insert into households_membership (person_id, household_id, district_id, town_id, village_id, relation, since, join_reason,
    leave_reason, origin_id, version)
select w.person, h.id, h.district_id, h.town_id, h.village_id, coalesce(s.relation, ''),
       greatest(%(day)s, h.registered_on, case when not w.new_person then
         (select max(m.until) from households_membership m where m.person_id = w.person) end), '名单导入', '', %(batch)s, 1
  from {ROWS} join households_household h on h.id = w.home and h.voided_at is null where w.new_person or w.changed && '{{relation,household}}'
 order by w.row
"""
NEW_INCOMES = f"""
insert into households_incomestatement (public_id, version, district_id, town_id, village_id, household_id, year, kind,
    period_start, period_end, formula, working, done_by, done_on, entered_by_id, entered_at, origin_id, void_reason,
    @columns)
select {public_id("income", "h.id")}, 1, h.district_id, h.town_id, h.village_id, h.id, %(year)s, 'roster', %(start)s, %(end)s,
    '', '', %(who)s, %(day)s, %(by)s, now(), %(batch)s, '', @values
  from {ROWS} join households_household h on h.id = w.home and h.voided_at is null
 where w.first and (@filled) and (w.new_home or w.changed && @names
   and not exists (select 1 from households_incomestatement i where i.household_id = h.id and i.year = %(year)s
                      and i.kind = 'roster' and i.voided_at is null))
 order by w.row
"""
NEW_CASES = f"""
insert into households_caserecord (public_id, version, district_id, town_id, village_id, household_id, done_by, done_on,
    entered_by_id, entered_at, origin_id, void_reason,
    @columns)
select {public_id("case", "h.id")}, 1, h.district_id, h.town_id, h.village_id, h.id, %(who)s, %(day)s, %(by)s, now(), %(batch)s, '', @values
  from {ROWS} join households_household h on h.id = w.home and h.voided_at is null
 where w.first and (@filled) and (w.new_home or w.changed && @names
   and not exists (select 1 from households_caserecord c where c.household_id = h.id and c.voided_at is null))
 order by w.row
"""
# A 人编号 that passes from one person to another: it leaves the first before the second gets it, swaps included, and
# the before-image of the first is the one before it left.
FREED = f"""
create temp table freed on commit drop as
select x.id, x.version
  from households_person x join roster_write w on w.person = x.id and not w.new_person and 'person_no' = any(w.changed)
 where x.person_no <> '' and x.person_no in (select s.person_no from {ROWS} where w.new_person or 'person_no' = any(w.changed))
"""
FREE = "update households_person x set person_no = '' from freed f where f.id = x.id"
# The records of a taker: each where its person is, or in its village.
WRITE_RECORDS = """
create temp table roster_write on commit drop as
select row, household_id as home, person_id as person, taken, changed from @plan p where action in ('insert', 'update')
"""
NEW_RECORDS = f"""
insert into @table (public_id, version, district_id, town_id, village_id, @owner done_by, done_on,
    entered_by_id, entered_at, origin_id, void_reason, @columns)
select {public_id("record", "w.row")}, 1, @at.district_id, @at.town_id, @at.village_id, @own %(who)s, %(day)s, %(by)s, now(), %(batch)s,
    '', @values
  from {ROWS}@home where w.taken is null order by w.row
"""
OF_PERSON = {"@owner": "household_id, person_id,", "@own": "h.id, w.person,", "@at": "h", "@home": " join households_household h on h.id = w.home and h.voided_at is null"}  # fmt: skip
OF_VILLAGE = {"@owner": "", "@own": "", "@at": "s", "@home": ""}
MOVED_PEOPLE = f"select w.person from roster_write w where not w.new_person and '{MOVED}' = any(w.changed)"
AFFECTED = """
select home from roster_write where home is not null
union select m.household_id from households_rostertouch t join households_membership m on m.id = t.record
 where t.batch_id = %(batch)s and t.reversal_id is null and t."table" = 'membership'
"""
# An update and, of each row it changed, under which version history keeps the values before it.
TOUCHED = """
with u as ({update} returning x.id, old.version as before, x.version, x.district_id, x.town_id, x.village_id)
insert into households_rostertouch ("table", record, before, version, batch_id, reversal_id, district_id, town_id, village_id)
select '{name}', u.id, {before}, u.version, %(batch)s, {reversal}, u.district_id, u.town_id, u.village_id from u
"""


def touched(name: str, update: str, reversal: str = "null::bigint", *, freed: bool = False) -> str:
    """`update` of table alias `x` (model `name`) together with its before-images; those in `freed` have theirs noted."""
    before = "coalesce((select f.version from freed f where f.id = u.id), u.before)" if freed else "u.before"
    return TOUCHED.format(update=update, name=name, reversal=reversal, before=before)


def commit(
    batch: Batch,
    *,
    by_id: int,
    who: str,
    fields: set[str],
    day: dt.date,
    source: str,
    planned: str = "roster_plan",
    people: bool = True,
    taker: Taker | None = None,
    told: Callable[[float], None] = lambda share: None,
) -> dict[str, int]:
    """Write the plan `planned` over the rows of `source` into the register; returns rows written per kind.

    Of a file of households (not `people`) nobody's own row is written, of a taker's nothing but its records.

    `told` hears before each statement which share of the time has gone. Runs in the caller's transaction.
    """
    year, start, end = roster_period(day)
    values = {
        "secret": secrets.token_hex(16),
        "clock": f"{int(time.time() * 1000):012x}",
        "batch": batch.pk,
        "by": by_id,
        "who": who,
        "day": day,
        "year": year,
        "start": start,
        "end": end,
    }
    income = " and x.kind = 'roster' and x.year = %(year)s"
    steps = {
        "households_changed": _old(Household, HOUSEHOLD, fields, "x.id = w.home and w.first and not w.new_home", _reopening()),
        "households_added": _new(NEW_HOUSEHOLDS, HOUSEHOLD, fields),
        "numbers_freed": FREED,
        "numbers_left": FREE,
        "people_changed": _old(Person, PERSON, fields, "x.id = w.person and not w.new_person", _moving()),
        "people_added": _new(NEW_PEOPLE, PERSON, fields),
        **{f"along_{name}": touched(name, sql) for name, sql in along(MOVED_PEOPLE).items()},
        "memberships_ended": touched("membership", LEFT_MEMBERSHIPS),
        "memberships_added": NEW_MEMBERSHIPS,
        "incomes_changed": _old(IncomeStatement, INCOME, fields, OF_HOME + income),
        "incomes_added": _new(NEW_INCOMES, INCOME, fields),
        "cases_changed": _old(CaseRecord, CASE, fields, OF_HOME),
        "cases_added": _new(NEW_CASES, CASE, fields),
    }  # fmt: skip
    left_out = {
        prefix
        for prefix, slots in (("numbers", PERSON[:1]), ("incomes", INCOME), ("cases", CASE))
        if not of_file(slots, fields)
    } | (set() if people else {"people", "along", "memberships", "numbers"})
    steps = (
        _of_taker(taker, fields)
        if taker
        else {name: sql for name, sql in steps.items() if name.split("_")[0] not in left_out}
    )
    written = {}
    with connection.cursor() as cursor:
        cursor.execute((WRITE_RECORDS if taker else WRITE).replace("@plan", planned))
        analyze("roster_write", "row", "home", "person")
        times = _times(batch, list(steps))
        for name, sql in steps.items():
            told(times[name])
            with planned_with(enable_nestloop="on") if name.startswith("along") else nullcontext():  # few move
                cursor.execute(sql.replace("@rows", source), values)
            if not name.startswith(("numbers", "along")):
                written[name] = cursor.rowcount
    return written


# how long a row takes, new or changed, in any unit
TIMES = {
    "households": (5, 10),
    "people": (6, 18),
    "memberships": (4, 8),
    "incomes": (6, 16),
    "cases": (6, 16),
    "records": (8, 18),
}


def _times(batch: Batch, steps: Sequence[str]) -> dict[str, float]:
    """Of each statement the share of the time before it, as the plan's rows let expect."""
    added, changed = batch.counts.get(RowAction.INSERT, 0), batch.counts.get(RowAction.UPDATE, 0)
    spent = []
    for name in steps:
        kind, _, what = name.partition("_")
        new, old = TIMES.get(kind, (0, 0))
        spent.append(new * added if what == "added" else old * changed)
    return {name: sum(spent[:place]) / (sum(spent) or 1) for place, name in enumerate(steps)}


def refresh(batch: Batch) -> None:
    """Rebuild the state of the households that `commit` has written to."""
    with connection.cursor() as cursor:
        cursor.execute(AFFECTED, {"batch": batch.pk})
        state.refresh(pk for (pk,) in cursor.fetchall())


OF_HOME = "x.household_id = w.home and w.first and not w.new_home and x.voided_at is null"


def _of_taker(taker: Taker, fields: set[str]) -> dict[str, str]:
    added, more = NEW_RECORDS.replace("@table", taker.table), _moving() if taker.of_people else None
    for mark, text in (OF_PERSON if taker.of_people else OF_VILLAGE).items():
        added = added.replace(mark, text)
    return {
        "records_changed": _old(taker.model, taker.slots, fields, "x.id = w.taken", more),
        "records_added": _new(added, taker.slots, fields),
    }


def _old(
    model: type[Model],
    slots: tuple[Slot, ...],
    fields: set[str],
    condition: str,
    more: tuple[str, str] | None = None,
) -> str:
    """The update of known rows with its before-images: exactly the fields that the plan names, nothing else.

    `more` is (label, assignment) of what no column of the file says.
    """
    wanted = of_file(slots, fields)
    sets = [
        f"{column} = case when '{slot.name}' = any(w.changed) then {value} else x.{column} end"
        for slot in wanted
        for column, value in slot.assigned
    ]
    labels = [slot.name for slot in wanted]
    if more:
        labels, sets = [*labels, more[0]], [*sets, more[1]]
    update = f"update {model._meta.db_table} x set {', '.join(sets)} from {ROWS} where {condition} and w.changed && {_names(labels)}"
    return touched(model._meta.model_name, update, freed=model is Person and "person_no" in fields)


def _new(sql: str, slots: tuple[Slot, ...], fields: set[str]) -> str:
    """An insert: every staged column that the register has, empty where the file has none."""
    wanted = of_file(slots, fields)
    pairs = [pair for slot in slots if slot in wanted or slot.name in KEPT for pair in slot.assigned]
    parts = {
        "@columns": ", ".join(column for column, _ in pairs),
        "@values": ", ".join(value for _, value in pairs),
        "@filled": " or ".join(slot.filled for slot in wanted),
        "@names": _names([slot.name for slot in wanted]),
    }
    for mark, text in parts.items():
        sql = sql.replace(mark, text)
    return sql


def _names(labels: list[str]) -> str:
    return f"'{{{','.join(labels)}}}'"


def _reopening() -> tuple[str, str]:
    """A household that the register has closed and the roster lists again is open again."""
    sets = (
        f"closed_on = case when '{REOPENED}' = any(w.changed) then null else x.closed_on end,"
        f" close_reason = case when '{REOPENED}' = any(w.changed) then '' else x.close_reason end"
    )
    return REOPENED, sets


def _moving() -> tuple[str, str]:
    sets = f"household_id = case when '{MOVED}' = any(w.changed) then w.home else x.household_id end"
    return MOVED, sets
