"""名单未列: who a roster did not list. Somebody who knows says that they left, and why, or that they stay."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.generic import TemplateView

from households.enums import DEPARTURES
from households.models import RosterAbsence
from households.services import roster

INVALID = 422


class AbsenceView(TemplateView):
    """The two answers: 人员变更 with its reason (checked by another person), or 仍在户 with what was found."""

    template_name = "households/roster/absence.html"

    def absence(self) -> RosterAbsence:
        rows = RosterAbsence.objects.visible_to(self.request.actor).filter(raised=True)
        return get_object_or_404(rows.select_related("person", "household", "town", "village"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs) -> dict:
        absence = self.absence()
        changes = [
            (kind.label, reverse("households:change_new", args=[absence.household_id, kind])) for kind in DEPARTURES
        ]
        return {
            **super().get_context_data(**kwargs),
            "absence": absence,
            "changes": changes,
            "title": "名单未列，核实是否减少",
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            roster.stays(absence=self.absence(), by=request.user, reason=request.POST.get("reason", ""))
        except ValidationError as refused:
            context = self.get_context_data() | {"problems": refused.messages}
            return self.render_to_response(context, status=INVALID)
        return redirect("workflow:tasks")
