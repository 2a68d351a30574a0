"""The visit form: ten questions, all but the last two filled from the last visit (UI.md section 7)."""

import uuid

from django import forms
from django.utils import timezone

from households.enums import GuaranteeState
from households.models import Household
from jiyang.ui.forms import BigChoice, DayInput, FilesField, FilesInput, KernelForm, MomentInput
from monitoring.enums import Finding, IncomeChange, Met, PeopleChange, RiskSeen, Subject, VisitMethod
from monitoring.models import Visit

GUARANTEE_ANSWERS = [
    (state.value, state.label) for state in (GuaranteeState.MET, GuaranteeState.NOT_MET, GuaranteeState.NOT_APPLICABLE)
]


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
    photos = FilesField(label="照片", required=False, widget=FilesInput(attrs={"accept": "image/*", "multiple": True}))
    signature = forms.FileField(label="户主签字", required=False)

    @classmethod
    def first_values(cls, last: Visit | None, user=None, stands: dict[str, str] | None = None) -> dict:
        """What the form opens with: the answers of the last visit, or those of an uneventful one.

        `stands` is the register's state of the guarantees: what is 不达标 there opens as 有问题, so that only an officer
        who saw otherwise contradicts it.
        """
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
        for item, state in (stands or {}).items():
            if item in prefilled and state == GuaranteeState.NOT_MET:
                prefilled[item] = Finding.PROBLEM
        prefilled |= {"visited_at": timezone.localtime(), "client_uuid": uuid.uuid4()}
        return prefilled | ({"done_by": user.name} if user else {})


class VisitOfHouseholdForm(VisitForm):
    """登记走访 by a program: the household is said in the form."""

    household = forms.ModelChoiceField(
        None, label="户", error_messages={"invalid_choice": "没有这一户，或不在本人管辖范围内"}
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["household"].queryset = Household.objects.visible_to(self.actor)


class CloseForm(KernelForm):
    """办结 of a follow-up item."""

    outcome = forms.CharField(
        label="核实结果", max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text="写明看到什么、办了什么，如“已报大病救助，10-29 交材料”"
    )  # fmt: skip
    settled_by = forms.CharField(label="核实人", max_length=120)
    settled_on = forms.DateField(label="核实日期", widget=DayInput)


class ChangeForm(KernelForm):
    """提交信息变更: which value of the register is not what the officer saw, and what it should be."""

    subject = forms.ChoiceField(
        label="变更内容", choices=[("", "请选择"), *Subject.choices], error_messages={"required": "请选择变更内容"}
    )
    new_value = forms.CharField(
        label="走访所见",
        max_length=120,
        required=False,
        help_text="电话填 11 位数字；收入填人均纯收入，单位元/年；住址写到门牌",
    )
    guarantee = forms.ChoiceField(
        label="保障情况",
        required=False,
        choices=[("", "不涉及"), *GUARANTEE_ANSWERS],
        help_text="变更三保障和饮水时选择",
    )
    reason = forms.CharField(label="依据", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    def clean(self) -> dict:
        data = super().clean()
        stated = data.pop("guarantee", "")
        if data.get("subject") in Subject.guarantees():
            data["new_value"] = stated
        return data
