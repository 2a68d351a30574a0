"""Deputies (代理): a dated posting in which somebody stands in for an absent colleague, so that nothing waits for one person.

A deputy has the absent person's role and region for those days. They check neither what they made themselves nor what
the absent person made (`Actor.barred`), and everything they decide carries 代 and the absent person's name.
"""

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from jiyang.access.scope import Actor, require
from jiyang.accounts.enums import THREE_DUTIES
from jiyang.accounts.models import Posting, User
from jiyang.accounts.services.postings import clash, cut, overlapping
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.parameters import values
from jiyang.regions.enums import Level
from jiyang.workflow.notices import notify


def may_appoint(posting: Posting, actor: Actor) -> bool:
    """The absent person themself; their leader at or above the place; a system administrator. For one of the three duties
    only the person: who makes accounts must not choose who grants rights."""
    if posting.deputy_for_id or posting.region is None:
        return False
    if posting.user_id == actor.user.pk:
        return True
    if posting.role in THREE_DUTIES:
        return False
    if actor.has("user.change"):
        return True
    above = {posting.region_id, posting.region.town_id, posting.region.district_id}
    return any(
        one.region and one.region.pk in above and one.stands_for != posting.user_id
        for one in actor.held_for("deputy.appoint")
    )


def candidates(posting: Posting) -> QuerySet[User]:
    """Who may stand in: active colleagues with a posting in the same town, or at the district."""
    here = Q(region__level=Level.DISTRICT)
    if town := (posting.region.town_id or (posting.region_id if posting.region.level == Level.TOWN else None)):
        here |= Q(region=town) | Q(region__town=town)
    postings = Posting.objects.on(timezone.localdate()).filter(here)
    return User.objects.filter(is_active=True, pk__in=postings.values("user")).exclude(pk=posting.user_id)


@transaction.atomic
def stand_in(*, posting: Posting, deputy: User, since: dt.date, until: dt.date, reason: str, by: User) -> Posting:
    """Make `deputy` stand in for the holder of `posting` from `since` to the day before `until`.

    Raises PermissionDenied, ParameterMissing, ValidationError with every reason at once.
    """
    if not may_appoint(posting, require()):
        raise PermissionDenied("只有本人、上级领导或系统管理员可以指定代理；三员的代理只能由本人指定")
    most = values.get("posting.deputy_days").value
    problems = [
        "不能把自己指定为代理人，请由本人或另一位同志办理" if deputy == by else "",
        "代理人不能是本人" if deputy == posting.user else "",
        "" if deputy.is_active else "代理人的账号已停用",
        "起日不能早于今天" if since < timezone.localdate() else "",
        f"被代理的岗位自 {posting.since} 起，代理不能更早" if since < posting.since else "",
        "最后一天不能早于起日" if until <= since else "",
        f"代理最长 {most} 天，现在是 {(until - since).days} 天" if (until - since).days > most else "",
        f"被代理的岗位到 {posting.last_day} 为止，代理不能更晚" if posting.until and until > posting.until else "",
        "请写明事由，如“外出学习”" if not reason.strip() else "",
        clash(deputy, posting.role, since, until),
        _taken(posting, since, until),
    ]
    if found := [problem for problem in problems if problem]:
        raise ValidationError(found)
    made = Posting.objects.create(
        user=deputy, role=posting.role, region=posting.region, since=since, until=until, deputy_for=posting, entered_by=by,
        reason=reason.strip(),
    )  # fmt: skip
    note(LogKind.RIGHTS, user=by, obj=deputy, purpose=f"指定代理：{made.label}，{made.period}"[:200])
    notify([deputy, posting.user], f"代理：{made.role_title}（{made.place}），{made.period}", "/accounts/me/")
    return made


def _taken(posting: Posting, since: dt.date, until: dt.date) -> str:
    other = overlapping(posting.deputies.select_related("user"), since, until).first()
    return f"{other.period}已由{other.user.name}代理，先结束它" if other else ""


@transaction.atomic
def end_deputy(*, posting: Posting, by: User) -> Posting:
    """End a deputyship now: by the absent person, the deputy, or who may appoint one. Raises PermissionDenied."""
    actor = require()
    if posting.deputy_for is None or not (
        by.pk in {posting.user_id, posting.entered_by_id} or may_appoint(posting.deputy_for, actor)
    ):
        raise PermissionDenied("只有本人、代理人、上级领导或系统管理员可以结束代理")
    if cut([posting.pk], timezone.localdate()):
        note(LogKind.RIGHTS, user=by, obj=posting.user, purpose=f"结束代理：{posting.label}"[:200])
    posting.refresh_from_db()
    return posting
