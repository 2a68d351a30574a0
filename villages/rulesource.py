"""Villages as rules see them: the newest figures of each. Those of former years are history, nobody can mend them."""

from collections.abc import Collection, Mapping

from households.checkup.register import Held, hold, named
from households.rulesource import called
from jiyang.access.scope import Actor
from jiyang.rules.live import Named
from villages.models import VillageYear
from villages.takers import YEAR

TABLE = VillageYear._meta.db_table
# a village has one live row for each year, so never two of one
BASE = f"""(
select h.id as village_key, {named("h", YEAR.slots)}, 1 as same_village, '{{}}'::text[] as problems, h.district_id, h.town_id, h.village_id
  from {TABLE} h
 where h.voided_at is null
   and not exists (select 1 from {TABLE} n where n.village_id = h.village_id and n.year > h.year and n.voided_at is null))"""


def named_villages(keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    rows = VillageYear.objects.visible_to(actor).filter(pk__in=keys).select_related("village")
    return {row.pk: called(f"{row.year} 年", row, "villages:year_detail", row.pk, actor) for row in rows}


hold("village", Held(BASE, "village_key", named_villages, kept_in=TABLE))
