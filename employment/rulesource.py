"""Jobs and plans as rules see them: the ledgers' live rows of people in open households, with facts of the person."""

from collections.abc import Collection, Mapping

from employment.models import LabourPlan, LabourSpell
from employment.takers import PLAN, SPELL
from households.checkup.register import Held, hold, named
from households.checkup.spells import Spells, in_county
from households.rulesource import called
from jiyang.access.scope import Actor
from jiyang.rules.live import Named

# the live jobs of the scope, each with the household in which its person is now
ROWS = """(select j.*, q.household_id as home from employment_labourspell j join households_person q on q.id = j.person_id
   where j.voided_at is null)"""
SPELLS = Spells(ROWS, "home", "person_id", "id")
PERSON = (
    "s.person_id as person_key, h.id as household_key, nullif(h.household_no, '') as household_no, nullif(p.person_no, '') as person_no,"
    " p.name, p.id_number, nullif(p.id_kind, '') as id_kind, nullif(p.sex, '') as sex, p.birth_date,"
    " s.job_phone_is_mobile, '{}'::text[] as problems, h.district_id, h.town_id, h.village_id"
)
OF_MEMBER = """
  join households_person p on p.id = s.person_id and p.voided_at is null
  join households_membership m on m.person_id = p.id and m.until is null
  join households_household h on h.id = p.household_id and h.voided_at is null and h.closed_on is null"""
SPELL_BASE = f"""(
select s.id as spell_key, {PERSON}, {named("s", SPELL.slots)}, h.risk_identified_on as household_identified_on,
       {in_county(["nullif(s.job_county, '')", "nullif(s.job_place, '')"], "left(d.name, -1)")} as in_county,
       {SPELLS.previous_ended_on("s", "h.id, ")} as previous_ended_on,
       (select g.phone_households from ({SPELLS.by_phone}) g where g.job_phone_index = s.job_phone_index) as phone_households,
       case when s.job_phone_index is not null then {SPELLS.phone_counties("s")} end as phone_counties
  from {ROWS} s {OF_MEMBER} join regions_region d on d.id = h.district_id
 where true)"""
PLAN_BASE = f"""(
select s.id as plan_key, {PERSON}, {named("s", PLAN.slots)}, nullif(h.household_type, '') as household_type, nullif(h.category, '') as category
  from employment_labourplan s {OF_MEMBER}
 where s.voided_at is null)"""


def named_spells(keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    rows = LabourSpell.objects.visible_to(actor).filter(pk__in=keys).select_related("person", "village")
    return {row.pk: called(str(row), row, "employment:spell_detail", row.pk, actor) for row in rows}


def named_plans(keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    rows = LabourPlan.objects.visible_to(actor).filter(pk__in=keys).select_related("person", "village")
    return {row.pk: called(str(row), row, "employment:plan_detail", row.pk, actor) for row in rows}


hold("spell", Held(SPELL_BASE, "spell_key", named_spells, frozenset({"phone_households"}), LabourSpell._meta.db_table))
hold("plan", Held(PLAN_BASE, "plan_key", named_plans, kept_in=LabourPlan._meta.db_table))
