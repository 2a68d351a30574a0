"""The peer of the import's benchmark: django-import-export tuned as far as it goes, over the same file and register.

It leaves the register as the product does: every column of the file in households, people, memberships and incomes, and the
households' state (by the product's own statement). It is spared the rest: it takes the cells as the product's own reader
normalised them, checks nothing, plans nothing and keeps no before-images. History triggers and encryption are on for both.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import tablib
from import_export import fields, resources
from import_export.instance_loaders import CachedInstanceLoader
from import_export.widgets import Widget

from households.enums import IncomeKind
from households.models import Household, IncomeStatement, Membership, Person, roster_period
from households.services import state
from jiyang.identifiers import idcard, pinyin
from jiyang.identifiers.encryption import blind_index
from jiyang.intake.bulk import whole_batch
from jiyang.intake.normalise import Mapped

HOUSEHOLD = ("household_no", "household_type", "hamlet", "phone", "stated_size", "poverty_cause", "dangerous_house", "safe_water",
             "identified_on", "category", "risk_removed", "risk_identified_on", "risk_removed_on")  # fmt: skip
PERSON = ("person_no", "name", "id_number", "ethnic", "education", "school_state", "health", "labour", "work_months",
          "critical_illness_insured", "person_identified_on", "person_phone")  # fmt: skip
INCOME = (
    "household_id",
    "per_head",
    "year",
    "kind",
    "period_start",
    "period_end",
    "district_id",
    "town_id",
    "village_id",
)
RENAMED = {
    "person_phone": "phone",
    "person_identified_on": "identified_on",
}  # columns of the file: attributes of a person
TEXTS = {
    "household_type",
    "category",
    "hamlet",
    "poverty_cause",
    "ethnic",
    "education",
    "school_state",
    "labour",
    "person_no",
}
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
            *(RENAMED.get(name, name) for name in PERSON), "phone_index", "id_index", "name_pinyin", "sex", "birth_date", "household_id", "district_id",
            "town_id", "village_id",
        )  # fmt: skip

    for _name in Meta.fields:
        locals()[_name] = field(_name)


class IncomeResource(Tuned):
    class Meta(Tuned.Meta):
        model = IncomeStatement
        import_id_fields = ("household_id",)
        fields = INCOME

    for _name in Meta.fields:
        locals()[_name] = field(_name)


def value(name: str, text: str | None) -> Any:
    """A COPY text of the reader as the Python value that a resource wants."""
    if text is None:
        return [] if name == "health" else "" if name in TEXTS else None
    if name == "health":
        return text.strip("{}").split(",")
    if name in {"dangerous_house", "safe_water", "critical_illness_insured", "risk_removed"}:
        return text == "t"
    if name in {"stated_size", "work_months"}:
        return int(text)
    if name == "income_per_head":
        return Decimal(text)
    return dt.date.fromisoformat(text) if name.endswith("_on") else text


def load(mapped: Mapped) -> None:
    """All that a file says which the reader has normalised. In the caller's scope."""
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
    incomes = tablib.Dataset(headers=INCOME)
    for number, index in first.items():
        incomes.append(_income(mapped, index, keys[number]))
    _run(IncomeResource(), incomes)
    with whole_batch(len(numbers)):
        state.refresh(keys[number] for number in first)


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
    values = {RENAMED.get(name, name): one for name, one in values.items()}
    place, phone, number = mapped.places[index], values.get("phone"), values["id_number"]
    values |= {
        "phone_index": blind_index(phone) if phone else None, "id_index": blind_index(number),
        "name_pinyin": pinyin.sort_key(values["name"]), "sex": idcard.sex(number), "birth_date": idcard.birth_date(number),
        "household_id": household, "district_id": place.district, "town_id": place.town, "village_id": place.village,
    }  # fmt: skip
    return [values.get(name) for name in PersonResource.Meta.fields]


def _income(mapped: Mapped, index: int, household: int) -> list:
    place, (year, start, end) = mapped.places[index], roster_period(mapped.data_date)
    per_head = value("income_per_head", mapped.columns["income_per_head"][index])
    return [
        household, per_head, year, IncomeKind.ROSTER, start, end, place.district, place.town, place.village,
    ]  # fmt: skip


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
