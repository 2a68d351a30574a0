"""A hit is told in Chinese from its condition, with the values it was hit for: one sentence per kind of leaf."""

import datetime as dt
from decimal import Decimal

import pytest

from jiyang.rules.evaluate import Row
from jiyang.rules.facts import Facts
from jiyang.rules.fields import subjects
from jiyang.rules.reading import Reader
from jiyang.rules.sentence import Teller

pytestmark = pytest.mark.django_db
DAY = dt.date(2021, 6, 1)
HEADS = {"members": [Row({"relation": "head"}), Row({"relation": "head"}), Row({"relation": "son"})]}
LINE = {"field": "income_per_head", "op": "<", "param": "income_line.monitoring"}


@pytest.mark.parametrize(
    ("subject", "when", "row", "text"),
    [
        ("household", LINE, Row({"income_per_head": Decimal(5820)}), "人均纯收入 5,820.00 元 < 监测范围收入线 6,000.00 元（2021年，未经核实）"),
        ("household", {**LINE, "times": 1.1}, Row({"income_per_head": Decimal(5820)}), "人均纯收入 5,820.00 元 < 监测范围收入线的 1.1 倍 6,600.00 元（2021年，未经核实）"),
        ("household", ["dangerous_house", "=", True], Row({"dangerous_house": True}), "是否危房户：是"),
        ("person", ["age", ">=", 16], Row({"birth_date": dt.date(2000, 1, 1)}), "年龄 21 周岁 ≥ 16 周岁"),
        ("person", ["labour", "in", ["none", "lost"]], Row({"labour": "lost"}), "劳动技能：丧失劳动力"),
        ("person", ["health", "has", ["chronic", "serious"]], Row({"health": ["chronic", "disabled"]}), "健康状况：长期慢性病、残疾"),
        ("person", ["no_school_reason", "contains", ["病"]], Row({"no_school_reason": "因病休学"}), "义务教育阶段未上学原因：因病休学"),
        ("person", ["ethnic", "empty"], Row({"ethnic": None}), "民族未填"),
        ("person", ["public_post", "filled"], Row({"public_post": ["cleaner"]}), "公益性岗位 保洁员"),
        ("household", ["risk_identified_on", "<=", {"as_of": True, "months": -1}], Row({"risk_identified_on": dt.date(2021, 4, 1)}), "识别监测时间 2021-04-01 ≤ 检查日前 1 个月 2021-05-01"),
        ("household", ["risk_removed_on", "<", {"field": "risk_identified_on", "months": 6}], Row({"risk_removed_on": dt.date(2021, 3, 1), "risk_identified_on": dt.date(2020, 10, 1)}), "消除监测时间 2021-03-01 < 识别监测时间后 6 个月 2021-04-01"),
        ("household", {"count": "members", "where": ["relation", "=", "head"], "op": ">", "value": 1}, Row({}, related=HEADS), "“与户主关系 是 户主”的家庭成员数 2 > 1"),
        ("household", {"none": "members", "where": ["relation", "=", "spouse"]}, Row({}, related=HEADS), "家庭成员中没有“与户主关系 是 配偶”"),
        ("household", {"some": "members", "where": ["age", ">=", 60]}, Row({}, related={"members": [Row({"birth_date": dt.date(1990, 1, 1)}), Row({"birth_date": dt.date(1950, 1, 1)})]}), "家庭成员中有“年龄 71 周岁 ≥ 60 周岁”"),
        ("household", {"count": "members", "op": "=", "value": 3}, Row({}, related=HEADS), "家庭成员数 3"),
        ("household", {"all": [["monitored", "=", True], {"any": [["risk_removed", "=", False], ["risk_removed", "empty"]]}]}, Row({"monitored": True, "risk_removed": False}), "是监测对象：是，且风险是否已消除：否"),
        ("household", {"not": ["dangerous_house", "=", True]}, Row({"dangerous_house": False}), "不符合“是否危房户 为 是”"),
    ],
)  # fmt: skip
def test_a_hit_is_told_with_its_values(subject, when, row, text):
    node = Reader("测试").read(when, subjects()[subject])
    assert Teller(Facts(DAY)).tell(node, row) == text


def test_a_year_without_a_line_is_said():
    node = Reader("测试").read(LINE, subjects()["household"])
    assert Teller(Facts(dt.date(2030, 1, 1))).tell(node).endswith("监测范围收入线（2030年没有有效值）")
