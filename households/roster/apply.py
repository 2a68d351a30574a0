"""Committing a plan: only planned rows are written, each updated one with the event that holds its before-image."""

import datetime as dt

from django.db import connection

from households.models.income import roster_period
from households.services import state
from jiyang.intake.bulk import whole_batch
from jiyang.intake.models import Batch

NEW_HOUSEHOLDS = """
insert into households_household (public_id, version, district_id, town_id, village_id, household_no, household_type, hamlet,
    address, phone, phone_index, stated_size, poverty_cause, dangerous_house, safe_water, identified_on, category,
    risk_identified_on, risk_removed_on, risk_removed, registered_on, close_reason, done_by, done_on, entered_by_id, entered_at,
    origin_id, void_reason)
select gen_random_uuid(), 1, district_id, town_id, village_id, household_no, coalesce(household_type, ''), coalesce(hamlet, ''),
    '', phone, phone_index, stated_size, coalesce(poverty_cause, ''), dangerous_house, safe_water, identified_on,
    coalesce(category, ''), risk_identified_on, risk_removed_on, risk_removed, %(day)s, '', %(who)s, %(day)s, %(by)s, now(),
    %(batch)s, ''
  from roster_plan where first and household_id is null and action = 'insert'
"""
OLD_HOUSEHOLDS = """
with u as (
    update households_household h set {sets}
      from roster_plan s where s.first and s.household_id = h.id and s.action in ('insert', 'update')
       and ({differs}) returning h.id, h.version, h.district_id, h.town_id, h.village_id)
insert into households_rostertouch ("table", record, before_event, version, batch_id, district_id, town_id, village_id)
select 'household', u.id, (select max(e.pgh_id) from households_householdevent e where e.pgh_obj_id = u.id), u.version,
       %(batch)s, u.district_id, u.town_id, u.village_id from u
"""
NEW_PEOPLE = """
insert into households_person (public_id, version, district_id, town_id, village_id, household_id, person_no, name, name_pinyin,
    id_kind, id_number, id_index, sex, birth_date, ethnic, education, school_state, health, labour, work_months,
    critical_illness_insured, phone, phone_index, identified_on, done_by, done_on, entered_by_id, entered_at, origin_id, void_reason)
select gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id, coalesce(s.person_no, ''), s.name,
    coalesce(s.name_pinyin, ''), coalesce(s.id_kind, ''), s.id_number, s.id_index, coalesce(s.sex, ''), s.birth_date,
    coalesce(s.ethnic, ''), coalesce(s.education, ''), coalesce(s.school_state, ''), coalesce(s.health, '{{}}'),
    coalesce(s.labour, ''), s.work_months, s.critical_illness_insured, s.person_phone, s.person_phone_index,
    s.person_identified_on, %(who)s, %(day)s, %(by)s, now(), %(batch)s, ''
  from roster_plan s join households_household h on h.household_no = s.household_no and h.voided_at is null
 where s.action = 'insert' and s.person_id is null
"""
OLD_PEOPLE = """
with u as (
    update households_person p set household_id = h.id, {sets}
      from roster_plan s join households_household h on h.household_no = s.household_no and h.voided_at is null
     where s.person_id = p.id and s.action in ('insert', 'update') and (p.household_id <> h.id or {differs})
    returning p.id, p.version, p.district_id, p.town_id, p.village_id)
insert into households_rostertouch ("table", record, before_event, version, batch_id, district_id, town_id, village_id)
select 'person', u.id, (select max(e.pgh_id) from households_personevent e where e.pgh_obj_id = u.id), u.version,
       %(batch)s, u.district_id, u.town_id, u.village_id from u
"""
# A member whose relation changed or who comes from another household: the old membership ends, a new one begins.
LEFT_MEMBERSHIPS = """
with u as (
    update households_membership m set until = greatest(m.since, %(day)s), leave_reason = case when m.household_id = h.id then '关系变更' else '其他转出' end
      from roster_plan s join households_household h on h.household_no = s.household_no and h.voided_at is null
     where s.person_id = m.person_id and m.until is null and s.action in ('insert', 'update')
       and (m.household_id <> h.id or m.relation <> coalesce(s.relation, ''))
    returning m.id, m.household_id, m.district_id, m.town_id, m.village_id)
insert into households_rostertouch ("table", record, before_event, version, batch_id, district_id, town_id, village_id)
select 'membership', u.id, (select max(e.pgh_id) from households_membershipevent e where e.pgh_obj_id = u.id), 0,
       %(batch)s, u.district_id, u.town_id, u.village_id from u
"""
NEW_MEMBERSHIPS = """
insert into households_membership (person_id, household_id, district_id, town_id, village_id, relation, since, join_reason,
    leave_reason, origin_id)
select p.id, h.id, h.district_id, h.town_id, h.village_id, coalesce(s.relation, ''), greatest(%(day)s, h.registered_on), '名单导入', '', %(batch)s
  from roster_plan s join households_household h on h.household_no = s.household_no and h.voided_at is null
  join households_person p on p.id_index = s.id_index and p.voided_at is null
 where s.action in ('insert', 'update')
   and not exists (select 1 from households_membership m where m.person_id = p.id and m.until is null)
"""
OLD_INCOMES = """
with u as (
    update households_incomestatement i set per_head = s.income_per_head
      from roster_plan s where s.first and s.household_id = i.household_id and i.kind = 'roster' and i.year = %(year)s
       and i.voided_at is null and s.action in ('insert', 'update') and s.income_per_head is not null
       and i.per_head is distinct from s.income_per_head
    returning i.id, i.version, i.district_id, i.town_id, i.village_id)
insert into households_rostertouch ("table", record, before_event, version, batch_id, district_id, town_id, village_id)
select 'incomestatement', u.id, (select max(e.pgh_id) from households_incomestatementevent e where e.pgh_obj_id = u.id), u.version,
       %(batch)s, u.district_id, u.town_id, u.village_id from u
"""
NEW_INCOMES = """
insert into households_incomestatement (public_id, version, district_id, town_id, village_id, household_id, year, kind,
    period_start, period_end, per_head, formula, working, done_by, done_on, entered_by_id, entered_at, origin_id, void_reason)
select gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id, %(year)s, 'roster', %(start)s, %(end)s,
    s.income_per_head, '', '', %(who)s, %(day)s, %(by)s, now(), %(batch)s, ''
  from roster_plan s join households_household h on h.household_no = s.household_no and h.voided_at is null
 where s.first and s.action in ('insert', 'update') and s.income_per_head is not null
   and not exists (select 1 from households_incomestatement i where i.household_id = h.id and i.year = %(year)s
                      and i.kind = 'roster' and i.voided_at is null)
"""
AFFECTED = """
select h.id from roster_plan s join households_household h on h.household_no = s.household_no and h.voided_at is null
 where s.action in ('insert', 'update')
union select m.household_id from households_rostertouch t join households_membership m on m.id = t.record
 where t.batch_id = %(batch)s and t."table" = 'membership'
"""
# register column -> staged expression, written together with its comparison
HOUSEHOLD_SETS = {
    "village": {"district_id": "s.district_id", "town_id": "s.town_id", "village_id": "s.village_id"},
    "hamlet": {"hamlet": "coalesce(s.hamlet, '')"}, "stated_size": {"stated_size": "s.stated_size"},
    "poverty_cause": {"poverty_cause": "coalesce(s.poverty_cause, '')"}, "dangerous_house": {"dangerous_house": "s.dangerous_house"},
    "safe_water": {"safe_water": "s.safe_water"}, "identified_on": {"identified_on": "s.identified_on"},
    "household_type": {"household_type": "coalesce(s.household_type, '')"}, "category": {"category": "coalesce(s.category, '')"},
    "risk_removed": {"risk_removed": "s.risk_removed"}, "risk_identified_on": {"risk_identified_on": "s.risk_identified_on"},
    "risk_removed_on": {"risk_removed_on": "s.risk_removed_on"},
}  # fmt: skip
PERSON_SETS = {
    "name": {"name": "s.name", "name_pinyin": "coalesce(s.name_pinyin, '')"}, "person_no": {"person_no": "coalesce(s.person_no, '')"},
    "id_number": {"id_index": "s.id_index", "id_kind": "coalesce(s.id_kind, '')", "sex": "coalesce(s.sex, '')", "birth_date": "s.birth_date"},
    "ethnic": {"ethnic": "coalesce(s.ethnic, '')"}, "education": {"education": "coalesce(s.education, '')"},
    "school_state": {"school_state": "coalesce(s.school_state, '')"}, "health": {"health": "coalesce(s.health, '{}')::varchar[]"},
    "labour": {"labour": "coalesce(s.labour, '')"}, "work_months": {"work_months": "s.work_months"},
    "critical_illness_insured": {"critical_illness_insured": "s.critical_illness_insured"},
    "person_identified_on": {"identified_on": "s.person_identified_on"},
}  # fmt: skip
# (staged field, cipher column, index column, staged cipher, staged index): an equal index keeps the stored ciphertext
HOUSEHOLD_CIPHERS = (("phone", "phone", "phone_index", "s.phone", "s.phone_index"),)
PERSON_CIPHERS = (
    ("id_number", "id_number", "id_index", "s.id_number", "s.id_index"),
    ("person_phone", "phone", "phone_index", "s.person_phone", "s.person_phone_index"),
)


def commit(batch: Batch, *, by_id: int, who: str, fields: set[str], day: dt.date) -> dict[str, int]:
    """Write the plan of `batch` into the register; returns rows written per kind. Runs in the caller's transaction."""
    year, start, end = roster_period(day)
    values = {"batch": batch.pk, "by": by_id, "who": who, "day": day, "year": year, "start": start, "end": end}
    household_sets, household_differs = assignments("h", HOUSEHOLD_SETS, HOUSEHOLD_CIPHERS, fields)
    person_sets, person_differs = assignments("p", PERSON_SETS, PERSON_CIPHERS, fields)
    steps = {
        "households_changed": OLD_HOUSEHOLDS.format(sets=household_sets, differs=household_differs),
        "households_added": NEW_HOUSEHOLDS,
        "people_changed": OLD_PEOPLE.format(sets=person_sets, differs=person_differs),
        "people_added": NEW_PEOPLE.format(),
        "memberships_ended": LEFT_MEMBERSHIPS,
        "memberships_added": NEW_MEMBERSHIPS,
        "incomes_changed": OLD_INCOMES,
        "incomes_added": NEW_INCOMES,
    }
    written = {}
    with whole_batch(batch.rows or 0), connection.cursor() as cursor:
        for name, sql in steps.items():
            cursor.execute(sql, values)
            written[name] = cursor.rowcount
        cursor.execute(AFFECTED, values)
        state.refresh(pk for (pk,) in cursor.fetchall())
    return written


def assignments(alias: str, sets: dict, ciphers: tuple, fields: set[str]) -> tuple[str, str]:
    """(SET list, condition that something differs) for the columns that the file has."""
    pairs = [(column, value) for name, columns in sets.items() if name in fields for column, value in columns.items()]
    differs = [f"{alias}.{column} is distinct from {value}" for column, value in pairs]
    parts = [f"{column} = {value}" for column, value in pairs]
    for name, cipher, index, staged, staged_index in ciphers:
        if name in fields:
            kept = (
                f"case when {alias}.{index} is not distinct from {staged_index} then {alias}.{cipher} else {staged} end"
            )
            parts.append(f"{cipher} = {kept}")
            if index not in dict(pairs):
                parts.append(f"{index} = {staged_index}")
            differs.append(f"{alias}.{index} is distinct from {staged_index}")
    return ", ".join(parts), " or ".join(differs) or "false"
