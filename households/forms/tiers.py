from django import forms
from django.utils import timezone

from households.enums import RiskTier
from jiyang.ui.forms import BigChoice, DayInput, KernelForm


class TierForm(KernelForm):
    """认定分类: one of three tiers, the reason, the day, and until when it is temporary."""

    tier = forms.ChoiceField(
        label="类别", choices=[(tier.value, f"{tier.value} 类 {tier.label}") for tier in RiskTier], widget=BigChoice
    )
    reason = forms.CharField(
        label="依据",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写明事实，如“户主患大病，自付 8,640 元”",
    )
    on = forms.DateField(label="认定日期", widget=DayInput, initial=timezone.localdate)
    expires_on = forms.DateField(
        label="临时调整至", required=False, widget=DayInput, help_text="只在临时调整时填；到这一天恢复原分类"
    )
