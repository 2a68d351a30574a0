"""规则版本 as a ledger: what was submitted, who activated it."""

import django_filters
from django import forms
from django.db.models import QuerySet

from jiyang.access.scope import Actor
from jiyang.ledgers.columns import Column
from jiyang.ledgers.filters import LedgerFilter
from jiyang.ledgers.ledger import Ledger
from jiyang.rules.enums import VersionKind
from jiyang.rules.models import RuleVersion
from jiyang.rules.views.versions import VersionDetailView
from jiyang.workflow.enums import ProposalState


class VersionFilter(LedgerFilter):
    village = None
    town = None
    state = django_filters.ChoiceFilter(label="状态", empty_label="不限", choices=ProposalState.choices)
    kind = django_filters.ChoiceFilter(label="变更", empty_label="不限", choices=VersionKind.choices)
    search_in = ("code", "title", "source", "reason")

    class Meta:
        model = RuleVersion
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "编号、名称、依据"


class RuleVersionLedger(Ledger):
    model = RuleVersion
    name, title, unit, noun = "version", "规则版本", "版", "版本"
    related = ("submitted_by", "decided_by")
    columns = (
        Column("title", cell="link"),
        Column("code"),
        Column("number"),
        Column("kind"),
        Column("severity", optional=True),
        Column("valid_from"),
        Column("valid_until", optional=True),
        Column("reason", optional=True, sort=None),
        Column("submitted_by__name", "提交人", optional=True),
        Column("submitted_at", cell="moment", optional=True),
        Column("state", cell="tag"),
    )
    extra_export = (Column("source"), Column("why"), Column("mend"), Column("decided_by__name", "复核人"), Column("decided_at"), Column("decision_reason"))  # fmt: skip
    filterset = VersionFilter
    sort = "-submitted_at"
    empty = "还没有改过或自建的规则。"
    detail_template, detail_view = "rules/version.html", VersionDetailView

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet:
        return RuleVersion.objects.select_related(*cls.related)
