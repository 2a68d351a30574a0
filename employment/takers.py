"""The national rosters of jobs (D) and of plans (G) go into the ledgers of labour."""

from employment.models import LabourPlan, LabourSpell
from households.roster.fields import slots_of
from households.roster.takers import Taker, take

SPELL = Taker(
    "spell",
    LabourSpell,
    slots_of(LabourSpell),
    key="coalesce(extract(year from {t}.job_started_on) * 12 + extract(month from {t}.job_started_on), 0)",
    apart="coalesce({t}.job_employer, '')",
)
PLAN = Taker("plan", LabourPlan, slots_of(LabourPlan))

take(SPELL)
take(PLAN)
