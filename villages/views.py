"""The page of a village's year: its figures by group, beside those of the years before."""

from typing import Any

from django.db.models import Field, IntegerField

from jiyang.ledgers.columns import as_label, as_text
from jiyang.ledgers.views import LedgerDetailView
from villages.forms import SECTIONS
from villages.models import VillageYear

FORMER = 3  # years shown beside the record's own


class YearDetailView(LedgerDetailView):
    def get_context_data(self, **kwargs) -> dict:
        record = self.get_object()
        rows = self.get_queryset().filter(village=record.village_id).order_by("-year")
        years = list(rows.filter(year__lte=record.year)[: FORMER + 1])
        return {
            **super().get_context_data(**kwargs),
            "years": [{"row": one, "url": "" if one == record else self.ledger.url_of(one)} for one in years],
            "newer": rows.filter(year__gt=record.year).first(),
            "groups": [(title, [line(name, years) for name in names]) for title, names in SECTIONS],
        }


def told(column: Field, value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(column, IntegerField) else as_text(as_label(column, value))


def line(name: str, years: list[VillageYear]) -> dict:
    """One row of the table: the heading, and its value in each year; `changed` where the first differs from the one before."""
    column = VillageYear._meta.get_field(name)
    values = [getattr(one, name) for one in years]
    shown = [told(column, value) for value in values]
    return {"label": column.verbose_name, "values": shown, "changed": len(values) > 1 and values[0] != values[1]}
