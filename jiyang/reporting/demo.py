"""Demo data of the figures: the last month ends, as if the monthly job had run since the office began."""

import datetime as dt

from django.utils import timezone

from jiyang.access.scope import system_scope
from jiyang.reporting.models import StoredFigure
from jiyang.reporting.stored import store_figures

MONTHS = 13  # with the same month of last year
order = 10  # after the apps whose rows are counted


def fill() -> None:
    """Idempotent: an instance that has stored figures is left as it is."""
    with system_scope("演示数据"):
        if StoredFigure.objects.exists():
            return
        day = timezone.localdate()
        for _ in range(MONTHS):
            day = day.replace(day=1) - dt.timedelta(days=1)
            store_figures(day, run="demo")
