"""Detail pages of follow-up items and proposed changes."""

from django.urls import reverse

from jiyang.ledgers.views import LedgerDetailView
from jiyang.workflow.proposals import decision_of
from monitoring.enums import FollowUpState


class FollowUpDetailView(LedgerDetailView):
    """An item to be looked into, with the visit that raised it."""

    def get_context_data(self, **kwargs) -> dict:
        item = self.get_object()
        may_close = item.state == FollowUpState.OPEN and self.actor.may_open("monitoring:followup_close")
        return {**super().get_context_data(**kwargs), "may_close": may_close}


class ChangeDetailView(LedgerDetailView):
    """A proposed change with both values and the decision."""

    def get_context_data(self, **kwargs) -> dict:
        change = self.get_object()
        urls = [reverse(f"monitoring:change_{act}", args=[change.pk]) for act in ("decide", "withdraw")]
        return {**super().get_context_data(**kwargs), "decision": decision_of(change, self.actor, *urls)}
