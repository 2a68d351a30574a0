"""名单未列: who a roster did not list. Somebody who knows says that they left, and why, or that they stay."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.generic import TemplateView

from households.enums import DEPARTURES
from households.models import RosterAbsence
from households.roster.absences import asked_of as asked
from households.roster.absences import belongs, narrowed
from households.services import roster
from jiyang.ledgers.paging import Cursor, paginate
from jiyang.ledgers.tables import pager_of
from jiyang.regions.models import Region
from jiyang.workflow import reasons

INVALID = 422


class AbsenceListView(TemplateView):
    """Everybody whom approved rosters did not list and of whom nobody has said yet why."""

    template_name = "households/roster/absences.html"

    def get_context_data(self, **kwargs) -> dict:
        query, actor = self.request.GET, self.request.actor
        every = asked(actor)
        town, find = query.get("town", ""), query.get("q", "").strip()
        rows = narrowed(every, town=town, find=find)
        page = paginate(rows, sort="pk", cursor=Cursor.decode(query.get("cursor")), total=rows.count())
        towns = Region.objects.towns_of(every)
        return {
            **super().get_context_data(**kwargs), "title": "名单未列待核实", "rows": page.rows, "total": page.total,
            "pager": pager_of(page, query), "towns": towns, "town": town, "find": find,
        }  # fmt: skip


class AbsenceView(TemplateView):
    """The two answers: 人员变更 with its reason (checked by another person), or 仍在户 with what was found."""

    template_name = "households/roster/absence.html"

    def absence(self) -> RosterAbsence:
        rows = RosterAbsence.objects.visible_to(self.request.actor).filter(raised=True)
        return get_object_or_404(
            rows.select_related("person", "household", "town", "village", "stays_by"), pk=self.kwargs["pk"]
        )

    def get_context_data(self, **kwargs) -> dict:
        absence = self.absence()
        changes = [
            (
                kind.label,
                f"{reverse('households:change_new', args=[absence.household_id, kind])}?person={absence.person_id}",
            )
            for kind in DEPARTURES
        ]
        return {
            **super().get_context_data(**kwargs),
            "absence": absence,
            "changes": changes,
            "belongs": belongs(absence),
            "reason": self.request.POST.get("reason", ""),
            "longest_reason": reasons.LONGEST,
            "title": "名单未列，核实是否减少",
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            roster.stays(absence=self.absence(), by=request.user, reason=request.POST.get("reason", ""))
        except ValidationError as refused:
            context = self.get_context_data() | {"problems": refused.messages}
            return self.render_to_response(context, status=INVALID)
        return redirect("workflow:tasks")
