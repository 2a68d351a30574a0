"""Synthetic jobs and plans for load tests: of those who work by the roster every other has a job, some others a plan; set-based."""

from django.db import connection

from households.services import seeding
from jiyang.accounts.models import User

HEAD = "public_id, version, district_id, town_id, village_id, household_id, person_id, done_by, done_on, entered_by_id, entered_at, void_reason"
VALUES = "gen_random_uuid(), 1, p.district_id, p.town_id, p.village_id, p.household_id, p.id, '合成', p.done_on, %(by)s, now(), ''"
SPELLS = f"""
insert into employment_labourspell ({HEAD}, working, job_started_on, job_ended_on, job_place, job_county, job_monthly_pay,
    job_employer, job_industry, point_to_point, job_channel, other_info)
select {VALUES}, r.dice > 25, r.began, case when r.dice <= 25 then r.began + 90 end, '济南市' || r.county, r.county, 2000 + 20 * r.dice,
    '合成企业' || (r.dice & 15), '制造业', r.dice & 7 = 0, '自主就业', ''
  from households_person p, lateral (
    select (hashtextextended(p.id::text, %(seed)s) & 127)::int as dice,
           (date_trunc('month', p.done_on) - make_interval(months => (hashtextextended(p.id::text, -%(seed)s) & 15)::int))::date as began,
           (array['济阳区', '济阳区', '历城区', '章丘区'])[1 + (hashtextextended(p.id::text, %(seed)s + 1) & 3)] as county) r
 where p.work_months > 0 and (hashtextextended(p.id::text, %(seed)s + 2) & 1) = 0
"""
PLANS = f"""
insert into employment_labourplan ({HEAD}, plans_to_work, planned_county, service_need)
select {VALUES}, true, '历城区', case when (hashtextextended(p.id::text, %(seed)s) & 3) = 0 then '' else '岗位推荐' end
  from households_person p
 where p.work_months > 0 and (hashtextextended(p.id::text, %(seed)s + 2) & 3) = 1
"""


@seeding.also
def labour(seed: int, by: User) -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for name, sql in (("spells", SPELLS), ("plans", PLANS)):
            cursor.execute(sql, {"by": by.pk, "seed": seed})
            counts[name] = cursor.rowcount
    return counts
