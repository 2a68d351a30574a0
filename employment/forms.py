from django import forms
from django.db.models import Q

from employment.models import LabourPlan, LabourSpell
from households.forms.facts import FactsForm, keep_visible, of_model, with_facts
from households.forms.fields import OfHousehold
from households.models import Person

SPELL = tuple(name for name in of_model(LabourSpell) if name in {*sum(LabourSpell.field_groups.values(), ())})
PLAN = tuple(name for name in of_model(LabourPlan) if name in {*sum(LabourPlan.field_groups.values(), ())})


class OfMember(OfHousehold):
    """Base of forms about one member of a household: hands the service the `person`."""

    member = forms.CharField(label="姓名", max_length=60, help_text="同户有同名的，填人编号")

    def clean(self) -> dict:
        values = super().clean()
        household, said = values.pop("household", None), values.pop("member", "").strip()
        if household and said:
            members = Person.objects.visible_to(self.actor).filter(household=household, memberships__until=None)
            found = list(members.filter(Q(name=said) | Q(person_no=said)).select_related("household").distinct()[:2])
            if len(found) == 1:
                values["person"] = found[0]
            else:
                self.add_error("member", "这户有两人同名，请填人编号" if found else "这户没有这位成员，请核对")
        return values


@with_facts(LabourSpell, *SPELL)
class SpellForm(OfMember):
    """登记务工."""

    sections = (("人员", ("household_no", "member")), ("务工", SPELL))

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

    sections = (("人员", ("household_no", "member")), ("计划", PLAN))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        keep_visible(self, LabourPlan)


@with_facts(LabourPlan, *PLAN)
class PlanEditForm(FactsForm):
    """修改务工计划."""

    sections = (("计划", PLAN),)
