"""Figures of villages: what is registered, and where basic services or safe homes are still wanting."""

import datetime as dt

from django.db.models import Q

from jiyang.reporting import dashboard
from jiyang.reporting.figures import figure
from villages.filters import LACKS
from villages.models import standing_on


@figure("village.registered", "已登记的行政村", unit="个村", ledger="villages:year")
def registered(as_of: dt.date) -> Q:
    """Villages by their newest figures known on the day."""
    return standing_on(as_of)


@figure("village.unsafe_water", "有饮水不安全户的村", unit="个村", ledger="villages:year")
def unsafe_water(as_of: dt.date) -> Q:
    return standing_on(as_of) & LACKS["water"][1]


@figure("village.dangerous_house", "有危房户的村", unit="个村", ledger="villages:year")
def dangerous_house(as_of: dt.date) -> Q:
    return standing_on(as_of) & LACKS["house"][1]


dashboard.need(75, "village.unsafe_water", "warn")
dashboard.need(76, "village.dangerous_house", "warn")
