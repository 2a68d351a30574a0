"""Setting a household's tier by hand (DOMAIN.md 3.1): dated, reasoned, history kept."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.enums import RiskTier
from households.models import Household, TierDecision
from households.services import state
from jiyang.accounts.models import User


@transaction.atomic
def set_tier(*, household: Household, tier: str, reason: str, by: User, on: dt.date | None = None) -> TierDecision:
    """Put a household into tier A, B or C from day `on` (today). The former decision ends that day.

    Raises ValidationError: unknown tier, no reason, a day in the future, before the registration or before the present
    decision, or the tier it already has.
    """
    day = on or timezone.localdate()
    household = Household.objects.select_for_update(of=("self",)).get(pk=household.pk)
    current = TierDecision.objects.filter(household=household, until=None).first()
    problems = []
    if tier not in RiskTier.values:
        problems.append("请选择 A、B、C 中的一类")
    if not reason.strip():
        problems.append("请写明分类依据，如“户主患大病，自付 8,640 元”")
    if day > timezone.localdate():
        problems.append("认定日期不能晚于今天")
    if day < household.registered_on:
        problems.append(f"认定日期不能早于入册日期 {household.registered_on}")
    if current and current.tier == tier:
        problems.append(f"该户已经是 {tier} 类，不需要再认定")
    if current and day < current.since:
        problems.append(f"现有分类自 {current.since} 起，新的认定不能更早")
    if problems:
        raise ValidationError(problems)
    if current:
        current.until = day
        current.save(update_fields=["until"])
    decision = TierDecision.objects.create(
        household=household, tier=tier, reason=reason.strip(), since=day, done_by=by.name, done_on=day, entered_by=by
    )
    state.refresh([household.pk])
    return decision
