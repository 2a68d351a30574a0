"""岗位申请, the postings' own acts, and deputies."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.generic import View

from jiyang.accounts.forms.manage import DeputyForm, EndForm, ProlongForm
from jiyang.accounts.models import Posting
from jiyang.accounts.services import deputies, postings
from jiyang.accounts.views.acts import ActView
from jiyang.ledgers.views import LedgerDetailView
from jiyang.workflow.proposals import decision_of
from jiyang.workflow.views import DecideView, WithdrawView


class RequestDetailView(LedgerDetailView):
    def get_context_data(self, **kwargs) -> dict:
        context, request = super().get_context_data(**kwargs), self.get_object()
        urls = [reverse(f"accounts:request_{act}", args=[request.pk]) for act in ("decide", "withdraw")]
        decision = decision_of(request, self.actor, *urls)
        decision["may_decide"] &= request.user_id != self.actor.user.pk
        facts = [fact for fact in context["facts"] if fact["value"] != "—"]
        return {**context, "decision": decision, "facts": facts}


class RequestDecideView(DecideView):
    service = staticmethod(postings.decide)


class RequestWithdrawView(WithdrawView):
    pass


class ProlongView(ActView):
    words, button, form = "延长岗位", "提交申请", ProlongForm
    told = "由安全管理员核准后生效。"

    def act(self, record, **answers):
        postings.ask_longer(posting=record, by=self.request.user, **answers)


class EndView(ActView):
    words, button, danger, form = "结束岗位", "结束岗位", True, EndForm

    def act(self, record, **answers):
        postings.end_posting(posting=record, by=self.request.user, **answers)


class DeputyView(ActView):
    """指定代理 for one's own posting, or that of one's staff; any other posting is absent."""

    words, button, form = "指定代理", "指定代理", DeputyForm
    told = "代理人在这些天有同样的角色和区划，到期自动结束；不能复核本人经办的和被代理人经办的事项，复核记录写明代谁。"

    def get_queryset(self):
        return Posting.objects.select_related("region", "user", "deputy_for")

    def get_object(self):
        posting = super().get_object()
        if not deputies.may_appoint(posting, self.actor):
            raise Http404
        return posting

    def act(self, record, **answers):
        deputies.stand_in(posting=record, by=self.request.user, **answers)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        answer = super().post(request, *args, **kwargs)
        return redirect(back_from(request, self.get_object())) if answer.status_code == 302 else answer

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), "back_url": back_from(self.request, self.get_object())}


def back_from(request: HttpRequest, posting: Posting) -> str:
    """Where deputies of this posting are shown to this user."""
    if posting.user_id == request.user.pk:
        return reverse("accounts:me")
    if request.actor.may_open("accounts:user_detail"):
        return reverse("accounts:user_detail", args=[posting.user_id])
    return reverse("accounts:posting_detail", args=[posting.pk])


class DeputyEndView(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        posting = get_object_or_404(Posting.objects.select_related("deputy_for__region", "deputy_for__user"), pk=pk)
        if posting.deputy_for is None:
            raise Http404
        deputies.end_deputy(posting=posting, by=request.user)
        return redirect(back_from(request, posting.deputy_for))


class PostingDetailView(LedgerDetailView):
    """A posting as its holder's leader sees it: its deputies, and the way to one."""

    def get_context_data(self, **kwargs) -> dict:
        context, posting = super().get_context_data(**kwargs), self.get_object()
        from jiyang.accounts.views.users import posting_lines

        stand_ins = list(posting.deputies.select_related("user", "region", "deputy_for__user", "deputy_for__region"))
        return {
            **context,
            "postings": posting_lines([posting, *stand_ins], self.actor),
            "holder_url": reverse("accounts:user_detail", args=[posting.user_id])
            if self.actor.may_open("accounts:user_detail") else "",
        }  # fmt: skip
