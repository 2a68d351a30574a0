"""`rules run --over`: other readings of the same five exports, what is refused, what is left behind."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.rules.county import FILES, County
from tests.rules.test_table import FACTS, hits, planted, run, villages

pytestmark = pytest.mark.django_db
RENAMED = {
    "C": {"县": "县(市、区、旗)", "乡": "乡(镇)", "村": "行政村", "监测对象类别": "检测对象类别", "公益岗位帮扶": "公益性岗位帮扶", "风险是否已消除": "风险是否消除", "义务教育阶段未上学原因": "失学或辍学原因", "消除监测时间": "风险消除时间", "耕地面积（亩）": "耕地面积"},
    "D": {"县(市、区、旗)": "县", "乡(镇)": "乡", "务工月收入": "务工月收入（元）", "开始时间": "务工开始时间"},
    "E": {"县": "县(市、区、旗)", "村": "行政村"},
    "F": {"行政村": "村", "家庭人口数": "人数", "是否解决安全饮用水": "是否解决安全饮水"},
    "G": {"县": "县(市、区、旗)", "乡": "乡(镇)"},
}  # fmt: skip
WORDED = {
    "健康状况": {"患有大病": "大病", "残疾,患有大病": "患有大病;残疾", "长期慢性病": "慢性病"}, "户类型": {"一般农户": "普通农户"},
    "劳动技能": {"弱劳动力或半劳动力": "弱劳动力"}, "文化程度": {"文盲或半文盲": "文盲"}, "就业帮扶": {"技能培训,劳务输出": "劳务输出 技能培训"},
    "致贫/返贫风险2": {"因自然灾害": "因灾", "因安全住房": "因房", "因安全饮水": "因水"}, "识别监测时间": {"202403": "2024年03月", "202406": "2024-06"},
    "消除监测时间": {"202412": "2024.12"}, "开始时间": {"20240801": "2024年08月"}, "是否危房户": {"否": "×", "是": "√"},
    "综合保障": {"低保": "农村低保", "特困供养": "农村特困"}, "监测对象类别": {"突发严重困难户": " 突发严重困难户 "}, "务工月收入": {"30000": "30,000元"},
}  # fmt: skip


def test_other_headings_labels_dates_and_no_names_give_the_same_hits(tmp_path):
    """The columns that DOMAIN.md lists for C and D have no 姓名; a county orders its columns as it likes."""
    county = County(villages())
    expected = planted(county)
    for rows in county.rows.values():
        for row in rows:
            row |= {title: words.get(row[title], row[title]) for title, words in WORDED.items() if title in row}
    answer = run(county.write(tmp_path, RENAMED, without={"姓名"}, backwards=True))
    found = hits(answer, county)
    nameless = {("G_NAME_EMPTY", record) for must in expected.values() for _, record in must}
    assert {name: must ^ found[name] for name, must in expected.items() if (must ^ found[name]) - nameless} == {}
    assert answer["G_NAME_EMPTY"]["state"] == "refused" and "姓名" in answer["G_NAME_EMPTY"]["reason"]


def small(tmp_path) -> tuple[County, dict[str, str]]:
    county = County(villages())
    county.add("危房", {"户.是否危房户": "是", "普通": True})
    county.add("村", {"村.危房户数": "0"})
    county.add("没有户主", {"主.与户主关系": "其他"})
    county.add("只在户表", {"只有F": True, "普通": True, "F.是否解决安全饮用水": ""})
    return county, dict(zip(FILES, county.write(tmp_path), strict=True))


def states(files: list[str]) -> dict[str, dict]:
    return {code: rule for code, rule in run(files).items() if rule["state"] == "ran"}


def test_a_file_alone_runs_only_what_it_can_answer(tmp_path):
    _, files = small(tmp_path)
    homes = run([files["F"]])
    assert homes["3_02_002"]["hits"] == 1 and homes["1_02_001"]["hits"] == 1
    for code, lacking in {"3_02_011": "人员", "INC_LOW": "人均纯收入", "1111_3": "", "5_14_001": "耕地面积", "5_12_001": "务工记录"}.items():  # fmt: skip
        assert (homes[code]["state"], homes[code]["hits"], homes[code]["records"]) == ("refused", 0, [])
        assert lacking in homes[code]["reason"] and homes[code]["reason"].startswith("所给的导出表里没有")
    people = states([files["C"]])
    assert {"3_02_011", "1_01_001", "5_18_001"} <= people.keys()
    assert people.keys().isdisjoint({"5_15_013", "5_20_028", "1111_3", "5_12_001", "5_15_008", "G_VILLAGE_ROAD"})
    assert people["3_02_011"]["hits"] == 1 and "G_NO_MEMBER" in people and not people["G_NO_MEMBER"]["hits"]
    jobs = states([files["D"]])
    assert {"5_16_001", "5_12_001", "5_01_003"} <= jobs.keys() and not any(rule["hits"] for rule in jobs.values())


def test_a_file_given_twice_counts_once(tmp_path):
    _, files = small(tmp_path)
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes((tmp_path / "C.xlsx").read_bytes())
    out = StringIO()
    call_command("rules", "run", "--records", "--json", *FACTS, "--over", files["C"], str(copy), files["F"], stdout=out)
    answer = json.loads(out.getvalue())
    assert answer["repeated"] == [str(copy)]
    assert not next(rule for rule in answer["rules"] if rule["code"] == "1_01_001")["hits"]


def refused(*files: str) -> dict:
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("rules", "run", "--json", *FACTS, "--over", *files, stdout=out)
    assert left.value.code == 2
    return json.loads(out.getvalue())


def test_what_cannot_be_read_is_named_and_nothing_is_half_checked(tmp_path):
    county, files = small(tmp_path)
    empty, text = tmp_path / "空.xlsx", tmp_path / "不是.xlsx"
    empty.write_bytes(b"")
    text.write_bytes(b"\x00\x01 nothing")
    for path, code in ((empty, "file_empty"), (text, "file_not_workbook")):
        assert refused(files["C"], str(path)) | {"error": code} == {"file": str(path), "error": code}
        assert refused(str(path))["error"]["code"] == code
    for row in county.rows["F"]:
        row |= {"县(市、区、旗)": "历城区", "县": "历城区"}
    foreign = tmp_path / "历城"
    foreign.mkdir()
    found = refused(files["C"], county.write(foreign)[list(FILES).index("F")])
    assert found["error"]["code"] == "file_wrong_district" and "济阳区" in found["error"]["message"]
    with pytest.raises(CommandError, match=r"读不了文件 .*没有\.xlsx"):
        call_command("rules", "run", "--over", str(tmp_path / "没有.xlsx"))


def test_a_check_up_answers_every_key_and_leaves_nothing_behind(tmp_path):
    _, files = small(tmp_path)

    def rows() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute("select relname from pg_class where relkind = 'r' and relpersistence = 't'")
            temporary = cursor.fetchall()
            cursor.execute("select table_name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'")  # fmt: skip
            counts = {}
            for (name,) in cursor.fetchall():
                cursor.execute(f'select count(*) from "{name}"')
                counts[name] = cursor.fetchone()[0]
        return {**counts, "temporary": len(temporary)}

    before, out = rows(), StringIO()
    call_command("rules", "run", "--json", *FACTS, "--over", *files.values(), stdout=out)
    answer = json.loads(out.getvalue())
    assert rows() == before
    assert {"rules", "seconds", "as_of", "repeated"} <= answer.keys() and answer["seconds"]["total"] > 0
    for rule in answer["rules"]:
        assert {"code", "source_codes", "subject", "severity", "state", "reason", "hits", "ms"} <= rule.keys()
        assert "records" not in rule and rule["state"] in {"ran", "refused"}
        assert bool(rule["reason"]) == (rule["state"] == "refused") and (not rule["reason"] or rule["hits"] == 0)
