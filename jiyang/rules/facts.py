"""What a run of rules knows beside the rows: the day, and parameters with their badge."""

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from jiyang.parameters.values import ParameterMissing, Value, get
from jiyang.rules.tree import Amount

MOST_DIGITS = 18  # no threshold is larger or finer
SHOWN = 40  # characters of a wrong value that a message repeats


class RuleRefused(LookupError):
    """A rule that may not run here: a field or a parameter it needs is missing. It is shown, and hits nobody."""


class NotHeld(RuleRefused):
    """The source does not hold a column or a subject that is asked for."""


@dataclass(frozen=True)
class Facts:
    """`given` are values for this run only, by key or `key.YEAR`; everything else comes from the dated parameters."""

    as_of: dt.date
    given: dict[str, str | int | Decimal] = field(default_factory=dict)
    _asked: dict[str, Value | str] = field(default_factory=dict, compare=False, repr=False)  # answers of this run

    def value(self, key: str) -> Value:
        """The parameter in force on the day. Raises RuleRefused."""
        if key not in self._asked:
            self._asked[key] = self._find(key)
        found = self._asked[key]
        if isinstance(found, str):
            raise RuleRefused(found)
        return found

    def _find(self, key: str) -> Value | str:
        """The value, or why there is none."""
        for name in (f"{key}.{self.as_of.year}", key):
            if name in self.given:
                return Value(key, self.given[name], "", False, "本次指定")
        try:
            return get(key, on=self.as_of)
        except ParameterMissing as missing:
            return str(missing)

    def unconfirmed(self, keys: Iterable[str]) -> list[str]:
        """Those of the parameters whose value nobody has confirmed (未经核实). Raises RuleRefused."""
        return [key for key in sorted(keys) if not self.value(key).confirmed]

    def shift(self, amount: int | Amount) -> int:
        """Months or days by which a day is moved. Raises RuleRefused."""
        if isinstance(amount, int):
            return amount
        found = self.number(amount.param)
        if found != found.to_integral_value() or not 0 <= found <= 40_000:
            raise RuleRefused(f"参数 {amount.param} 的值“{found}”应为不小于 0 的整数，请在“参数”页改正后再试")
        return amount.sign * int(found)

    def factor(self, times: Decimal | Amount) -> Decimal:
        """What a number is multiplied by. Raises RuleRefused."""
        return self.number(times.param) if isinstance(times, Amount) else times

    def number(self, key: str, times: Decimal | Amount | None = None) -> Decimal:
        """The parameter as a number, `times` it. Raises RuleRefused."""
        raw = self.value(key).value
        try:
            if isinstance(raw, bool):
                raise InvalidOperation
            found = Decimal(str(raw))
        except InvalidOperation:
            raise RuleRefused(_no_number(key, raw)) from None
        if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
            raise RuleRefused(_no_number(key, raw))
        return found if times is None else found * self.factor(times)


def _no_number(key: str, raw: Any) -> str:
    text = str(raw)
    return f"参数 {key} 的值“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”不是数值，请在“参数”页改正后再试"


def shifted(day: dt.date, months: int, days: int) -> dt.date:
    """`day` moved by whole months (clamped to the month's end, as PostgreSQL does) and days; at most to the calendar's ends."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return dt.date.min if year < dt.MINYEAR else dt.date.max
    moved = dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    within = dt.date.min.toordinal() <= moved.toordinal() + days <= dt.date.max.toordinal()
    return moved + dt.timedelta(days) if within else dt.date.min if days < 0 else dt.date.max
