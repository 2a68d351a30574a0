"""Committing a plan: only planned rows are written, each updated one with the event that holds its before-image.

`roster_write` (a temporary table) holds one line per row to write, with the keys of its household and person; those of new
ones are drawn beforehand, so that no statement has to find again what another one has just written.
"""

import datetime as dt

from django.db import connection

from households.models.income import roster_period
from households.roster.fields import HOUSEHOLD, INCOME, MOVED, PERSON, REOPENED, Slot, of_file
from households.services import state
from jiyang.intake.bulk import whole_batch
from jiyang.intake.models import Batch

ROWS = "@rows s join roster_write w on w.row = s.row"
KEPT_ROWS = "(select * from households_rosterrow where batch_id = %(batch)s)"
WRITE = """
create temp table roster_write on commit drop as
with s as materialized (
    select s.row, s.household_no, p.household_id, p.person_id, p.first, p.changed
      from @rows s join roster_plan p on p.row = s.row
     where p.action in ('insert', 'update')),
h as materialized (
    select household_no, coalesce(min(household_id), nextval('households_household_id_seq')) as home,
           min(household_id) is null as new_home from s group by household_no)
select s.row, h.home, h.new_home, coalesce(s.person_id, nextval('households_person_id_seq')) as person,
       s.person_id is null as new_person, s.first, s.changed
  from s join h using (household_no);
analyze roster_write (row, home, person)
"""
NEW_HOUSEHOLDS = f"""
insert into households_household (id, public_id, version, district_id, town_id, village_id, household_no, household_type, hamlet,
    address, phone, phone_index, stated_size, poverty_cause, dangerous_house, safe_water, identified_on, category,
    risk_identified_on, risk_removed_on, risk_removed, registered_on, close_reason, done_by, done_on, entered_by_id, entered_at,
    origin_id, void_reason)
select w.home, gen_random_uuid(), 1, s.district_id, s.town_id, s.village_id, s.household_no, coalesce(s.household_type, ''),
    coalesce(s.hamlet, ''), '', s.phone, s.phone_index, s.stated_size, coalesce(s.poverty_cause, ''), s.dangerous_house, s.safe_water,
    s.identified_on, coalesce(s.category, ''), s.risk_identified_on, s.risk_removed_on, s.risk_removed, %(day)s, '', %(who)s,
    %(day)s, %(by)s, now(), %(batch)s, ''
  from {ROWS} where w.first and w.new_home
"""
NEW_PEOPLE = f"""
insert into households_person (id, public_id, version, district_id, town_id, village_id, household_id, person_no, name, name_pinyin,
    id_kind, id_number, id_index, sex, birth_date, ethnic, education, school_state, health, labour, work_months,
    critical_illness_insured, phone, phone_index, identified_on, done_by, done_on, entered_by_id, entered_at, origin_id, void_reason)
select w.person, gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id, coalesce(s.person_no, ''), s.name,
    coalesce(s.name_pinyin, ''), coalesce(s.id_kind, ''), s.id_number, s.id_index, coalesce(s.sex, ''), s.birth_date,
    coalesce(s.ethnic, ''), coalesce(s.education, ''), coalesce(s.school_state, ''), coalesce(s.health, '{{}}'),
    coalesce(s.labour, ''), s.work_months, s.critical_illness_insured, s.person_phone, s.person_phone_index,
    s.person_identified_on, %(who)s, %(day)s, %(by)s, now(), %(batch)s, ''
  from {ROWS} join households_household h on h.id = w.home where w.new_person
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
  from {ROWS} join households_household h on h.id = w.home where w.new_person or w.changed && '{{relation,household}}'
"""
OLD_INCOMES = f"""
update households_incomestatement x set per_head = s.income_per_head
  from {ROWS} where w.first and w.home = x.household_id and x.kind = 'roster' and x.year = %(year)s and x.voided_at is null
   and 'income_per_head' = any(w.changed)
"""
NEW_INCOMES = f"""
insert into households_incomestatement (public_id, version, district_id, town_id, village_id, household_id, year, kind,
    period_start, period_end, per_head, formula, working, done_by, done_on, entered_by_id, entered_at, origin_id, void_reason)
select gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id, %(year)s, 'roster', %(start)s, %(end)s,
    s.income_per_head, '', '', %(who)s, %(day)s, %(by)s, now(), %(batch)s, ''
  from {ROWS} join households_household h on h.id = w.home
 where w.first and s.income_per_head is not null and (w.new_home or 'income_per_head' = any(w.changed)
   and not exists (select 1 from households_incomestatement i where i.household_id = h.id and i.year = %(year)s
                      and i.kind = 'roster' and i.voided_at is null))
"""
# A 人编号 that passes from one person to another: it leaves the first before the second gets it, swaps included, and
# the before-image of the first is the one before it left.
FREED = f"""
create temp table freed on commit drop as
select x.id, (select max(e.pgh_id) from households_personevent e where e.pgh_obj_id = x.id) as event
  from households_person x join roster_write w on w.person = x.id and not w.new_person and 'person_no' = any(w.changed)
 where x.person_no <> '' and x.person_no in (select s.person_no from {ROWS} where w.new_person or 'person_no' = any(w.changed))
"""
FREE = "update households_person x set person_no = '' from freed f where f.id = x.id"
AFFECTED = """
select home from roster_write
union select m.household_id from households_rostertouch t join households_membership m on m.id = t.record
 where t.batch_id = %(batch)s and t.reversal_id is null and t."table" = 'membership'
"""
# An update and, of each row it changed, where history keeps the values before it.
TOUCHED = """
with u as ({update} returning x.id, x.version, x.district_id, x.town_id, x.village_id)
insert into households_rostertouch ("table", record, before_event, version, batch_id, reversal_id, district_id, town_id, village_id)
select '{name}', u.id, {before}(select max(e.pgh_id) from households_{name}event e where e.pgh_obj_id = u.id)), u.version,
       %(batch)s, {reversal}, u.district_id, u.town_id, u.village_id from u
"""


def touched(name: str, update: str, reversal: str = "null::bigint", *, freed: bool = False) -> str:
    """`update` of table alias `x` (model `name`) together with its before-images; those in `freed` have theirs noted."""
    before = "coalesce((select f.event from freed f where f.id = u.id), " if freed else "("
    return TOUCHED.format(update=update, name=name, reversal=reversal, before=before)


def commit(
    batch: Batch, *, by_id: int, who: str, fields: set[str], day: dt.date, source: str = KEPT_ROWS
) -> dict[str, int]:
    """Write `roster_plan` over the rows of `source` into the register; returns rows written per kind.

    Runs in the caller's transaction.
    """
    year, start, end = roster_period(day)
    values = {"batch": batch.pk, "by": by_id, "who": who, "day": day, "year": year, "start": start, "end": end}
    steps = {
        "households_changed": touched("household", _old("household", "home", HOUSEHOLD, fields, _reopening())),
        "households_added": NEW_HOUSEHOLDS,
        "numbers_freed": FREED,
        "numbers_left": FREE,
        "people_changed": touched(
            "person", _old("person", "person", PERSON, fields, _moving()), freed="person_no" in fields
        ),
        "people_added": NEW_PEOPLE,
        "memberships_ended": touched("membership", LEFT_MEMBERSHIPS),
        "memberships_added": NEW_MEMBERSHIPS,
        "incomes_changed": touched("incomestatement", OLD_INCOMES),
        "incomes_added": NEW_INCOMES,
    }
    if "person_no" not in fields:
        steps = {name: sql for name, sql in steps.items() if not name.startswith("numbers")}
    if INCOME not in fields:
        steps = {name: sql for name, sql in steps.items() if not name.startswith("incomes")}
    written = {}
    with whole_batch(batch.rows or 0), connection.cursor() as cursor:
        cursor.execute(WRITE.replace("@rows", source), values)
        for name, sql in steps.items():
            cursor.execute(sql.replace("@rows", source), values)
            if not name.startswith("numbers"):
                written[name] = cursor.rowcount
        cursor.execute(AFFECTED, values)
        state.refresh(pk for (pk,) in cursor.fetchall())
    return written


def _old(table: str, key: str, slots: tuple[Slot, ...], fields: set[str], more: tuple[str, str, str]) -> str:
    """The update of known rows: exactly the fields that the plan names, nothing else."""
    wanted = of_file(slots, fields)
    sets = [
        f"{column} = case when '{slot.name}' = any(w.changed) then {value} else x.{column} end"
        for slot in wanted
        for column, value in slot.assigned
    ]
    label, assignment, condition = more
    names = ",".join([*(slot.name for slot in wanted), label])
    return (
        f"update households_{table} x set {', '.join([*sets, assignment])} from {ROWS}"
        f" where x.id = w.{key} and {condition} and w.changed && '{{{names}}}'"
    )


def _reopening() -> tuple[str, str, str]:
    """A household that the register has closed and the roster lists again is open again."""
    sets = (
        f"closed_on = case when '{REOPENED}' = any(w.changed) then null else x.closed_on end,"
        f" close_reason = case when '{REOPENED}' = any(w.changed) then '' else x.close_reason end"
    )
    return REOPENED, sets, "w.first and not w.new_home"


def _moving() -> tuple[str, str, str]:
    sets = f"household_id = case when '{MOVED}' = any(w.changed) then w.home else x.household_id end"
    return MOVED, sets, "not w.new_person"
