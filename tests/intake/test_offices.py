"""A table that goes on over several sheets, and files whose day stands above the table or in a name."""

import datetime as dt

import pytest

from households.roster.settling import settle_household_fields
from jiyang.intake import pipeline
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts
from jiyang.intake.refusals import FileRefused
from tests.intake.workbooks import csv_text, grid, homes, people, workbook

DAY = dt.date(2021, 6, 30)


@pytest.fixture
def load(index):
    def load(data: bytes, filename: str = "名单.xlsx", **options):
        return pipeline.load(
            data, filename, layouts=list(layouts().values()), regions=index, as_of=dt.date(2025, 6, 30), **options
        )

    return load


# --- sheets that go on -----------------------------------------------------------------------------------------------------


def test_a_table_that_goes_on_over_sheets_without_headings_is_one_file(load):
    rows = grid(people(9))
    data = workbook(
        ("1", rows[:4]), ("2", rows[4:7]), ("说明", [["请按镇街填报"]]), ("3", [["续表"], [], *rows[7:]]), titles=0
    )
    mapped = load(data)
    whole = load(workbook(("1", rows), titles=0))
    assert (mapped.columns, mapped.places, mapped.findings) == (whole.columns, whole.places, [])
    assert [(part.sheet, part.continues, part.first_data) for part in mapped.header.parts] == [
        ("1", "", 1), ("2", "1", 0), ("3", "1", 2),
    ]  # fmt: skip
    assert (mapped.header.unread, mapped.excel_row(3), mapped.excel_row(6)) == ({}, 1, 3)


def test_findings_of_a_sheet_that_goes_on_keep_their_place(load):
    rows = grid(people(8))
    rows[6][rows[0].index("证件号码")] = "123"
    (finding,) = load(workbook(("1", rows[:4]), ("2", rows[4:]), titles=0)).findings
    assert (finding.sheet, finding.cell, finding.column, finding.code) == ("2", "J3", "证件号码", "id_length_17")


def shifted(rows: list[list]) -> list[list]:
    return [row[1:] for row in rows]


@pytest.mark.parametrize(
    "spoil",
    [
        shifted,
        lambda rows: [[*row, "备注"] for row in rows],
        lambda rows: [[*row[:9], *row[10:]] for row in rows],
        lambda rows: [[*row[:8], row[9], row[8], *row[10:]] for row in rows],
        lambda rows: [["编码", "名字", "身份", "关系"], *rows],
        lambda rows: [[name, "3", "5", "12"] for name in ("仁风镇", "曲堤镇", "合计")],
        lambda rows: [[row[8], row[9]] for row in rows],
    ],
    ids=["no first column", "a column more", "a column less", "two turned", "own headings", "a summary", "two columns"],
)
def test_a_sheet_that_does_not_fit_is_named_and_not_read(load, spoil):
    rows = grid(people(9))
    header = load(workbook(("1", rows[:4]), ("2", spoil(rows[4:])), titles=0)).header
    assert (header.sheets, list(header.unread)) == (["1"], ["2"])


def test_a_hidden_sheet_never_goes_on_and_a_chosen_one_is_read_alone(load):
    rows = grid(people(6))
    data = workbook(("1", rows[:4]), ("2", rows[4:]), titles=0, touch=lambda book, sheets: sheets[1].hide())
    assert load(data).header.sheets == ["1"]
    data = workbook(("1", rows[:4]), ("2", rows[4:]), titles=0)
    assert load(data, choice=Choice(sheet="1")).header.unread == {"2": 3}


def test_a_column_that_the_office_fills_in_its_own_way_on_both_sheets_fits(load):
    rows = grid([{**one, "首次识别时间": "刚识别"} for one in people(6)])
    assert load(workbook(("1", rows[:4]), ("2", rows[4:]), titles=0)).header.sheets == ["1", "2"]


def test_a_sheet_that_goes_on_with_a_towns_sheet_is_of_its_town(load):
    rows = [one for one in people(400) if one["乡(镇)"] == people(1)[0]["乡(镇)"]][:6]
    town, table = rows[0]["乡(镇)"], grid(rows, [name for name in grid([])[0] if name != "乡(镇)"])
    mapped = load(workbook((town, table[:4]), (f"{town}(2)", table[4:]), titles=0))
    assert (len(mapped.rows), len({place.town for place in mapped.places}), mapped.findings) == (6, 1, [])


# --- the file's day --------------------------------------------------------------------------------------------------------


def undated(rows: list[dict]) -> list[list]:
    return grid(rows, [name for name in grid([])[0] if name != "数据日期"])


@pytest.mark.parametrize(
    ("title", "day"),
    [
        (["数据日期：2021年6月30日"], DAY),
        (["导出时间：2021-06-30 10:22"], DAY),
        (["截至2021年6月30日"], DAY),
        ([], None),
        (["统计时间 2021.06"], DAY),
        (["已脱贫人口名单（2021年6月）"], DAY),
        (["填报单位：某镇", "", "统计时间：", "2021/6/30"], DAY),
        (["数据日期", 44377], DAY),
        (["2021年6月30日"], DAY),
        (["数据日期：2021年6月30日　导出时间：2021-07-02"], DAY),
        (["数据日期：２０２１年６月３０日"], DAY),
        (["统计时间：2021年1月1日至6月30日"], None),
        (["2014年5月—2021年6月脱贫人口"], None),
        (["根据2021年6月的通知"], None),
        (["截至2021年6月30日", "截至2021年5月31日"], None),
        (["数据日期：2121年6月30日"], None),
        (["数据日期：2021年13月"], None),
        (["户数：202106"], None),
    ],
)
def test_the_day_of_a_file_from_the_lines_above_its_headings(load, title, day):
    mapped = load(workbook(("名单", [title, *undated(people(3))]), titles=0))
    assert (mapped.data_date, mapped.day_from) == (day, "表头上方" if day else "")


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("已脱贫人口名单_20210630.xlsx", DAY),
        ("脱贫人口2021年6月.xlsx", DAY),
        ("导出数据20210630102233.xlsx", DAY),
        ("名单（2021年6月） (1).xlsx", DAY),
        ("名单2021.06.30-副本.xlsx", DAY),
        ("截至2021年6月30日的名单.xlsx", DAY),
        ("2021年6月新识别的名单.xlsx", None),
        ("2021年6月30日前的名单.xlsx", None),
        ("2016-2020年.xlsx", None),
        ("2014年5月至2021年6月.xlsx", None),
        ("370115202106.xlsx", None),
    ],
)
def test_the_day_of_a_file_from_its_name(load, name, day):
    mapped = load(workbook(("名单", undated(people(3)))), name)
    assert (mapped.data_date, mapped.day_from) == (day, "文件名" if day else "")


def test_a_column_wins_then_what_stands_above_then_the_sheets_name(load):
    title = [["数据日期：2021年6月30日"]]
    rows = grid(people(3, 数据日期="20250531"))
    assert (load(workbook(("202107", title + rows), titles=0)).data_date) == dt.date(2025, 5, 31)
    table = undated(people(3))
    assert load(workbook(("202107", title + table), titles=0)).data_date == DAY
    mapped = load(workbook(("202106", table), titles=0), "名单_20210731.xlsx")
    assert (mapped.data_date, mapped.day_from) == (DAY, "工作表名")
    assert load(csv_text(title + table).encode("gb18030"), "名单.csv").data_date == DAY


def test_a_day_that_lies_ahead_is_not_the_files_and_that_is_told(load):
    ahead = f"{dt.date.today().year + 20}0630"
    mapped = load(workbook(("名单", grid(people(3, 数据日期=ahead)))), "名单_20210630.xlsx")
    assert (mapped.data_date, mapped.day_from) == (DAY, "文件名")
    assert [(one.cell, one.code) for one in mapped.findings] == [("B3", "data_date_ahead")]


# --- what an amount is counted in ------------------------------------------------------------------------------------------


def test_a_heading_in_another_unit_converts_its_column(load):
    headings = grid([])[0]
    rows = grid(people(3, 人均纯收入="1.25"))
    rows[0][headings.index("人均纯收入")] = "人均纯收入（万元）"
    mapped = load(workbook(("名单", rows)))
    assert mapped.columns["income_per_head"] == ["12500.00"] * 3
    assert {(one.code, one.stored) for one in mapped.findings} == {("unit_converted", "12500.00")}
    with pytest.raises(FileRefused, match="万元"):
        load(workbook(("甲", rows), ("乙", grid(homes(1)))))


@pytest.mark.parametrize("line", ["above", "below", "thousands"])
def test_a_line_of_units_counts_for_the_amounts(load, line):
    rows = grid(people(3, 人均纯收入="1.25"))
    place = rows[0].index("人均纯收入")
    if line == "above":
        rows.insert(0, ["单位：户、人、万元"])
    elif line == "below":
        rows.insert(1, ["（万元）" if at == place else "" for at in range(len(rows[0]))])
    else:
        rows[0][place] = "人均纯收入（千元）"
    mapped = load(workbook(("名单", rows), titles=0))
    assert mapped.columns["income_per_head"] == ["1250.00" if line == "thousands" else "12500.00"] * 3
    assert load(workbook(("名单", [["单位：元、万元"], *grid(people(3))]))).findings == []


@pytest.mark.parametrize(
    "line",
    [
        ["填报单位：济北街道开元社区居民委员会        单位：万元"],
        ["", "", "", "", "单位：", "万元"],
        ["（万元）"],
        ["收入单位为万元"],
        ["本表以万元为单位"],
        ["已脱贫人口名单（万元）"],
    ],
)
def test_a_line_above_names_the_unit_in_any_usual_form(load, line):
    mapped = load(workbook(("名单", [line, *grid(people(3, 人均纯收入="1.35"))])))
    assert mapped.columns["income_per_head"] == ["13500.00"] * 3


@pytest.mark.parametrize("line", ["填报单位：开元社区居民委员会", "单位：元", "填报单位 万元村村民委员会"])
def test_a_line_above_that_names_no_other_unit_changes_nothing(load, line):
    mapped = load(workbook(("名单", [[line], *grid(people(3, 人均纯收入="9000"))])))
    assert mapped.columns["income_per_head"] == ["9000.00"] * 3


def under(group: str, heading: str, cell: str, called: str = "", **changes) -> bytes:
    """A heading of two lines in which one column, that may be called otherwise, stands below a group, the others through both."""
    rows = grid(people(3, **{heading: cell}, **changes))
    place = rows[0].index(heading)
    low = ["" if at != place else called or heading for at, _ in enumerate(rows[0])]
    rows[0][place] = group
    return workbook(("名单", [rows[0], low, *rows[1:]]), touch=merge_upright(place, len(low)))


def merge_upright(but: int, width: int):
    def touch(book, sheets):
        for at in set(range(width)) - {but}:
            sheets[0].merge_range(1, at, 2, at, None)
            sheets[0].write_string(1, at, grid([])[0][at])

    return touch


@pytest.mark.parametrize(
    ("group", "called", "cell", "stored"),
    [
        ("收入情况（万元）", "", "1.35", "13500.00"),
        ("收入情况（元）", "人均纯收入（万元）", "1.35", "13500.00"),
        ("收入情况（元）", "", "9000", "9000.00"),
        ("2021年收入（元）", "", "9000", "9000.00"),
        ("收入情况", "", "9000", "9000.00"),
        ("收入情况", "人均纯收入（2021年/元）", "9000", "9000.00"),
        ("收入情况", "人均纯收入（万元、2021年度）", "1.35", "13500.00"),
    ],
)
def test_the_unit_in_a_group_holds_for_its_columns(load, group, called, cell, stored):
    mapped = load(under(group, "人均纯收入", cell, called, 数据日期="20210630"))
    assert (mapped.columns["income_per_head"], mapped.header.unknown) == ([stored] * 3, [])


@pytest.mark.parametrize(
    ("group", "heading", "called"),
    [
        ("务工情况（天）", "务工时间（月）", "务工时间"),
        ("收入情况（元/月）", "人均纯收入", ""),
        ("2019年收入（元）", "人均纯收入", ""),
        ("2025年收入计划", "人均纯收入", ""),
        ("2019年务工情况", "务工时间（月）", ""),
        ("住房（2019年）", "危房户", ""),
        ("收入情况", "人均纯收入", "人均纯收入（2019年/元）"),
        ("收入情况", "人均纯收入", "人均纯收入（元，2022年度）"),
    ],
)
def test_under_a_group_in_another_unit_of_another_year_or_of_a_plan_a_column_is_not_read(load, group, heading, called):
    mapped = load(under(group, heading, "9", called, 数据日期="20210630"))
    assert mapped.header.unknown == [called or heading]
    assert f"“{called or heading}”没有读" in mapped.header.reason
    chosen = load(
        under("2019年收入（元）", "人均纯收入", "9"), choice=Choice(mapping={"人均纯收入": "income_per_head"})
    )
    assert chosen.columns["income_per_head"] == ["9.00"] * 3


def in_three_lines(outer: dict[str, str], inner: dict[str, str], *, upright: bool, **changes) -> bytes:
    """A heading of three lines: `outer` and `inner` name the groups that begin above a column, the others stand through all."""
    rows = grid(people(3, **changes))
    names, begun = rows[0], min(map(rows[0].index, outer))
    top = [outer.get(name, name if at < begun else "") for at, name in enumerate(names)]
    middle = [inner.get(name, "") for name in names]
    low = ["" if at < begun else name for at, name in enumerate(names)]

    def touch(book, sheets):
        for at in range(begun if upright else 0):
            sheets[0].merge_range(1, at, 3, at, names[at])

    return workbook(("名单", [top, middle, low, *rows[1:]]), touch=touch)


@pytest.mark.parametrize("upright", [True, False], ids=["merged", "blank below"])
@pytest.mark.parametrize(
    ("outer", "inner", "stored"),
    [
        ("参保与收入", "收入（万元）", ["13500.00"] * 3),
        ("参保与收入（万元）", "其中", ["13500.00"] * 3),
        ("参保与收入", "2019年（万元）", None),
        ("2019年情况（万元）", "其中", None),
    ],
)
def test_groups_in_two_lines_above_columns_say_their_unit_and_year(load, outer, inner, stored, upright):
    names = grid([])[0]
    first = names[names.index("人均纯收入") - 1]
    data = in_three_lines(
        {first: outer}, {first: "其一", "人均纯收入": inner}, upright=upright, 人均纯收入="1.35", 数据日期="20210630"
    )
    mapped, tidy = load(data), load(workbook(("名单", grid(people(3, 人均纯收入="9000", 数据日期="20210630")))))
    assert mapped.columns.get("income_per_head") == stored
    assert mapped.columns["id_number"] == tidy.columns["id_number"]
    assert {one.code for one in mapped.findings} == ({"unit_converted"} if stored else set())
    assert "第 2–4 行" in mapped.header.reason


def test_a_group_over_a_heading_of_one_line_says_its_unit_too(load):
    rows = grid(people(3, 人均纯收入="1.35"))
    place = rows[0].index("人均纯收入")
    groups = ["" if at else "基本情况" for at, _ in enumerate(rows[0])]
    groups[place] = "收入与联系（万元）"

    def merge(book, sheets):
        sheets[0].merge_range(1, 0, 1, place - 1, "基本情况")
        sheets[0].merge_range(1, place, 1, place + 1, groups[place])

    assert load(workbook(("名单", [groups, *rows]), touch=merge)).columns["income_per_head"] == ["13500.00"] * 3


def test_measures_in_another_unit_are_told_not_taken(load):
    headings = [one.heading for one in layouts()["roster_c"].fields]
    rows = [{**one, "县": "济阳区", "乡": one["乡(镇)"], "村": one["行政村"]} for one in people(3)]
    for one, cell in zip(rows, ("2亩", "2", "1300平方米"), strict=True):
        one["耕地面积（亩）"] = cell
    table = grid(rows, headings)
    mapped = load(workbook(("名单", table)))
    assert mapped.columns["farmland_mu"] == ["2.00", "2.00", None]
    assert [one.message for one in mapped.findings if one.column == "耕地面积（亩）" and one.severity == "E"] == [
        "这一列的单位是亩，这一格写的是平方米"
    ]
    table[0][headings.index("耕地面积（亩）")] = "耕地面积（平方米）"
    assert load(workbook(("名单", table))).header.unknown == ["耕地面积（平方米）"]


# --- tables that are no second page ----------------------------------------------------------------------------------------


def test_two_tables_side_by_side_are_refused_unless_a_person_leaves_one_out(load):
    short = ["乡(镇)", "行政村", "户编号", "姓名", "证件号码", "与户主关系"]
    left, right = grid(people(3), short), grid(people(6)[3:], short)
    data = workbook(("名单", [[*one, "", *two] for one, two in zip(left, right, strict=True)]))
    with pytest.raises(FileRefused, match="并排") as refused:
        load(data)
    assert refused.value.code == "tables_beside"
    mapped = load(data, choice=Choice(mapping={f"{name}（第2个）": "" for name in short}))
    assert mapped.columns["name"] == [one["姓名"] for one in people(3)]


def test_a_copy_of_a_sheet_is_named_and_read_once(load):
    rows = grid(people(4))
    mapped = load(workbook(("名单", rows), ("名单 (2)", rows)))
    assert (len(mapped.rows), mapped.header.apart) == (4, {"名单 (2)": "内容与“名单”相同"})


def test_what_stands_once_per_household_holds_for_all_of_it(load):
    rows, shared = homes(3), ("人数", "户联系电话", "人均纯收入", "是否解决安全饮用水")
    firsts = {one["户编号"]: one for one in reversed(rows)}
    once = [one if one is firsts[one["户编号"]] else {**one, **dict.fromkeys(shared, "")} for one in rows]
    mapped, whole = load(workbook(("名单", grid(once)))), load(workbook(("名单", grid(rows))))
    settle_household_fields(mapped)
    assert mapped.columns == whole.columns
    assert {(one.code, one.severity) for one in mapped.findings} == {("household_once", "N")}


@pytest.mark.parametrize(
    ("last", "taken", "told"),
    [
        ("112", "1", "，取多数行的值"),
        ("12", "1", "且没有多数，取第一行的值"),
        ("1122", "1", "且没有多数，取第一行的值"),
        ("12233", "2", "且没有多数，取其中先写的值"),
    ],
)
def test_which_value_of_a_household_is_taken_is_told(load, last, taken, told):
    rows = people(len(last))
    home = {name: rows[0][name] for name in ("户编号", "乡(镇)", "行政村", "人均纯收入", "人数")}
    rows = [{**one, **home, "户联系电话": f"1380000000{digit}"} for one, digit in zip(rows, last, strict=True)]
    mapped = load(workbook(("名单", grid(rows))))
    settle_household_fields(mapped)
    found = [(one.message, one.stored) for one in mapped.findings if one.column == "户联系电话"]
    others = len(last) - last.count(taken)
    assert found == [(f"同一户各行填得不一致{told}", f"1380000000{taken}")] * others


def test_an_amount_that_names_another_unit_than_its_heading_is_told(load):
    headings = [one.heading for one in layouts()["roster_e"].fields]
    villages = {one["行政村"]: one["乡(镇)"] for one in people(50)}
    rows = [[{"县": "济阳区", "乡": town, "村": village, "年度": "2021"}.get(name, "") for name in headings] for village, town in villages.items()]  # fmt: skip
    place = headings.index("村级集体经济收入（万元）")
    for row, cell in zip(rows, ("12.5", "12.5万元", "125000元"), strict=False):
        row[place] = cell
    mapped = load(workbook(("村", [headings, *rows])))
    assert mapped.columns["collective_income_wan"][:3] == ["12.50", "12.50", None]
    (finding,) = [one for one in mapped.findings if one.severity == "E"]
    assert finding.message == "列名的单位是万元，这一格写的是元"


# --- a file of one town, told by its title or name alone --------------------------------------------------------------------


def of_one_town(spare: str = "乡(镇)") -> tuple[str, list[list]]:
    town = people(1)[0]["乡(镇)"]
    rows = [one for one in people(400) if one["乡(镇)"] == town][:6]
    return town, grid(rows, [name for name in grid([])[0] if name != spare])


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("{}已脱贫人口名单", "名单"),
        ("山东省济南市济阳区{}2021年已脱贫人口名单", "名单"),
        ("填报单位：{}", "名单"),
        ("已脱贫人口名单", "{}已脱贫人口名单"),
        ("已脱贫人口名单", "2.{}(1)"),
    ],
)
def test_a_file_of_one_town_needs_no_column_for_it(load, title, name):
    town, table = of_one_town()
    data = workbook(("Sheet1", [[title.format(town)], [], *table]), titles=0)
    mapped = load(data, f"{name.format(town)}.xlsx")
    assert (len(mapped.rows), len({place.town for place in mapped.places}), mapped.findings) == (6, 1, [])
    assert all(place.village for place in mapped.places)
    assert f"没有“乡(镇)”列，按{'表头上方' if '{' in title else '文件名'}的“{town}”读" in mapped.header.reason


def test_villages_must_lie_in_the_town_of_the_title(load):
    town, _ = of_one_town()
    other = next(one for one in people(400) if one["乡(镇)"] != town)
    table = grid([*people(2), other], [name for name in grid([])[0] if name != "乡(镇)"])
    mapped = load(workbook(("Sheet1", [[f"{town}名单"], *table]), titles=0))
    assert [(one.code, one.row) for one in mapped.findings] == [("village_other_town", 5)]


@pytest.mark.parametrize("title", ["{}、仁风镇已脱贫人口名单", "{}等10个镇街名单", "全区各镇街名单", "{}以外的名单"])
def test_titles_that_name_no_one_town_give_none(load, title):
    town, table = of_one_town()
    with pytest.raises(FileRefused, match=r"缺少必需的列：乡\(镇\)"):
        load(workbook(("Sheet1", [[title.format(town)], *table]), titles=0), "名单.xlsx")


def test_a_column_for_the_town_counts_more_than_the_title(load):
    rows = people(3)
    mapped = load(workbook(("Sheet1", [["仁风镇已脱贫人口名单"], *grid(rows)]), titles=0))
    assert mapped.findings == [] and "仁风镇" not in mapped.header.reason


# --- dumps that hold the same people year by year ---------------------------------------------------------------------------

DUMP = ["aar040", "aac001", "aab001", "aab002", "aab004", "aab006"]


def test_a_list_of_all_beside_its_parts_is_read_once(load):
    head, *rows = grid(people(9, 人均纯收入="9000"))
    income, number = head.index("人均纯收入"), head.index("证件号码")
    total = [["合计", *[""] * (len(head) - 2), "9"]]
    towns = {"甲": [head, *rows[:4], *total], "乙": [head, *rows[4:7], *total], "丙": [head, *rows[7:]]}
    whole = [head, *rows, *total]
    for sheets, left in (
        ({"汇总": whole, **towns}, set(towns)),
        ({**towns, "汇总": whole}, {"汇总"}),
        ({"汇总": whole, "甲": towns["甲"]}, {"甲"}),
    ):
        mapped = load(workbook(*sheets.items(), titles=0))
        assert (sorted(mapped.raw["id_number"]), set(mapped.header.apart)) == (
            sorted(row[number] for row in rows),
            left,
        )
        assert set(mapped.header.apart.values()) == {"其中各行别的工作表里都有"}
    other = [*rows[0][:income], "9001", *rows[0][income + 1 :]]
    mapped = load(workbook(("汇总", whole), ("甲", [head, other, *rows[1:3]]), titles=0))
    assert (len(mapped.rows), mapped.header.apart) == (12, {})  # which of the two holds nobody can tell


OFFICIAL = ["年度", "户编号", "人编号", "姓名", "证件号码", "与户主关系"]


def dump(year: int | str, rows: list[dict]) -> list[list]:
    return [[year, *(one[name] for name in OFFICIAL[1:])] for one in rows]


@pytest.mark.parametrize("apart", [False, True], ids=["one sheet", "a sheet per year"])
@pytest.mark.parametrize(
    ("former", "newest"),
    [(2019, 2020), ("2019年度", "2020年度"), ("2019-12-31", "2020-12-31"), ("201912", "202012")],
)
def test_of_the_same_people_year_by_year_the_newest_year_is_read(load, former, newest, apart):
    everybody = homes(4)
    old, new = dump(former, everybody), dump(newest, everybody[1:])
    tables = [("1", [DUMP, *old]), ("2", [DUMP, *new])] if apart else [("1", [DUMP, *old, *new])]
    mapped = load(workbook(*tables, titles=0))
    assert mapped.raw["id_number"] == [one["证件号码"] for one in everybody[1:]]
    assert mapped.skipped == {"2019 年度的行（只读 2020 年度）": len(everybody)}
    assert "只读 2020 年度，没有读取：2019 年度" in mapped.header.reason


def test_a_number_of_15_digits_is_that_of_18_a_year_later(load):
    everybody = homes(4)
    short = [
        {**one, "证件号码": one["证件号码"][:6] + one["证件号码"][8:17]}
        for one in everybody
        if one["证件号码"][6:8] == "19"
    ]
    mapped = load(workbook(("1", [DUMP, *dump(2019, short), *dump(2020, everybody)]), titles=0))
    assert len(short) > 3 and mapped.raw["id_number"] == [one["证件号码"] for one in everybody]


@pytest.mark.parametrize("years", [(2019, 2020), (2020, 2019)], ids=["newest last", "newest first"])
def test_of_the_same_households_year_by_year_the_newest_year_is_read(load, years):
    names = [one.heading for one in layouts()["legacy_household"].fields]
    number = layouts()["legacy_household"].by_name["household_no"].heading
    one_by_one = [{"aar040": str(year), number: f"3701{home}"} for year in years for home in range(4)]
    mapped = load(workbook(("1", grid(one_by_one, names)), titles=0))
    assert mapped.raw["household_no"] == [f"3701{home}" for home in range(4)]
    assert "同一批户有几个年度的行，只读 2020 年度，没有读取：2019 年度" in mapped.header.reason


def test_other_years_of_other_people_are_read(load):
    rows = homes(5)
    mapped = load(workbook(("1", [DUMP, *dump(2019, rows[:3]), *dump(2020, rows[2:])]), titles=0))
    assert (len(mapped.rows), mapped.skipped) == (len(rows) + 1, {})


# --- a sheet per village ----------------------------------------------------------------------------------------------------


def of_villages(count: int, spare: set[str]) -> dict[str, list[list]]:
    town, _ = of_one_town()
    rows = [one for one in people(400) if one["乡(镇)"] == town]
    villages = list(dict.fromkeys(one["行政村"] for one in rows))[:count]
    names = [name for name in grid([])[0] if name not in spare]
    return {village: grid([one for one in rows if one["行政村"] == village][:4], names) for village in villages}


@pytest.mark.parametrize(("title", "spare"), [("名单", {"行政村"}), ("{}名单", {"行政村", "乡(镇)"})])
def test_a_sheet_named_after_its_village_needs_no_column_for_it(load, title, spare):
    town, tables = of_one_town()[0], of_villages(3, spare)
    sheets = [
        (f"{number}.{village}", [[title.format(town)], *rows])
        for number, (village, rows) in enumerate(tables.items(), start=1)
    ]
    mapped = load(workbook(*sheets, titles=0))
    assert (mapped.findings, len(mapped.header.parts)) == ([], 3)
    assert mapped.header.reason.count("没有“行政村”列，按工作表名读") == 1
    rows = [(place.town, place.village) for place in mapped.places]
    assert len(set(rows)) == 3 and len(rows) == sum(len(table) - 1 for table in tables.values())
    whole = load(workbook(("1", grid([one for one in people(400) if one["行政村"] in tables]))))
    assert set(rows) == {(place.town, place.village) for place in whole.places}


def test_a_sheet_that_goes_on_is_of_the_village_that_it_is_named_after(load):
    (first, table), (second, other) = of_villages(2, {"行政村"}).items()
    mapped = load(workbook((first, table[:3]), (f"{first}(2)", table[3:]), (second, other[1:]), titles=0))
    assert [place.village for place in mapped.places].count(mapped.places[0].village) == len(table) - 1
    assert (len(mapped.rows), mapped.findings) == (len(table) + len(other) - 2, [])


def test_a_sheet_of_no_village_still_needs_the_column(load):
    table = next(iter(of_villages(1, {"行政村"}).values()))
    for name in ("名单", "Sheet1", "汇总村民"):
        with pytest.raises(FileRefused, match="缺少必需的列：行政村"):
            load(workbook((name, table), titles=0))
