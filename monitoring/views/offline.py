"""What works without network: the empty shells, and the list of due households that an officer's browser keeps."""

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from households.ledgers import HouseholdLedger
from jiyang.ledgers.columns import may_see
from monitoring.forms import VisitForm
from monitoring.models import Visit
from monitoring.services.visits import wants_signature
from monitoring.views.visit import form_parts, soon

MOST = 200  # households kept in one browser, those due first
LAST_ANSWERS = ("method", "met", "education", "medical", "housing", "water")


class OfflineView(TemplateView):
    """Drafts of this browser, and the due list kept in it: empty, filled by its script."""

    template_name = "monitoring/offline.html"

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), "title": "本机走访"}


class OfflineVisitView(TemplateView):
    """The visit form without a household: its script reads which one from the address."""

    template_name = "monitoring/visit_form.html"

    def get_context_data(self, **kwargs) -> dict:
        first = VisitForm.first_values(None)
        form = VisitForm(
            initial={name: first[name] for name in first if name not in {"visited_at", "client_uuid"}}, actor=None
        )
        return {
            **super().get_context_data(**kwargs),
            **form_parts(form),
            "title": "登记走访",
        }


@never_cache
@require_safe
def due_kept(request: HttpRequest) -> JsonResponse:
    """The due households of the signed-in officer, as their browser keeps them: number, head, village, tier, last result.

    No ID, telephone or account number is among them (UI.md section 8). Three queries.
    """
    actor = request.actor
    due = HouseholdLedger.standing(HouseholdLedger.rows(actor)).visit_due_by(soon())
    households = list(due.order_by("state__next_visit_on", "pk")[:MOST])
    last = Visit.objects.visible_to(actor).filter(household__in=[one.pk for one in households])
    last = {
        visit.household_id: visit for visit in last.order_by("household", "-visited_at", "-pk").distinct("household")
    }
    seen = [name for name in LAST_ANSWERS if may_see(Visit, name, actor)]
    rows = [
        {
            "pk": one.pk,
            "no": one.household_no,
            "name": one.state.head_name,
            "village": one.village.short_name,
            "tier": one.state.tier,
            "due": one.state.next_visit_on,
            "signed": wants_signature(one.state.tier),
            "last": _result(last.get(one.pk), seen),
        }
        for one in households
    ]
    return JsonResponse({"user": str(request.user.pk), "by": request.user.name, "at": timezone.now(), "rows": rows})


def _result(visit: Visit | None, seen: list[str]) -> dict | None:
    return visit and {"on": visit.done_on, **{name: getattr(visit, name) for name in seen}}
