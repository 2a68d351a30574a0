"""我的账号: one's own postings with deputies, and one's own sessions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView, View

from jiyang.accounts.enums import SessionEnd
from jiyang.accounts.models import Posting
from jiyang.accounts.services import sessions
from jiyang.accounts.views.users import posting_lines


class MeView(TemplateView):
    template_name = "accounts/me.html"

    def get_context_data(self, **kwargs) -> dict:
        actor, today = self.request.actor, timezone.localdate()
        related = ("user", "region", "deputy_for__user", "deputy_for__region", "entered_by")
        own = list(Posting.objects.not_over(today).filter(user=actor.user).select_related(*related).order_by("since"))
        mine = [posting.pk for posting in own if posting.deputy_for_id is None]
        for_me = list(Posting.objects.not_over(today).filter(deputy_for__in=mine).select_related(*related))
        key = self.request.session.session_key
        found = actor.user.sign_ins.open().order_by("-seen_at")
        return {
            **super().get_context_data(**kwargs), "title": "我的账号",
            "postings": posting_lines(own, actor), "stand_ins": posting_lines(for_me, actor),
            "sessions": [{"row": one, "here": one.key == key} for one in found],
        }  # fmt: skip


class MySessionEndView(View):
    """End one of one's own other sessions; somebody else's is absent."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        own = request.user.sign_ins.exclude(key=request.session.session_key)
        sessions.end(own.filter(pk=get_object_or_404(own, pk=pk).pk), how=SessionEnd.ENDED)
        return redirect("accounts:me")
