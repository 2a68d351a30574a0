"""Working on leads: who looks, what was found, and where a rule is not wanted for a while."""

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jiyang.access.scope import Actor, actor_for, require
from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.ledgers.bulk import Outcome
from jiyang.ledgers.editing import claim
from jiyang.parameters import values
from monitoring.enums import HitState
from monitoring.models import RuleHit, RuleMute
from monitoring.models.hit import OPEN

MOST_DAYS = "rules.mute.most_days"
DECISIONS = (HitState.CONFIRMED, HitState.EXPLAINED, HitState.DISMISSED)


@transaction.atomic
def assign(*, rows: Collection[RuleHit], by: User, to: str) -> Outcome:
    """派发 open leads to a person by user name. Those decided or gone are refused one by one. Raises ValidationError."""
    person = User.objects.filter(username=to.strip(), is_active=True).first()
    if person is None:
        raise ValidationError({"to": f"没有用户 {to}，请填对方的登录名"})
    keys = list(rows.values_list("pk", flat=True)) if isinstance(rows, QuerySet) else [row.pk for row in rows]
    chosen = RuleHit.objects.filter(pk__in=keys)
    found = list(chosen.select_for_update(of=("self",)).order_by("pk").values_list("pk", "title", "state", "gone_on"))
    theirs = actor_for(person)
    seen = RuleHit.objects.visible_to(theirs).filter(pk__in=keys)
    reached = set(seen.values_list("pk", flat=True)) if theirs.has("hit.work") else set()
    refused = {
        key: f"{title}：{f'{person.name}管不到这里' if key not in reached else f'{HitState(state).label}，不用再派'}"
        for key, title, state, gone_on in found
        if key not in reached or state not in OPEN or gone_on is not None
    }
    done = chosen.filter(pk__in=[key for key, *_ in found if key not in refused])
    return Outcome(done=done.update(state=HitState.ASSIGNED, assigned_to=person), refused=refused)


@transaction.atomic
def decide(*, record: RuleHit, by: User, version: int, state: str, outcome: str, on: dt.date | None = None) -> RuleHit:
    """What a person found: 属实, 已说明 or 不属实, with how it was verified. Raises ValidationError by field, Stale."""
    hit = claim(_open(record), version)
    problems = {}
    if state not in DECISIONS:
        problems["state"] = "请选择核实结果"
    if not outcome.strip():
        problems["outcome"] = "请写明怎么核实的、看到什么"
    day = on or timezone.localdate()
    if day > timezone.localdate():
        problems["on"] = "核实日期不能晚于今天"
    elif day < hit.first_seen:
        problems["on"] = f"核实日期不能早于发现日期 {hit.first_seen}"
    if problems:
        raise ValidationError(problems)
    hit.state, hit.outcome, hit.decided_by, hit.decided_on = state, outcome.strip(), by, day
    hit.save()
    return hit


@transaction.atomic
def mute(*, record: RuleHit, by: User, until: dt.date, reason: str) -> RuleMute:
    """静默 the rule for the hit's household or village until a day; where it is muted already, until this day instead. Raises ValidationError."""
    today, most, problems = timezone.localdate(), int(values.get(MOST_DAYS).value), {}
    if until <= today:
        problems["until"] = "静默至的日期应在今天以后"
    elif until > today + dt.timedelta(days=most):
        problems["until"] = f"最多静默 {most} 天，请填 {today + dt.timedelta(days=most)} 或以前"
    if not reason.strip():
        problems["reason"] = "请写明为什么静默"
    if problems:
        raise ValidationError(problems)
    standing = RuleMute.objects.select_for_update(of=("self",)).of(record)
    made = standing.filter(until__gt=today).order_by("-until").first() or RuleMute(
        household_id=record.household_id, code=record.code,
        district_id=record.district_id, town_id=record.town_id, village_id=record.village_id,
    )  # fmt: skip
    made.until, made.reason, made.entered_by, made.done_by, made.done_on = until, reason.strip(), by, by.name, today
    made.save()
    return made


@transaction.atomic
def unmute(*, record: RuleHit, by: User, reason: str) -> RuleMute:
    """End the 静默 of the hit's rule for its household or village today: by who set it, or the district. Raises ValidationError, PermissionDenied."""
    today = timezone.localdate()
    standing = RuleMute.objects.select_for_update(of=("self",)).of(record)
    mute = standing.filter(until__gt=today).order_by("-until").first()
    if mute is None:
        raise ValidationError("这条规则在这里没有静默，或已到期")
    if not may_unmute(mute, require()):
        raise PermissionDenied("只有设静默的人和区级可以提前结束静默")
    if not reason.strip():
        raise ValidationError({"reason": "请写明为什么提前结束"})
    mute.until, mute.end_reason, mute.ended_by, mute.ended_on = today, reason.strip(), by, today
    mute.save()
    return mute


def may_unmute(mute: RuleMute, actor: Actor) -> bool:
    """Who set it, and the district."""
    return mute.entered_by_id == actor.user.pk or mute.district_id in actor.reach.districts


def _open(record: RuleHit) -> RuleHit:
    hit = held(record)
    if hit.gone_on:
        raise ValidationError(f"这条命中 {hit.gone_on} 已不再成立，不用核实")
    if hit.state not in OPEN:
        raise ValidationError(f"这条命中已由{hit.decided_by.name}于 {hit.decided_on} 核实：{hit.get_state_display()}")
    return hit
