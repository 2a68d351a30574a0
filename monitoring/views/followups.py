"""Closing a follow-up item."""

from django.utils import timezone

from jiyang.ledgers.ledger import FormFor
from jiyang.ledgers.views import LedgerEditView
from monitoring.forms import CloseForm
from monitoring.services import followups


class CloseView(LedgerEditView):
    """办结 with what was found, by whom and when."""

    spec = FormFor(CloseForm, followups.close)
    template_name = "monitoring/followup_close.html"

    def form_kwargs(self) -> dict:
        first = {"settled_by": self.request.user.name, "settled_on": timezone.localdate()}
        return {**super().form_kwargs(), "initial": first}

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), "title": f"办结：{self.get_object()}"}
