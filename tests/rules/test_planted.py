"""Planted records: each rule hits what it must and nothing near it, in SQL; an empty or unread cell is never a hit."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from households.checkup import synthetic
from jiyang.access.scope import system_scope
from jiyang.rules import running
from jiyang.rules.catalogue import catalogue
from jiyang.rules.facts import Facts

pytestmark = pytest.mark.django_db
FACTS = Facts(dt.date(2025, 6, 30), {"income_line.monitoring": "7300"})
PLANTED = yaml.safe_load((Path(__file__).parent / "planted.yaml").read_text("utf-8"))


class County:
    """Records with what was planted where: (rule, kind) of each key."""

    def __init__(self) -> None:
        self.made = {key: [] for key in synthetic.KEYS}
        self.planted: dict[tuple[str, int], tuple[str, str]] = {}

    def add(self, subject: str, changes: dict, **keys: int) -> int:
        rid = len(self.made[subject])
        blank = {one.name: None for one in synthetic.stored(subject)}
        own = {name: Decimal(str(v)) if isinstance(v, float) else v for name, v in changes.items() if name in blank}
        self.made[subject].append(
            {**blank, **synthetic.DULL[subject], **own, **keys, "rid": rid, "unread": changes.get("unread", [])}
        )
        return rid

    def plant(self, subject: str, changes: dict, home: int) -> int:
        if subject != "household":
            self.add("household", changes.get("in", {}), household_key=home, version=1)
            rid = self.add(subject, changes, household_key=home, person_key=10 * home)
        else:
            rid = self.add("household", changes, household_key=home, version=1)
        for place, member in enumerate(changes.get("members", ())):
            self.add("person", member, household_key=home, person_key=10 * home + place)
        for spell in changes.get("spells", ()):
            self.add("spell", spell, household_key=home, person_key=10 * home)
        return rid


def code_of(name: str) -> str:
    return name.split()[0]


def test_planted_records_are_hit_exactly():
    rules = {rule.code: rule for rule in catalogue()}
    county = County()
    where: dict[str, dict[str, int]] = {}
    for number, (code, kinds) in enumerate(PLANTED.items()):
        for place, (kind, changes) in enumerate(kinds.items()):
            where.setdefault(code, {})[kind] = county.plant(
                rules[code_of(code)].subject.key, changes, 10 * number + place
            )
    with system_scope("测试"):
        asked = [rules[code] for code in dict.fromkeys(map(code_of, PLANTED))]
        ran = {outcome.rule.code: outcome for outcome in running.run(asked, synthetic.load(county.made), FACTS)}
    outcomes = {name: ran[code_of(name)] for name in PLANTED}
    wrong = {
        name: (outcome.reason, {kind: key in outcome.keys for kind, key in where[name].items()})
        for name, outcome in outcomes.items()
        if {kind for kind, key in where[name].items() if key in outcome.keys} != {"hit"}
    }
    assert wrong == {}
