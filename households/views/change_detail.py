"""A proposed change of people, for its maker and its checker."""

from django.urls import reverse

from households.models import Person
from households.services.change_checks import open_members
from jiyang.ledgers.views import LedgerDetailView
from jiyang.workflow.proposals import decision_of


class ChangeDetailView(LedgerDetailView):
    """A proposed change with the household's present members and the decision."""

    def get_context_data(self, **kwargs) -> dict:
        context, change, actor = super().get_context_data(**kwargs), self.get_object(), self.actor
        decide_url = reverse("households:change_decide", args=[change.pk])
        withdraw_url = reverse("households:change_withdraw", args=[change.pk])
        moving = Person.objects.visible_to(actor).filter(pk__in=change.members) if change.members else []
        return {
            **context,
            "moving": moving,
            "members": open_members(change.household).values(),
            "decision": decision_of(change, actor, decide_url, withdraw_url),
        }
