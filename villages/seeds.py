"""Synthetic figures of villages for load tests: each village's of the three years before this one; set-based."""

from django.db import connection
from django.utils import timezone

from households.services import seeding
from jiyang.accounts.models import User
from villages.models import VillageYear

YEARS = f"""
insert into {VillageYear._meta.db_table} (public_id, version, district_id, town_id, village_id, done_by, done_on, entered_by_id, entered_at,
    void_reason, year, households_total, people_total, allowance_households, allowance_people, destitute_people, disabled_people,
    dangerous_house_households, unsafe_water_households, pension_people, collective_income_wan, clinics, doctors, paved_road, bus_service)
select gen_random_uuid(), 1, v.district_id, v.town_id, v.id, '合成', make_date(y.year, 12, 31), %(by)s, now(), '', y.year,
       100 + r.dice, 300 + 3 * r.dice, r.dice & 7, (r.dice & 7) + (r.dice & 3), r.dice & 3, r.dice / 12,
       case when r.dice & 31 = 0 then 1 else 0 end, case when r.dice & 63 = 5 then 2 else 0 end, 200 + 2 * r.dice, 5 + r.dice / 10.0,
       case when r.dice & 31 = 3 then 0 else 1 end, 1, r.dice & 63 <> 7, r.dice & 31 <> 9
  from regions_region v cross join generate_series(%(last)s - 2, %(last)s) as y(year),
       lateral (select (hashtextextended(v.code, %(seed)s + y.year) & 255)::int as dice) r
 where v.level = 'village' and v.successor_id is null
"""


@seeding.also
def villages(seed: int, by: User) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(YEARS, {"by": by.pk, "seed": seed, "last": timezone.localdate().year - 1})
        return {"village_years": cursor.rowcount}
