import datetime as dt

from django import forms
from django.utils import timezone

from jiyang.ui.forms import DayInput, KernelForm

USUAL = dt.timedelta(days=90)


class TokenForm(KernelForm):
    """签发令牌: what for, and until when."""

    name = forms.CharField(label="用途", max_length=40, help_text="写明谁用来做什么，如“区统计平台每日取数”")
    until = forms.DateField(label="有效期至", widget=DayInput, initial=lambda: timezone.localdate() + USUAL)
