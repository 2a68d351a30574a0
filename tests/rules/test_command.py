"""`rules list | run | explain`: over several exports staged together, over the register; nothing is left behind."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from households.models import Household, Person
from jiyang.access.scope import system_scope
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DATA = Path(__file__).parents[1] / "data"
EXPORTS = ["--over", str(DATA / "roster_c_errors.xlsx"), str(DATA / "roster_d_errors.xlsx"), str(DATA / "roster_e_villages.xlsx")]  # fmt: skip
# defect of the samples → rule that must hit that row's person or household
PLANTED = {
    "id_checksum": "1_01_003", "id_length_17": "1_01_002", "certificate_invalid": "1_01_004", "relation_empty": "3_01_001",
    "ethnic_empty": "2_01_001", "health_empty": "2_01_002", "edu_both_filled": "3_01_003", "minor_with_labour": "2_01_011",
    "relation_gender_clash": "2_01_004", "school_age_mismatch": "5_17_002", "job_employer_missing": "5_01_007",
    "job_place_too_coarse": "5_01_005", "job_end_missing": "1111_16",
}  # fmt: skip
HOMES = {
    "no_head": "3_02_011", "two_heads": "3_02_012", "spouse_same_gender": "2_02_001", "removed_within_6_months": "2_11_002",
    "risk_missing": "1_11_001", "removed_fields_missing": "1_11_004", "no_measure": "1_11_010", "risk_other_without_remark": "2_11_004",
    "disaster_without_subitem": "2_11_005",
}  # fmt: skip


def command(*args: str) -> dict:
    out = StringIO()
    call_command("rules", *args, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_catalogue_has_two_hundred_rules_with_their_codes():
    rules = command("list")["rules"]
    assert len(rules) >= 200
    codes = {code for rule in rules for code in rule["source_codes"]}
    assert {"1_01_001", "1_12_001", "2_11_002", "4_11_011", "5_18_008", "1111_13", "INC_LOW", "OVERDUE_15"} <= codes


def test_planted_faults_of_exports_staged_together_are_found_by_their_rules_only():
    answer = command("run", "--records", "--as-of", "2025-06-30", *EXPORTS, "--param", "income_line.monitoring=7300")
    by_code = {rule["code"]: rule for rule in answer["rules"]}
    assert all(
        rule["state"] == "ran" for rule in by_code.values() if rule["code"] in {*PLANTED.values(), *HOMES.values()}
    )
    planted: dict[str, int] = {}
    for name in ("roster_c_errors", "roster_d_errors"):
        for one in json.loads((DATA / f"{name}.truth.json").read_text("utf-8")):
            planted.setdefault(one["defect"], 0)
            planted[one["defect"]] += 1
    for defect, code in {**PLANTED, **HOMES}.items():
        assert defect in planted and by_code[code]["hits"] >= 1, (defect, code)
    assert by_code["1_01_003"]["records"] == [
        one["value"] for one in json.loads((DATA / "roster_c_errors.truth.json").read_text("utf-8")) if one["defect"] == "id_checksum"
    ]  # fmt: skip
    with system_scope("测试"):
        assert not Household.objects.exists() and not Person.objects.exists()


def test_clean_exports_have_no_fault_of_identity_education_or_insurance():
    answer = command(
        "run",
        "--as-of",
        "2025-06-30",
        "--over",
        str(DATA / "roster_c_monitoring.xlsx"),
        str(DATA / "roster_a_small.xlsx"),
    )
    families = {"身份与关系", "教育、健康与劳动", "保险与救助", "风险消除", "生产生活条件"}
    found = {rule["code"]: rule["hits"] for rule in answer["rules"] if rule["family"] in families and rule["hits"]}
    assert set(found) <= {"5_19_003"}


def test_over_the_register_agrees_with_plain_sql_and_refuses_what_it_does_not_hold():
    with system_scope("测试"):
        sound, odd = (
            factories.household(),
            factories.household(dangerous_house=True, safe_water=False, household_type=""),
        )
    answer = command("run", "--records")
    by_code = {rule["code"]: rule for rule in answer["rules"]}
    assert (
        by_code["HOUSE"]["records"]
        == by_code["WATER"]["records"]
        == by_code["1_02_001"]["records"]
        == [odd.household_no]
    )
    assert by_code["G_TYPE_EMPTY"]["records"] == [odd.household_no]
    assert by_code["DISASTER"]["state"] == "refused" and by_code["DISASTER"]["hits"] == 0
    assert sound.household_no not in by_code["HOUSE"]["records"]


def test_a_missing_line_refuses_and_a_given_one_runs():
    def state(*more: str) -> str:
        return command("run", "--code", "INC_LOW", "--as-of", "2025-06-30", *more)["rules"][0]["state"]

    assert state() == "refused"
    assert state("--param", "income_line.monitoring.2025=7300") == "ran"
    with pytest.raises(CommandError, match="键=值"):
        state("--param", "nonsense")
    for wrong, told in (
        ("no.such=1", "没有参数 no.such"),
        ("income_line.monitoring=1e99999", "不是数值"),
        (f"income_line.monitoring.2025={'9' * 5000}", "…”不是数值"),
        ("no.such.2025=1", "没有参数"),
        ("income_line.monitoring.20x5=7300", "没有参数"),  # no year: it would be used nowhere
        ("income_line.monitoring.=7300", "没有参数"),
    ):
        for more in ([], ["--over", str(DATA / "roster_c_errors.xlsx")]):
            with pytest.raises(CommandError, match=told) as refused:
                command("run", *more, "--param", wrong)
            assert len(str(refused.value)) < 200
    with pytest.raises(CommandError, match="没有规则 NOPE"):
        command("run", "--code", "NOPE")


def test_a_hit_is_explained_with_its_values_and_the_badge():
    answer = command("explain", "3_11_010", "--as-of", "2025-06-30", *EXPORTS)
    (hit,) = answer["explained"]
    assert answer["fields"] == ["household.income_per_head"] and answer["source"]
    assert [one["field"] for one in hit["values"]] == ["household.income_per_head", "param.income.per_head.least"]
    assert hit["text"].startswith("人均纯收入 ") and "（2025年，未经核实）" in hit["text"] and " 元 < " in hit["text"]
