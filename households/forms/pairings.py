from django import forms
from django.utils import timezone

from households.enums import Affiliation, HelperKind, PoliticalStatus
from households.models import Helper
from jiyang.ledgers.filters import regions_for
from jiyang.regions.enums import Level
from jiyang.ui.forms import DayInput, KernelForm


class HelperFacts(KernelForm):
    """帮扶责任人的情况 (DOMAIN.md 1.3)."""

    name = forms.CharField(label="姓名", max_length=60)
    kind = forms.ChoiceField(label="类型", choices=HelperKind.choices)
    office = forms.CharField(label="帮扶（选派）单位", max_length=80)
    affiliation = forms.ChoiceField(label="隶属关系", required=False, choices=[("", "未填"), *Affiliation.choices])
    political = forms.ChoiceField(label="政治面貌", required=False, choices=[("", "未填"), *PoliticalStatus.choices])
    phone = forms.RegexField(
        r"^[0-9]{11}$", label="联系电话", required=False, error_messages={"invalid": "电话应为 11 位数字"}
    )
    username = forms.CharField(
        label="系统账号",
        required=False,
        max_length=40,
        help_text="有帮扶责任人岗位的账号；填了，本人就能看到自己帮扶的户",
    )

    def clean_phone(self) -> str | None:
        return self.cleaned_data["phone"] or None


class HelperForm(HelperFacts):
    town = forms.ModelChoiceField(None, label="镇街", empty_label="请选择")
    field_order = ("town", "name", "kind")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["town"].queryset = regions_for(self.actor, Level.TOWN)


class HelperEditForm(HelperFacts):
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, record: Helper, **kwargs):
        initial = {name: getattr(record, name) for name in (*self.base_fields, "version") if name != "username"}
        initial["username"] = record.user.username if record.user else ""
        super().__init__(*args, record=record, initial=initial, **kwargs)


class PairForm(KernelForm):
    """结对 or hand-over: to whom, from when, why."""

    helper = forms.ModelChoiceField(None, label="帮扶责任人", empty_label="请选择")
    on = forms.DateField(label="开始时间", widget=DayInput, initial=timezone.localdate)
    reason = forms.CharField(label="原因", required=False, max_length=100, help_text="如“原责任人调离”")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["helper"].queryset = Helper.objects.visible_to(self.actor).select_related("town").order_by("name")
        self.fields["helper"].label_from_instance = lambda one: f"{one.name}（{one.get_kind_display()}，{one.office}）"
