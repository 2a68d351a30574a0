import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from employment.models import LabourPlan, LabourSpell, in_work_on
from households.models import Person
from jiyang.ledgers.filters import LedgerFilter

YES_NO = [("yes", "是"), ("no", "否"), ("unknown", "未填")]
VALUES = {"yes": True, "no": False, "unknown": None}


class MemberFilter(LedgerFilter):
    """Records of people: by household number, exactly by ID number, by name."""

    search_in = ("household__household_no", "person__person_no")
    search_index = ("person__id_index", "job_phone_index")

    class Meta:
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "姓名、户编号、证件号"

    def find(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        term = value.strip()
        if term and not any(sign.isdigit() for sign in term):
            return rows.filter(person__in=Person.objects.named_like(term).values("pk"))
        return super().find(rows, name, value)

    def answered(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """By a column of yes, no or nothing."""
        return rows.filter(**{name: VALUES[value]})


class SpellFilter(MemberFilter):
    now = django_filters.ChoiceFilter(
        label="现在", empty_label="不限", method="standing", choices=[("yes", "在岗"), ("no", "已结束")]
    )
    point_to_point = django_filters.ChoiceFilter(
        label="点对点输送", empty_label="不限", method="answered", choices=YES_NO
    )

    class Meta(MemberFilter.Meta):
        model = LabourSpell

    def standing(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        now = in_work_on(timezone.localdate())
        return rows.filter(now) if value == "yes" else rows.exclude(now)


class PlanFilter(MemberFilter):
    plans_to_work = django_filters.ChoiceFilter(label="计划务工", empty_label="不限", method="answered", choices=YES_NO)

    class Meta(MemberFilter.Meta):
        model = LabourPlan
