"""What cannot be understood is refused with file, rule and place; nothing falls back to everybody."""

import datetime as dt

import pytest

from households.checkup import register
from jiyang.access.scope import system_scope
from jiyang.rules import running
from jiyang.rules.catalogue import load
from jiyang.rules.facts import Facts, shifted
from jiyang.rules.fields import subjects
from jiyang.rules.reading import Reader, RuleBroken


def deep(levels: int) -> object:
    return ["age", ">", 1] if not levels else {"not": deep(levels - 1)}


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (["height", ">", 1], "没有字段“height”"),
        ({"all": []}, "空组会命中所有人"),
        ({"any": None}, "空组会命中所有人"),
        ({}, "条件应为"),
        (["age", ">=", 1.5], "值“1.5”不合"),
        (["age", ">=", "16"], "值“16”不合"),
        (["age", ">=", True], "值“True”不合"),
        (["age", ">=", None], "请用 empty"),
        (["sex", ">", "m"], "不能用“>”"),
        (["sex", "=", "x"], "没有选项“x”"),
        (["name", ">", "甲"], "不能用“>”"),
        (["phone", "=", "13800000000"], "没有字段"),
        (["id_number", "=", "370"], "不能用“=”"),
        (["birth_date", "<", "2022-13-01"], "不是日期"),
        (["birth_date", "<", {"field": "age"}], "类型不同"),
        (["birth_date", "<", {"as_of": True, "months": 1.5}], "应为整数"),
        (["birth_date", "<", {"as_of": True, "months": -40_000}], "太大，最多 1200"),
        (["labour", "in", []], "选项是空的"),
        (["labour", "in", "none"], "要一组值"),
        ({"field": "age", "op": ">"}, "value 或 param"),
        ({"field": "age", "op": ">", "value": 1, "param": "x"}, "value 或 param"),
        ({"field": "age", "op": ">", "value": 1, "else": 2}, "不认识的键 else"),
        ({"field": "sex", "op": "=", "param": "x"}, "参数是数值"),
        ({"all": [["age", ">", 1]], "not": ["age", ">", 1]}, "只能有一个键"),
        ({"some": "children", "where": ["age", ">", 1]}, "可以计数"),
        ({"every": "spells"}, "要有 where"),
        ({"count": "spells", "op": ">"}, "其中之一"),
        ({"some": "spells", "where": {"household": ["monitored", "=", True]}}, "不能再回到上一级"),
        (["age", ["="], 1], "不能用"),
        ({"field": "age", "op": {"=": 1}, "value": 1}, "不能用"),
        ({"some": ["spells"]}, "可以计数"),
        ({"count": "spells", "op": [">"], "value": 1}, "不能用"),
        ({"count": "spells", "op": ">", "share": -1}, "0 到 1 之间"),
        (["labour", "=", {"field": "education"}], "类型不同"),
        ("tall", "没有术语“tall”"),
        (deep(30), "套得太深"),
        ({"any": [["age", ">", 1]] * 400}, "条件太多"),
    ],
)
def test_a_broken_condition_is_refused_with_its_place(when, message):
    with pytest.raises(RuleBroken, match=message) as refused:
        Reader("x.yaml：规则 X").read(when, subjects()["person"])
    assert str(refused.value).startswith("x.yaml：规则 X：when")


RULE = "family: x\nsubject: person\nrules: [{{code: A, title: 甲, severity: lead, when: {}}}]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("family: x\nrules: [", "第 2 行：不是有效的 YAML"),
        ("family: x\nsubject: person\nrules: [{code: A, title: 甲, severity: bad, when: [age, '>', 1]}]", "规则 A：严重程度"),
        ("family: x\nsubject: dog\nrules: [{code: A, title: 甲, severity: lead, when: [age, '>', 1]}]", "没有这种对象“dog”"),
        ("family: x\nsubject: person\nrules: [{code: A, title: 甲, severity: lead}]", "规则 A：缺少 when"),
        (f"family: x\nsubject: person\nrules: [{{code: A, title: 甲, severity: lead, when: {'{not: ' * 5000}[age, '>', 1]{'}' * 5000}}}]", "套得太深"),
        (RULE.format("{all: [[age, '>', 1]], all: [[age, '>', 2]]}"), "第 3 行.*“all”写了两次"),
        (RULE.format("[birth_date, '<', 2022-13-01]"), "不存在的日期"),
        (RULE.format("[age, '>', 1], finding: {code: id_duplicate, at: height}"), "没有这样的列 height"),
        (RULE.format("[age, '>', 1], finding: {code: [id_duplicate]}"), "已有的问题编号"),
        (RULE.format("[age, '>', 1], finding: {code: id_duplicate, at: [id_number]}"), "一组键值"),
        (RULE.format("[age, '>', 1], sources: 1_01_001"), "sources 应为一列编号"),
        (RULE.format("[age, '>', 1], sources: [1_01_001]"), "sources 应为一列编号"),
        (RULE.format("[age, '>', 1], why: 5"), "why 应为文字"),
        (RULE.format("[age, '>', 1], subject: [person]"), "没有这种对象"),
        ("subject: person\nrules: [{code: A, title: 甲, severity: lead, when: [age, '>', 1]}]", "缺少 family"),
        ("family: x\nrules: 5", "rules 应为一列"),
        ("family: x\nterms: [healthy]", "terms 应写成"),
        ("family: x\nterms: {person: {tall: {title: 高, when: [height, empty]}}}", "术语 tall：when：人员没有字段“height”"),
        ("family: x\nterms: {dog: {tall: {title: 高, when: [age, empty]}}}", "没有这种对象“dog”"),
        ("family: x\nsubject: person\nrules:\n" + "  - {code: A, title: 甲, severity: lead, when: [age, '>', 1]}\n" * 2, "编号重复"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_name(tmp_path, text, message):
    path = tmp_path / "odd.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(RuleBroken, match=message) as refused:
        load([path])
    assert str(refused.value).startswith("odd.yaml：")


@pytest.mark.django_db
def test_a_missing_parameter_or_field_refuses_the_rule_and_hits_nobody(tmp_path):
    path = tmp_path / "some.yaml"
    path.write_text(
        "family: x\nsubject: household\nrules:\n"
        "  - {code: P, title: 甲, severity: lead, when: {field: income_per_head, op: '<', param: no.such.line}}\n"
        "  - {code: F, title: 乙, severity: lead, when: [disaster_reported_on, empty]}\n"
        "  - {code: OK, title: 丙, severity: lead, when: [income_per_head, empty]}\n",
        "utf-8",
    )
    with system_scope("测试"):
        missing, unheld, sound = running.run(load([path]), register.source(), Facts(dt.date(2021, 6, 1)))
    assert "no.such.line" in missing.reason and missing.keys == []
    assert unheld.reason == "系统数据里没有户的“部门推送突发灾害”"
    assert (sound.reason, sound.keys) == ("", [])


def test_text_in_another_encoding_is_refused_with_the_files_name(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_bytes("family: 规则".encode("gb18030"))
    with pytest.raises(RuleBroken, match=r"odd\.yaml：不是 UTF-8"):
        load([path])


@pytest.mark.parametrize("months", [-100_000, 100_000])
def test_a_day_beyond_the_calendar_is_its_end(months):
    assert shifted(dt.date(2025, 6, 30), months, 0) == (dt.date.max if months > 0 else dt.date.min)
    assert shifted(dt.date.max, 0, 9) == dt.date.max and shifted(dt.date(2024, 2, 29), 12, 1) == dt.date(2025, 3, 1)
