"""What a roster's columns are in the register: one list from which the plan compares, the commit writes and the undo restores.

A `Slot` is a column of the register with the staged column it comes from; `blank` is SQL that tells an empty stored value.
"""

from dataclasses import dataclass, replace

from django.contrib.postgres.fields import ArrayField
from django.db import models

from households.models import CaseRecord
from households.models.conditions import Entitlements, LivingConditions, Occupation
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.records import HouseholdRecord


@dataclass(frozen=True)
class Slot:
    """`name` is the staged field (as in layouts and `RosterRow.changed`), `column` the register's, `value` SQL over the
    staged row `s`. `writes` are the columns that a change writes, where they are more than the compared one.
    """

    name: str
    column: str
    value: str
    kind: str = "text"
    writes: tuple[tuple[str, str], ...] = ()
    erases: bool = True  # whether an empty cell empties the register's value
    certain: bool = True  # whether every household or person has the register's row

    def old(self, alias: str) -> str:
        """SQL of the value in the register, as it compares with `value`."""
        column = f"{alias}.{self.column}"
        empty = {"text": "''", "array": "'{}'"}.get(self.kind)
        return column if self.certain or empty is None else f"coalesce({column}, {empty})"

    @property
    def filled(self) -> str:
        """SQL condition over `s`: the roster's cell is not empty."""
        if self.kind == "value":
            return f"{self.value} is not null"
        return f"{self.value} <> '{'{}' if self.kind == 'array' else ''}'"

    @property
    def blank(self) -> str:
        """SQL condition over `{alias}`: the register holds nothing."""
        if self.kind == "text":
            return f"coalesce({{alias}}.{self.column}, '') = ''"
        if self.kind == "array":
            return f"coalesce({{alias}}.{self.column}, '{{{{}}}}') = '{{{{}}}}'"
        return f"{{alias}}.{self.column} is null"

    @property
    def assigned(self) -> tuple[tuple[str, str], ...]:
        return self.writes or ((self.column, self.value),)


def text(name: str, column: str = "") -> Slot:
    """A text column: the register stores '' where the roster has nothing."""
    return Slot(name, column or name, f"coalesce(s.{name}, '')")


def plain(name: str, column: str = "") -> Slot:
    return Slot(name, column or name, f"s.{name}", "value")


def sealed(name: str, cipher: str, index: str, staged_index: str, *more: tuple[str, str], erases: bool = True) -> Slot:
    """A personal number: compared by its blind index, written with its ciphertext."""
    return Slot(
        name, index, f"s.{staged_index}", "value", ((cipher, f"s.{name}"), (index, f"s.{staged_index}"), *more), erases
    )


def array(name: str) -> Slot:
    return Slot(name, name, f"coalesce(s.{name}, '{{}}')::varchar[]", "array")


def slots_of(*owners: type[models.Model]) -> tuple[Slot, ...]:
    """One slot for each column that `owners` declare themselves and people may edit; they bear the layouts' names."""
    return tuple(
        slot_of(field, {one.name for one in owner._meta.local_fields})
        for owner in owners
        for field in owner._meta.local_fields
        if field.editable and not field.is_relation and field.name not in OF_RECORD
    )


def slot_of(field: models.Field, beside: set[str]) -> Slot:
    """The slot of a column; `beside` are the names of its neighbours."""
    if isinstance(field, EncryptedTextField):
        mobile = f"{field.name}_is_mobile"
        more = ((mobile, f"s.{mobile}"),) if mobile in beside else ()
        return sealed(field.name, field.name, f"{field.name}_index", f"{field.name}_index", *more)
    if isinstance(field, ArrayField):
        return array(field.name)
    return text(field.name) if isinstance(field, models.CharField) else plain(field.name)


OF_RECORD = {field.name for field in HouseholdRecord._meta.local_fields} | {"id"}
HOUSEHOLD = (
    Slot("village", "village_id", "s.village_id", "value",
         (("district_id", "s.district_id"), ("town_id", "s.town_id"), ("village_id", "s.village_id"))),
    text("hamlet"), plain("stated_size"), text("poverty_cause"), plain("dangerous_house"), plain("safe_water"),
    sealed("phone", "phone", "phone_index", "phone_index"), plain("identified_on"), text("household_type"), text("category"),
    plain("risk_removed"), plain("risk_identified_on"), plain("risk_removed_on"), *slots_of(LivingConditions),
)  # fmt: skip
PERSON = (
    text("person_no"),
    Slot("name", "name", "s.name", "text", (("name", "s.name"), ("name_pinyin", "coalesce(s.name_pinyin, '')"))),
    sealed("id_number", "id_number", "id_index", "id_index", ("id_kind", "coalesce(s.id_kind, '')"), ("sex", "coalesce(s.sex, '')"),
           ("birth_date", "s.birth_date"), erases=False),
    text("ethnic"), text("education"), text("school_state"),
    array("health"),
    text("labour"), plain("work_months"), plain("critical_illness_insured"),
    sealed("person_phone", "phone", "phone_index", "person_phone_index"), plain("person_identified_on", "identified_on"),
    *slots_of(Entitlements, Occupation),
)  # fmt: skip
RELATION = text("relation")
CASE = tuple(replace(slot, certain=False) for slot in slots_of(CaseRecord))
INCOME = tuple(
    replace(plain(name, column), erases=False)
    for name, column in (
        ("income_per_head", "per_head"), ("wage_income", "wage"), ("business_income", "business"), ("property_income", "property"),
        ("transfer_income", "transfer"), ("business_cost", "business_cost"), ("qualified_spending", "own_payment"),
    )
)  # fmt: skip
MOVED, REOPENED = "household", "closed_on"
OWNED = {
    "household": HOUSEHOLD,
    "person": PERSON,
    "caserecord": CASE,
    "incomestatement": INCOME,
}  # model name → its slots
# staged field → (model, column) of the register; the village stands for the whole place
OWNERS = {slot.name: (model, slot.assigned[0][0]) for model, slots in OWNED.items() for slot in slots}


def of_file(slots: tuple[Slot, ...], fields: set[str]) -> list[Slot]:
    """The slots whose column the file has: others are left alone."""
    return [slot for slot in slots if slot.name in fields]
