import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from jiyang.ledgers.filters import LedgerFilter
from villages.models import VillageYear

LACKS = {
    "water": ("有饮水不安全户", Q(unsafe_water_households__gt=0)),
    "house": ("有危房户", Q(dangerous_house_households__gt=0)),
    "clinic": ("没有卫生室", Q(clinics=0)),
    "road": ("到乡镇不通沥青（水泥）路", Q(paved_road=False)),
    "bus": ("不通客运班车", Q(bus_service=False)),
}


NEWEST = "newest"


def years() -> list[tuple[int | str, str]]:
    """Each village's newest year, and the years of which anything is recorded."""
    found = VillageYear.objects.order_by("-year").values_list("year", flat=True).distinct()
    return [(NEWEST, "每村最近一年"), *((year, f"{year} 年") for year in found)]


class YearFilter(LedgerFilter):
    year = django_filters.ChoiceFilter(label="年度", empty_label="全部年度", method="of_year", choices=years)
    lacks = django_filters.ChoiceFilter(
        label="短板", empty_label="不限", method="lacking", choices=[(key, title) for key, (title, _) in LACKS.items()]
    )

    search_in = ("village__name",)

    class Meta:
        model = VillageYear
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "村名"

    def of_year(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.standing(timezone.localdate()) if value == NEWEST else rows.filter(year=value)

    def lacking(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(LACKS[value][1])
