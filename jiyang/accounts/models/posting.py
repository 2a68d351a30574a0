"""Dated postings (who may act as what, where), deputies among them, and requests for postings."""

import datetime as dt

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.accounts.enums import THREE_DUTIES, RequestKind
from jiyang.accounts.models.user import User
from jiyang.audit.tracking import Tracked
from jiyang.workflow.proposals import Proposal


def title_of(role: str) -> str:
    known = matrix().roles.get(role)
    return known.title if known else role


class PostingQuerySet(models.QuerySet):
    def on(self, day: dt.date) -> "PostingQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))

    def not_over(self, day: dt.date) -> "PostingQuerySet":
        """In force on `day` or later."""
        return self.filter(Q(until=None) | Q(until__gt=day) & Q(until__gt=F("since")))

    def ending(self, day: dt.date, days: int) -> "PostingQuerySet":
        """In force on `day` and over within `days` days."""
        return self.on(day).filter(until__lte=day + dt.timedelta(days=days))


class Placed(models.Model):
    """A role at a region for some days: what a posting is and what a request for one asks."""

    role = models.CharField("角色", max_length=30)
    region = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区划"
    )
    since = models.DateField("起", default=timezone.localdate)
    until = models.DateField("止", null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def role_title(self) -> str:
        return title_of(self.role)

    @property
    def place(self) -> str:
        return self.region.short_name if self.region else "授权户"

    @property
    def last_day(self) -> dt.date | None:
        """The last day in force; None for one without an end."""
        return self.until - dt.timedelta(days=1) if self.until else None

    @property
    def period(self) -> str:
        return f"{self.since:%Y-%m-%d} 至 {self.last_day:%Y-%m-%d}" if self.until else f"{self.since:%Y-%m-%d} 起"


class Posting(Placed, Tracked):
    """岗位: user × role × region, dated [`since`, `until`).

    A district, town or village posting reaches the rows there; a 管区 posting its villages. A posting without a region
    (帮扶责任人, 第一书记, 保险公司联络员) reaches only the households granted to it (`access.HouseholdGrant`).
    `deputy_for` makes it a deputy's (代理): the same role and region as the absent person's posting, for some days.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="postings", verbose_name="用户")
    deputy_for = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="deputies", verbose_name="代理的岗位"
    )
    entered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name="办理人"
    )
    reason = models.CharField("事由", max_length=200, blank=True)

    history_words = {"role": title_of}
    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="posting_dates",
                violation_error_message="岗位的止日不能早于起日",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "region", "since", "deputy_for"],
                nulls_distinct=False,
                condition=Q(until=None) | Q(until__gt=F("since")),  # one that never began stands in nobody's way
                name="posting_once",
                violation_error_message="该用户已有同样的岗位",
            ),
            models.CheckConstraint(
                condition=Q(deputy_for=None)
                | Q(until__isnull=False, entered_by__isnull=False) & ~Q(entered_by=F("user")),
                name="posting_deputy",
                violation_error_message="代理须有止日，并且不能由代理人自己指定",
            ),
            ExclusionConstraint(
                name="posting_three_duties",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.NOT_EQUAL),
                    (Func(F("since"), F("until"), function="daterange", output_field=DateRangeField()), "&&"),
                ],
                condition=Q(role__in=THREE_DUTIES),
                violation_error_message="系统管理员、安全管理员、审计员不能由同一人兼任",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.label}"

    @property
    def label(self) -> str:
        """`镇街扶贫专干（仁风镇）`, with whom a deputy stands in for."""
        text = f"{self.role_title}（{self.place}）"
        return f"{text}代 {self.deputy_for.user.name}" if self.deputy_for_id else text

    def is_on(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    @property
    def state(self) -> str:
        today = timezone.localdate()
        if self.is_on(today):
            return "在岗"
        return "未到起日" if self.since > today and self.until != self.since else "已结束"


class PostingRequest(Proposal, Placed, Tracked):
    """岗位申请: a system administrator asks for a posting, a security administrator grants it (三员, DOMAIN.md 14.2).

    Neither of them is the one who gets it. `posting` is the one to prolong, or the one that came of an approval.
    """

    act = "posting"
    history_words = {"role": title_of}

    user = models.ForeignKey(User, models.PROTECT, related_name="posting_requests", verbose_name="用户")
    kind = models.CharField("申请", max_length=10, choices=RequestKind, default=RequestKind.GIVE)
    reason = models.CharField("事由", max_length=200)
    posting = models.ForeignKey(
        Posting, models.PROTECT, null=True, blank=True, editable=False, related_name="requests", verbose_name="岗位"
    )

    class Meta:
        verbose_name = verbose_name_plural = "岗位申请"
        constraints = [
            *Proposal.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(submitted_by=F("user")) & (Q(decided_by=None) | ~Q(decided_by=F("user"))),
                name="posting_request_not_own",
                violation_error_message="不能给自己申请或核准岗位",
            ),
            models.CheckConstraint(
                condition=Q(kind=RequestKind.GIVE) | Q(posting__isnull=False), name="posting_request_prolongs"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.name} {self.get_kind_display()}：{self.role_title}（{self.place}）"
