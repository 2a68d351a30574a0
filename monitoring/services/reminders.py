"""走访到期提醒: each morning, whoever records visits is told how many households of theirs are due."""

import datetime as dt

from django.db import connection
from django.urls import reverse

from jiyang.access.matrix import matrix
from jiyang.workflow.models import Notice

# One equality join per arm of scope: a posting's town, its village, the villages of its 管区, its granted households.
DUE = """
with due as (select s.household_id, s.town_id, s.village_id, s.next_visit_on from households_householdstate s
               join households_household h on h.id = s.household_id and h.voided_at is null and h.closed_on is null
              where s.next_visit_on <= %(today)s),
     posted as (select p.id, p.user_id, p.region_id from accounts_posting p join accounts_user u on u.id = p.user_id
                 where u.is_active and p.role = any(%(roles)s) and p.since <= %(today)s
                   and (p.until is null or p.until > %(today)s)),
     mine as (select p.user_id, d.household_id, d.next_visit_on from posted p join due d on d.town_id = p.region_id
              union select p.user_id, d.household_id, d.next_visit_on from posted p join due d on d.village_id = p.region_id
              union select p.user_id, d.household_id, d.next_visit_on from posted p
                      join regions_region v on v.zone_id = p.region_id join due d on d.village_id = v.id
              union select p.user_id, d.household_id, d.next_visit_on from posted p
                      join access_household g on g.posting_id = p.id and g.since <= %(today)s
                           and (g.until is null or g.until > %(today)s)
                      join due d on d.household_id = g.household_id)
select user_id, count(*) filter (where next_visit_on = %(today)s), count(*) filter (where next_visit_on < %(today)s)
  from mine group by user_id order by user_id
"""


def remind(day: dt.date) -> dict[str, int]:
    """A notice for each user with households due on `day` or overdue, in the running scope. Two statements in all."""
    roles = sorted(matrix().roles_with("visit.make"))
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"today": day, "roles": roles})
        found = cursor.fetchall()
    url = reverse("monitoring:due")
    Notice.objects.bulk_create(Notice(user_id=user, text=_text(due, late), url=url) for user, due, late in found)
    return {"提醒人数": len(found)}


def _text(due: int, late: int) -> str:
    parts = [f"今天到期 {due} 户"] * bool(due) + [f"超期 {late} 户"] * bool(late)
    return f"走访：{'，'.join(parts)}"
