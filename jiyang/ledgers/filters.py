"""Filters of lists: django-filter with choices in scope, the search box, and the chips that say what is applied."""

from dataclasses import dataclass

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from jiyang.access.scope import Actor
from jiyang.identifiers.encryption import blind_index
from jiyang.ledgers import terms
from jiyang.ledgers.terms import looks_personal
from jiyang.regions.enums import Level
from jiyang.regions.models import Region


@dataclass(frozen=True)
class Chip:
    """An applied condition: what it says and the address without it."""

    label: str
    url: str


def regions_for(actor: Actor, level: Level, town: str = "") -> QuerySet[Region]:
    rows = Region.objects.at(level).live().within(actor).only("pk", "name", "code", "level")
    return rows.filter(town=town) if town else rows


class RegionField(django_filters.fields.ModelChoiceField):
    def label_from_instance(self, region: Region) -> str:
        return region.short_name


class RegionFilter(django_filters.ModelChoiceFilter):
    """镇街 or 行政村: only regions the actor reaches; villages once a town is chosen."""

    field_class = RegionField

    def __init__(self, level: Level, *args, **kwargs):
        self.level = level
        super().__init__(*args, queryset=self._choices, **kwargs)

    def _choices(self, request) -> QuerySet[Region]:
        actor = request.actor
        if self.level == Level.TOWN:
            return regions_for(actor, Level.TOWN)
        town = request.GET.get("town", "")
        if town.isdecimal():
            return regions_for(actor, Level.VILLAGE, town)
        return Region.objects.none() if actor.reach.districts else regions_for(actor, Level.VILLAGE)


class TermInput(forms.TextInput):
    """The search box: a personal term's token is never written back into the page, its chip says that it applies."""

    def format_value(self, value):
        return "" if terms.is_token(value) else super().format_value(value)


class LedgerFilter(django_filters.FilterSet):
    """Base of every ledger's filters: place and search box; `search_in` are ORM paths, `search_index` blind indexes."""

    town = RegionFilter(Level.TOWN, label="镇街", empty_label="全部镇街")
    village = RegionFilter(Level.VILLAGE, label="行政村", empty_label="全部村")
    q = django_filters.CharFilter(label="查找", method="find_term", widget=TermInput)

    search_in: tuple[str, ...] = ()
    search_index: tuple[str, ...] = ()

    def find_term(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return self.find(rows, name, terms.plain(value, self.request.user.pk))

    def find(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Rows matching the search box: exact by blind index for numbers of people, contained for the rest."""
        term = value.strip()
        if looks_personal(term) and self.search_index:
            digest = blind_index(term)
            return rows.filter(self._any(self.search_index, "", digest))
        return rows.filter(self._any(self.search_in, "__contains", term))

    @staticmethod
    def _any(paths: tuple[str, ...], lookup: str, value) -> Q:
        condition = Q(pk__in=[])
        for path in paths:
            condition |= Q(**{f"{path}{lookup}": value})
        return condition

    def chips(self, query: QueryDict) -> list[Chip]:
        """One removable chip per applied filter, with the chosen label."""
        found = []
        for name, bound in self.form.fields.items():
            raw = self.form.data.get(name)
            if not raw or name not in self.form.cleaned_data or self.form.cleaned_data[name] in (None, ""):
                continue
            found.append(
                Chip(f"{bound.label}：{_label(bound, self.form.cleaned_data[name], raw)}", without(query, name))
            )
        return found


def _label(field: forms.Field, value, raw: str) -> str:
    if isinstance(value, Region):
        return value.short_name
    if terms.is_token(raw):
        return "证件或电话（已隐去）"
    return str(dict(getattr(field, "choices", [])).get(raw, raw))


def without(query: QueryDict, *names: str) -> str:
    """The query string without some parameters and without the page."""
    left = query.copy()
    for name in (*names, "cursor", "selected"):
        left.pop(name, None)
    return f"?{left.urlencode()}"
