"""Postings: asked for by one administrator, granted by another; shortened or ended by either at once."""

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.dispatch import Signal
from django.urls import reverse
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.access.scope import require
from jiyang.accounts.enums import THREE_DUTIES, RequestKind
from jiyang.accounts.models import Posting, PostingRequest, User
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.workflow import proposals
from jiyang.workflow.notices import notify

appointed = Signal()  # a posting was given, in its transaction: `posting`. For apps whose grants hang on postings.

REACHES = {
    "district": "区县", "town": "镇街", "zone": "管区", "village": "行政村", "none": "区县", "households": "授权户（不选区划）",
}  # fmt: skip


class PostingRefused(ValueError):
    """The role and the region do not fit; the message says how."""


def misfit(role: str, region: Region | None) -> str:
    """Why the role's postings cannot lie at the region; empty when they can."""
    known = matrix().roles.get(role)
    if known is None:
        return f"没有角色 {role}"
    level = region.level if region else "households"
    if level == {"none": "district"}.get(known.reach, known.reach):
        return ""
    where = Level(region.level).label if region else "没有区划"
    return f"{known.title}的岗位应落在{REACHES[known.reach]}，现在是{where}"


def clash(user: User, role: str, since: dt.date, until: dt.date | None, *, but: int | None = None) -> str:
    """Why the user may not hold the role in these days beside what they hold: nobody has two of the three duties."""
    if role not in THREE_DUTIES:
        return ""
    others = user.postings.filter(role__in=set(THREE_DUTIES) - {role}).exclude(pk=but)
    held = overlapping(others, since, until).first()
    return f"{user.name}已是{held.role_title}，系统管理员、安全管理员、审计员不能由同一人兼任" if held else ""


def overlapping(postings: QuerySet, since: dt.date, until: dt.date | None) -> QuerySet:
    """Those of the postings that are in force on some day of [`since`, `until`)."""
    found = postings.filter(Q(until=None) | Q(until__gt=since) & Q(until__gt=F("since")))
    return found.filter(since__lt=until) if until else found


@transaction.atomic
def appoint(
    *, user: User, role: str, region=None, since: dt.date, until: dt.date | None = None, by: User | None = None, reason: str = ""
) -> Posting:  # fmt: skip
    """Give a user a dated posting. Raises PostingRefused when the role's reach and the region's level do not fit.

    Who may is decided before: by the request's second person, by the one-time link, by the demo.
    """
    if problem := misfit(role, region):
        raise PostingRefused(problem)
    made = Posting.objects.create(
        user=user, role=role, region=region, since=since, until=until, entered_by=by, reason=reason
    )
    appointed.send(Posting, posting=made)
    return made


@transaction.atomic
def ask(
    *, user: User, role: str, region: Region | None, since: dt.date, until: dt.date | None, reason: str, by: User
) -> PostingRequest:
    """Ask for a posting for a user, until the day before `until`. A security administrator grants it.

    Raises PermissionDenied, ValidationError with every reason at once.
    """
    _need("make")
    today = timezone.localdate()
    problems = [
        "不能给自己申请岗位，请另一位系统管理员办理" if user == by else "",
        "" if user.is_active else "账号已停用，先启用再申请岗位",
        misfit(role, region),
        "起日不能早于今天" if since < today else "",
        "止日要晚于起日" if until and until <= since else "",
        clash(user, role, since, until),
        "请写明事由，如“接替张立国”" if not reason.strip() else "",
        _double(user, role, region, since, until),
    ]
    if found := [problem for problem in problems if problem]:
        raise ValidationError(found)
    made = PostingRequest.objects.create(
        user=user, role=role, region=region, since=since, until=until, reason=reason.strip(), submitted_by=by
    )
    return _tell_checkers(made)


def _double(user: User, role: str, region: Region | None, since: dt.date, until: dt.date | None) -> str:
    same = user.postings.filter(role=role, region=region, deputy_for=None)
    if held := overlapping(same, since, until).first():
        return f"已有同样的岗位（{held.period}），请改为延长"
    waiting = user.posting_requests.filter(role=role, region=region, state="submitted").exists()
    return "同样的申请正在等待核准" if waiting else ""


@transaction.atomic
def ask_longer(*, posting: Posting, until: dt.date | None, reason: str, by: User) -> PostingRequest:
    """Ask to prolong a posting to the day before `until` (None: without an end). Raises as `ask`."""
    _need("make")
    problems = [
        "不能延长自己的岗位，请另一位系统管理员办理" if posting.user_id == by.pk else "",
        "代理不能延长，请重新指定代理" if posting.deputy_for_id else "",
        "这个岗位没有止日，不用延长" if posting.until is None else "",
        "岗位已经结束，请重新申请岗位" if posting.until and posting.until <= timezone.localdate() else "",
        "新的止日要晚于现在的止日" if until and posting.until and until <= posting.until else "",
        clash(posting.user, posting.role, posting.since, until, but=posting.pk),
        "请写明事由" if not reason.strip() else "",
        "已有延长申请正在等待核准" if posting.requests.filter(kind=RequestKind.PROLONG, state="submitted").exists() else "",
    ]  # fmt: skip
    if found := [problem for problem in problems if problem]:
        raise ValidationError(found)
    made = PostingRequest.objects.create(
        user=posting.user, kind=RequestKind.PROLONG, posting=posting, role=posting.role, region=posting.region,
        since=posting.since, until=until, reason=reason.strip(), submitted_by=by,
    )  # fmt: skip
    return _tell_checkers(made)


def _tell_checkers(request: PostingRequest) -> PostingRequest:
    checkers = User.objects.holding(*matrix().roles_with("posting.check")).exclude(pk=request.submitted_by_id)
    notify(checkers, "有岗位申请等待核准", reverse("accounts:postingrequest_detail", args=[request.pk]))
    return request


@transaction.atomic
def decide(*, proposal: PostingRequest, by: User, approve: bool, reason: str = "") -> PostingRequest:
    """Grant a request as it was made, or return it. Raises as `proposals.decide`; ValidationError where it no longer fits."""
    if proposal.user_id == by.pk:
        raise PermissionDenied("不能核准自己的岗位，请另一位安全管理员办理")
    request = proposals.decide(proposal, by=by, approve=approve, reason=reason)
    if not approve:
        return request
    if request.kind == RequestKind.PROLONG:
        posting = Posting.objects.select_for_update().get(pk=request.posting_id)
        if posting.until is None or posting.until <= timezone.localdate():
            raise ValidationError("岗位已经结束或没有止日，不能延长，请退回")
        if problem := clash(request.user, request.role, posting.since, request.until, but=posting.pk):
            raise ValidationError(f"{problem}，请退回")
        posting.until = request.until
        posting.save(update_fields=["until"])
    else:
        if not request.user.is_active:
            raise ValidationError("账号已停用，不能给岗位，请退回")
        if request.until and request.until <= timezone.localdate():
            raise ValidationError("申请的止日已过，请退回，由申请人改后重报")
        if problem := clash(request.user, request.role, request.since, request.until):
            raise ValidationError(f"{problem}，请退回")
        same = request.user.postings.filter(role=request.role, region=request.region, deputy_for=None)
        if held := overlapping(same, request.since, request.until).first():
            raise ValidationError(f"已有同样的岗位（{held.period}），请退回，改为延长")
        request.posting = appoint(
            user=request.user, role=request.role, region=request.region, since=request.since, until=request.until, by=by,
            reason=request.reason,
        )  # fmt: skip
        request.save(update_fields=["posting"])
    note(
        LogKind.RIGHTS, user=by, obj=request.user, purpose=f"核准{request.get_kind_display()}：{request.posting.label}"
    )
    return request


@transaction.atomic
def end_posting(*, posting: Posting, reason: str, by: User, on: dt.date | None = None) -> Posting:
    """End a posting from day `on` (today), and the deputies that stand in for it. Taking away needs no second person.

    Raises PermissionDenied, ValidationError.
    """
    if not (require().has("posting.make") or require().has("posting.check")):
        raise PermissionDenied("本岗位不能结束他人的岗位")
    day = on or timezone.localdate()
    problems = [
        "请写明原因，如“调离”" if not reason.strip() else "",
        "结束日期不能早于今天" if day < timezone.localdate() else "",
        f"岗位已于 {posting.last_day} 结束" if posting.until and posting.until <= day else "",
        _last_of(posting.role, [posting.pk]) if posting.role in {"system_admin", "security_admin"} else "",
    ]
    if found := [problem for problem in problems if problem]:
        raise ValidationError(found)
    cut([posting.pk], day)
    note(LogKind.RIGHTS, user=by, obj=posting.user, purpose=f"结束岗位：{posting.label}，{reason.strip()}"[:200])
    posting.refresh_from_db()
    return posting


def _last_of(role: str, leaving: list[int]) -> str:
    """Refusal where nobody with the role would be left: the system could not be administered any more."""
    left = Posting.objects.on(timezone.localdate()).filter(role=role, user__is_active=True, deputy_for=None)
    if left.exclude(pk__in=leaving).exists():
        return ""
    return f"这是唯一的{matrix().roles[role].title}，先给另一位同志这个岗位，再结束它"


def cut(keys: list[int], day: dt.date) -> int:
    """End postings and their deputies from `day`; those that had not begun never do. Returns how many."""
    rows = Posting.objects.filter(Q(pk__in=keys) | Q(deputy_for__in=keys)).filter(Q(until=None) | Q(until__gt=day))
    return rows.update(until=Greatest("since", day))


def _need(side: str) -> None:
    if not require().has(f"posting.{side}"):
        raise PermissionDenied("本岗位不能办理岗位申请")
