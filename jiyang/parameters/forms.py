"""Forms of parameters: one field for each part of a value, with unit and present value beside it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from jiyang.parameters.kinds import compose, fields_for, kind_of, problem
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.ui.forms import DayInput, KernelForm, day_after


class SourceForm(KernelForm):
    source = forms.CharField(label="依据文件", max_length=200, help_text="文件名称和文号，如“济民发〔2021〕12 号”")
    reason = forms.CharField(label="说明", max_length=200, required=False)


class ValueForm(SourceForm):
    """A new dated value of a key; `last` is the line whose shape and unit it follows."""

    region = forms.ModelChoiceField(
        label="适用区县", queryset=Region.objects.none(), required=False, empty_label="全部",
        help_text="一般选“全部”；本区县另有规定时才选区县",
    )  # fmt: skip
    since = forms.DateField(
        label="生效日期", widget=DayInput(), initial=timezone.localdate, help_text="这一天起使用；以前各天仍按当时的值"
    )
    last_day = forms.DateField(label="最后一天", widget=DayInput(), required=False, help_text="不填为长期")

    def __init__(self, *args, last, **kwargs):
        super().__init__(*args, **kwargs)
        self.last, self.kind = last, kind_of(last.value, last.unit)
        self.fields = {**fields_for(last.value, self.kind, last.unit), **self.fields}
        for field in self.fields.values():
            if field.required:
                field.error_messages["required"] = f"请填写{field.label}"
            if isinstance(field, forms.DecimalField):
                field.widget = forms.TextInput(attrs={"inputmode": "decimal"})
                field.error_messages["invalid"] = f"{field.label}应为数字，如 15 或 6000.50"
        self.fields["region"].queryset = Region.objects.at(Level.DISTRICT).filter(pk__in=self.actor.reach.districts)

    def clean(self) -> dict:
        data = super().clean()
        if self.errors:
            return data
        last_day = data.pop("last_day")
        data["until"] = day_after(last_day)
        data["value"] = compose(data, self.last.value)
        if wrong := problem(data["value"], self.kind, self.last.value, self.last.unit):
            raise ValidationError(wrong)
        return data
