"""Every rule against planted households: five exports go through the real reader and hit exactly what the catalogue's text says, and no more."""

import json
from collections import defaultdict
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.rules.catalogue import catalogue
from tests.rules.county import County

HERE = Path(__file__).parent
TABLE = yaml.load((HERE / "table.yaml").read_text("utf-8"), yaml.BaseLoader)  # every cell is text
STAGED = yaml.safe_load((HERE / "planted.yaml").read_text("utf-8"))  # what no export holds: shown over staged rows
FACTS = ["--as-of", "2025-06-30", "--param", "income_line.monitoring=7300", "medical.cutoff.month=2"]
OPEN = "TIER_A_CASE"  # the sound household is an open case, which is no fault
PEOPLE = {"工": "主", "工2": "主", "计": "主", "偶工": "偶", "偶计": "偶", "子工": "子", "加1工": "加1"}


def villages() -> list[tuple[str, str]]:
    return [
        (one.parent.name, one.name)
        for one in Region.objects.at(Level.VILLAGE).select_related("parent").order_by("code")
    ]


def whose(changes: dict) -> str:
    """Whom a difference is about: the first person it names."""
    keys = (key.partition(".")[0] for key in changes if "." in key)
    return next((PEOPLE.get(key, key) for key in keys if key not in "户F村"), "主")


def planted(county: County) -> dict[str, set[tuple[str, str]]]:
    """Every record of the table in the county; answers (rule, record) that must be hit, by what was planted."""
    subjects = {rule.code: rule.subject.key for rule in catalogue()}
    expected: dict[str, set[tuple[str, str]]] = {}
    for code, kinds in TABLE.items():
        for kind, changes in kinds.items():
            found = county.add(f"{code} {kind}", changes)
            must = {OPEN} if "户" in found and changes.keys().isdisjoint({"普通", "已消除", "只有F"}) else set()
            hits = set(changes.get("also", ())) | must
            if kind.startswith("hit"):
                hits |= {f"{code}@{who}" for who in changes["who"]} if "who" in changes else {code}
            expected[f"{code} {kind}"] = {
                (rule, found[{"household": "户", "village": "村"}.get(subjects[rule], who or whose(changes))])
                for rule, _, who in (one.partition("@") for one in hits)
            }
    return expected


def run(files: list[str]) -> dict[str, dict]:
    out = StringIO()
    call_command("rules", "run", "--records", "--json", *FACTS, "--over", *files, stdout=out)
    return {rule["code"]: rule for rule in json.loads(out.getvalue())["rules"]}


def hits(answer: dict[str, dict], county: County) -> dict[str, set[tuple[str, str]]]:
    found = defaultdict(set)
    for code, rule in answer.items():
        for record in rule["records"]:
            found[county.owner[record]].add((code, record))
    return found


@pytest.mark.django_db
def test_five_exports_hit_exactly_what_the_text_says(tmp_path):
    county = County(villages())
    expected = planted(county)
    answer = run(county.write(tmp_path))
    found = hits(answer, county)
    wrong = {
        name: {"missed": sorted(must - found[name]), "false": sorted(found[name] - must)}
        for name, must in expected.items()
        if must != found[name]
    }
    assert wrong == {}
    refused = {code for code, rule in answer.items() if rule["state"] == "refused"}
    assert refused.isdisjoint(TABLE) and refused <= {code.split()[0] for code in STAGED}


def test_every_rule_has_a_hit_a_near_miss_and_a_record_with_nothing():
    kinds = defaultdict(set)
    for code, records in [*TABLE.items(), *STAGED.items()]:
        kinds[code.split()[0]] |= {(kind or "null").rstrip("0123456789") for kind in records}
    assert {rule.code for rule in catalogue()} ^ set(kinds) == set()
    assert {code for code, found in kinds.items() if found != {"hit", "miss", "null"}} == set()
