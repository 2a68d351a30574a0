"""参数变更 as a ledger: what was proposed, who activated it."""

import django_filters
from django import forms
from django.db.models import QuerySet

from jiyang.access.scope import Actor
from jiyang.ledgers.columns import Column
from jiyang.ledgers.filters import LedgerFilter
from jiyang.ledgers.ledger import Ledger
from jiyang.parameters.enums import ChangeKind
from jiyang.parameters.models import ParameterChange
from jiyang.parameters.views.changes import ChangeDetailView
from jiyang.workflow.enums import ProposalState


class ChangeFilter(LedgerFilter):
    village = None
    town = None
    state = django_filters.ChoiceFilter(label="状态", empty_label="不限", choices=ProposalState.choices)
    kind = django_filters.ChoiceFilter(label="变更", empty_label="不限", choices=ChangeKind.choices)
    search_in = ("key", "title", "source")

    class Meta:
        model = ParameterChange
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "名称、键、依据文件"


class ParameterChangeLedger(Ledger):
    model = ParameterChange
    name, title, unit, noun = "change", "参数变更", "件", "变更"
    related = ("region", "submitted_by", "decided_by", "parameter")
    columns = (
        Column("title", cell="link"),
        Column("kind"),
        Column("words", "值"),
        Column("where", "适用", optional=True),
        Column("since"),
        Column("source", optional=True, sort=None),
        Column("submitted_by__name", "提交人", optional=True),
        Column("submitted_at", cell="moment", optional=True),
        Column("state", cell="tag"),
    )
    extra_export = (Column("key"), Column("until"), Column("reason"), Column("decided_by__name", "复核人"), Column("decided_at"), Column("decision_reason"))  # fmt: skip
    filterset = ChangeFilter
    sort = "-submitted_at"
    empty = "还没有参数变更。从参数的页面提交。"
    detail_template, detail_view = "parameters/change.html", ChangeDetailView

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet:
        return ParameterChange.objects.select_related(*cls.related)
