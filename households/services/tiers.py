"""Setting tiers (DOMAIN.md 3.1): dated, reasoned, one household or a selection; A is entered and left with the
district's confirmation; a temporary setting ends by itself.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from households.enums import RiskTier
from households.models import Household, TierChange, TierDecision
from households.services import state
from jiyang.access.standing import households_anew, lock_households
from jiyang.accounts.models import User
from jiyang.ledgers.bulk import Outcome
from jiyang.workflow import proposals
from jiyang.workflow.enums import ProposalState


@dataclass(frozen=True)
class Setting:
    """What is asked for: tier, reason, from which day, and until when it is temporary (None: until changed)."""

    tier: str
    reason: str
    on: dt.date
    expires_on: dt.date | None = None


@transaction.atomic
def set_tier(
    *,
    household: Household,
    tier: str,
    reason: str,
    by: User,
    on: dt.date | None = None,
    expires_on: dt.date | None = None,
) -> TierDecision:
    """Put a household into tier A, B or C from day `on` (today), until `expires_on` (exclusive) where given.

    The decision in force ends that day; one that would begin later is voided. Raises ValidationError: unknown tier, no
    reason, a day in the future, before the registration or before the present decision, the tier it already has.
    """
    setting = _setting(tier, reason, on, expires_on)
    locked = list(households_anew([household.pk]).values())
    present = _in_force(locked, setting.on)
    if problem := _problem(locked[0], present.get(household.pk), setting):
        raise ValidationError(problem)
    return _put(locked, present, setting, by)[0]


@transaction.atomic
def ask_for_tier(
    *,
    rows: Iterable[Household],
    tier: str,
    reason: str,
    by: User,
    on: dt.date | None = None,
    expires_on: dt.date | None = None,
) -> Outcome:
    """Set the tier of a selection; what enters or leaves A becomes a proposal to the district.

    A fixed number of statements whatever the selection. Raises ValidationError for what is wrong with the request itself.
    """
    setting = _setting(tier, reason, on, expires_on)
    locked, refused = lock_households(one.pk for one in rows)
    present = _in_force(locked, setting.on)
    waiting = set(
        TierChange.objects.filter(household__in=locked, state=ProposalState.SUBMITTED).values_list(
            "household", flat=True
        )
    )
    direct, confirmed = [], []
    for household in locked:
        now = present.get(household.pk)
        problem = _problem(household, now, setting)
        if not problem and household.pk in waiting:
            problem = "已有待区级确认的分类调整"
        if problem:
            refused[household.pk] = problem
        elif RiskTier.A in {setting.tier, *((now.tier, now.lasting) if now else ())}:
            confirmed.append(household)
        else:
            direct.append(household)
    _put(direct, present, setting, by)
    TierChange.objects.bulk_create(
        TierChange(
            household=one,
            former=present[one.pk].tier if one.pk in present else "",
            submitted_by=by,
            entered_by=by,
            done_by=by.name,
            done_on=setting.on,
            **vars(setting),
        )
        for one in confirmed
    )
    note = f"其中 {len(confirmed)} 户进入或退出 A 类，已报区级确认，确认后生效" if confirmed else ""
    return Outcome(len(direct) + len(confirmed), refused, note)


@transaction.atomic
def confirm(*, proposal: TierChange, by: User, approve: bool, reason: str = "") -> TierChange:
    """The district's answer to a proposal. Raises ValidationError: the household's tier has changed meanwhile."""
    change = proposals.decide(proposal, by=by, approve=approve, reason=reason)
    if not approve:
        return change
    setting = Setting(change.tier, change.reason, change.on, change.expires_on)
    locked = list(households_anew([change.household_id]).values())
    present = _in_force(locked, setting.on)
    now = present.get(change.household_id)
    if (now.tier if now else "") != change.former:
        raise ValidationError(
            f"该户现在是{f' {now.tier} 类' if now else '未分类'}，与申请时（{change.former or '未分类'}）不同，请退回重报"
        )
    if problem := _problem(locked[0], now, setting):
        raise ValidationError(problem)
    _put(locked, present, setting, change.submitted_by)
    return change


def end(*, household: Household, on: dt.date, by: User) -> None:
    """The household leaves the register on day `on`: what is in force ends, what was to begin later is void."""
    mine = TierDecision.objects.filter(household=household)
    mine.filter(since__gt=on).update(voided_at=timezone.now(), voided_by=by, void_reason="该户已核减")
    mine.on(on).update(until=on)


def _setting(tier: str, reason: str, on: dt.date | None, expires_on: dt.date | None) -> Setting:
    today = timezone.localdate()
    setting = Setting(tier, reason.strip(), on or today, expires_on)
    problems = {}
    if tier not in RiskTier.values:
        problems["tier"] = "请选择 A、B、C 中的一类"
    if not setting.reason:
        problems["reason"] = "请写明分类依据，如“户主患大病，自付 8,640 元”"
    if setting.on > today:
        problems["on"] = "认定日期不能晚于今天"
    if expires_on and expires_on <= max(today, setting.on):
        problems["expires_on"] = "临时调整的截止日期应在今天以后"
    if problems:
        raise ValidationError(problems)
    return setting


def _in_force(households: list[Household], day: dt.date) -> dict[int, TierDecision]:
    """The decision in force today (what a later-dated one replaces), by household.

    `lasting` is the tier that stays: of a temporary one, the tier that comes back when it ends (empty for none).
    """
    today = max(day, timezone.localdate())
    after = TierDecision.objects.filter(household=OuterRef("household"), since=OuterRef("until")).order_by("-pk")
    comes_back = Coalesce(Subquery(after.values("tier")[:1]), Value(""))
    rows = TierDecision.objects.on(today).filter(household__in=households)
    return {
        one.household_id: one
        for one in rows.annotate(lasting=Case(When(override=True, then=comes_back), default=F("tier")))
    }


def _problem(household: Household, present: TierDecision | None, setting: Setting) -> str:
    if household.closed_on:
        return f"该户已于 {household.closed_on} 核减"
    if setting.on < household.registered_on:
        return f"认定日期不能早于入册日期 {household.registered_on}"
    if present and present.tier == setting.tier and not present.override:
        return f"该户已经是 {setting.tier} 类，不需要再认定"
    if present and setting.on < present.since:
        return f"现有分类自 {present.since} 起，新的认定不能更早"
    return ""


def _put(
    households: list[Household], present: dict[int, TierDecision], setting: Setting, by: User
) -> list[TierDecision]:
    """Write the decisions: end what is in force, void what was to come, begin the new, prepare the return."""
    keys = [one.pk for one in households]
    if not keys:
        return []
    mine = TierDecision.objects.filter(household__in=keys)
    mine.filter(since__gt=setting.on).exclude(pk__in=[one.pk for one in present.values()]).update(
        voided_at=timezone.now(), voided_by=by, void_reason="被新的认定取代"
    )
    mine.on(setting.on).update(until=setting.on)
    made = [_decision(one, setting.tier, setting.reason, setting.on, by, setting.expires_on) for one in households]
    if setting.expires_on:
        made += [
            _decision(one, present[one.pk].lasting, "临时调整到期，恢复原分类", setting.expires_on, by)
            for one in households
            if one.pk in present and present[one.pk].lasting
        ]
    TierDecision.objects.bulk_create(made)
    state.refresh(keys)
    return made


def _decision(
    household: Household, tier: str, reason: str, since: dt.date, by: User, until: dt.date | None = None
) -> TierDecision:
    return TierDecision(
        household=household,
        tier=tier,
        reason=reason,
        since=since,
        until=until,
        override=until is not None,
        done_by=by.name,
        done_on=min(since, timezone.localdate()),
        entered_by=by,
    )
