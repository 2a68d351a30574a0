"""What the rosters of jobs and of plans are in the ledgers: their columns, read by import, export and rules alike."""

from employment.models import LabourPlan, LabourSpell
from households.roster.fields import slots_of

SPELL = slots_of(LabourSpell)
PLAN = slots_of(LabourPlan)
