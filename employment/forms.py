from employment.models import LabourPlan, LabourSpell
from households.forms.facts import FactsForm, keep_visible, of_model, with_facts
from households.forms.fields import OfMember

SPELL = tuple(name for name in of_model(LabourSpell) if name in {*sum(LabourSpell.field_groups.values(), ())})
PLAN = tuple(name for name in of_model(LabourPlan) if name in {*sum(LabourPlan.field_groups.values(), ())})


@with_facts(LabourSpell, *SPELL)
class SpellForm(OfMember):
    """登记务工."""

    sections = (("人员", ("household_no", "member", "id_number")), ("务工", SPELL))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["job_started_on"].required = True
        keep_visible(self, LabourSpell)


@with_facts(LabourSpell, *SPELL)
class SpellEditForm(FactsForm):
    """修改务工."""

    sections = (("务工", SPELL),)


@with_facts(LabourPlan, *PLAN)
class PlanForm(OfMember):
    """登记务工计划."""

    sections = (("人员", ("household_no", "member", "id_number")), ("计划", PLAN))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        keep_visible(self, LabourPlan)


@with_facts(LabourPlan, *PLAN)
class PlanEditForm(FactsForm):
    """修改务工计划."""

    sections = (("计划", PLAN),)
