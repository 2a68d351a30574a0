"""One head for each household, over file and register together: what a file alone cannot decide (DOMAIN.md 1.7, 3_02_011, 3_02_012).

A row makes somebody head where the register has another one. That one may pass on with the file: listed with another relation, or in
another household. Where the file lists them nowhere, it asks who left (名单未列), and the row is told. Anything else would leave two.
"""

from django.db import connection

from jiyang.intake.models import Batch

JOINS = "array['relation', 'household']::text[]"  # what begins a membership anew
# Over `w` of `storable.CLASHES`. What is planned to pass on counts, be it that the row would be written now.
TAKEN = f"""
union all
select w.row, 'relation', 'head_taken' from w
  join households_membership m on m.household_id = w.hid and m.until is null and m.relation = 'head' and m.person_id is distinct from w.pid
  join households_person x on x.id = m.person_id and x.voided_at is null
 where w.relation = 'head' and (w.action = 'insert' or w.changed && {JOINS})
   and m.person_id not in (select f.pid from w f where f.pid is not null and f.changed && {JOINS})"""
LISTED = " and m.person_id in (select o.person_id from {file} o where o.person_id is not null)"
# A head may not leave before the rows that give the household another one, as when those are held.
AWAITED = f"""
union all
select w.row, 'relation', 'head_awaited' from w join households_membership m on m.person_id = w.pid and m.until is null and m.relation = 'head'
  join households_rosterrow f on f.batch_id = {{batch}} and f.household_id = m.household_id and f.relation = 'head'
       and (f.action = 'insert' or f.action = 'update' and f.changed && {JOINS})
 where 'household' = any(w.changed) and m.household_id is distinct from w.hid and f.row not in (select row from w)"""
# What the plan leaves behind: (row, field, code, household, name).
BEHIND = f"""
with moving as materialized (
    select p.row, p.person_id, m.household_id as home, m.relation from roster_plan p
      join households_membership m on m.person_id = p.person_id and m.until is null
     where p.action = 'update' and 'household' = any(p.changed)),
staying as materialized (
    select m.household_id as home, m.relation from households_membership m join households_person x on x.id = m.person_id and x.voided_at is null
     where m.until is null and m.household_id in (select home from moving) and m.person_id not in (select person_id from moving)),
coming as materialized (
    select household_id as home from roster_plan where household_id in (select home from moving) 
       and (action = 'insert' or action = 'update' and 'household' = any(changed))),
joining as materialized (
    select row, household_id, person_id from roster_plan
     where household_id is not null and (action = 'insert' or action = 'update' and changed && {JOINS}))
select p.row, 'relation', 'head_in_register', h.household_no, x.name from joining p join roster_stage s using (row)
  join households_membership m on m.household_id = p.household_id and m.until is null and m.relation = 'head'
       and m.person_id is distinct from p.person_id
  join households_person x on x.id = m.person_id and x.voided_at is null join households_household h on h.id = m.household_id
 where s.relation = 'head' and m.person_id not in (select person_id from roster_plan where person_id is not null)
union all
select min(v.row), 'household_no', 'household_emptied', h.household_no, '' from moving v
  join households_household h on h.id = v.home and h.voided_at is null and h.closed_on is null
 where h.id not in (select home from staying) and h.id not in (select home from coming) group by h.id
union all
select v.row, 'household_no', 'head_moves_away', h.household_no, '' from moving v
  join households_household h on h.id = v.home and h.voided_at is null and h.closed_on is null
 where v.relation = 'head' and h.id in (select home from staying) and h.id not in (select home from staying where relation = 'head')
   and h.id not in (select household_id from roster_plan where household_id is not null)
 order by 1
"""
NOTES = {
    "head_in_register": "系统里户 {home} 的户主是{name}，名单没有列入{name}。入库后这一户暂有两名户主",
    "household_emptied": "户 {home} 的成员都转走了，入库后没有成员",
    "head_moves_away": "此人是户 {home} 的户主，转走后那一户没有户主",
}


def clashes(batch: Batch | None, *, asks: bool) -> str:
    """SQL that goes on with `storable.CLASHES`. `batch`: whose kept rows are the file; else the plan holds all of it.

    `asks`: the file's own list says who is missing, so that a head whom it does not list is asked about.
    """
    file = f"(select person_id from households_rosterrow where batch_id = {batch.pk})" if batch else "roster_plan"
    return TAKEN + (LISTED.format(file=file) if asks else "") + (AWAITED.format(batch=batch.pk) if batch else "")


def noticed() -> list[tuple[int, str, str, str]]:
    """(row, field, code, message) of households that the plan leaves with two heads, without one, or without anybody."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        return [
            (row, field, code, NOTES[code].format(home=home, name=name))
            for row, field, code, home, name in cursor.fetchall()
        ]
