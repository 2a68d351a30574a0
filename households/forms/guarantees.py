from django import forms
from django.utils import timezone

from households.enums import GuaranteeItem, GuaranteeState
from jiyang.ui.forms import BigChoice, DayInput, KernelForm


class GuaranteeForm(KernelForm):
    """登记核查 of one guarantee."""

    item = forms.ChoiceField(label="核查项目", choices=GuaranteeItem.choices, widget=BigChoice)
    state = forms.ChoiceField(
        label="核查结果",
        choices=[(one.value, one.label) for one in GuaranteeState if one != GuaranteeState.UNCHECKED],
        widget=BigChoice,
    )
    evidence = forms.CharField(label="依据", max_length=200, help_text="如“鉴定报告 A 级”“参保记录”“入户查看”")
    on = forms.DateField(label="核查日期", widget=DayInput, initial=timezone.localdate)
    done_by = forms.CharField(label="核查人", required=False, max_length=120, help_text="不填就是本人")
