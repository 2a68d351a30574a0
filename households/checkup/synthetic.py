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
FIRST = dt.date(2021, 1, 1)
Record = dict[str, Any]


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


def make(households: int, seed: int, *, blank: float = 0.2, unread: float = 0.05) -> dict[str, list[Record]]:
    """Records by subject: households of 0–5 people, each with 0–2 job spells and 0–1 plan."""
    dice, made = random.Random(seed), {key: [] for key in KEYS}

    def add(subject: str, **keys: Any) -> None:
        record = {one.name: value(one, dice, blank) for one in stored(subject)}
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
