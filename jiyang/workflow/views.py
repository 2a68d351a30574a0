"""待办: everything that waits for the signed-in user, overdue first, and what they were told."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView, View

from jiyang.workflow import proposals, tasks

NOTICES = 30


class DecideView(View):
    """The checker's answer to a proposal: `decision` = approve or return, with `reason`. Back to the proposal's page.

    Subclasses say `ledger` and `service(proposal=, by=, approve=, reason=)`; a refusal is told on the page.
    """

    ledger = None
    service = None

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        proposal = get_object_or_404(self.ledger.rows(request.actor), pk=pk)
        try:
            type(self).service(
                proposal=proposal,
                by=request.user,
                approve=request.POST.get("decision") == "approve",
                reason=request.POST.get("reason", ""),
            )
        except ValidationError as refused:
            messages.warning(request, "；".join(refused.messages), extra_tags="warn")
        return redirect(self.ledger.url_of(proposal))


class WithdrawView(View):
    """撤回 of a proposal by its maker."""

    ledger = None

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        proposal = get_object_or_404(self.ledger.rows(request.actor), pk=pk)
        try:
            proposals.withdraw(proposal, by=request.user)
        except ValidationError as refused:
            messages.warning(request, "；".join(refused.messages), extra_tags="warn")
        return redirect(self.ledger.url_of(proposal))


class TaskCentreView(TemplateView):
    """One block per kind of task that has some; the kinds with overdue ones come first."""

    template_name = "workflow/tasks.html"

    def get_context_data(self, **kwargs) -> dict:
        actor = self.request.actor
        counts = tasks.counts(actor)
        tasks.forget_count(actor.user)
        groups = []
        for source in tasks.sources_for(actor):
            waiting, late = counts[source.key]
            if waiting:
                groups.append(
                    {
                        "key": source.key,
                        "title": source.title,
                        "count": waiting,
                        "late": late,
                        "lines": tasks.lines(source, actor),
                        "url": source.url() if source.url else "",
                    }
                )
        groups.sort(key=lambda group: (-group["late"], group["title"]))
        return {
            **super().get_context_data(**kwargs),
            "title": "待办",
            "groups": groups,
            "total": sum(group["count"] for group in groups),
            "late": sum(group["late"] for group in groups),
            "notices": list(actor.user.notices.order_by("-at")[:NOTICES]),
        }


class NoticesReadView(View):
    """Mark the signed-in user's notices as read."""

    def post(self, request: HttpRequest) -> HttpResponse:
        request.user.notices.unread().update(read_at=timezone.now())
        return redirect("workflow:tasks")
