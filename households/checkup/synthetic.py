"""Random rows of every subject with every field that rules ask for, unknown and unread cells included: for tests and benchmarks."""

import datetime as dt
import io
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection

from jiyang.rules.fields import LISTS, RuleField, subjects
from jiyang.rules.sql import Base, Source

SQL_TYPES = {
    "text": "text", "choice": "text", "boolean": "boolean", "date": "date", "integer": "integer", "decimal": "numeric(14,2)",
    "choices": "text[]", "labels": "text[]", "hidden": "text",
}  # fmt: skip
KEYS = {
    "household": ("household_key", "version"), "person": ("household_key", "person_key"), "spell": ("household_key", "person_key"),
    "plan": ("household_key", "person_key"), "village": (),
}  # fmt: skip
Record = dict[str, Any]
FIRST = dt.date(2021, 1, 1)
ADULT, STARTED, AHEAD = dt.date(1982, 5, 4), dt.date(2024, 3, 1), dt.date(2026, 1, 1)
# what a register holds of most: nothing wrong; fields not named are empty
DULL: dict[str, Record] = {
    "household": {
        "monitored": False, "household_type": "lifted", "income_per_head": Decimal(12000), "phone": "1", "phone_is_mobile": True,
        "dangerous_house": False, "safe_water": True, "electricity": True, "sanitary_toilet": True, "toilet_usable": True,
        "road_hardened": True, "road_distance_km": Decimal(1), "house_area_m2": Decimal(90), "farmland_mu": Decimal(4), "forest_mu": Decimal(0),
        "returned_forest_mu": Decimal(0), "orchard_mu": Decimal(0), "pasture_mu": Decimal(0), "water_mu": Decimal(0), "helpers": 1, "people": 3,
        "wage_income": Decimal(9000), "next_visit_on": AHEAD, "qualified_spending": Decimal(500), "net_income": Decimal(40000),
    },
    "person": {
        "name": "甲", "id_number": "1", "sex": "m", "birth_date": ADULT, "id_kind": "id_card", "relation": "son", "ethnic": "汉族",
        "education": "middle", "health": ["healthy"], "labour": "ordinary", "work_months": 6, "work_place": "in_county", "same_id": 1,
        "same_id_towns": 1, "resident_medical_insured": True, "employee_medical_insured": False, "critical_illness_insured": True,
        "resident_pension_insured": True, "employee_pension_insured": False, "person_phone": "1",
    },
    "spell": {
        "working": True, "job_started_on": STARTED, "job_monthly_pay": Decimal(3500), "job_employer": "甲", "job_industry": "甲",
        "point_to_point": False, "job_channel": "甲", "job_place": "甲", "job_county": "甲", "in_county": True, "job_phone": "1",
        "job_phone_is_mobile": True, "phone_households": 1, "phone_counties": 1, "birth_date": ADULT, "sex": "m",
    },
    "plan": {"plans_to_work": True, "planned_county": "甲", "service_need": "甲", "birth_date": ADULT, "sex": "m"},
    "village": {"people_total": 900, "households_total": 300, "clinics": 1, "paved_road": True},
}  # fmt: skip


def stored(subject: str) -> list[RuleField]:
    return [one for one in subjects()[subject].fields.values() if not one.sql]


def value(one: RuleField, dice: random.Random, blank: float) -> Any:
    if dice.random() < blank:
        return None
    if one.type == "boolean":
        return dice.random() < 0.5
    if one.name == "birth_date":
        return FIRST - dt.timedelta(dice.randrange(-200, 32_000))
    if one.type == "date":
        return FIRST + dt.timedelta(dice.randrange(-400, 1700))
    if one.type == "integer":
        return dice.choice((0, 1, 2, 3, 4, 6, 13, 17))
    if one.type == "decimal":
        return (
            Decimal(dice.choice((0, 0, 5, 90, 350, 400, 5820, 6000, 21000, 120000)))
            + Decimal(dice.randrange(100)) / 100
        )
    if one.type in LISTS:
        return dice.sample(sorted(one.choices), min(len(one.choices), dice.choice((1, 1, 2)))) or None
    if one.choices:
        return dice.choice(sorted(one.choices))
    return dice.choice(("甲", "乙", "因病"))


def make(
    households: int, seed: int, *, blank: float = 0.2, unread: float = 0.05, dull: float = 0
) -> dict[str, list[Record]]:
    """Records by subject: households of 0–5 people, each with 0–2 job spells and 0–1 plan.

    `dull` is the share of cells that hold what most registers hold; the others are random.
    """
    dice, made = random.Random(seed), {key: [] for key in KEYS}
    fields = {key: stored(key) for key in KEYS}

    def add(subject: str, **keys: Any) -> None:
        common = DULL[subject]
        record = {
            one.name: common.get(one.name) if dice.random() < dull else value(one, dice, blank)
            for one in fields[subject]
        }
        if dull and subject == "person" and keys["person_key"] % 10 == 0:
            record["relation"] = "head"
        read = [name for name, found in record.items() if found is None and dice.random() < unread]
        made[subject].append({**record, **keys, "rid": len(made[subject]), "unread": read})

    for home in range(households):
        add("household", household_key=home, version=1)
        for member in range(dice.randrange(6)):
            keys = {"household_key": home, "person_key": 10 * home + member}
            add("person", **keys)
            for _ in range(dice.choice((0, 0, 1, 2))):
                add("spell", **keys)
            if dice.random() < 0.3:
                add("plan", **keys)
        if home % 5 == 0:
            add("village")
    return made


def text(found: Any) -> str:
    if found is None:
        return "\\N"
    if isinstance(found, list):
        return "{" + ",".join(found) + "}"
    return ("t" if found else "f") if isinstance(found, bool) else str(found)


def load(made: Mapping[str, list[Record]], prefix: str = "synthetic") -> Source:
    """The records in temporary tables of the running transaction, as a source."""
    return Source(
        "合成数据", {subject: _table(f"{prefix}_{subject}", subject, records) for subject, records in made.items()}
    )


def _table(name: str, subject: str, records: list[Record]) -> Base:
    fields = stored(subject)
    keys = KEYS[subject]
    columns = [one.name for one in fields] + [*keys, "rid", "unread"]
    kinds = [SQL_TYPES[one.type] for one in fields] + ["bigint"] * (len(keys) + 1) + ["text[]"]
    defined = ", ".join(f'"{column}" {kind}' for column, kind in zip(columns, kinds, strict=True))
    lines = "\n".join("\t".join(text(record[column]) for column in columns) for record in records)
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table {name} ({defined}) on commit drop")
        cursor.copy_expert(f"copy {name} from stdin", io.StringIO(lines))
        for key in keys:
            cursor.execute(f"create index on {name} ({key})")
        cursor.execute(f"analyze {name}")
    return Base(name, frozenset(one.name for one in fields), "rid", unread=True)
