"""Forms of rules: what a version says beside its condition; switching one off, bringing a former version back."""

from django import forms
from django.utils import timezone

from jiyang.rules.catalogue import SEVERITIES
from jiyang.rules.fields import subjects
from jiyang.rules.live import live
from jiyang.rules.models import RuleVersion
from jiyang.ui.forms import BigChoice, DayInput, KernelForm


def _longest(name: str) -> int:
    return RuleVersion._meta.get_field(name).max_length


class DatedReasonForm(KernelForm):
    reason = forms.CharField(
        label="变更说明", max_length=200, help_text="为什么改，依据什么；复核人和以后查看的人都看得到"
    )
    valid_from = forms.DateField(
        label="生效日期",
        widget=DayInput(),
        initial=timezone.localdate,
        help_text="不早于今天；复核晚于这一天的，自同意当天起",
    )


class SubjectForm(KernelForm):
    subject = forms.ChoiceField(
        label="查什么", widget=BigChoice(), help_text="定下后不能改；条件里可以问到它的家庭、成员和务工记录"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        source = live().source()
        self.fields["subject"].choices = [
            (one.key, one.title if one.key in source.bases else f"{one.title}（{source.title}里没有）") for one in subjects().values()
        ]  # fmt: skip


class AboutForm(DatedReasonForm):
    """What a rule says beside its condition. What is typed is kept in the draft by `keep_url` a moment later."""

    title = forms.CharField(
        label="名称", max_length=_longest("title"), help_text="命中时显示的一句话，如“满 60 周岁却是普通劳动力”"
    )
    severity = forms.ChoiceField(label="严重程度", choices=list(SEVERITIES.items()))
    why = forms.CharField(
        label="为什么查", max_length=_longest("why"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    mend = forms.CharField(
        label="怎么改正", max_length=_longest("mend"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    source = forms.CharField(
        label="依据", max_length=_longest("source"), required=False, help_text="文件名称和文号，或上级检查的条目"
    )

    field_order = ("title", "severity", "why", "mend", "source", "valid_from", "reason")

    def __init__(self, *args, keep_url: str, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {
                "hx-post": keep_url, "hx-trigger": "input changed delay:500ms", "hx-target": "#preview", "hx-swap": "outerHTML",
                "hx-sync": "closest form:queue all",
            }  # fmt: skip
