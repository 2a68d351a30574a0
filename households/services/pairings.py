"""Helpers and the households they look after: dated, never overwritten; the household arm of scope follows them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from households.models import Helper, Household, Pairing
from households.services import state
from jiyang.access.models import HouseholdGrant
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
    Pairing.objects.filter(helper=helper, until=None).exclude(helper_name=helper.name).update(helper_name=helper.name)
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
    known = Household.objects.select_for_update(of=("self",)).filter(pk__in=[one.pk for one in rows])
    present = {
        one.household_id: one for one in Pairing.objects.filter(household__in=known, kind=helper.kind, until=None)
    }
    taken, refused = [], {}
    for household in known.order_by("pk"):
        problem = _problem(household, present.get(household.pk), helper, day)
        if problem:
            refused[household.pk] = problem
        else:
            taken.append(household)
    former = Pairing.objects.filter(household__in=[one.pk for one in taken], kind=helper.kind, until=None)
    _end(former, day, reason or f"交接给{helper.name}")
    Pairing.objects.bulk_create(
        Pairing(
            household=one,
            district_id=one.district_id,
            town_id=one.town_id,
            village_id=one.village_id,
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


def _problem(household: Household, present: Pairing | None, helper: Helper, day: dt.date) -> str:
    if household.closed_on:
        return f"已于 {household.closed_on} 核减"
    if day < household.registered_on:
        return f"开始时间早于入册日期 {household.registered_on}"
    if present and present.helper_id == helper.pk:
        return f"已由{helper.name}帮扶"
    if present and day < present.since:
        return f"现有结对自 {present.since} 起，新的不能更早"
    return ""


def _end(pairings: QuerySet, day: dt.date, reason: str) -> int:
    for user in User.objects.filter(pk__in=pairings.values("helper__user")):
        _end_grants(user, pairings.filter(helper__user=user), day)
    return pairings.update(until=day, end_reason=reason[:100])


def _end_grants(user: User | None, pairings: QuerySet, day: dt.date) -> None:
    """The user's postings no longer reach the paired households from `day` on."""
    if user is not None:
        mine = HouseholdGrant.objects.filter(posting__user=user, posting__role=ROLE, until=None)
        mine.filter(household__in=list(pairings.values_list("household", flat=True))).update(until=day)


def _grant(helper: Helper, pairings: QuerySet) -> None:
    """The helper's posting reaches the paired households as long as they are paired."""
    posting = _posting(helper.user) if helper.user else None
    if posting is None:
        return
    HouseholdGrant.objects.bulk_create(
        [
            HouseholdGrant(
                posting=posting,
                household_id=one.household_id,
                district_id=one.district_id,
                town_id=one.town_id,
                village_id=one.village_id,
                since=one.since,
            )
            for one in pairings
        ],
        update_conflicts=True,
        unique_fields=["posting", "household", "since"],
        update_fields=["until"],
    )


def _posting(user: User) -> Posting | None:
    return Posting.objects.on(timezone.localdate()).filter(user=user, role=ROLE, region=None).first()


def _account(username: str) -> User | None:
    if not username.strip():
        return None
    user = User.objects.filter(username=username.strip(), is_active=True).first()
    if user is None or _posting(user) is None:
        raise ValidationError({"username": "没有这个账号，或它没有帮扶责任人岗位；请系统管理员先建岗位"})
    return user
