"""The peer of the import's benchmark: django-import-export tuned as far as it goes, over the same file and register.

It is spared what the product does besides: it takes the cells as the product's own reader normalised them, checks nothing,
keeps no before-images, and writes neither incomes nor derived state. History triggers and encryption are on for both.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import tablib
from import_export import fields, resources
from import_export.instance_loaders import CachedInstanceLoader
from import_export.widgets import Widget

from households.models import Household, Membership, Person
from jiyang.identifiers import idcard, pinyin
from jiyang.identifiers.encryption import blind_index
from jiyang.intake.normalise import Mapped

HOUSEHOLD = ("household_no", "household_type", "hamlet", "phone", "stated_size", "poverty_cause", "dangerous_house", "safe_water",
             "identified_on")  # fmt: skip
PERSON = ("person_no", "name", "id_number", "ethnic", "education", "school_state", "health", "labour", "work_months",
          "critical_illness_insured", "person_phone")  # fmt: skip
TEXTS = {"household_type", "hamlet", "poverty_cause", "ethnic", "education", "school_state", "labour", "person_no"}
BATCH = 1000


class AsIs(Widget):
    def clean(self, value, row=None, **kwargs):
        return value


def field(name: str) -> fields.Field:
    return fields.Field(attribute=name, column_name=name, widget=AsIs())


class Tuned(resources.ModelResource):
    """One pass, bulk writes, cached look-ups, no diffs, no reports per row."""

    class Meta:
        use_bulk = True
        batch_size = BATCH
        skip_diff = skip_html_diff = skip_unchanged = True
        instance_loader_class = CachedInstanceLoader
        use_transactions = True

    def after_import(self, dataset, result, **kwargs) -> None:
        """The web role may not set sequences; nothing here needs it."""


class HouseholdResource(Tuned):
    class Meta(Tuned.Meta):
        model = Household
        import_id_fields = ("household_no",)
        fields = (*HOUSEHOLD, "phone_index", "district_id", "town_id", "village_id", "registered_on")

    for _name in Meta.fields:
        locals()[_name] = field(_name)


class PersonResource(Tuned):
    class Meta(Tuned.Meta):
        model = Person
        import_id_fields = ("person_no",)
        fields = (
            *PERSON[:-1], "phone", "phone_index", "id_index", "name_pinyin", "sex", "birth_date", "household_id", "district_id",
            "town_id", "village_id",
        )  # fmt: skip

    for _name in Meta.fields:
        locals()[_name] = field(_name)


def value(name: str, text: str | None) -> Any:
    """A COPY text of the reader as the Python value that a resource wants."""
    if text is None:
        return [] if name == "health" else "" if name in TEXTS else None
    if name == "health":
        return text.strip("{}").split(",")
    if name in {"dangerous_house", "safe_water", "critical_illness_insured"}:
        return text == "t"
    if name in {"stated_size", "work_months"}:
        return int(text)
    if name == "income_per_head":
        return Decimal(text)
    return dt.date.fromisoformat(text) if name == "identified_on" else text


def load(mapped: Mapped) -> None:
    """Households, people and memberships of a file that the reader has normalised. In the caller's scope."""
    numbers = mapped.columns["household_no"]
    first = {number: index for index, number in reversed(list(enumerate(numbers)))}
    homes = tablib.Dataset(headers=HouseholdResource.Meta.fields)
    for number, index in first.items():
        homes.append(_household(mapped, index, number))
    _run(HouseholdResource(), homes)
    keys = dict(Household.objects.values_list("household_no", "pk"))
    people = tablib.Dataset(headers=PersonResource.Meta.fields)
    for index, number in enumerate(numbers):
        people.append(_person(mapped, index, keys[number]))
    _run(PersonResource(), people)
    _members(mapped, keys)


def _run(resource: Tuned, data: tablib.Dataset) -> None:
    resource.import_data(data, dry_run=False, raise_errors=True)


def _household(mapped: Mapped, index: int, number: str) -> list:
    values = {name: value(name, mapped.columns[name][index]) for name in HOUSEHOLD if name in mapped.columns}
    place, phone = mapped.places[index], values.get("phone")
    values |= {
        "household_no": number, "phone_index": blind_index(phone) if phone else None, "district_id": place.district,
        "town_id": place.town, "village_id": place.village, "registered_on": mapped.data_date,
    }  # fmt: skip
    return [values.get(name) for name in HouseholdResource.Meta.fields]


def _person(mapped: Mapped, index: int, household: int) -> list:
    values = {name: value(name, mapped.columns[name][index]) for name in PERSON if name in mapped.columns}
    place, phone, number = mapped.places[index], values.pop("person_phone", None), values["id_number"]
    values |= {
        "phone": phone, "phone_index": blind_index(phone) if phone else None, "id_index": blind_index(number),
        "name_pinyin": pinyin.sort_key(values["name"]), "sex": idcard.sex(number), "birth_date": idcard.birth_date(number),
        "household_id": household, "district_id": place.district, "town_id": place.town, "village_id": place.village,
    }  # fmt: skip
    return [values.get(name) for name in PersonResource.Meta.fields]


def _members(mapped: Mapped, homes: dict[str, int]) -> None:
    people = dict(Person.objects.values_list("person_no", "pk"))
    known = set(Membership.objects.filter(until=None).values_list("person_id", flat=True))
    columns = mapped.columns
    made = [
        Membership(
            person_id=people[person], household_id=homes[number], relation=relation or "", since=mapped.data_date,
            district_id=place.district, town_id=place.town, village_id=place.village,
        )
        for person, number, relation, place in zip(
            columns["person_no"], columns["household_no"], columns["relation"], mapped.places, strict=True
        )
        if people[person] not in known
    ]  # fmt: skip
    Membership.objects.bulk_create(made, batch_size=BATCH)
