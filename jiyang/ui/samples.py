"""Invented values with which the kit page shows the components."""

import datetime as dt
from decimal import Decimal

from django import forms
from django.utils import timezone

from jiyang.ui.forms import BigChoice, DayInput


class SampleForm(forms.Form):
    name = forms.CharField(label="户主姓名", max_length=20)
    month = forms.CharField(label="识别监测时间", help_text="6 位年月，如 202104")
    day = forms.DateField(label="日期", widget=DayInput, required=False)
    way = forms.ChoiceField(
        label="方式", widget=BigChoice, choices=[("home", "入户"), ("phone", "电话"), ("video", "视频")]
    )

    def clean_month(self) -> str:
        raise forms.ValidationError("识别监测时间应为 6 位年月，如 202104")


def samples() -> dict:
    today = timezone.localdate()
    form = SampleForm({"name": "李守田", "month": "2021/4", "way": "home"})
    form.is_valid()
    days = {
        "late": today - dt.timedelta(days=5),
        "today": today,
        "soon": today + dt.timedelta(days=3),
        "later": today + dt.timedelta(days=40),
    }
    tiers = [{"value": 8, "kind": "A"}, {"value": 25, "kind": "B"}, {"value": 67, "kind": "C"}]
    return {"days": days, "amount": Decimal("11557.50"), "count": 5783, "tiers": tiers, "form": form}
