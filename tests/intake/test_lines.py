"""Lines of a sheet that are no people, sheets named after towns, and workbooks that are none."""

import datetime as dt
import io
import time
from pathlib import Path

import pytest
import xlwt

from jiyang.intake import findings, pipeline
from jiyang.intake.layouts import layouts
from jiyang.intake.refusals import FileRefused
from tests.intake.workbooks import csv_text, grid, homes, people, rezipped, workbook

SHEET = "名单"


@pytest.fixture
def load(index):
    def load(data: bytes, filename: str = "名单.xlsx", **options):
        known = list(layouts().values())
        return pipeline.load(data, filename, layouts=known, regions=index, as_of=dt.date(2025, 6, 30), **options)

    return load


def codes(mapped) -> list[tuple[str, str]]:
    return [(one.cell, one.code) for one in mapped.findings]


def line(**cells) -> list:
    return [cells.get(name, "") for name in grid([])[0]]


@pytest.mark.parametrize(
    "long",
    ["县" * 2_000_000, "（" * 500_000 + "统计" * 500_000, " " * 2_000_000 + "x"],
    ids=["text", "brackets", "blanks"],
)
def test_a_very_long_cell_is_no_heading_and_costs_little(load, long):
    data = workbook((SHEET, grid(people(3))))
    data = rezipped(data, lambda name, text: text.replace("标题 1".encode(), long.encode()))
    begun = time.process_time()
    assert codes(load(data)) == []
    assert time.process_time() - begun < 20  # it was minutes


def test_more_text_than_a_cell_holds_is_refused_where_it_stands(load):
    rows = people(3)
    rows[1] |= {"自然村": "东" * 40_000 + "；"}
    mapped = load(csv_text(grid(rows)).encode(), "名单.csv")
    assert [(one.row, one.column, one.code) for one in mapped.findings] == [(3, "自然村", "text_too_long")]


@pytest.mark.parametrize(
    "extra",
    [
        line(**{"乡(镇)": "济阳街道 汇总", "人均纯收入": 15333.2}),
        line(**{"乡(镇)": "济阳街道 计数", "姓名": 2.0}),
        line(**{"乡(镇)": "总计数", "姓名": 14.0}),
        line(**{"序号": "汇总", "人均纯收入": 15333.2}),
        line(**{"行政村": "济阳街道 平均值", "人均纯收入": 15333.2}),
        line(**{"行政村": "总人数", "人数": "14"}),
        line(**{"证件号码": 14.0}),
        line(**{"证件号码": "=SUBTOTAL(3,J3:J10)"}),
    ],
)
def test_subtotals_of_spreadsheets_are_no_people(load, extra):
    family = homes(2)
    first, second = (
        [one for one in family if one["户编号"] == number] for number in dict.fromkeys(one["户编号"] for one in family)
    )
    rows = [*grid(first), extra, *grid(second)[1:], extra]
    mapped = load(workbook((SHEET, rows)))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (len(family), [], {"合计行": 2})


@pytest.mark.parametrize(
    "extra",
    [
        line(**{"序号": "村书记：", "户编号": "包村干部："}),
        line(**{"序号": "汇总人：王", "户编号": "时间："}),
        line(**{"乡(镇)": "驻村第一书记：李", "证件号码": "电话："}),
    ],
)
def test_lines_to_be_signed_are_no_people(load, extra):
    mapped = load(workbook((SHEET, [*grid(people(3)), extra])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (3, [], {"表尾说明": 1})


@pytest.mark.parametrize("dash", ["—", "-", "/", "×", "——", "－", "x"])
def test_a_sum_with_dashes_is_nobody(load, dash):
    names = grid([])[0]
    rows = [
        ["合计", *[dash] * (len(names) - 1)],
        line(姓名="合计", 证件号码=dash, 人数="7", 人均纯收入="99,999.50"),
        line(序号="合计", 户编号="3户", 姓名="7人", 证件号码=dash, 人数="7"),
        line(姓名="Total", 人数="7"),
    ]
    family = homes(2)
    mapped = load(workbook((SHEET, [*grid(family), *rows])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (len(family), [], {"合计行": 4})


@pytest.mark.parametrize("name", ["备注", "编组"])
def test_a_sum_whose_label_stands_in_a_column_that_is_not_read(load, name):
    names = [*grid([])[0], name] if name == "备注" else [name, *grid([])[0]]
    rows = [
        *grid(people(3), names),
        [{name: "合计", "人数": "7人", "人均纯收入": "99,999.50"}.get(one, "") for one in names],
        [{name: "合计", "自然村": "全镇"}.get(one, "") for one in names],
    ]
    mapped = load(workbook((SHEET, rows)))
    assert (len(mapped.rows), mapped.skipped) == (3, {"合计行": 2})


def test_a_sum_never_takes_a_person_with_a_number_along(load):
    rows = people(3)
    rows[1]["姓名"] = "合计"
    assert len(load(workbook((SHEET, grid(rows)))).rows) == 3


def test_a_sum_of_villages_is_none(load):
    heading = ["县", "乡", "村", "年度", "总户数", "总人口数", "低保户数", "低保人口数"]
    one = people(1)[0]
    village = [one["县(市、区、旗)"], one["乡(镇)"], one["行政村"], "2025", "300", "900", "3", "4"]
    sums = [
        ["", "", "合计6个村", "", "1200"],
        ["合计29个村", "", "", "", "1"],
        ["", "小计：3个行政村", "", "", "1,200"],
    ]
    mapped = load(workbook((SHEET, [heading, village, *sums])))
    assert (mapped.header.layout.key, len(mapped.rows), mapped.skipped) == ("roster_e", 1, {"合计行": 3})


@pytest.mark.parametrize(
    "cells",
    [
        {"序号": "填表人：", "行政村": "张三", "姓名": "审核人：", "与户主关系": "李四", "劳动技能": "填表日期：", "人均纯收入": "2025年6月30日"},
        {"序号": "制表人：", "县(市、区、旗)": "张三", "自然村": "审核人：", "户编号": "李四", "姓名": "负责人：", "证件号码": "王五", "劳动技能": "日期："},
        {"序号": "填报单位（盖章）：", "行政村": "济阳街道", "姓名": "填报人：李四", "民族": "联系电话：0531-84212345", "劳动技能": "填报时间：2025.6.30"},
        {"行政村": "济阳街道", "自然村": "填报人：", "姓名": "李四", "民族": "联系电话：", "劳动技能": "84212345", "人均纯收入": "2025.6.30"},
        {"序号": "填表人", "数据日期": "张三", "乡(镇)": "审核人", "行政村": "李四", "姓名": "联系电话", "证件号码": "13812345678"},
        {"序号": "注：", "数据日期": "1.本表一式三份", "姓名": "镇留存一份", "证件号码": "村留存一份", "民族": "区留存一份"},
    ],
)  # fmt: skip
def test_a_long_line_to_be_signed_is_nobody(load, cells):
    family = homes(1)
    mapped = load(workbook((SHEET, [*grid(family), line(**cells)])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (len(family), [], {"表尾说明": 1})


@pytest.mark.parametrize("first", ["户编号", "姓名"])
def test_a_title_that_comes_again_is_nobody(load, first):
    names = [first, *(name for name in grid([])[0] if name != first)]
    pages = [grid(people(3), names), grid(people(6)[3:], names)]
    titles = [["济阳区已脱贫人口名单（续）"], ["济阳街道    2025年6月30日"]]
    mapped = load(workbook((SHEET, [*pages[0], *titles, *pages[1]])))
    assert (len(mapped.rows), codes(mapped)) == (6, [])
    assert mapped.skipped == {"分组行": 2, "重复的表头": 1}


def test_a_person_with_a_remark_that_ends_like_a_label_is_a_person(load):
    person = people(1)[0]
    short = {"姓名": person["姓名"], "与户主关系": "户主", "自然村": "二组：东"}
    assert len(load(workbook((SHEET, grid([*people(2), short])))).rows) == 3


def test_what_is_no_person_joins_no_household(load):
    rows = grid(homes(1))
    mapped = load(workbook((SHEET, [*rows, line(姓名="14", 民族="汉族")])))
    assert mapped.columns["household_no"][-1] is None and mapped.columns["household_no"][0]


@pytest.mark.parametrize(
    "below",
    [
        [["必填", "选填"] * 16],
        [["必填", "选填"] * 16, ["文本"] * 32],
        [[f"field_{number}" for number in range(32)]],
        [["AAB001", "AAB002", *("aac003" for _ in range(30))]],
        [["*", "文本", "数值", "日期", "（单选）", "自动生成", "必填项"]],
    ],
    ids=["needed", "needed and kind", "fields", "codes", "mixed"],
)
def test_lines_that_say_how_to_fill_in_are_no_people(load, below):
    heading, *rows = grid(people(3))
    mapped = load(workbook((SHEET, [heading, *below, *rows])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (3, [], {"填写说明": len(below)})


WIDTH = len(grid([])[0])
COUNTS = {
    "columns": [f"第{at}列" for at in range(1, WIDTH + 1)],
    "excel": [f"列{at}" for at in range(1, WIDTH + 1)],
    "circles": [chr(ord("①") + at % 20) for at in range(WIDTH)],
    "brackets": [f"({at})" for at in range(1, WIDTH + 1)],
    "dashes": ["1", "2", "3", *["—"] * (WIDTH - 3)],
    "named": ["栏次", "1", "2", "3", *["-"] * (WIDTH - 4)],
    "letters": [*"甲乙丙丁", *map(str, range(1, WIDTH - 3))],
}


@pytest.mark.parametrize("below", COUNTS.values(), ids=COUNTS)
def test_a_line_that_counts_the_columns_is_nobody(load, below):
    heading, *rows = grid(people(3))
    mapped = load(workbook((SHEET, [heading, below, *rows])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (3, [], {"编号行": 1})


@pytest.mark.parametrize(
    "below",
    [
        {"证件号码": "填写18位号码", "务工时间（月）": "YYYYMM", "是否参加大病保险": "是/否", "首次识别时间": "YYYY-MM"},
        {name: "下拉选择" if 10 < at < 22 else "手工填写" for at, name in enumerate(grid([])[0])},
        {"姓名": "录入汉字", "证件号码": "18位身份证号", "与户主关系": "下拉框", "人均纯收入": "系统计算", "人数": "不填"},
    ],
    ids=["digits", "by hand", "by the system"],
)  # fmt: skip
def test_lines_that_say_how_each_cell_is_filled_are_no_people(load, below):
    heading, *rows = grid(people(3))
    mapped = load(workbook((SHEET, [heading, line(**below), *rows])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (3, [], {"填写说明": 1})


@pytest.mark.parametrize(
    "first",
    [
        {"姓名": "田手工", "证件号码": "", "与户主关系": "手工填写", "民族": "下拉选择", "健康状况": "是/否"},
        {"序号": "1", "户编号": "2", "姓名": "王一", "证件号码": "—", "人数": "3"},
        {"序号": "①", "姓名": "王一", "与户主关系": "③", "人数": "②", "健康状况": "④"},
    ],
    ids=["words", "numbers", "circles"],
)
def test_a_person_just_below_the_headings_is_one(load, first):
    mapped = load(workbook((SHEET, [*grid([first]), *grid(people(3))[1:]])))
    assert (len(mapped.rows), mapped.skipped) == (4, {})


@pytest.mark.parametrize(
    "cells",
    [
        {"序号": "主任签字", "姓名": "王伟"},
        {"序号": "村书记：", "姓名": "王伟"},
        {"乡(镇)": "村主任（签字）：", "姓名": "王伟", "与户主关系": "2025年6月30日"},
    ],
)
def test_who_signs_below_the_names_is_no_person(load, cells):
    mapped = load(workbook((SHEET, [*grid(people(3)), line(**cells)])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (3, [], {"表尾说明": 1})


@pytest.mark.parametrize(
    "cells",
    [
        {"姓名": "王伟", "劳动技能": "户主签字"},
        {"序号": "4", "姓名": "王伟", "与户主关系": "户主"},
        {"序号": "主任签字", "姓名": "王伟", "证件号码": "370125197902177146"},
    ],
)
def test_a_person_of_few_cells_is_one_beside_a_signature(load, cells):
    assert len(load(workbook((SHEET, [*grid(people(3)), line(**cells)]))).rows) == 4


VILLAGES = ["县", "乡", "村", "年度", "总户数", "总人口数", "低保户数", "低保人口数"]


def villages(count: int) -> list[list[str]]:
    found = {(one["乡(镇)"], one["行政村"]): one["县(市、区、旗)"] for one in people(400)}
    return [[district, *place, "2025", "300", "900", "3", "4"] for place, district in list(found.items())[:count]]


def test_titles_and_groups_among_villages_are_no_villages(load):
    first, second, *rest = villages(4)
    title = ["行政村信息"]
    pages = [VILLAGES, first, ["第1页"], title, VILLAGES, second, ["", "济北街道"], ["行政村情况统计表（续）"], *rest]
    mapped = load(workbook((SHEET, [title, [], *pages])))
    assert (mapped.header.layout.key, len(mapped.rows), codes(mapped)) == ("roster_e", 4, [])
    assert mapped.skipped == {"表尾说明": 1, "分组行": 3, "重复的表头": 1}
    alone = load(workbook((SHEET, [title, VILLAGES, first, ["", "", second[2]]])))
    assert (len(alone.rows), alone.skipped) == (2, {})


def test_a_row_that_begins_as_the_title_does_is_data(load):
    heading, *rows = grid(people(3), ["乡(镇)", *(name for name in grid([])[0] if name != "乡(镇)")])
    town = rows[0][0]
    short = [town if at == 0 else "王伟" if name == "姓名" else "" for at, name in enumerate(heading)]
    mapped = load(workbook((SHEET, [[town], heading, *rows, short, [town]])))
    assert (len(mapped.rows), mapped.skipped) == (4, {"分组行": 1})


def by_town(count: int) -> dict[str, list[dict]]:
    everybody = people(400)
    towns = list(dict.fromkeys(one["乡(镇)"] for one in everybody))[:count]
    return {town: [one for one in everybody if one["乡(镇)"] == town][:5] for town in towns}


WITHOUT_TOWN = [name for name in grid([])[0] if name != "乡(镇)"]


@pytest.mark.parametrize(
    "name", ["{n}.{town}", "（{n}）{town}", "{n}、{town}", "{town}（5人）", "{town}名单", "{town}2025"]
)
def test_sheets_named_after_towns_with_a_number_or_more(load, name):
    towns = by_town(3)
    sheets = [
        (name.format(n=n, town=town), grid(rows, WITHOUT_TOWN)) for n, (town, rows) in enumerate(towns.items(), 1)
    ]
    mapped = load(workbook(*sheets))
    assert (codes(mapped), len({place.town for place in mapped.places})) == ([], 3)


def test_sheets_named_after_towns_without_their_suffix(load):
    towns = {town: rows for town, rows in by_town(10).items() if town in {"济阳街道", "崔寨街道", "仁风镇"}}
    short = {town: town.removesuffix("街道").removesuffix("镇") for town in towns}
    mapped = load(workbook(*((short[town], grid(rows, WITHOUT_TOWN)) for town, rows in towns.items())))
    assert (codes(mapped), len({place.town for place in mapped.places})) == ([], len(towns) >= 2 and len(towns))
    with pytest.raises(FileRefused, match="乡"):  # may be the whole district's
        load(workbook(("济阳", grid(people(3), WITHOUT_TOWN))))


@pytest.mark.parametrize(
    "cells",
    [
        {"姓名": "以下空白"},
        {"姓名": "—以下空白—"},
        {"姓名": "2025年6月30日"},
        {"姓名": "李强（村书记签字）"},
        {"县(市、区、旗)": "济阳区农业农村局（盖章）", "姓名": "2025年6月30日"},
        {"姓名": "二〇二五年六月三十日"},
        {"姓名": "以上人员均已核实"},
        {"行政村": "李家坊村委会（章）", "姓名": "2025年6月30日"},
    ],
)
def test_what_a_table_ends_with_is_no_person_even_below_the_names(load, cells):
    mapped = load(workbook((SHEET, [*grid(people(3)), line(**cells)])))
    assert (len(mapped.rows), codes(mapped), mapped.skipped) == (3, [], {"表尾说明": 1})


def test_a_sheet_with_another_name_leaves_the_towns_of_the_others(load, index):
    (first, rows), (second, more) = by_town(2).items()
    mapped = load(workbook((first, grid(rows, WITHOUT_TOWN)), ("补充", grid(more, WITHOUT_TOWN))))
    towns = [index.official[place.town] if place.town else "" for place in mapped.places]
    assert towns[: len(rows)] == [first] * len(rows) and set(towns[len(rows) :]) <= {second, ""}
    assert {one.sheet for one in mapped.findings} <= {"补充"}


@pytest.mark.parametrize("sheet", ["乡镇汇总", "各镇", "Sheet1", "全镇"])
def test_sheets_that_name_no_town(load, sheet):
    with pytest.raises(FileRefused, match="乡") as refused:
        load(workbook((sheet, grid(people(3), WITHOUT_TOWN))))
    assert refused.value.code == "missing_column"


@pytest.mark.parametrize("code", ["370125101", "370125101000", "370115101", "370125007"])
def test_towns_by_the_codes_they_had(index, code):
    assert index.names[index.resolve("", code, "").town] == "垛石街道"
    assert index.resolve("", "370101101", "").town is None


def old_workbook(formulas: dict[int, str]) -> bytes:
    """An .xls with formulas in 人数 that no spreadsheet has worked out, by row of the people."""
    book = xlwt.Workbook()
    sheet = book.add_sheet(SHEET)
    rows = grid(people(4))
    at = rows[0].index("人数")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if place != at or number - 1 not in formulas:
                sheet.write(number, place, cell)
    for number, formula in formulas.items():
        sheet.write(number + 1, at, xlwt.Formula(formula))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_formulas_of_an_old_workbook_without_a_result_say_so(load):
    mapped = load(old_workbook({0: "1+1", 2: "A1", 3: 'IF(1=1,"","")'}), "名单.xls")
    assert [(one.row, one.code) for one in mapped.findings] == [(2, "formula_no_value"), (4, "formula_no_value")]


def test_characters_of_an_old_font_get_their_code_and_others_are_refused(load):
    rows = people(3)
    rows[0]["姓名"], rows[1]["姓名"], rows[2]["姓名"] = "杨\ue81e臣", "王\ue843", "李\ue123"
    mapped = load(csv_text(grid(rows)).encode("gb18030"), "名单.csv")
    assert mapped.columns["name"] == ["杨龴臣", "王龹", None]
    assert [one.code for one in mapped.findings] == ["private_character", "private_character", "name_broken"]


@pytest.mark.parametrize(
    "page",
    [
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n<table>",
        b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'><head></head><frameset rows='*,39'><frame src='a.files/sheet001.htm'></frameset></html>",
    ],
    ids=["mhtml", "frames"],
)
def test_a_workbook_saved_as_a_web_page_is_told_what_to_do(load, page):
    with pytest.raises(FileRefused, match="另存为") as refused:
        load(page, "名单.xls")
    assert refused.value.code == "file_web_page"


def test_further_headings(load):
    heading, *rows = grid(people(3))
    other = {
        "证件号码": "居民身份证号",
        "与户主关系": "关系",
        "行政村": "村（社区）",
        "首次识别时间": "首次识别时间(年月)",
    }
    mapped = load(workbook((SHEET, [[other.get(name, name) for name in heading], *rows])))
    assert (mapped.header.unknown, codes(mapped)) == ([], [])


def test_digits_that_only_the_format_of_a_cell_shows_are_not_left_out_silently(load):
    heading, *rows = grid(people(3))

    def touch(book, sheets):
        shown, plain = book.add_format({"num_format": '"3700000"000000000'}), book.add_format({"num_format": '0"元"'})
        sheets[0].write_number(2, heading.index("户编号"), 380269010, shown)
        sheets[0].write_blank(3, heading.index("自然村"), None, shown)
        sheets[0].write_string(3, heading.index("人编号"), "3720661759483638773", shown)
        sheets[0].write_number(3, heading.index("人均纯收入"), 12000, plain)
        month = book.add_format({"num_format": '0000"年"00"月"'})
        sheets[0].write_number(3, heading.index("首次识别时间"), 201606, month)

    mapped = load(workbook((SHEET, [heading, *rows]), touch=touch))
    assert [(one.row, one.column, one.code) for one in mapped.findings] == [(3, "户编号", "shown_otherwise")]


@pytest.mark.parametrize(
    ("heading", "number", "shown", "stored", "code"),
    [
        ("人均纯收入", 0.8, '0.0"万"', "8000.00", "unit_converted"),
        ("人均纯收入", 0.8, '0.00"万元"', "8000.00", "unit_converted"),
        ("人均纯收入", 8, r"0\千", "8000.00", "unit_converted"),
        ("人均纯收入", 12345, '0!.0,"万"', "12345.00", "unit_converted"),
        ("人均纯收入", 12345, '[>=10000]0!.0,"万";General', "12345.00", "unit_converted"),
        ("人均纯收入", 800, '[>=10000]0!.0,"万";General', "800.00", ""),
        ("人均纯收入", 8000, "#,##0,", None, "shown_otherwise"),
        ("人均纯收入", 8, '0"."0"万"', None, "shown_otherwise"),
        ("人均纯收入", 0.8, "0.0%", None, "income_not_number"),
        ("人均纯收入", 700, '0"元/月"', None, "income_not_number"),
        ("人均纯收入", 8000.5, '_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', "8000.50", ""),
        ("务工时间（月）", 1, '0"年"', None, "number_not_count"),
        ("务工时间（月）", 6, '0"个月"', "6", ""),
        ("户编号", 123, "0000000000000000", "0000000000000123", ""),
        ("户联系电话", 13800001111, "000-0000-0000", "13800001111", ""),
        ("首次识别时间", 41760, 'yyyy"年"m"月"', "2014-05-01", "date_serial_cell"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(load, heading, number, shown, stored, code):
    names, *rows = grid(people(1))
    place = names.index(heading)

    def touch(book, sheets):
        sheets[0].write_number(2, place, number, book.add_format({"num_format": shown}))

    mapped = load(workbook((SHEET, [names, *rows]), touch=touch))
    assert [one.code for one in mapped.findings] == [code] * bool(code)
    assert mapped.columns[mapped.header.columns[place].name] == [stored]


def test_a_number_that_says_there_is_none_is_a_warning(load):
    mapped = load(workbook((SHEET, grid(people(3, 证件号码="999999199001010011")))))
    assert [one.code for one in mapped.findings] == ["id_placeholder"] * 3


def test_no_code_of_findings_stands_twice():
    lines = Path(findings.__file__).with_name("findings.yaml").read_text("utf-8").splitlines()
    stated = [line.split(":")[0] for line in lines if line and not line.startswith("#")]
    assert len(stated) == len(set(stated)) == len(findings.kinds())


def test_a_second_column_of_numbers_of_the_rows_refuses_nothing(load):
    names, *rows = grid(people(3))
    mapped = load(workbook((SHEET, [["序号", *names], *([str(40 + at), *row] for at, row in enumerate(rows))])))
    assert (len(mapped.rows), codes(mapped)) == (3, [])
