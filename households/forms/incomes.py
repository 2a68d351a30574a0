"""The form of an income statement: every item of DOMAIN.md 1.5 with amount and working, by group."""

from decimal import Decimal

from django import forms

from households.enums import INCOME_ITEMS, IncomeGroup, IncomeKind
from households.models import IncomeStatement, roster_period
from jiyang.ui.forms import DayInput, KernelForm

LARGEST = Decimal("9999999.99")


def amount(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_value=LARGEST,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "金额应为数字，如 8640.00", "min_value": "金额不能小于 0"},
    )


class IncomeForm(KernelForm):
    """收入预估 or 核定 of one household. `items` of the cleaned data: item -> (amount, working), what was filled in."""

    kind = forms.ChoiceField(
        label="性质", choices=[(one.value, one.label) for one in (IncomeKind.ESTIMATE, IncomeKind.CONFIRMED)]
    )
    period_start = forms.DateField(label="核算起", widget=DayInput)
    period_end = forms.DateField(label="核算止", widget=DayInput)
    people = forms.IntegerField(label="共享收支人数", min_value=1, max_value=99)
    claims = amount("理赔收入（元）")
    own_payment = amount("合规自付支出（元）")
    working = forms.CharField(label="总的计算说明", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    correction = forms.CharField(
        label="更正原因", required=False, max_length=200, help_text="本年度已有核定收入、这次是更正时填写"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for item, (_, name) in INCOME_ITEMS.items():
            self.fields[f"amount_{item}"] = amount(name)
            self.fields[f"note_{item}"] = forms.CharField(label=f"{name}的说明", required=False, max_length=200)

    def groups(self) -> list[dict]:
        """Groups with their items' bound fields, for the table."""
        found = {group: [] for group in IncomeGroup}
        for item, (group, name) in INCOME_ITEMS.items():
            found[group].append({"name": name, "amount": self[f"amount_{item}"], "note": self[f"note_{item}"]})
        return [{"title": group.label, "rows": rows} for group, rows in found.items()]

    def head(self) -> list[forms.BoundField]:
        return [self[name] for name in ("kind", "period_start", "period_end", "people")]

    def tail(self) -> list[forms.BoundField]:
        return [self[name] for name in ("claims", "own_payment", "working", "correction")]

    def clean(self) -> dict:
        values = super().clean()
        items = {}
        for item in INCOME_ITEMS:
            sum_of, note = values.pop(f"amount_{item}", None), values.pop(f"note_{item}", "")
            if sum_of:
                items[item] = (sum_of, note)
            elif note:
                self.add_error(f"amount_{item}", "写了说明，请填金额")
        return {**values, "items": items}


def first_values(last: IncomeStatement | None, people: int, today) -> dict:
    """What a new statement starts from: the running period, who shares, and last time's items."""
    year = roster_period(today)[0] + 1
    _, start, end = roster_period(today.replace(year=year, month=10, day=1))
    values = {"kind": IncomeKind.ESTIMATE, "period_start": start, "period_end": end, "people": people or None}
    for one in last.items.all() if last else []:
        values |= {f"amount_{one.item}": one.amount, f"note_{one.item}": one.note}
    return values
