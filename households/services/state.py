"""Derived work columns (`HouseholdState`), rebuilt set-based from the dated rows (DESIGN.md section 9)."""

import datetime as dt
from collections.abc import Iterable

from django.db import connection

from households.models import HouseholdState
from jiyang.parameters import values

# People, head, tier and income as of today, of live households (a voided one keeps what it had); the visit columns are kept, the next visit is due an interval after the
# last visit to the door, or after registration where there was none; nobody is visited where nobody lives. No tier: the longest interval, C's.
# The least and the greatest key spare a batch of new households a look through those of all years. Without a head the first member stands
# for the household.
REFRESH = """
with wanted as materialized (select unnest(%(ids)s::bigint[]) as id)
insert into households_householdstate
       (household_id, district_id, town_id, village_id, head_name, head_pinyin, helper_name, people, tier, income_year,
        income_per_head, last_visit_on, next_visit_on)
select h.id, h.district_id, h.town_id, h.village_id,
       coalesce(m.head[2], (select x.name from households_person x where x.id = m.first), ''),
       coalesce(m.head[3], (select x.name_pinyin from households_person x where x.id = m.first), ''),
       coalesce(r.helper_name, ''), coalesce(m.people, 0), coalesce(t.tier, ''), i.year, i.per_head, s.last_visit_on,
       case when m.people > 0 then coalesce(s.last_visit_on, greatest(h.registered_on, t.since))
         + case t.tier when 'A' then %(a)s when 'B' then %(b)s else %(c)s end::int end
from wanted join households_household h on h.id = wanted.id and h.voided_at is null
left join households_householdstate s on s.household_id = h.id and s.household_id between %(least)s and %(most)s
left join (select m.household_id, count(*) as people,
                  min(array[lpad(p.id::text, 20), p.name, p.name_pinyin]) filter (where m.relation = 'head') as head,
                  min(p.id) as first
             from households_membership m join households_person p on p.id = m.person_id and p.voided_at is null
            where m.until is null and m.household_id in (select id from wanted) and m.household_id between %(least)s and %(most)s
            group by m.household_id) m on m.household_id = h.id
left join households_tierdecision t on t.household_id = h.id and t.voided_at is null
      and t.since <= current_date and (t.until is null or t.until > current_date)
left join households_pairing r on r.household_id = h.id and r.kind = 'helper' and r.until is null and r.voided_at is null
left join (select distinct on (household_id) household_id, year, per_head from households_incomestatement
            where voided_at is null and per_head is not null and household_id in (select id from wanted)
            order by household_id, year desc, id desc) i on i.household_id = h.id
order by h.id
on conflict (household_id) do update set
       head_name = excluded.head_name, head_pinyin = excluded.head_pinyin, helper_name = excluded.helper_name,
       people = excluded.people,
       tier = excluded.tier, income_year = excluded.income_year, income_per_head = excluded.income_per_head,
       next_visit_on = excluded.next_visit_on
 where (households_householdstate.head_name, households_householdstate.head_pinyin, households_householdstate.helper_name,
        households_householdstate.people,
        households_householdstate.tier, households_householdstate.income_year, households_householdstate.income_per_head,
        households_householdstate.next_visit_on)
    is distinct from (excluded.head_name, excluded.head_pinyin, excluded.helper_name, excluded.people, excluded.tier, excluded.income_year,
                      excluded.income_per_head, excluded.next_visit_on)
"""


def visit_intervals() -> dict[str, int]:
    """Days between visits per tier: {"A": 15, …}. Raises ParameterMissing."""
    known = values.all_on()
    missing = [tier for tier in "ABC" if f"visit.{tier}.days" not in known]
    if missing:
        values.get(f"visit.{missing[0]}.days")
    return {tier: int(known[f"visit.{tier}.days"].value) for tier in "ABC"}


def refresh(household_ids: Iterable[int]) -> None:
    """Rebuild the state of households. Two queries whatever their number. Raises ParameterMissing."""
    days = visit_intervals()
    ids = list(household_ids)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            REFRESH,
            {"a": days["A"], "b": days["B"], "c": days["C"], "ids": ids, "least": min(ids), "most": max(ids)},
        )


def note_visit(*, household_id: int, on: dt.date) -> None:
    """A visit to the door was made `on`: the next one is due an interval later. An earlier day changes nothing."""
    state = HouseholdState.objects.select_for_update().get(household=household_id)
    if state.last_visit_on is None or on > state.last_visit_on:
        state.last_visit_on = on
        state.save(update_fields=["last_visit_on"])
    refresh([household_id])
