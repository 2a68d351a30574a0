"""What a visit found that the register says otherwise: proposed with both values, written only when somebody else agrees."""

import re
from decimal import Decimal, InvalidOperation
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from households.enums import GuaranteeState
from households.models import Household
from households.services import guarantees, incomes, register
from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.workflow import notices, proposals
from jiyang.workflow.enums import ProposalState
from monitoring.enums import Finding, Subject
from monitoring.models import RegisterChange, Visit

PHONE = re.compile(r"[0-9]{11}")
LARGEST_INCOME = Decimal("9999999.99")
FROM_ANSWER = {Finding.FINE: GuaranteeState.MET.value, Finding.PROBLEM: GuaranteeState.NOT_MET.value}


def present_value(household: Household, subject: str, year: int | None = None) -> str:
    """What the register says now, as text; empty for nothing."""
    if subject in Subject.guarantees():
        return guarantees.states_of(household)[subject]
    if subject == Subject.INCOME:
        known = incomes.estimate_of(household, year)
        return str(known.per_head) if known and known.per_head is not None else ""
    return str(getattr(household, subject) or "")


def propose_from(visit: Visit, by: User) -> list[RegisterChange]:
    """Proposals for the guarantees that the visit's answers contradict: 达标 against 有问题, 不达标 against 没问题."""
    if visit.household.closed_on:
        return []
    stands = guarantees.states_of(visit.household)
    answers = {subject.value: FROM_ANSWER[getattr(visit, subject.value)] for subject in Subject.guarantees()}
    decided = (GuaranteeState.MET.value, GuaranteeState.NOT_MET.value)
    against = {item: new for item, new in answers.items() if stands[item] in decided and stands[item] != new}
    if not against:
        return []
    waiting = set(
        RegisterChange.objects.filter(household=visit.household_id, state=ProposalState.SUBMITTED).values_list(
            "subject", flat=True
        )
    )
    return [
        _submit(visit.household, item, stands[item], new, by, visit=visit, reason=visit.notes)
        for item, new in against.items()
        if item not in waiting
    ]


@transaction.atomic
def propose(
    *, household: Household, subject: str, new_value: str, by: User, reason: str = "", visit: Visit | None = None
) -> RegisterChange:
    """Propose one value. Raises ValidationError: not a value of its kind, what the register says already, one waits."""
    if household.closed_on:
        raise ValidationError(f"该户已于 {household.closed_on} 核减，登记簿不再修改")
    year = incomes.accounting_year(visit.done_on if visit else timezone.localdate())
    year = year if subject == Subject.INCOME else None
    new = _checked(subject, new_value.strip())
    if year and (known := incomes.estimate_of(household, year)) and known.formula:
        raise ValidationError({"subject": incomes.BY_ITEMS})
    old = present_value(household, subject, year)
    if new == old:
        raise ValidationError({"new_value": "与登记簿现在的值一样，不需要变更"})
    waiting = RegisterChange.objects.filter(household=household, subject=subject, state=ProposalState.SUBMITTED)
    if waiting.exists():
        raise ValidationError({"subject": "这户这一项已有申请在等复核，请等复核后再提"})
    return _submit(household, subject, old, new, by, visit=visit, reason=reason, year=year)


def _submit(household, subject, old, new, by, *, visit=None, reason="", year=None) -> RegisterChange:
    change = RegisterChange.objects.create(
        household=household,
        visit=visit,
        subject=subject,
        year=year,
        old_value=old or None,
        new_value=new,
        reason=reason[:200],
        submitted_by=by,
        entered_by=by,
        done_by=visit.done_by if visit else by.name,
        done_on=visit.done_on if visit else timezone.localdate(),
    )
    return change


def _checked(subject: str, value: str) -> str:
    if not value:
        raise ValidationError({"new_value": "请填写走访所见的值"})
    if subject == Subject.PHONE and not PHONE.fullmatch(value):
        raise ValidationError({"new_value": f"电话应为 11 位数字，现在是 {len(value)} 位"})
    if subject == Subject.ADDRESS and len(value) > 120:
        raise ValidationError({"new_value": f"家庭住址最多 120 字，现在是 {len(value)} 字"})
    if subject in Subject.guarantees() and value not in {
        GuaranteeState.MET,
        GuaranteeState.NOT_MET,
        GuaranteeState.NOT_APPLICABLE,
    }:
        raise ValidationError({"new_value": "请选择达标、不达标或不适用"})
    if subject == Subject.INCOME:
        try:
            amount = Decimal(value.replace(",", "").replace("，", "")).quantize(Decimal("0.01"))
        except InvalidOperation:
            raise ValidationError({"new_value": "人均纯收入应为金额，如 8600 或 8600.50"}) from None
        if not -LARGEST_INCOME <= amount <= LARGEST_INCOME:
            raise ValidationError({"new_value": "人均纯收入的数值不合理，单位是元/人/年，请核对"})
        return str(amount)
    return value


@transaction.atomic
def decide(*, proposal: RegisterChange, by: User, approve: bool, reason: str = "") -> RegisterChange:
    """Approve (written through the register's services at once) or return.

    Raises ValidationError when the register's value is no longer the one that was submitted: nothing is written then.
    """
    change = proposals.decide(proposal, by=by, approve=approve, reason=reason)
    if approve:
        household = held(change.household)
        if household.closed_on:
            raise ValidationError(f"该户已于 {household.closed_on} 核减，登记簿不再修改，请退回")
        if present_value(household, change.subject, change.year) != (change.old_value or ""):
            raise ValidationError("登记簿现在的值已不是提交时的值，请退回，由提交人按现值重新核对")
        _write(household, change, by)
    result = "已同意" if approve else f"已退回：{change.decision_reason}"
    url = reverse("monitoring:change_detail", args=[change.pk])
    transaction.on_commit(partial(notices.notify, [change.submitted_by], f"{change}{result}"[:200], url))
    return change


def _write(household: Household, change: RegisterChange, by: User) -> None:
    said = {"by": by, "done_by": change.done_by, "on": change.done_on}
    evidence = f"走访所见，申请 {change.pk}：{change.reason}".rstrip("：")
    if change.subject in Subject.guarantees():
        guarantees.check_guarantee(
            household=household, item=change.subject, state=str(change.new_value), evidence=evidence[:200], **said
        )
    elif change.subject == Subject.INCOME:
        incomes.estimate_per_head(
            household=household, year=change.year, per_head=Decimal(change.new_value), working=evidence, **said
        )
    else:
        field = {change.subject: str(change.new_value)}
        register.edit_household(by=by, record=household, version=household.version, **field)
