"""The visit form: ten questions, all but the last two filled from the last visit (UI.md section 7)."""

import uuid

from django import forms
from django.utils import timezone

from households.models import Household
from jiyang.ui.forms import BigChoice, KernelForm, MomentInput
from monitoring.enums import Finding, IncomeChange, Met, PeopleChange, RiskSeen, VisitMethod
from monitoring.models import Visit


def choice(label: str, choices) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices.choices, widget=BigChoice, error_messages={"required": f"请选择{label}"}
    )


class VisitForm(KernelForm):
    client_uuid = forms.UUIDField(widget=forms.HiddenInput)
    visited_at = forms.DateTimeField(
        label="走访时间", widget=MomentInput, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    )
    method = choice("方式", VisitMethod)
    met = choice("见到谁", Met)
    people_change = choice("家庭人口", PeopleChange)
    income_change = choice("收入比上次", IncomeChange)
    education = choice("义务教育", Finding)
    medical = choice("基本医疗", Finding)
    housing = choice("住房安全", Finding)
    water = choice("饮水安全", Finding)
    risk = choice("返贫风险", RiskSeen)
    notes = forms.CharField(label="情况说明", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    done_by = forms.CharField(label="走访人", max_length=120)
    photo = forms.FileField(
        label="照片", required=False, widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"})
    )

    @classmethod
    def first_values(cls, last: Visit | None, user) -> dict:
        """What the form opens with: the answers of the last visit, or those of an uneventful one."""
        prefilled = {
            "method": VisitMethod.HOME,
            "met": Met.HEAD,
            "people_change": PeopleChange.NONE,
            "income_change": IncomeChange.SAME,
            "education": Finding.FINE,
            "medical": Finding.FINE,
            "housing": Finding.FINE,
            "water": Finding.FINE,
            "risk": RiskSeen.NONE,
        }
        if last is not None:
            prefilled |= {
                name: getattr(last, name) for name in ("method", "met", "education", "medical", "housing", "water")
            }
        return {**prefilled, "visited_at": timezone.localtime(), "client_uuid": uuid.uuid4(), "done_by": user.name}


class VisitOfHouseholdForm(VisitForm):
    """登记走访 by a program: the household is said in the form."""

    household = forms.ModelChoiceField(
        None, label="户", error_messages={"invalid_choice": "没有这一户，或不在本人管辖范围内"}
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["household"].queryset = Household.objects.visible_to(self.actor)
