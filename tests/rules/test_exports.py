"""The five national exports of a county checked against each other: files are joined, a fault in either is seen."""

import json
from io import StringIO
from pathlib import Path

import pytest
import xlsxwriter
from django.core.management import call_command
from python_calamine import CalamineWorkbook

from jiyang.intake.layouts import layouts

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"
SOUND = {
    "住房面积": "90", "是否危房户": "否", "是否解决安全饮用水": "是", "是否通生活用电": "是", "是否有卫生厕所": "是",
    "卫生厕所是否能正常使用": "是", "入户道路是否硬化": "是", "与村主干路距离": "1",
}  # fmt: skip


def table(name: str) -> list[dict[str, str]]:
    rows = CalamineWorkbook.from_path(str(DATA / name)).get_sheet_by_index(0).to_python()
    return [dict(zip(rows[2], row, strict=True)) for row in rows[3:]]


def write(path: Path, key: str, rows: list[dict[str, str]]) -> str:
    headings = [one.heading for one in layouts()[key].fields]
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([dict(zip(headings, headings, strict=True)), *rows]):
            sheet.write_row(line, 0, [str(row.get(heading, "")) for heading in headings])
    return str(path)


@pytest.fixture
def county(tmp_path):
    """C, D, E of the samples, and an F and a G made of them; the heads of some households, to plant faults at."""
    people = table("roster_c_monitoring.xlsx")

    def place(row):
        return {
            "县(市、区、旗)": row["县"],
            "乡(镇)": row["乡"],
            "行政村": row["村"],
            "县": row["县"],
            "乡": row["乡"],
        }

    heads = [row for row in people if row["与户主关系"] == "户主"]
    homes = [
        {**row, **place(row), **SOUND, "家庭人口数": str(sum(one["户编号"] == row["户编号"] for one in people))}
        for row in heads
    ]
    plans = [{**row, **place(row), "是否计划务工": "否"} for row in people]
    return tmp_path, homes, plans


def run(tmp_path, homes, plans) -> dict:
    files = [str(DATA / f"{name}.xlsx") for name in ("roster_c_monitoring", "roster_d_jobs", "roster_e_villages")]
    files += [write(tmp_path / "f.xlsx", "roster_f", homes), write(tmp_path / "g.xlsx", "roster_g", plans)]
    out = StringIO()
    call_command("rules", "run", "--records", "--as-of", "2025-06-30", "--json", "--over", *files, stdout=out)
    return {rule["code"]: rule for rule in json.loads(out.getvalue())["rules"]}


def test_faults_in_one_file_are_found_though_the_other_is_sound(county):
    tmp_path, homes, plans = county
    before = run(tmp_path, homes, plans)
    outsider = {**homes[9], "户编号": "3799999999999999", "是否危房户": "是", "监测对象类别": "", "证件号码": ""}
    homes[0]["是否解决安全饮用水"] = ""
    homes[1]["与村主干路距离"] = "6"
    homes[2]["是否通生活用电"] = "否"
    homes[3]["家庭人口数"] = "19"
    homes[4]["是否危房户"], homes[4]["监测对象类别"] = "是", ""  # monitored in C all the same
    weak = next(plan for plan in plans if plan["劳动技能"] == "丧失劳动力" or plan["劳动技能"] == "无劳动力")
    weak["是否计划务工"], weak["计划务工所在县"] = "是", "历城区"
    after = run(tmp_path, [*homes, outsider], plans)
    grown = {
        code: sorted(set(rule["records"]) - set(before[code]["records"]))
        for code, rule in after.items()
        if code in {"3_02_002", "5_14_007", "2_02_002", "G_SIZE", "1_02_001", "2_01_015", "5_15_008"}
    }
    assert grown == {
        "3_02_002": [homes[0]["户编号"]],
        "5_14_007": [homes[1]["户编号"]],
        "2_02_002": [homes[2]["户编号"]],
        "G_SIZE": [homes[3]["户编号"]],
        "1_02_001": ["3799999999999999"],
        "2_01_015": [weak["证件号码"]],
        "5_15_008": [weak["证件号码"]],
    }
    assert [code for code, rule in after.items() if rule["state"] == "refused" and code[0].isdigit()] == [
        "1_02_006",
        "1111_06",
        "4_11_010",
    ]
