"""Checks of 两不愁三保障 and drinking water by hand (DOMAIN.md section 5): every check is a dated row with evidence."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.enums import GuaranteeItem, GuaranteeState
from households.models import GuaranteeCheck, Household
from jiyang.accounts.models import User


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
