"""`roster check` on every sample equals its truth file: planted faults at their cells, normalised values, nothing else."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from jiyang.intake.layouts import Layout, export_columns, layouts
from tests.intake.workbooks import homes, people, workbook

pytestmark = pytest.mark.django_db
SHARED = {"id_duplicate", "person_in_two_households", "row_duplicate", "two_heads"}
DATA = Path(__file__).parents[1] / "data"
SAMPLES = sorted([*DATA.glob("roster_*.*s[xv]*"), *(DATA / "layouts").glob("*.xlsx")])
BAD = json.loads((DATA / "bad" / "bad_files.truth.json").read_text("utf-8"))
LAYOUT = {
    "roster_c_errors": "roster_c", "roster_c_monitoring": "roster_c", "everything_c": "roster_c", "roster_d_errors": "roster_d",
    "roster_d_jobs": "roster_d", "roster_e_villages": "roster_e",
}  # fmt: skip


def check(*arguments: str) -> tuple[int, list[dict]]:
    """Exit code and the answers of `roster check`."""
    out, code = StringIO(), 0
    try:
        call_command("roster", "check", *arguments, "--alone", "--as-of", "2025-06-30", "--json", stdout=out)
    except SystemExit as left:
        code = left.code
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def truth_of(path: Path) -> list[dict]:
    """The truth's entries; an update's changes are no faults of the file."""
    file = path.with_suffix(".truth.json")
    return json.loads(file.read_text("utf-8")) if file.exists() else []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_gives_its_truth(path):
    truth = truth_of(path)
    code, (answer,) = check(str(path))
    if any(one["severity"] == "F" for one in truth):
        assert (code, answer["error"]["code"]) == (2, "missing_column")
        return
    assert code == 0
    assert answer["layout"] == LAYOUT.get(path.stem, "roster_a")
    planted = {
        (one["sheet"], one["cell"], one["defect"], one["severity"]): one for one in truth if one["severity"] in "EWN"
    }
    found = {(one["sheet"], one["cell"], one["code"], one["severity"]): one for one in answer["findings"]}
    assert set(found) == set(planted)
    assert len(answer["findings"]) == len(found)
    for key, one in planted.items():
        if one["severity"] == "N":
            assert found[key]["stored"] == one["expected"]
    assert answer["columns"]["unknown"] == [one["value"] for one in truth if one["defect"] == "unknown_column"]
    assert answer["columns"]["missing"] == []
    assert sum(answer["plan"].values()) == answer["rows"]


def test_the_layout_may_be_named():
    code, (answer,) = check(str(DATA / "roster_d_jobs.xlsx"), "--layout", "roster_d")
    assert (code, answer["layout"], answer["rows"], answer["header_row"]) == (0, "roster_d", 150, 3)
    code, (answer,) = check(str(DATA / "roster_e_villages.xlsx"), "--layout", "roster_d")
    assert (code, answer["error"]["code"]) == (2, "layout_unknown")


VALUES = {
    "yes_no": "是", "count": "3", "year": "2021", "money": "120.50", "decimal": "1.5", "month": "202105", "day": "20210506",
    "phone": "13800001111", "county_place": "山东省济南市历城区", "text": "东头", "name": "王伟", "listed": "汉族",
}  # fmt: skip
SHOWN = {"district": "县(市、区、旗)", "town": "乡(镇)", "village": "行政村", "household_no": "户编号", "person_no": "人编号", "name": "姓名",
         "id_number": "证件号码", "head_id_number": "证件号码", "head_name": "姓名", "relation": "与户主关系", "education": "文化程度",
         "school_state": "在校生状况", "health": "健康状况", "labour": "劳动技能", "stated_size": "人数"}  # fmt: skip


def filled(layout: Layout, person: dict) -> list[str]:
    """One row of a layout with something in every column."""
    row = []
    for column in export_columns(layout):
        one = column.field
        if one.name in SHOWN:
            row.append(person[SHOWN[one.name]])
        elif one.name == "stated_birth_date":
            row.append(person["证件号码"][6:14])
        elif one.name == "stated_sex":
            row.append("男" if int(person["证件号码"][16]) % 2 else "女")
        elif one.codes:
            row.append(next(iter(one.official.values())))
        else:
            row.append(VALUES.get(one.type, ""))
    return row


@pytest.mark.parametrize("key", ["roster_b", "roster_f", "roster_g", "legacy_person", "legacy_household"])
def test_layouts_without_a_sample_are_read_staged_and_checked(key, tmp_path):
    layout = layouts()[key]
    headings = [column.heading for column in export_columns(layout)]
    path = tmp_path / "名单.xlsx"
    listed = [one for one in homes(2) if layout.rows != "household" or one["与户主关系"] == "户主"]
    path.write_bytes(workbook(("名单", [headings, *(filled(layout, one) for one in listed)]), titles=2))
    code, (answer,) = check(str(path))
    assert (code, answer["layout"], answer["rows"], answer["columns"]["missing"]) == (0, key, len(listed), [])
    assert [one for one in answer["findings"] if one["severity"] == "E"] == []
    assert answer["plan"]["insert"] == len(listed)


def test_compared_with_the_register_a_spell_of_an_unknown_person_is_told():
    out = StringIO()
    call_command("roster", "check", str(DATA / "roster_d_jobs.xlsx"), "--as-of", "2025-06-30", "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert {(one["code"], one["severity"], one["column"]) for one in answer["findings"]} == {
        ("person_not_in_register", "W", "证件号码")
    }
    assert (len(answer["findings"]), answer["plan"]["refused"]) == (150, 150)


def test_every_bad_file_in_one_call():
    code, answers = check(*(str(DATA / "bad" / one["file"]) for one in BAD))
    assert code == 2
    for one, answer in zip(BAD, answers, strict=True):
        if "error" in answer:
            assert one["expect"] != "read"
            assert len(answer["error"]["message"]) > 10
        else:
            assert one["expect"] != "reject"
            assert (answer["rows"], [found for found in answer["findings"] if found["severity"] == "E"]) == (
                one["rows"],
                [],
            )


@pytest.mark.parametrize("key", ["roster_d", "roster_g", "roster_f", "legacy_household"])
def test_one_number_of_two_people_or_households_is_told_where_rows_are_no_people(tmp_path, key):
    layout = layouts()[key]
    of_heads = layout.rows == "household"
    heads = [one for one in people(60) if one["与户主关系"] == "户主"][:10]
    texts = [
        {"town": one["乡(镇)"], "village": one["行政村"], "household_no": one["户编号"], "name": one["姓名"], "head_name": one["姓名"],
         "id_number": one["证件号码"], "head_id_number": one["证件号码"], "working": "是", "plans_to_work": "是", "job_started_on": "20240301"}
        for one in heads
    ]  # fmt: skip
    number = "head_id_number" if key == "legacy_household" else "id_number"
    texts[1][number] = texts[0][number]  # of two names
    texts[3] |= {name: texts[2][name] for name in ("name", "head_name", number)}  # of two households
    texts[5] = texts[4]  # the whole row again
    if of_heads:
        texts[7]["household_no"] = texts[6]["household_no"]
    if key == "legacy_household":
        texts[9] |= {"household_no": texts[8]["household_no"], "year": "2019"}
        texts[8]["year"] = "2020"
    if key == "roster_d":
        texts[7] = texts[6] | {"job_started_on": "20240901"}  # a second job
    rows = [
        [one.heading for one in layout.fields],
        *([row.get(one.name, "") for one in layout.fields] for row in texts),
    ]
    path = tmp_path / "名单.xlsx"
    path.write_bytes(workbook(("名单", rows)))
    code, (answer,) = check(str(path), "--layout", key)
    told = {(one["row"], one["code"]) for one in answer["findings"] if one["code"] in SHARED}
    expected = {(3, "id_duplicate"), (4, "id_duplicate"), (5, "person_in_two_households"), (6, "person_in_two_households"),
                (7, "row_duplicate"), (8, "row_duplicate")}  # fmt: skip
    assert (code, told) == (0, expected | ({(9, "two_heads"), (10, "two_heads")} if of_heads else set()))
