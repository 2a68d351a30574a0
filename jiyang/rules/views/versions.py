"""One version of a rule: what it says beside what stood before, and the second person's decision."""

from django.urls import reverse

from jiyang.ledgers.views import LedgerDetailView
from jiyang.rules import services
from jiyang.workflow.proposals import decision_of
from jiyang.workflow.views import DecideView, WithdrawView


class VersionDetailView(LedgerDetailView):
    def get_context_data(self, **kwargs) -> dict:
        context, version = super().get_context_data(**kwargs), self.get_object()
        urls = [reverse(f"rules:version_{act}", args=[version.pk]) for act in ("decide", "withdraw")]
        return {**context, "decision": decision_of(version, self.actor, *urls)}


class VersionDecideView(DecideView):
    service = staticmethod(services.decide)


class VersionWithdrawView(WithdrawView):
    pass
