"""用户, 岗位 and 岗位申请 as ledgers."""

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from jiyang.access.scope import Actor
from jiyang.accounts.filters import PostingFilter, RequestFilter, UserFilter
from jiyang.accounts.forms.manage import UserEditForm, UserForm
from jiyang.accounts.models import Posting, PostingRequest, User
from jiyang.accounts.services import users
from jiyang.accounts.views.requests import PostingDetailView, RequestDetailView
from jiyang.accounts.views.users import UserCreateView, UserDetailView
from jiyang.ledgers.columns import Column
from jiyang.ledgers.ledger import FormFor, Ledger
from jiyang.ui.navigation import Entry, register


class UserLedger(Ledger):
    model = User
    title, unit, noun = "用户", "人", "用户"
    menu_order = 115
    columns = (
        Column("name", cell="link"),
        Column("username"),
        Column("office", optional=True),
        Column("posts", "今天的岗位"),
        Column("last_login", "上次登录", cell="moment", optional=True),
        Column("state", "状态", cell="tag"),
    )
    extra_export = (Column("created_at"), Column("password_changed_at"), Column("state_reason"))
    filterset = UserFilter
    sort = "name"
    empty = "还没有用户。"
    list_template, detail_template = "accounts/users.html", "accounts/user.html"
    create_view, detail_view = UserCreateView, UserDetailView
    create = FormFor(UserForm, users.create_user)
    edit = FormFor(UserEditForm, users.edit_user)

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet:
        held = Posting.objects.on(timezone.localdate()).select_related("region", "deputy_for__user").order_by("pk")
        return User.objects.prefetch_related(Prefetch("postings", held, to_attr="held_today"))


class PostingLedger(Ledger):
    """Postings, for administrators all, for leaders those at or below their own place."""

    model = Posting
    title, unit, noun = "岗位", "个", "岗位"
    related = ("user", "region", "deputy_for__user")
    columns = (
        Column("user__name", "姓名", cell="link", sort=True),
        Column("user__office", "单位", optional=True),
        Column("label", "岗位"),
        Column("since"),
        Column("last_day", "最后一天", cell="date", sort="until"),
        Column("state", "状态", cell="tag"),
        Column("reason", optional=True),
    )
    filterset = PostingFilter
    sort = "user__name"
    empty = "还没有岗位。"
    detail_template, detail_view = "accounts/posting.html", PostingDetailView

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet:
        rows = Posting.objects.select_related(*cls.related)
        if actor.has("user.view"):
            return rows
        keys = [one.region.pk for one in actor.held_for("posting.view") if one.region]
        return rows.filter(Q(region__in=keys) | Q(region__town__in=keys) | Q(region__district__in=keys))


class PostingRequestLedger(Ledger):
    model = PostingRequest
    title, unit, noun = "岗位申请", "件", "申请"
    related = ("user", "region", "submitted_by", "decided_by")
    columns = (
        Column("user__name", "姓名", cell="link", sort=True),
        Column("kind"),
        Column("role_title", "角色"),
        Column("place", "区划"),
        Column("period", "期限", optional=True),
        Column("submitted_by__name", "申请人", optional=True),
        Column("submitted_at", cell="moment", optional=True),
        Column("state", cell="tag"),
    )
    extra_export = (
        Column("reason"),
        Column("decided_by__name", "核准人"),
        Column("decided_at"),
        Column("decision_reason"),
    )
    filterset = RequestFilter
    sort = "-submitted_at"
    empty = "还没有岗位申请。从用户的页面申请。"
    detail_view = RequestDetailView

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet:
        return PostingRequest.objects.select_related(*cls.related)


register(Entry("岗位", "accounts:posting_list", 116))
