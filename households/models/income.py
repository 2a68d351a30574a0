"""Income of a household and period (家庭收入): items, formulas and the figure the national roster states."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.db.models import F, Q

from households.enums import INCOME_ITEMS, IncomeGroup, IncomeKind
from jiyang.ledgers.records import HouseholdRecord

CENT = Decimal("0.01")
FORMULA = "2021-1"  # 家庭纯收入 = 工资性 + (生产经营性 − 支出) + 财产性 + 转移性; 人均 half-up to 0.01 (DOMAIN.md 1.5)


def money(title: str) -> models.DecimalField:
    return models.DecimalField(f"{title}（元）", max_digits=12, decimal_places=2, null=True, blank=True)


class IncomeStatement(HouseholdRecord):
    """收入: one household, one accounting period. 元; `per_head` is 人均纯收入 per person and year.

    A statement made here stores its items and the computed results with the formula's version; one carried in by the
    national roster (`kind` = 名单所载) stores only what the roster says.
    """

    year = models.PositiveSmallIntegerField("年度")
    kind = models.CharField("性质", max_length=10, choices=IncomeKind)
    period_start = models.DateField("核算起")
    period_end = models.DateField("核算止")
    wage = money("工资性收入")
    business = money("生产经营性收入")
    property = money("财产性收入")
    transfer = money("转移性收入")
    business_cost = money("生产经营性支出")
    net = money("家庭纯收入")
    people = models.PositiveSmallIntegerField("共享收支人数", null=True, blank=True)
    per_head = money("人均纯收入")
    claims = money("理赔收入")
    own_payment = money("合规自付支出")
    formula = models.CharField("公式版本", max_length=10, blank=True, editable=False)
    working = models.TextField("计算说明", blank=True)

    field_groups = {
        "income": (
            "wage",
            "business",
            "property",
            "transfer",
            "business_cost",
            "net",
            "per_head",
            "claims",
            "own_payment",
            "working",
        )
    }

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "收入"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household", "year", "kind"],
                condition=Q(voided_at=None),
                name="income_one_per_year_and_kind",
                violation_error_message="该户本年度已有同样性质的收入记录",
            ),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="income_period"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_kind_display()}"

    def compute(self) -> None:
        """Fill `net`, `per_head` and `formula` from the items. A production loss stays negative in the sum."""
        items = [self.wage, self.business, self.property, self.transfer]
        self.net = sum((item or Decimal(0) for item in items), Decimal(0)) - (self.business_cost or Decimal(0))
        self.per_head = (self.net / self.people).quantize(CENT, ROUND_HALF_UP) if self.people else None
        self.formula = FORMULA

    def reference(self) -> Decimal | None:
        """纳入监测对象的收入参考范围 = 家庭纯收入 + 理赔收入 − 合规自付支出; the sign rule is 未经核实 (DOMAIN.md 1.5)."""
        if self.net is None:
            return None
        return self.net + (self.claims or Decimal(0)) - (self.own_payment or Decimal(0))


class IncomeItem(HouseholdRecord):
    """收入明细: one item of a statement, its amount in 元 and how it was worked out (auditors ask for it)."""

    statement = models.ForeignKey(IncomeStatement, models.PROTECT, related_name="items", verbose_name="收入")
    item = models.CharField("项目", max_length=20, choices=[(key, name) for key, (_, name) in INCOME_ITEMS.items()])
    amount = models.DecimalField("金额（元）", max_digits=12, decimal_places=2)
    note = models.CharField("计算说明", max_length=200, blank=True)

    field_groups = {"income": ("amount", "note")}

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "收入明细"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(fields=["statement", "item"], name="income_item_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="income_item_amount", violation_error_message="金额应大于 0"
            ),
        ]

    def __str__(self) -> str:
        return self.get_item_display()

    @property
    def group(self) -> IncomeGroup:
        return INCOME_ITEMS[self.item][0]


def roster_period(day: dt.date) -> tuple[int, dt.date, dt.date]:
    """(year, start, end) of a figure in a roster dated `day`: 1 October to 30 September before it (DOMAIN.md 1.5)."""
    year = day.year if day.month >= 10 else day.year - 1
    return year, dt.date(year - 1, 10, 1), dt.date(year, 9, 30)
