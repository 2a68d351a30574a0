"""What a roster's columns are in the register: one list from which the plan compares, the commit writes and the undo restores.

A `Slot` is a column of the register with the staged column it comes from; `blank` is SQL that tells an empty stored value.
"""

from dataclasses import dataclass


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


HOUSEHOLD = (
    Slot("village", "village_id", "s.village_id", "value",
         (("district_id", "s.district_id"), ("town_id", "s.town_id"), ("village_id", "s.village_id"))),
    text("hamlet"), plain("stated_size"), text("poverty_cause"), plain("dangerous_house"), plain("safe_water"),
    sealed("phone", "phone", "phone_index", "phone_index"), plain("identified_on"), text("household_type"), text("category"),
    plain("risk_removed"), plain("risk_identified_on"), plain("risk_removed_on"),
)  # fmt: skip
PERSON = (
    text("person_no"),
    Slot("name", "name", "s.name", "text", (("name", "s.name"), ("name_pinyin", "coalesce(s.name_pinyin, '')"))),
    sealed("id_number", "id_number", "id_index", "id_index", ("id_kind", "coalesce(s.id_kind, '')"), ("sex", "coalesce(s.sex, '')"),
           ("birth_date", "s.birth_date"), erases=False),
    text("ethnic"), text("education"), text("school_state"),
    Slot("health", "health", "coalesce(s.health, '{}')::varchar[]", "array"),
    text("labour"), plain("work_months"), plain("critical_illness_insured"),
    sealed("person_phone", "phone", "phone_index", "person_phone_index"), plain("person_identified_on", "identified_on"),
)  # fmt: skip
RELATION = text("relation")
MOVED, REOPENED, INCOME = "household", "closed_on", "income_per_head"


def of_file(slots: tuple[Slot, ...], fields: set[str]) -> list[Slot]:
    """The slots whose column the file has: others are left alone."""
    return [slot for slot in slots if slot.name in fields]
