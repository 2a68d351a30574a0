"""走访记录 as a ledger; the visits' place on the household's page."""

import django_filters
from django import forms
from django.db.models import OuterRef, Q, QuerySet

from households.models import Person
from jiyang.documents.models import Attachment
from jiyang.ledgers import tabs
from jiyang.ledgers.columns import Column
from jiyang.ledgers.filters import LedgerFilter
from jiyang.ledgers.ledger import FormFor, Ledger
from jiyang.ledgers.tabs import Entry
from jiyang.ui.forms import DayInput
from jiyang.ui.navigation import Entry as Module
from jiyang.ui.navigation import register
from monitoring.enums import Finding, RiskSeen, VisitMethod
from monitoring.forms import VisitOfHouseholdForm
from monitoring.models import Visit
from monitoring.services.visits import PHOTO_OF, record_visit


class VisitFilter(LedgerFilter):
    method = django_filters.ChoiceFilter(label="方式", empty_label="不限", choices=VisitMethod.choices)
    problem = django_filters.ChoiceFilter(
        label="结果", empty_label="不限", method="with_problem", choices=[("yes", "有问题")]
    )
    since = django_filters.DateFilter(field_name="done_on", lookup_expr="gte", label="走访起", widget=DayInput())
    until = django_filters.DateFilter(field_name="done_on", lookup_expr="lte", label="走访止", widget=DayInput())

    class Meta:
        model = Visit
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "户编号、姓名"

    def with_problem(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        problem = Finding.PROBLEM
        return rows.filter(
            Q(education=problem) | Q(medical=problem) | Q(housing=problem) | Q(water=problem) | Q(risk=RiskSeen.VERIFY)
        )

    def find(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        term = value.strip()
        if term.isdigit():
            return rows.filter(household__household_no__startswith=term)
        return rows.filter(household__in=Person.objects.named_like(term).values("household"))


class VisitLedger(Ledger):
    model, own_tab = Visit, True
    title, unit, noun = "走访记录", "次", "走访"
    related = ("household__state", "town", "village")
    columns = (
        Column("visited_at", cell="moment"),
        Column("household__state__head_name", "户主", cell="link", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("method"),
        Column("met", optional=True),
        Column("done_by", "走访人"),
        Column("people_change", optional=True),
        Column("income_change", optional=True),
        Column("risk", optional=True),
    )
    extra_export = (
        Column("education"),
        Column("medical"),
        Column("housing"),
        Column("water"),
        Column("notes"),
        Column("entered_at"),
    )
    filterset = VisitFilter
    sort = "-visited_at"
    empty = "还没有走访记录。从“走访”页选一户登记。"
    detail_template = "monitoring/visit_detail.html"
    api_create = FormFor(VisitOfHouseholdForm, record_visit)


def visits_tab(household, actor) -> dict:
    rows = Visit.objects.visible_to(actor).filter(household=household).order_by("-visited_at")[:100]
    return {"visits": list(rows), "photos": photos_of(household, actor)}


def visits_counted() -> QuerySet:
    return Visit.objects.filter(household=OuterRef("pk"))


def photos_of(household, actor) -> list[Attachment]:
    return list(Attachment.objects.visible_to(actor).filter(household=household, subject=PHOTO_OF).order_by("-pk")[:30])


def visit_entries(household, actor, most: int) -> list[Entry]:
    found = Visit.objects.visible_to(actor).filter(household=household).order_by("-visited_at")[:most]
    return [
        Entry(visit.done_on, visit.get_method_display(), visit.done_by, visit.notes or summary(visit),
              tag="有问题" if visit.has_problem else "", tone="warn" if visit.has_problem else "")
        for visit in found
    ]  # fmt: skip


def summary(visit: Visit) -> str:
    return (
        f"{visit.get_met_display()}；人口{visit.get_people_change_display()}，收入{visit.get_income_change_display()}"
    )


tabs.tab(tabs.Tab("visits", "走访", 40, "monitoring:visit_list", "monitoring/_visits.html", visits_tab, visits_counted))
tabs.timeline_source(tabs.Source("visits", "monitoring:visit_list", visit_entries))
tabs.action(tabs.Action("登记走访", "monitoring:visit_new"))
register(Module("走访", "monitoring:due", 30))
