"""Forms of rules: switching one off, bringing a former version back."""

from django import forms
from django.utils import timezone

from jiyang.ui.forms import DayInput, KernelForm


class DatedReasonForm(KernelForm):
    reason = forms.CharField(
        label="变更说明", max_length=200, help_text="为什么改，依据什么；审核人和以后查看的人都看得到"
    )
    valid_from = forms.DateField(
        label="生效日期",
        widget=DayInput(),
        initial=timezone.localdate,
        help_text="不早于今天；审核晚于这一天的，自同意当天起",
    )
