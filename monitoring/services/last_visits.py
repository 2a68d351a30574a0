"""The day of the last visit to the door, from the visits themselves: for the nightly re-derivation of the state."""

from django.db import connection

from households.services import rederive
from monitoring.enums import Met, VisitMethod

LAST = """
update households_householdstate s set last_visit_on = v.last
  from (select w.id, max(v.done_on) as last from unnest(%(ids)s::bigint[]) w (id)
          left join monitoring_visit v on v.household_id = w.id and v.voided_at is null
               and v.method = %(home)s and v.met <> %(nobody)s
         group by w.id) v
 where s.household_id = v.id and s.last_visit_on is distinct from v.last
"""


@rederive.source
def set_last_visits(household_ids: list[int]) -> None:
    """One statement; the same visits that `VisitQuerySet.to_the_door` counts."""
    with connection.cursor() as cursor:
        cursor.execute(LAST, {"ids": household_ids, "home": VisitMethod.HOME, "nobody": Met.NOBODY})
