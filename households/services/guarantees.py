"""Checks of 两不愁三保障 and drinking water (DOMAIN.md section 5): what stands, and recording a new one with its evidence."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.enums import GuaranteeItem, GuaranteeState
from households.models import GuaranteeCheck, Household
from jiyang.accounts.models import User


def states_of(household: Household) -> dict[str, str]:
    """Item → its state today: the latest check, else what the roster states of house and water, else 未核查.

    One query, none when the household was read `with_decisions()`.
    """
    if hasattr(household, "checks"):
        checks = [(check["item"], check["state"]) for check in household.checks]
    else:
        rows = GuaranteeCheck.objects.filter(household=household).order_by("-done_on", "-pk")
        checks = list(rows.values_list("item", "state"))
    found = dict.fromkeys(GuaranteeItem.values, GuaranteeState.UNCHECKED.value)
    return found | stated(household) | dict(reversed(checks))


def stated(household: Household) -> dict[str, str]:
    """Item → state for house and water, as far as the roster states them."""
    met, not_met = GuaranteeState.MET.value, GuaranteeState.NOT_MET.value
    by_item = {
        GuaranteeItem.HOUSING.value: {True: not_met, False: met}.get(household.dangerous_house),
        GuaranteeItem.WATER.value: {True: met, False: not_met}.get(household.safe_water),
    }
    return {item: state for item, state in by_item.items() if state}


@transaction.atomic
def check_guarantee(
    *, household: Household, by: User, item: str, state: str, evidence: str, on: dt.date, done_by: str = ""
) -> GuaranteeCheck:
    """Record what one item was found to be on a day, and by what it is shown.

    Raises ValidationError by field: unknown item or result, no evidence, a day in the future or before the registration.
    """
    problems = {}
    if item not in GuaranteeItem.values:
        problems["item"] = "请选择核查项目"
    if state not in GuaranteeState.values or state == GuaranteeState.UNCHECKED:
        problems["state"] = "请选择核查结果"
    if not evidence.strip():
        problems["evidence"] = "请写明依据，如“鉴定报告 A 级”“参保记录”"
    if on > timezone.localdate():
        problems["on"] = "核查日期不能晚于今天"
    elif on < household.registered_on:
        problems["on"] = f"核查日期不能早于入册日期 {household.registered_on}"
    elif household.closed_on and on >= household.closed_on:
        problems["on"] = f"该户已于 {household.closed_on} 核减，不能再登记之后的核查"
    if problems:
        raise ValidationError(problems)
    return GuaranteeCheck.objects.create(
        household=household,
        item=item,
        state=state,
        evidence=evidence.strip(),
        done_on=on,
        done_by=done_by.strip() or by.name,
        entered_by=by,
    )
