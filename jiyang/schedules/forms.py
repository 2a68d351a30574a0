import datetime as dt

from django import forms

from jiyang.regions.models import Region
from jiyang.schedules.periods import FORMATS, WORDS
from jiyang.schedules.registry import Job
from jiyang.ui.forms import KernelForm


class OrderForm(KernelForm):
    """补跑、重跑: which period, where, why."""

    period = forms.CharField(label="期", max_length=20)
    region = forms.ModelChoiceField(Region.objects.none(), label="区划", required=False, empty_label="请选择")
    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="记入运行记录，例如：核对数据后重算",
    )

    def __init__(self, *args, job: Job, **kwargs):
        super().__init__(*args, **kwargs)
        self.job = job
        sample = dt.datetime(2021, 10, 26, 13).strftime(FORMATS[job.period])
        self.fields["period"].help_text = f"按{WORDS[job.period]}运行，写成 {sample} 这样"
        if job.per is None:
            del self.fields["region"]
        else:
            keys = [region.pk for region in job.regions()]
            self.fields["region"].queryset = Region.objects.within(self.actor).filter(pk__in=keys)
            self.fields["region"].required = True
