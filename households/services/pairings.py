"""Helpers and the households they look after: dated, never overwritten; the household arm of scope follows them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from households.models import Helper, Household, Pairing
from households.services import state
from jiyang.access import scope
from jiyang.access.models import HouseholdGrant
from jiyang.access.standing import lock_households
from jiyang.accounts.models import Posting, User
from jiyang.ledgers.bulk import Outcome
from jiyang.ledgers.editing import claim
from jiyang.regions.models import Region

ROLE = "helper"  # the role whose postings reach the households granted to them


@transaction.atomic
def register_helper(*, by: User, town: Region, username: str = "", **fields: Any) -> Helper:
    """A new helper of a town. `username` links their account. Raises ValidationError: no such helper account."""
    helper = Helper(**fields, user=_account(username), entered_by=by, done_by=by.name, done_on=timezone.localdate())
    helper.place_at(town)
    helper.save()
    return helper


@transaction.atomic
def edit_helper(*, by: User, record: Helper, version: int, username: str = "", **fields: Any) -> Helper:
    """Change a helper's facts. A newly linked account sees the paired households at once; the former one no more.

    Raises Stale: changed by somebody else since `version`; ValidationError: no such helper account.
    """
    helper = claim(record, version)
    user = _account(username)
    for name, value in fields.items():
        setattr(helper, name, value)
    if user != helper.user:
        paired = Pairing.objects.filter(helper=helper, until=None)
        _end_grants(helper.user, paired, timezone.localdate())
        helper.user = user
        _grant(helper, paired)
    helper.save()
    renamed = Pairing.objects.filter(helper=helper, until=None).exclude(helper_name=helper.name)
    keys = list(renamed.values_list("household", flat=True))
    if keys:
        renamed.update(helper_name=helper.name)
        state.refresh(keys)
    return helper


@transaction.atomic
def pair(
    *, rows: Iterable[Household], helper: Helper, by: User, on: dt.date | None = None, reason: str = ""
) -> Outcome:
    """Give households to `helper` from day `on` (today), ending their former pairing of that kind.

    The same for one household or a thousand: a fixed number of statements. Raises ValidationError: a day in the future.
    """
    day = on or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError({"on": "开始时间不能晚于今天"})
    known, refused = lock_households(one.pk for one in rows)
    kind = Pairing.objects.filter(household__in=[one.pk for one in known], kind=helper.kind)
    present = {one.household_id: one for one in kind.filter(until=None)}
    ended = dict(kind.filter(until__gt=F("since")).order_by().values_list("household").annotate(Max("until")))
    taken = []
    for household in known:
        problem = _problem(household, present.get(household.pk), ended.get(household.pk), helper, day)
        if problem:
            refused[household.pk] = problem
        else:
            taken.append(household)
    former = Pairing.objects.filter(household__in=[one.pk for one in taken], kind=helper.kind, until=None)
    _end(former, day, reason or f"交接给{helper.name}")
    Pairing.objects.bulk_create(
        Pairing(
            household=one,
            helper=helper,
            helper_name=helper.name,
            kind=helper.kind,
            since=day,
            entered_by=by,
            done_by=by.name,
            done_on=day,
        )
        for one in taken
    )
    _grant(helper, Pairing.objects.filter(helper=helper, until=None, household__in=[one.pk for one in taken]))
    state.refresh([one.pk for one in taken])
    return Outcome(len(taken), refused)


@transaction.atomic
def end_pairings(*, households: Sequence[Household], helper: Helper, reason: str, on: dt.date | None = None) -> int:
    """End a helper's pairing with households without a successor; returns how many. Raises ValidationError: no reason."""
    if not reason.strip():
        raise ValidationError({"reason": "请写明结束原因"})
    keys = [one.pk for one in households]
    ended = _end(
        Pairing.objects.filter(helper=helper, household__in=keys, until=None), on or timezone.localdate(), reason
    )
    state.refresh(keys)
    return ended


def _problem(household: Household, present: Pairing | None, ended: dt.date | None, helper: Helper, day: dt.date) -> str:
    if household.closed_on:
        return f"已于 {household.closed_on} 核减"
    if day < household.registered_on:
        return f"开始时间早于入册日期 {household.registered_on}"
    if present and present.helper_id == helper.pk:
        return f"已由{helper.name}帮扶"
    if present and day < present.since:
        return f"现有结对自 {present.since} 起，新的不能更早"
    if ended and day < ended:
        return f"上一次结对到 {ended} 为止，新的不能更早"
    return ""


def _end(pairings: QuerySet, day: dt.date, reason: str) -> int:
    for user in User.objects.filter(pk__in=pairings.values("helper__user")):
        _end_grants(user, pairings.filter(helper__user=user), day)
    return pairings.update(until=Greatest(F("since"), day), end_reason=reason[:100])


def _end_grants(user: User | None, pairings: QuerySet, day: dt.date) -> None:
    """The user's postings no longer reach the paired households from `day` on, but those they help in another way too."""
    if user is None:
        return
    ending = dict(pairings.values_list("pk", "household"))
    kept = Pairing.objects.filter(helper__user=user, until=None).exclude(pk__in=ending)
    mine = HouseholdGrant.objects.filter(posting__user=user, posting__role=ROLE, until=None)
    mine.filter(household__in=ending.values()).exclude(household__in=kept.values("household")).update(
        until=Greatest(F("since"), day)
    )


def _grant(helper: Helper, pairings: QuerySet) -> None:
    """The helper's postings reach the paired households as long as they are paired."""
    postings = list(_postings(helper.user)) if helper.user else []
    HouseholdGrant.objects.bulk_create(
        [
            HouseholdGrant(
                posting=posting,
                household_id=one.household_id,
                since=one.since,
            )
            for one in pairings
            for posting in postings
        ],
        update_conflicts=True,
        unique_fields=["posting", "household", "since"],
        update_fields=["until"],
    )


def _postings(user: User) -> QuerySet:
    """The user's helper postings that have not ended."""
    rows = Posting.objects.filter(user=user, role=ROLE, region=None)
    return rows.filter(Q(until=None) | Q(until__gt=timezone.localdate()))


def follow_posting(*, posting: Posting, **kwargs: Any) -> None:
    """A new posting of a helper's account (one that had ended, renewed) reaches the households paired with them."""
    if posting.role != ROLE:
        return
    actor, reason = scope.current(), "帮扶责任人的新岗位"
    with scope.on_behalf_of(actor, reason) if actor else scope.system_scope(reason):
        for helper in Helper.objects.filter(user=posting.user):
            _grant(helper, Pairing.objects.filter(helper=helper, until=None))


def _account(username: str) -> User | None:
    if not username.strip():
        return None
    user = User.objects.filter(username=username.strip(), is_active=True).first()
    if user is None or not _postings(user).exists():
        raise ValidationError({"username": "没有这个账号，或它没有帮扶责任人岗位；请系统管理员先建岗位"})
    return user
