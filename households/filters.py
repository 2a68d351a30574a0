"""Filters of the household and people lists (UI.md section 7)."""

import datetime as dt

import django_filters
from django import forms
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from households.enums import ChangeKind, HelperKind, MonitoringCategory, RemovalWay, RiskCause, RiskTier
from households.models import CaseRecord, Helper, Household, Person, PersonChange
from jiyang.access.scope import Actor
from jiyang.identifiers.encryption import blind_index
from jiyang.ledgers.columns import may_see
from jiyang.ledgers.filters import LedgerFilter
from jiyang.ledgers.terms import looks_personal
from jiyang.workflow.enums import ProposalState

INDEXES = {"id_number": "id_index", "phone": "phone_index"}


def numbered(model: type[Model], actor: Actor, term: str) -> Q:
    """Rows that have exactly this ID number or phone, among the fields whose group the actor sees: a search must not
    answer what the columns hide."""
    digest, found = blind_index(term), Q(pk__in=[])
    for name in model.masked:
        if may_see(model, name, actor):
            found |= Q(**{INDEXES[name]: digest})
    return found


class HouseholdFilter(LedgerFilter):
    tier = django_filters.ChoiceFilter(
        label="分类",
        empty_label="全部",
        method="in_tier",
        choices=[*((t.value, f"{t.value} 类 {t.label}") for t in RiskTier), ("none", "未分类")],
    )
    monitoring = django_filters.ChoiceFilter(
        label="监测状态",
        empty_label="不限",
        method="monitored",
        choices=[("open", "监测中"), ("removed", "风险已消除"), ("none", "非监测户"), *MonitoringCategory.choices],
    )
    visit = django_filters.ChoiceFilter(
        label="走访",
        empty_label="不限",
        method="due",
        choices=[("overdue", "已超期"), ("soon", "7 日内到期"), ("never", "从未入户")],
    )

    helper = django_filters.ChoiceFilter(
        label="帮扶责任人", empty_label="不限", method="helped", choices=[("none", "还没有"), ("some", "已结对")]
    )

    class Meta:
        model = Household
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "户编号、姓名、证件号"
        self.form.order_fields(["town", "village", "tier", "monitoring", "visit", "helper", "q"])

    def helped(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(state__helper_name="") if value == "none" else rows.exclude(state__helper_name="")

    def in_tier(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(state__tier="" if value == "none" else value)

    def monitored(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        today = timezone.localdate()
        if value == "open":
            return rows.monitored_on(today)
        if value == "none":
            return rows.filter(category="")
        if value == "removed":
            return rows.exclude(category="").filter(risk_removed_on__lte=today)
        return rows.filter(category=value)

    def due(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        today = timezone.localdate()
        if value == "overdue":
            return rows.visit_overdue_on(today)
        if value == "never":
            return rows.filter(state__last_visit_on=None)
        return rows.filter(state__next_visit_on__range=(today, today + dt.timedelta(days=7)))

    def find(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """By household number, a member's name, or exactly by an ID number or phone."""
        term = value.strip()
        people = Person.objects.filter(household=OuterRef("pk"))
        if looks_personal(term):
            actor = self.request.actor
            return rows.filter(Exists(people.filter(numbered(Person, actor, term))) | numbered(Household, actor, term))
        if term.isdigit():
            return rows.filter(household_no__startswith=term)
        # the names first: their index finds few people, whose households are then looked up
        return rows.filter(pk__in=Person.objects.named_like(term).values("household"))


class PersonFilter(LedgerFilter):
    search_in = ("person_no",)

    class Meta:
        model = Person
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "姓名、人编号、证件号"

    def find(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        term = value.strip()
        if looks_personal(term):
            return rows.filter(numbered(Person, self.request.actor, term))
        return rows.filter(person_no__startswith=term) if term.isdigit() else rows.named_like(term)


class CaseFilter(LedgerFilter):
    search_in = ("household__household_no", "household__state__head_name")
    risk = django_filters.ChoiceFilter(label="风险", empty_label="不限", method="with_risk", choices=RiskCause.choices)
    category = django_filters.ChoiceFilter(
        label="监测类别", empty_label="不限", field_name="household__category", choices=MonitoringCategory.choices
    )
    removal_way = django_filters.ChoiceFilter(label="消除方式", empty_label="不限", choices=RemovalWay.choices)

    class Meta:
        model = CaseRecord
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "户编号、户主"

    def with_risk(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(Q(*((f"risk_{number}", value) for number in range(1, 6)), _connector=Q.OR))


class HelperFilter(LedgerFilter):
    search_in = ("name", "office")
    village = None
    kind = django_filters.ChoiceFilter(label="类型", empty_label="不限", choices=HelperKind.choices)

    class Meta:
        model = Helper
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "姓名、单位"


class ProposalFilter(LedgerFilter):
    """Proposals about households: by state, by household number or head."""

    search_in = ("household__household_no", "household__state__head_name")
    state = django_filters.ChoiceFilter(label="状态", empty_label="不限", choices=ProposalState.choices)

    class Meta:
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "户编号、户主"


class ChangeFilter(ProposalFilter):
    kind = django_filters.ChoiceFilter(label="变更原因", empty_label="不限", choices=ChangeKind.choices)

    class Meta(ProposalFilter.Meta):
        model = PersonChange
