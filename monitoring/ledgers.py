"""走访记录, 待核实事项 and 信息变更申请 as ledgers; their place on the household's page."""

import datetime as dt

import django_filters
from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from households.filters import ProposalFilter
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
from monitoring.enums import Finding, FollowUpState, RiskSeen, Subject, Topic, VisitMethod
from monitoring.forms import VisitOfHouseholdForm
from monitoring.hit_ledger import HitLedger
from monitoring.models import FollowUp, RegisterChange, Visit
from monitoring.services.visits import PHOTO_OF, record_visit
from monitoring.views.records import ChangeDetailView, FollowUpDetailView

__all__ = ["ChangeLedger", "FollowUpLedger", "HitLedger", "VisitLedger"]


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
    api_create = FormFor(VisitOfHouseholdForm, record_visit)


class FollowUpFilter(ProposalFilter):
    state = django_filters.ChoiceFilter(label="状态", empty_label="不限", choices=FollowUpState.choices)
    topic = django_filters.ChoiceFilter(label="事项", empty_label="不限", choices=Topic.choices)

    class Meta(ProposalFilter.Meta):
        model = FollowUp


class FollowUpLedger(Ledger):
    model = FollowUp
    title, unit, noun = "待核实事项", "件", "事项"
    related = ("household__state", "town", "village", "visit", "closed_by")
    columns = (
        Column("topic", cell="link"),
        Column("household__state__head_name", "户主", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("done_on", "发现日期", optional=True),
        Column("done_by", "走访人", optional=True),
        Column("state", cell="tag"),
        Column("due_on", cell="due"),
    )
    extra_export = (
        Column("what"),
        Column("settled_on"),
        Column("settled_by"),
        Column("outcome"),
        Column("closed_by__name", "办结录入人"),
        Column("closed_at"),
    )
    filterset = FollowUpFilter
    sort = "due_on"
    empty = "没有待核实事项。走访中选“有问题”或“有，转核实”时自动列入。"
    detail_template, detail_view = "monitoring/followup_detail.html", FollowUpDetailView


class ChangeFilter(ProposalFilter):
    subject = django_filters.ChoiceFilter(label="变更内容", empty_label="不限", choices=Subject.choices)

    class Meta(ProposalFilter.Meta):
        model = RegisterChange


class ChangeLedger(Ledger):
    model, name = RegisterChange, "change"
    title, unit, noun = "信息变更申请", "件", "申请"
    related = ("household__state", "town", "village", "visit", "submitted_by", "decided_by")
    columns = (
        Column("subject", cell="link"),
        Column("household__state__head_name", "户主", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("old_shown", "登记簿原值", sort=None),
        Column("new_shown", "走访所见", sort=None),
        Column("done_on", "走访日期"),
        Column("state", cell="tag"),
        Column("submitted_by__name", "提交人", optional=True),
        Column("decided_by__name", "复核人", optional=True),
    )
    extra_export = (Column("reason"), Column("submitted_at"), Column("decided_at"), Column("decision_reason"))
    filterset = ChangeFilter
    sort = "-done_on"
    empty = "还没有信息变更申请。走访所见与登记簿不一致时提出。"
    detail_template, detail_view = "monitoring/change_detail.html", ChangeDetailView


def visits_tab(household, actor) -> dict:
    rows = Visit.objects.visible_to(actor).filter(household=household).order_by("-visited_at")[:100]
    open_items = FollowUp.objects.visible_to(actor).open().filter(household=household).order_by("due_on")
    return {"visits": list(rows), "photos": photos_of(household, actor), "follow_ups": open_items}


def visits_counted() -> QuerySet:
    return Visit.objects.filter(household=OuterRef("pk"))


def photos_of(household, actor) -> list[Attachment]:
    """Photos and signatures of the household's visits, newest first."""
    return list(Attachment.objects.visible_to(actor).filter(household=household, subject=PHOTO_OF).order_by("-pk")[:30])


def visit_entries(household, actor, most: int) -> list[Entry]:
    """Visits and what their follow-up items came to, in one query."""
    done = FollowUp.objects.filter(visit=OuterRef("pk"), state=FollowUpState.DONE).order_by("pk")
    settled = done.values(data=JSONObject(topic="topic", on="settled_on", by="settled_by", outcome="outcome"))
    rows = Visit.objects.visible_to(actor).filter(household=household).annotate(settled=ArraySubquery(settled))
    found = []
    for visit in rows.order_by("-visited_at")[:most]:
        tag, tone = ("有问题", "warn") if visit.has_problem else ("", "")
        text = visit.notes or summary(visit)
        found.append(Entry(visit.done_on, visit.get_method_display(), visit.done_by, text, tag=tag, tone=tone))
        if actor.may_open("monitoring:followup_list"):
            found += [settled_entry(**item) for item in visit.settled]
    return found


def settled_entry(topic: str, on: str, by: str, outcome: str) -> Entry:
    return Entry(dt.date.fromisoformat(on), f"{Topic(topic).label}核实", by, outcome)


def summary(visit: Visit) -> str:
    return (
        f"{visit.get_met_display()}；人口{visit.get_people_change_display()}，收入{visit.get_income_change_display()}"
    )


tabs.tab(tabs.Tab("visits", "走访", 40, "monitoring:visit_list", "monitoring/_visits.html", visits_tab, visits_counted))
tabs.timeline_source(tabs.Source("visits", "monitoring:visit_list", visit_entries))
tabs.action(tabs.Action("登记走访", "monitoring:visit_new"))
tabs.action(tabs.Action("提出信息变更", "monitoring:change_new"))
register(Module("走访", "monitoring:due", 30))
