"""Filters of users, postings and requests."""

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.accounts.models import Posting, PostingRequest, SignIn, User
from jiyang.accounts.services.users import locked_names
from jiyang.ledgers.filters import LedgerFilter
from jiyang.parameters import values
from jiyang.workflow.enums import ProposalState


def roles() -> list[tuple[str, str]]:
    return [(role.key, role.title) for role in matrix().roles.values()]


def ending_days() -> int:
    return values.get("posting.ending_days").value


class UserFilter(LedgerFilter):
    village = None
    role = django_filters.ChoiceFilter(label="角色", empty_label="全部角色", choices=roles, method="with_role")
    state = django_filters.ChoiceFilter(
        label="状态", empty_label="不限", method="in_state",
        choices=[("active", "启用"), ("off", "停用"), ("never", "从未登录"), ("ending", "岗位将到期"), ("idle", "没有岗位"),
                 ("locked", "已锁定"), ("online", "在线")],
    )  # fmt: skip
    search_in = ("username", "name", "office")

    class Meta:
        model = User
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "账号、姓名、单位"

    def filter_queryset(self, rows: QuerySet) -> QuerySet:
        town = self.form.cleaned_data.pop("town", None)
        rows = super().filter_queryset(rows)
        self.form.cleaned_data["town"] = town
        if not town:
            return rows
        here = Posting.objects.on(timezone.localdate()).filter(Q(region=town) | Q(region__town=town))
        return rows.filter(pk__in=here.values("user"))

    def with_role(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.holding(value)

    def in_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        today = timezone.localdate()
        if value == "ending":
            return rows.filter(
                pk__in=Posting.objects.ending(today, ending_days()).filter(deputy_for=None).values("user")
            )
        if value == "idle":
            return rows.filter(is_active=True).exclude(pk__in=Posting.objects.on(today).values("user"))
        if value == "locked":
            return rows.filter(username__in=locked_names(list(rows.values_list("username", flat=True))))
        if value == "online":
            return rows.filter(pk__in=SignIn.objects.open().values("user"))
        return rows.filter(
            **{"active": {"is_active": True}, "off": {"is_active": False}, "never": {"last_login": None}}[value]
        )


class PostingFilter(LedgerFilter):
    village = None
    town = None
    role = django_filters.ChoiceFilter(label="角色", empty_label="全部角色", choices=roles)
    state = django_filters.ChoiceFilter(
        label="状态", empty_label="不限", method="in_state",
        choices=[("now", "在岗"), ("ending", "将到期"), ("deputy", "代理"), ("over", "已结束")],
    )  # fmt: skip
    search_in = ("user__username", "user__name", "user__office", "region__name")

    class Meta:
        model = Posting
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "姓名、账号、单位、区划"

    def in_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        today = timezone.localdate()
        if value == "ending":
            return rows.ending(today, ending_days())
        if value == "deputy":
            return rows.not_over(today).exclude(deputy_for=None)
        return rows.on(today) if value == "now" else rows.filter(until__lte=today)


class RequestFilter(LedgerFilter):
    village = None
    town = None
    state = django_filters.ChoiceFilter(label="状态", empty_label="不限", choices=ProposalState.choices)
    search_in = ("user__username", "user__name")

    class Meta:
        model = PostingRequest
        fields: list[str] = []
        form = forms.Form
