"""Layouts as data: each is found by its own headings, however ordered, and says what is wrong with a faulty file of its own."""

import random
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from jiyang.intake.detect import detect
from jiyang.intake.layouts import export_columns, layouts, load, plain
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused

KEYS = sorted(layouts())


def source(*rows: list, sheet: str = "表") -> Source:
    return Source([sheet], "test", lambda name: iter(rows))


def test_all_layouts_of_the_field_are_there():
    assert KEYS == [
        "legacy_household", "legacy_person", "roster_a", "roster_b", "roster_c", "roster_d", "roster_e", "roster_f", "roster_g",
    ]  # fmt: skip
    assert {key: len(layouts()[key].fields) for key in ("roster_a", "roster_b", "roster_c", "roster_d")} == {
        "roster_a": 32, "roster_b": 47, "roster_c": 100, "roster_d": 20,
    }  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_layout_is_found_by_its_headings_in_any_order(key):
    headings = [column.heading for column in export_columns(layouts()[key])]
    random.Random(key).shuffle(headings)
    header = detect(source(["标题"], headings, [""] * len(headings)), list(layouts().values()))
    assert (header.layout.key, header.row, header.unknown, header.missing, header.score) == (key, 1, [], [], 1.0)
    assert f"认出 {len(headings)} 个" in header.reason


@pytest.mark.parametrize("key", KEYS)
def test_no_heading_means_two_columns(key):
    headings = [plain(one.heading) for one in layouts()[key].fields]
    assert len(set(headings)) == len(headings)


def test_units_stars_and_line_breaks_do_not_hide_a_heading():
    header = detect(
        source(["县\n(市、区、旗)", "乡(镇)*", "行政村", "户编号（必填）", "姓 名", "证件号码", "与户主关系：", "务工时间(月)", "人均纯收入(元)"]),
        list(layouts().values()),
    )  # fmt: skip
    assert {one.name for one in header.columns.values()} == {
        "district", "town", "village", "household_no", "name", "id_number", "relation", "work_months", "income_per_head",
    }  # fmt: skip


def test_the_official_heading_wins_over_an_alias_further_left():
    header = detect(
        source(["农户联系电话", "行政村", "乡", "户编号", "姓名", "证件号码", "与户主关系", "户联系电话"]),
        [layouts()["roster_a"]],
    )
    assert (header.columns[7].name, header.unknown) == ("phone", ["农户联系电话"])


def test_what_a_layout_must_have_is_named_when_it_is_missing():
    with pytest.raises(FileRefused, match="证件号码、与户主关系") as refused:
        detect(source(["乡", "行政村", "户编号", "姓名", "民族", "劳动技能", "人数"]), [layouts()["roster_a"]])
    assert refused.value.code == "missing_column"


def test_a_spelling_for_a_member_that_a_code_list_does_not_have_is_refused_by_name(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("jiyang.intake.layouts.spellings", lambda: {"households.enums.Labour": {"无": "nothing"}})
    path = tmp_path / "right.yaml"
    path.write_text(
        "{key: x, title: x, fields: [{a: {heading: A, type: choice, codes: households.enums.Labour}}]}", "utf-8"
    )
    with pytest.raises(ImproperlyConfigured, match="nothing"):
        load(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{key: x, title: x, fields: [nobody]}", "nobody"),
        ("{key: x, title: x, rows: car, fields: []}", "rows"),
        ("{key: x, title: x, fields: [{a: {heading: A, type: wrong}}]}", "unknown type"),
        ("{key: x, title: x, fields: [{a: {heading: A, type: text, colour: red}}]}", "colour"),
        ("{key: x, title: x, must_exist: [b], fields: [{a: {heading: A, type: text}}]}", "must_exist"),
    ],
)
def test_a_faulty_layout_file_is_refused_by_name(tmp_path: Path, text, says):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ImproperlyConfigured, match=says):
        load(path)


@pytest.mark.parametrize(
    ("heading", "own"),
    [
        ("居民身份证", "id_number"),
        ("公民身份证号码", "id_number"),
        ("证件号码/残疾证号", "id_number"),
        ("人员姓名", "name"),
        ("家庭成员与户主关系", "relation"),
        ("村/社区", "village"),
        ("村庄", "village"),
        ("镇（街道）名称", "town"),
        ("街道", "town"),
        ("家庭成员数", "stated_size"),
    ],
)
def test_everyday_headings_are_known(heading, own):
    assert layouts()["roster_a"].find(plain(heading)).name == own


@pytest.mark.parametrize("heading", ["手机号", "电话", "联系方式"])
def test_a_phone_of_nobody_named_is_read_only_where_there_is_one_phone(heading):
    for key in ("roster_a", "roster_b", "roster_c", "legacy_person"):
        assert layouts()[key].find(plain(heading)) is None, key
    for key in ("roster_f", "legacy_household"):
        assert layouts()[key].find(plain(heading)).name == "phone", key


@pytest.mark.parametrize("heading", ["2019年人均纯收入", "2019年度人均纯收入（元）", "人均纯收入（2019年）"])
def test_an_amount_of_a_year_is_not_taken_for_that_of_now(heading):
    layout = layouts()["roster_a"]
    assert layout.find(plain(heading)) is None
    assert "“2019年" in layout.objection(plain(heading))


def test_a_missing_column_is_told_with_the_headings_that_were_not_understood():
    with pytest.raises(FileRefused, match=r"没有认出的列名有：公民号.*对应列"):
        detect(source(["乡", "行政村", "户编号", "姓名", "公民号", "与户主关系", "人数"]), [layouts()["roster_a"]])
