"""人员变更: choose the kind, fill in what it needs; the checker sees it beside the household as it is."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from households.enums import ARRIVALS, DEPARTURES, ChangeKind
from households.forms.changes import ChangeForm
from households.ledgers import ChangeLedger, HouseholdLedger
from households.models import PersonChange
from households.services import changes
from households.views.acts import HouseholdActView
from jiyang.ledgers.terms import is_key
from jiyang.workflow.views import DecideView, WithdrawView

KINDS = (
    ("有人减少", DEPARTURES),
    ("有人增加", (*ARRIVALS, ChangeKind.RETURNED)),
    ("户的变化", (ChangeKind.HEAD, ChangeKind.SPLIT, ChangeKind.MERGE, ChangeKind.MOVE, ChangeKind.CLOSE)),
)
EXPLANATIONS = {
    ChangeKind.CLOSE: "整户退出登记册：成员、分类和结对到这一天为止，记录全部保留。",
    ChangeKind.MERGE: "全部成员转入另一户，本户核减，记录全部保留。",
    ChangeKind.MOVE: "迁到外镇街的由区级复核；迁走后由迁入地管理，历史记录随户迁移。",
}


class ChangeKindView(TemplateView):
    """What happened in this household?"""

    template_name = "households/change_kinds.html"

    def get_context_data(self, **kwargs) -> dict:
        household = get_object_or_404(HouseholdLedger.rows(self.request.actor), pk=self.kwargs["pk"])
        return {**super().get_context_data(**kwargs), "household": household, "kinds": KINDS, "title": "人员变更"}


class ChangeView(HouseholdActView):
    """Propose one change; another person checks it."""

    form_class, model, tab = ChangeForm, PersonChange, "members"
    verb = "提交复核"

    @property
    def kind(self) -> ChangeKind:
        if self.kwargs["kind"] not in ChangeKind.values:
            raise Http404("没有这种变更")
        return ChangeKind(self.kwargs["kind"])

    @property
    def title(self) -> str:
        return f"人员变更：{self.kind.label}"

    @property
    def explanation(self) -> str:
        return EXPLANATIONS.get(self.kind, "提交后由另一位同志复核，同意后生效。")

    def get_initial(self) -> dict:
        """Whom a page that led here was about."""
        person = self.request.GET.get("person", "")
        return {**super().get_initial(), **({"person": int(person)} if is_key(person) else {})}

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "household": self.household, "kind": self.kind}

    def do(self, form: ChangeForm) -> str:
        change = changes.submit(household=self.household, by=self.request.user, kind=self.kind, **form.cleaned_data)
        return ChangeLedger.url_of(change)


class ChangeDecideView(DecideView):
    ledger, service = ChangeLedger, changes.decide


class ChangeWithdrawView(WithdrawView):
    ledger = ChangeLedger
