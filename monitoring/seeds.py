"""Synthetic visits for load tests: one to three per household over the last year, set-based."""

from django.db import connection

from households.services import seeding
from jiyang.accounts.models import User

VISITS = """
insert into monitoring_visit (public_id, version, district_id, town_id, village_id, household_id, client_uuid, body_digest, visited_at,
    done_on, done_by, method, met, people_change, income_change, education, medical, housing, water, risk, notes, entered_by_id,
    entered_at, void_reason)
select gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id, gen_random_uuid(), '', v.at, (v.at at time zone 'Asia/Shanghai')::date,
    '合成', case when v.n = 3 then 'phone' else 'home' end, 'head', 'none', 'same', 'fine', 'fine', 'fine', 'fine', 'none', '', %(by)s, now(), ''
  from households_household h, lateral (
    select n, now() - make_interval(days => (hashtextextended(h.household_no, %(seed)s + n) & 127)::int + (n - 1) * 120) as at
      from generate_series(1, 3) n where (hashtextextended(h.household_no, %(seed)s - n) & 7) < 8 - n) v
 where (v.at at time zone 'Asia/Shanghai')::date >= h.registered_on
"""
LAST = """
update households_householdstate s set last_visit_on = v.last from
  (select household_id, max(done_on) as last from monitoring_visit where method = 'home' group by household_id) v
 where v.household_id = s.household_id
"""


@seeding.also
def visits(seed: int, by: User) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(VISITS, {"by": by.pk, "seed": seed})
        made = cursor.rowcount
        cursor.execute(LAST)
    return {"visits": made}
