"""用户: the account's page and what an administrator does with it."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from jiyang.accounts.enums import SessionEnd
from jiyang.accounts.forms.manage import AskForm, ReasonForm
from jiyang.accounts.models import User
from jiyang.accounts.services import deputies, postings, sessions, users
from jiyang.accounts.views.acts import ActView
from jiyang.audit.history import changes_of
from jiyang.ledgers.views import INVALID, LedgerCreateView, LedgerDetailView

SHOWN = 20


def once_shown(request: HttpRequest, user: User, password: str) -> HttpResponse:
    """The page with a temporary password: shown in this one answer, kept in no store and no cache."""
    may_ask = request.actor.has("posting.make") and not user.posts
    context = {"title": "临时密码", "record": user, "password": password, "may_ask": may_ask}
    response = render(request, "accounts/temporary.html", context)
    response["Cache-Control"] = "no-store"
    return response


class UserCreateView(LedgerCreateView):
    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.build(request.POST)
        if form.is_valid():
            try:
                return once_shown(request, *users.create_user(by=request.user, **form.cleaned_data))
            except ValidationError as refused:
                form.add_error(None, refused)
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)


class UserDetailView(LedgerDetailView):
    """The account: state, postings of all days, open requests, sessions, what happened to it."""

    def get_context_data(self, **kwargs) -> dict:
        context, user, actor = super().get_context_data(**kwargs), self.get_object(), self.actor
        held = user.postings.select_related("region", "deputy_for__user", "entered_by", "user").order_by("-since", "pk")
        requests = user.posting_requests.filter(state="submitted").select_related("region", "submitted_by", "user")
        rows = list(held)
        acts = {
            "may_disable": actor.has("user.change") and user.is_active and user != actor.user,
            "may_enable": actor.has("user.change") and not user.is_active,
            "may_reset": user.is_active and users.may_reset(user, actor),
            "may_ask": actor.has("posting.make") and user.is_active and user != actor.user,
            "may_end_session": actor.has("user.reset"),
        }
        return {
            **context, **acts, "locked": users.is_locked(user),
            "postings": posting_lines(rows, actor),
            "requests": list(requests),
            "sessions": list(user.sign_ins.open().order_by("-seen_at")),
            "changes": changes_of([user, *rows], actor)[:SHOWN],
        }  # fmt: skip


def posting_lines(rows: list, actor) -> list[dict]:
    """Each posting with what this actor may do with it."""
    today = timezone.localdate()
    lines = []
    for posting in rows:
        live = posting.until is None or (posting.until > today and posting.until > posting.since)
        deputy = posting.deputy_for is not None
        lines.append(
            {
                "posting": posting, "live": live,
                "may_end": live and not deputy and actor.has("posting.end"),
                "may_prolong": live and not deputy and posting.until is not None and actor.has("posting.make")
                and posting.user_id != actor.user.pk,
                "may_depute": live and deputies.may_appoint(posting, actor),
                "may_end_deputy": live and deputy
                and (actor.user.pk in {posting.user_id, posting.entered_by_id}
                     or deputies.may_appoint(posting.deputy_for, actor)),
            }
        )  # fmt: skip
    return sorted(lines, key=lambda line: not line["live"])


class DisableView(ActView):
    words, button, danger, form = "停用账号", "停用", True, ReasonForm
    told = "会话和接口令牌马上失效，全部岗位和代理今天结束，等待核准的申请撤回。历史记录仍在。"

    def act(self, record, **answers):
        users.disable(user=record, by=self.request.user, **answers)


class EnableView(ActView):
    words, button, form = "启用账号", "启用", ReasonForm
    told = "原来的岗位不恢复，需要时重新申请。"

    def act(self, record, **answers):
        users.enable(user=record, by=self.request.user, **answers)


class UnlockView(ActView):
    words, button = "解锁账号", "解锁"
    told = "先核实是本人。解锁后可以马上登录，错误次数从零算起。"

    def act(self, record, **answers):
        users.unlock(user=record, by=self.request.user)


class ResetView(ActView):
    words, button = "重置密码", "重置密码"
    told = "先核实是本人。生成一个临时密码，只显示一次；原密码、会话和接口令牌马上失效，下次登录须改密码。"

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return once_shown(request, self.get_object(), users.reset_password(user=self.get_object(), by=request.user))


class AskView(ActView):
    words, button, form = "申请岗位", "提交申请", AskForm
    told = "由安全管理员核准后生效。申请人、核准人都不能是本人。"

    def act(self, record, **answers):
        postings.ask(user=record, by=self.request.user, **answers)


class SessionEndView(View):
    """End all sessions of somebody else."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = get_object_or_404(User, pk=pk)
        sessions.end_of(user, by=request.user, how=SessionEnd.ADMIN, keep=request.session.session_key)
        return redirect(reverse("accounts:user_detail", args=[pk]))
