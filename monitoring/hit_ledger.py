"""规则命中 as a ledger: leads of the rules, worked on by people."""

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from households.filters import ProposalFilter
from jiyang.ledgers.bulk import BulkAction
from jiyang.ledgers.columns import Column
from jiyang.ledgers.ledger import Ledger
from jiyang.ledgers.saved import look_after_save
from jiyang.rules.catalogue import SEVERITIES
from jiyang.ui.forms import KernelForm
from jiyang.ui.navigation import Entry, register
from monitoring.enums import HitState
from monitoring.models import RuleHit
from monitoring.services import leads
from monitoring.services.saving import look_at
from monitoring.views.hit_detail import HitDetailView


class AssignForm(KernelForm):
    to = forms.CharField(label="派给谁", max_length=150, help_text="填对方的登录名")


class HitFilter(ProposalFilter):
    state = django_filters.ChoiceFilter(
        label="状态",
        empty_label="不限",
        method="in_state",
        choices=[("open", "待办（待核实和已派发）"), *HitState.choices],
    )
    queue = django_filters.ChoiceFilter(
        label="待办", empty_label="不限", method="queued", choices=[("lead", "待我核实的线索"), ("tier", "分类建议")]
    )
    severity = django_filters.ChoiceFilter(label="级别", empty_label="不限", choices=list(SEVERITIES.items()))
    code = django_filters.CharFilter(label="规则编号")
    mine = django_filters.ChoiceFilter(
        label="派给", empty_label="不限", method="assigned", choices=[("me", "派给我的"), ("none", "还没派")]
    )
    live = django_filters.ChoiceFilter(
        label="现在", empty_label="不限", method="still", choices=[("yes", "仍成立"), ("no", "已不成立")]
    )

    search_in = (*ProposalFilter.search_in, "village__name")

    class Meta(ProposalFilter.Meta):
        model = RuleHit

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "户编号、户主、村名"

    def in_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.waiting(timezone.localdate()) if value == "open" else rows.filter(state=value)

    def queued(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Exactly the lines of the task centre."""
        pick = rows.leads_of if value == "lead" else rows.tiers_of
        return pick(self.request.actor, timezone.localdate()).order_by()

    def assigned(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == "none":
            return rows.filter(assigned_to=None)
        return rows.filter(assigned_to=self.request.actor.user)

    def still(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(gone_on__isnull=value == "yes")


class HitLedger(Ledger):
    model, name = RuleHit, "hit"
    title, unit, noun = "规则命中", "条", "命中"
    related = ("household__state", "person", "town", "village", "assigned_to", "decided_by")
    columns = (
        Column("title", cell="link", sort=None),
        Column("severity", cell="tag", optional=True),
        Column("household__state__head_name", "户主", sort="household__state__head_pinyin"),
        Column("person__name", "人员", optional=True, sort=None),
        Column("town__name", "镇街", sort="town__code", optional=True),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("badge", "参数", cell="tag", optional=True),
        Column("first_seen", optional=True),
        Column("state", cell="tag"),
        Column("assigned_to__name", "派给", optional=True, sort=None),
    )
    extra_export = (
        Column("household__household_no", "户编号"),
        Column("code"),
        Column("told", "依据"),
        Column("outcome"),
        Column("decided_by__name", "核实人"),
        Column("decided_on"),
        Column("gone_on"),
    )
    filterset, sort = HitFilter, "-first_seen"
    empty = "没有规则命中。每天夜里巡检，也可以现在运行。"
    list_template = "monitoring/hits.html"
    detail_template, detail_view = "monitoring/hit.html", HitDetailView
    bulk = (BulkAction("assign", "派发", leads.assign, form=AssignForm, warning="已核实或已消失的不会派发。"),)

    @classmethod
    def standing(cls, rows: QuerySet) -> QuerySet:
        return rows.live()


look_after_save(look_at)
register(Entry("规则命中", "monitoring:hit_list", 40))
