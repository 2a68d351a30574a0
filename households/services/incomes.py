"""Income statements by item (plan point 6, DOMAIN.md 1.5): an estimate during the year, one confirmed figure after it."""

import datetime as dt
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.enums import INCOME_ITEMS, IncomeGroup, IncomeKind
from households.models import Household, IncomeItem, IncomeStatement, Membership
from households.services import state
from jiyang.accounts.models import User

BY_ITEMS = "这一年的预估是按分项填报的，请在“收入”页修改分项"
Items = dict[str, tuple[Decimal, str]]  # item -> amount in 元, working


def sharing(household: Household) -> int:
    """共享收支人数: present members who share the household's budget, the denominator per head."""
    return Membership.objects.present().filter(household=household, shares_budget=True).count()


@transaction.atomic
def record_income(
    *,
    household: Household,
    by: User,
    kind: str,
    period_start: dt.date,
    period_end: dt.date,
    items: Items,
    people: int | None = None,
    claims: Decimal | None = None,
    own_payment: Decimal | None = None,
    working: str = "",
    correction: str = "",
) -> IncomeStatement:
    """Store a statement with its items and the computed results. The year is that of the period's end.

    A new estimate takes the place of the former one; a confirmed figure is replaced only with a reason (`correction`):
    the former is voided with it and stays readable. Raises ValidationError with every problem, by field.
    """
    _refuse(household, kind, period_start, period_end, items, people)
    year = period_end.year
    present = IncomeStatement.objects.select_for_update().filter(household=household, year=year, kind=kind)
    former = present.first()
    if former and kind == IncomeKind.CONFIRMED and not correction.strip():
        raise ValidationError({"correction": f"{year} 年已有核定收入，更正须写明原因"})
    present.update(voided_at=timezone.now(), voided_by=by, void_reason=correction.strip()[:200] or "重新预估")
    statement = IncomeStatement(
        household=household,
        year=year,
        kind=kind,
        period_start=period_start,
        period_end=period_end,
        people=people or sharing(household),
        claims=claims,
        own_payment=own_payment,
        working=working.strip(),
        entered_by=by,
        done_by=by.name,
        done_on=timezone.localdate(),
        **_sums(items),
    )
    statement.compute()
    statement.save()
    IncomeItem.objects.bulk_create(
        IncomeItem(
            household=household,
            statement=statement,
            item=item,
            amount=amount,
            note=note.strip()[:200],
            entered_by=by,
        )
        for item, (amount, note) in items.items()
    )
    state.refresh([household.pk])
    return statement


def accounting_year(day: dt.date) -> int:
    """The accounting year that runs on `day`: from 1 October of the year before to 30 September (DOMAIN.md 1.5)."""
    return day.year + 1 if day.month >= 10 else day.year


def estimate_of(household: Household, year: int) -> IncomeStatement | None:
    """The estimate (预估) of a year, if there is one."""
    return IncomeStatement.objects.filter(household=household, year=year, kind=IncomeKind.ESTIMATE).first()


@transaction.atomic
def estimate_per_head(
    *, household: Household, year: int, per_head: Decimal, working: str, by: User, done_by: str, on: dt.date
) -> IncomeStatement:
    """An estimate of 人均纯收入 (元 per person and year) as one figure, without items; it takes the former one's place.

    Raises ValidationError when the year's estimate is made up of items: those are edited in the income page.
    """
    present = estimate_of(household, year)
    if present and present.formula:
        raise ValidationError(BY_ITEMS)
    if present:
        present.voided_at, present.voided_by, present.void_reason = timezone.now(), by, "重新预估"
        present.save(update_fields=["voided_at", "voided_by", "void_reason"])
    statement = IncomeStatement.objects.create(
        household=household,
        year=year,
        kind=IncomeKind.ESTIMATE,
        period_start=dt.date(year - 1, 10, 1),
        period_end=dt.date(year, 9, 30),
        per_head=per_head,
        working=working,
        entered_by=by,
        done_by=done_by,
        done_on=on,
    )
    state.refresh([household.pk])
    return statement


def _sums(items: Items) -> dict[str, Decimal]:
    """Group -> sum of its items."""
    sums = {group.value: Decimal(0) for group in IncomeGroup}
    for item, (amount, _) in items.items():
        sums[INCOME_ITEMS[item][0]] += amount
    return sums


def _refuse(household, kind, start, end, items: Items, people) -> None:
    problems: dict[str, str] = {}
    if kind not in {IncomeKind.ESTIMATE, IncomeKind.CONFIRMED}:
        problems["kind"] = "请选择预估或核定"
    if end <= start:
        problems["period_end"] = "核算止日应晚于起日"
    elif (end - start).days > 366:
        problems["period_end"] = "核算期不能超过一年"
    if start > timezone.localdate():
        problems["period_start"] = "核算期还没有开始"
    elif household.closed_on and start >= household.closed_on:
        problems["period_start"] = f"该户已于 {household.closed_on} 核减，不能再登记之后的收入"
    if kind == IncomeKind.CONFIRMED and end > timezone.localdate():
        problems["period_end"] = "核算期还没有结束，只能作预估"
    if not items:
        problems["__all__"] = "请至少填写一项收入"
    if unknown := [item for item in items if item not in INCOME_ITEMS]:
        problems["__all__"] = f"没有这些收入项目：{'、'.join(unknown)}"
    if negative := [
        INCOME_ITEMS[item][1] for item, (amount, _) in items.items() if item in INCOME_ITEMS and amount <= 0
    ]:
        problems["__all__"] = f"金额应大于 0：{'、'.join(negative)}；亏损请填在生产经营性支出"
    if (people is not None and people < 1) or (people is None and not sharing(household)):
        problems["people"] = "共享收支人数至少 1 人"
    if problems:
        raise ValidationError(problems)
