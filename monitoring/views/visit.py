"""The officer's phone pages: who is due, the visit form, the receipt."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from households.ledgers import HouseholdLedger
from households.models import Household
from jiyang.access.scope import Actor
from jiyang.ledgers.paging import Cursor, paginate
from jiyang.parameters import values
from monitoring.forms import VisitForm
from monitoring.models import Visit
from monitoring.services.visits import VisitClash, record_visit

INVALID, CREATED, CLASH = 422, 201, 409
DUE_PAGE = 50


class DueListView(TemplateView):
    """走访: whose visit is due, overdue first. The household's tier and the last visit decide (DOMAIN.md 3.2)."""

    template_name = "monitoring/due.html"

    def get_context_data(self, **kwargs) -> dict:
        today = timezone.localdate()
        soon = today + dt.timedelta(days=int(values.get("visit.soon.days").value))
        due = HouseholdLedger.standing(HouseholdLedger.rows(self.request.actor)).visit_due_by(soon)
        cursor = Cursor.decode(self.request.GET.get("cursor"))
        rows = HouseholdLedger.laid_out(due)
        page = paginate(rows, sort="state__next_visit_on", cursor=cursor, total=due.count(), size=DUE_PAGE)
        return {
            **super().get_context_data(**kwargs),
            "title": "今日走访",
            "may_visit": self.request.actor.may_open("monitoring:visit_new"),
            "page": page,
            "next": page.next.encode() if page.next else "",
            "previous": page.previous.encode() if page.previous else "",
        }


class VisitCreateView(TemplateView):
    """登记走访 for one household in scope. POST answers JSON to the page's script and a redirect to a plain form."""

    template_name = "monitoring/visit_form.html"

    def get_household(self) -> Household:
        return get_object_or_404(HouseholdLedger.rows(self.request.actor), pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        household = self.get_household()
        last = last_visit(household, request.actor)
        form = VisitForm(initial=VisitForm.first_values(last, request.user), actor=request.actor)
        return self.render_to_response(self.context_of(household, form, last))

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        household = self.get_household()
        form = VisitForm(request.POST, request.FILES, actor=request.actor)
        status = INVALID
        if form.is_valid():
            try:
                visit, created = record_visit(household=household, by=request.user, **form.cleaned_data)
                return self.recorded(visit, created)
            except ValidationError as refused:
                form.add_error(None, refused)
            except VisitClash as clash:
                form.add_error(None, str(clash))
                status = CLASH
        if self.wants_json:
            return JsonResponse({"errors": form.errors}, status=status)
        return self.render_to_response(
            self.context_of(household, form, last_visit(household, self.request.actor)), status=status
        )

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.request.headers.get("Accept", "")

    def recorded(self, visit: Visit, created: bool) -> HttpResponse:
        url = reverse("monitoring:visit_receipt", args=[visit.pk])
        if self.wants_json:
            return JsonResponse({"id": str(visit.public_id), "url": url}, status=CREATED if created else 200)
        return redirect(url)

    def context_of(self, household: Household, form: VisitForm, last: Visit | None) -> dict:
        guarantees = [form[name] for name in ("education", "medical", "housing", "water")]
        return self.get_context_data(household=household, form=form, last=last, guarantees=guarantees, title="登记走访")


class ReceiptView(TemplateView):
    """What was recorded, what it set in motion, and the next household."""

    template_name = "monitoring/receipt.html"

    def get_context_data(self, **kwargs) -> dict:
        actor = self.request.actor
        visit = get_object_or_404(
            Visit.objects.visible_to(actor).select_related("household__state"), pk=self.kwargs["pk"]
        )
        due = HouseholdLedger.standing(HouseholdLedger.rows(actor)).visit_due_by(timezone.localdate())
        following = due.exclude(pk=visit.household_id).order_by("state__next_visit_on", "pk").first()
        return {**super().get_context_data(**kwargs), "visit": visit, "following": following, "title": "走访已登记"}


def last_visit(household: Household, actor: Actor) -> Visit | None:
    return Visit.objects.visible_to(actor).filter(household=household).order_by("-visited_at", "-pk").first()
