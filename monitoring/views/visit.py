"""The officer's phone pages: who is due, the visit form, the receipt."""

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from households.ledgers import HouseholdLedger
from households.models import Household
from households.services.guarantees import states_of
from jiyang.access.scope import Actor
from jiyang.access.standing import Gone
from jiyang.ledgers import saved
from jiyang.ledgers.paging import Cursor, paginate
from jiyang.parameters import values
from monitoring.forms import VisitForm
from monitoring.models import FollowUp, RegisterChange, Visit
from monitoring.selectors import pictures_of
from monitoring.services.visits import MOST_PHOTOS, VisitClash, record_visit, wants_signature

INVALID, CREATED, CLASH, NOT_FOUND, FORBIDDEN = 422, 201, 409, 404, 403
GONE = "这户已不在本人管辖范围（可能已迁出、并户或作废），这次走访没有写入。内容仍存在本机：请与镇街联系，由现在管辖的同志登记"
NOT_THEIRS = "这份走访是另一个账号填写的，请用填写人的账号登录后上传"
DUE_PAGE = 50


class DueListView(TemplateView):
    """走访: whose visit is due, overdue first. The household's tier and the last visit decide (DOMAIN.md 3.2)."""

    template_name = "monitoring/due.html"

    def get_context_data(self, **kwargs) -> dict:
        due = HouseholdLedger.standing(HouseholdLedger.rows(self.request.actor)).visit_due_by(soon())
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
    """登记走访 for one household in scope. POST answers JSON to the page's script and a redirect to a plain form.

    To the script: 201 new, 200 a replay, 409 the UUID was used, 422 to be corrected, 404 the household is not (or no
    longer) this officer's, 403 the draft is another user's. None but the first writes anything.
    """

    template_name = "monitoring/visit_form.html"

    def get_household(self) -> Household:
        return get_object_or_404(HouseholdLedger.rows(self.request.actor).with_decisions(), pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        household = self.get_household()
        last = last_visit(household, request.actor)
        first = VisitForm.first_values(last, request.user, states_of(household))
        return self.render_to_response(self.context_of(household, VisitForm(initial=first, actor=request.actor), last))

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.POST.get("written_by", str(request.user.pk)) != str(request.user.pk):
            return self.not_theirs()
        try:
            household = self.get_household()
        except Http404:
            return self.gone()
        form = VisitForm(request.POST, request.FILES, actor=request.actor)
        status, url = INVALID, ""
        if form.is_valid():
            try:
                visit, created = record_visit(household=household, by=request.user, **form.cleaned_data)
                return self.recorded(visit, created)
            except Gone as gone:
                if self.wants_json:
                    return self.gone()
                form.add_error(None, gone)
            except ValidationError as refused:
                form.add_error(None, refused)
            except VisitClash as clash:
                form.add_error(None, str(clash))
                status, url = CLASH, receipt_of(clash.visit) if clash.visit else ""
        if self.wants_json:
            return JsonResponse({"errors": form.errors, "url": url}, status=status)
        return self.render_to_response(
            self.context_of(household, form, last_visit(household, self.request.actor)), status=status
        )

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.request.headers.get("Accept", "")

    def gone(self) -> HttpResponse:
        """The same answer whether the household moved away, was voided or never was: foreign and absent look alike."""
        if not self.wants_json:
            raise Http404
        return JsonResponse({"errors": {"__all__": [GONE]}}, status=NOT_FOUND)

    def not_theirs(self) -> HttpResponse:
        if not self.wants_json:
            raise PermissionDenied(NOT_THEIRS)
        return JsonResponse({"errors": {"__all__": [NOT_THEIRS]}}, status=FORBIDDEN)

    def recorded(self, visit: Visit, created: bool) -> HttpResponse:
        url = receipt_of(visit)
        if self.wants_json:
            return JsonResponse({"id": str(visit.public_id), "url": url}, status=CREATED if created else 200)
        saved.tell(self.request, visit)
        return redirect(url)

    def context_of(self, household: Household, form: VisitForm, last: Visit | None) -> dict:
        signed = wants_signature(household.state.tier)
        return self.get_context_data(
            household=household, last=last, signed=signed, **form_parts(form), title="登记走访"
        )


def form_parts(form: VisitForm) -> dict:
    """The form and its group of guarantees, as the template lays them out."""
    guarantees = [form[name] for name in ("education", "medical", "housing", "water")]
    return {"form": form, "guarantees": guarantees, "most_photos": MOST_PHOTOS}


def receipt_of(visit: Visit) -> str:
    return reverse("monitoring:visit_receipt", args=[visit.pk])


class ReceiptView(TemplateView):
    """What was recorded, what it set in motion, and the next household that is due."""

    template_name = "monitoring/receipt.html"

    def get_context_data(self, **kwargs) -> dict:
        actor = self.request.actor
        rows = Visit.objects.visible_to(actor)
        visit = get_object_or_404(rows.select_related("household__state", "household__village"), pk=self.kwargs["pk"])
        due = HouseholdLedger.standing(HouseholdLedger.rows(actor)).visit_due_by(soon())
        following = due.exclude(pk=visit.household_id).order_by("state__next_visit_on", "pk").first()
        others = rows.filter(household=visit.household_id, done_on=visit.done_on).exclude(pk=visit.pk)
        return {
            **super().get_context_data(**kwargs),
            "visit": visit,
            "following": following,
            "follow_ups": FollowUp.objects.visible_to(actor).filter(visit=visit).order_by("pk"),
            "changes": RegisterChange.objects.visible_to(actor).filter(visit=visit).order_by("pk"),
            "pictures": pictures_of([visit], actor),
            "others": others.order_by("visited_at"),
            "may_propose": actor.may_open("monitoring:change_new"),
            "title": "走访已登记",
        }


def soon() -> dt.date:
    """The last day that counts as due soon."""
    return timezone.localdate() + dt.timedelta(days=int(values.get("visit.soon.days").value))


def last_visit(household: Household, actor: Actor) -> Visit | None:
    return Visit.objects.visible_to(actor).filter(household=household).order_by("-visited_at", "-pk").first()
