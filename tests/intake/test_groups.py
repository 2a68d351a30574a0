"""What stands above columns, and lines of names below a heading: counted where it is certain, not read and told where it is not."""

import datetime as dt

import pytest

from jiyang.intake import pipeline
from jiyang.intake.detect import detect
from jiyang.intake.layouts import layouts, plain
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused
from tests.intake.workbooks import csv_text, grid, people, workbook

NAMES = grid([])[0]
INCOME = NAMES.index("人均纯收入")


@pytest.fixture
def load(index):
    def load(data: bytes, filename: str = "名单.xlsx"):
        return pipeline.load(
            data, filename, layouts=list(layouts().values()), regions=index, as_of=dt.date(2025, 6, 30)
        )

    return load


def grouped(groups: dict[str, tuple[str, int]], *, merged: bool = True, names=NAMES, **changes) -> bytes:
    """A line of groups above the headings: heading at which each begins → (its text, its columns)."""
    rows = grid(people(3, **changes), names)
    line = [groups.get(name, ("", 0))[0] for name in names]

    def touch(book, sheets):
        for name, (text, wide) in groups.items():
            at = names.index(name)
            if merged and wide > 1:
                sheets[0].merge_range(1, at, 1, at + wide - 1, text)

    return workbook(("名单", [line, *rows]), touch=touch)


UNITS = ["收支（万元）", "收支（单位：万元）", "收支 单位：万元", "收支/万元", "收支，万元", "万元", "[万元]", "收支【万元】", "收支（万）"]  # fmt: skip


@pytest.mark.parametrize("group", UNITS)
def test_a_unit_in_any_writing_holds_for_the_columns_of_its_group(load, group):
    around = {NAMES[0]: ("基本情况", INCOME), "人均纯收入": (group, 2)}
    alone = {"人均纯收入": (group, 2)}
    for data in (grouped(around, 人均纯收入="1.35"), grouped(alone, 人均纯收入="1.35")):
        assert load(data).columns["income_per_head"] == ["13500.00"] * 3


@pytest.mark.parametrize("line", ["单位：万元", "（单位：万元）", "单位:万元"])
@pytest.mark.parametrize("begins", [INCOME, len(NAMES) - 3], ids=["over the income", "at the end of the line"])
def test_a_line_that_says_a_unit_alone_counts_wherever_it_is_merged(load, line, begins):
    """At the end of the line it is that of the whole table."""
    data = grouped({NAMES[begins]: (line, 3)}, 人均纯收入="1.35")
    assert load(data).columns["income_per_head"] == ["13500.00"] * 3


@pytest.mark.parametrize("unit", ["/万元", "，万元", "（万元）", "[万元]", "（单位：万元）", " 单位：万元"])
def test_a_unit_behind_a_heading_in_any_writing_counts(load, unit):
    rows = grid(people(3, 人均纯收入="1.35"))
    rows[0][INCOME] += unit
    assert load(workbook(("名单", rows))).columns["income_per_head"] == ["13500.00"] * 3


@pytest.mark.parametrize(
    "group",
    [
        "2019年收支", "19年收支", "二〇一九年收支", "收支（统计年度：2019年）", "收支：2019年", "2018-2019年收支", "前一年收支", "往年收支",
        "上年收支", "原收支", "识别前收支", "预估收支", "目标收支", "拟达到收支", "2026年收支计划",
    ],
)  # fmt: skip
def test_columns_of_a_group_that_is_not_of_now_are_not_read(load, group):
    for groups in ({"人均纯收入": (group, 2)}, {NAMES[0]: ("基本情况", INCOME), "人均纯收入": (group, 2)}):
        mapped = load(grouped(groups, 人均纯收入="9000", 数据日期="20250630"))
        assert mapped.header.unknown == ["人均纯收入"] and "“人均纯收入”没有读" in mapped.header.reason
        assert "phone" in mapped.columns


@pytest.mark.parametrize("group", ["收支情况", "识别时收支", "原因", "2025年收支"])
def test_a_group_that_says_nothing_else_changes_nothing(load, group):
    groups = {NAMES[0]: ("基本情况", INCOME), "人均纯收入": (group, 2)}
    mapped = load(grouped(groups, 人均纯收入="9000", 数据日期="20250630"))
    assert (mapped.columns["income_per_head"], mapped.header.unknown) == (["9000.00"] * 3, [])


@pytest.mark.parametrize("group", ["收入（上年10月至本年9月）", "收入（去年10月1日—今年9月30日）", "识别前12个月收入"])
def test_the_period_over_which_an_income_is_reckoned_is_of_now(load, group):
    mapped = load(grouped({"人均纯收入": (group, 2)}, 人均纯收入="9000", 数据日期="20250630"))
    assert (mapped.columns["income_per_head"], mapped.header.unknown) == (["9000.00"] * 3, [])


@pytest.mark.parametrize(
    ("filename", "line", "group", "read"),
    [
        ("名单_20250630.xlsx", [], "2025年收支", True),
        ("名单.xlsx", ["导出时间：2025-06-30 10:00:00"], "2025年收支", True),
        ("名单_20250630.xlsx", [], "2023年收支", False),
        ("名单.xlsx", [], f"{dt.date.today().year}年收支", True),
        ("名单.xlsx", [], f"{dt.date.today().year - 3}年收支", False),
    ],
)
def test_the_year_of_a_group_is_held_against_the_day_that_the_file_tells(load, filename, line, group, read):
    names = [name for name in NAMES if name != "数据日期"]
    rows = [
        [{0: "基本情况", names.index("人均纯收入"): group}.get(at, "") for at, _ in enumerate(names)],
        *grid(people(3), names),
    ]
    mapped = load(workbook(("名单", [line, *rows] if line else rows), titles=0), filename)
    assert ("income_per_head" in mapped.columns) is read


@pytest.mark.parametrize("sign", ["②", "²", "20²5", "０²", "٢"])
def test_a_first_row_of_odd_signs_stops_no_reading(load, sign):
    rows = grid(people(3))
    assert load(workbook(("名单", [rows[0], [sign] * len(rows[0]), *rows[1:]]))).rows


@pytest.mark.parametrize("title", [{NAMES[0]: ("2019年名单", len(NAMES))}, {NAMES[9]: ("2019年已脱贫人口名单", 1)}])
def test_a_title_is_no_group(load, title):
    assert load(grouped(title)).header.unknown == []


@pytest.mark.parametrize(("group", "read"), [("收入（万元）", ["13500.00"] * 3), ("2019年收入", None)])
def test_groups_without_merged_cells_count(load, group, read):
    line = [{0: "基本情况", INCOME: group, INCOME + 1: "联系电话"}.get(at, "") for at, _ in enumerate(NAMES)]
    rows = [["2025年名单"], line, *grid(people(3, 人均纯收入="1.35"))]
    for data, name in (
        (workbook(("名单", rows), titles=0), "名单.xlsx"),
        (csv_text(rows).encode("gb18030"), "名单.csv"),
    ):
        assert load(data, name).columns.get("income_per_head") == read
    label = [["填报单位", "", "某镇", "", "填报时间", "2019年"], *rows[2:]]
    assert load(csv_text(label).encode("gb18030"), "名单.csv").columns["income_per_head"] == ["1.35"] * 3


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("人均纯收入", ["2023年", "2024年"]),
        ("人均纯收入", ["预计", "实际"]),
        ("户联系电话", ["村干部", "户主"]),
        ("人数", ["户籍", "实际"]),
        ("劳动技能", ["男", "女"]),
        ("证件号码", ["户主", "本人"]),
    ],
)
def test_a_heading_over_columns_of_its_own_is_none_of_them(load, heading, names):
    first, *rows = grid(people(3))
    at = first.index(heading)
    top = [*first[: at + 1], "", *first[at + 1 :]]
    low = [*[""] * at, *names, *[""] * (len(first) - at - 1)]
    body = [[*row[: at + 1], row[at], *row[at + 1 :]] for row in rows]
    for data, name in (
        (workbook(("名单", [top, low, *body])), "名单.xlsx"),
        (csv_text([top, low, *body]).encode("gb18030"), "名单.csv"),
    ):
        if heading == "证件号码":
            with pytest.raises(FileRefused, match="下面分成了“户主、本人”几栏"):
                load(data, name)
            continue
        mapped = load(data, name)
        assert (len(mapped.rows), heading in mapped.header.unknown) == (3, True)
        assert f"“{heading}”没有读：下面分成了“{'、'.join(names)}”几栏" in mapped.header.reason


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("group", ["帮扶责任人", "监护人信息", "一卡通信息", "带动企业"])
def test_a_number_in_a_group_of_somebody_else_above_a_complete_heading_is_not_the_households(load, group, merged):
    names = [name for name in NAMES if name not in ("户联系电话", "人联系电话")] + ["单位", "联系电话"]
    for groups in ({"单位": (group, 2)}, {NAMES[0]: ("基本情况", len(names) - 2), "单位": (group, 2)}):
        mapped = load(grouped(groups, names=names, merged=merged, 单位="某局", 联系电话="13900000000"))
        assert "phone" not in mapped.columns and "person_phone" not in mapped.columns
        assert f"“联系电话”没有读：跟在“{group}”后面" in mapped.header.reason
    names = [*names[:-2], "账号", "联系电话"]
    assert (
        "phone" not in load(grouped({"账号": (group, 2)}, names=names, merged=merged, 联系电话="13900000000")).columns
    )
    title = load(grouped({NAMES[0]: ("帮扶责任人名单", 1)}, names=names, 联系电话="13900000000"))
    assert "phone" in title.columns


# --- two lines, the second of which names the parts of a few columns ---------------------------------------------------------

LAYOUTS = layouts()


def official(key: str) -> list[str]:
    return [one.heading for one in LAYOUTS[key].fields]


def parted(key: str, group: str, parts: dict[str, str], *more: str) -> list[list[str]]:
    """The official headings of a layout in two lines: those of `parts` stand below `group` by their short names there."""
    columns = [*official(key), *more]
    first = columns.index(next(iter(parts)))
    above = [group if at == first else "" if name in parts else name for at, name in enumerate(columns)]
    return [["标题"], above, [parts.get(name, "") for name in columns]]


def filled_in(key: str, *more: str, rows: int = 3) -> list[list[str]]:
    """Rows of data for the official headings of a layout: no cell of them says what another one does."""
    return [[f"{place}格{row}" for place in range(len(official(key)) + len(more))] for row in range(rows)]


def read_lines(lines: list[list[str]], **options):
    return detect(Source(["表"], "test", lambda name: iter(lines)), list(LAYOUTS.values()), **options)


RISKS = [f"致贫/返贫风险{number}" for number in range(1, 6)]
LAND = ["耕地面积（亩）", "林地面积（亩）", "退耕还林面积（亩）", "林果面积（亩）", "牧草地面积", "水面面积"]


def in_short(names: list[str], *short: str) -> dict[str, str]:
    return dict(zip(names, short, strict=True))


PARTED = [
    ("roster_a", "联系电话", in_short(["户联系电话", "人联系电话"], "户联系电话", "人联系电话")),
    ("roster_a", "联系电话", in_short(["户联系电话", "人联系电话"], "户", "人")),
    ("roster_a", "识别时间", in_short(["首次识别时间", "人员识别时间"], "首次识别时间", "人员识别时间")),
    ("roster_a", "识别时间", in_short(["首次识别时间", "人员识别时间"], "首次", "人员")),
    ("roster_b", "户主", in_short(["户主姓名", "户主证件号码"], "姓名", "证件号码")),
    ("roster_b", "公益性岗位", in_short(["公益性岗位类型", "公益性岗位(月数)"], "类型", "月数")),
    ("roster_c", "致贫/返贫风险", in_short(RISKS, "风险1", "风险2", "风险3", "风险4", "风险5")),
    ("roster_c", "致贫返贫风险", in_short(RISKS, "第一项", "第二项", "第三项", "第四项", "第五项")),
    ("roster_c", "土地面积（亩）", in_short(LAND, "耕地", "林地", "退耕还林", "林果", "牧草地", "水面")),
    ("roster_c", "信息采集人", in_short(["信息采集人", "信息采集人联系电话"], "姓名", "联系电话")),
    ("roster_c", "监测联系人", in_short(["监测联系人", "监测联系人电话"], "姓名", "电话")),
    ("roster_d", "务工时间", in_short(["开始时间", "结束时间"], "开始", "结束")),
    ("roster_d", "务工起止时间", in_short(["开始时间", "结束时间"], "起", "止")),
    ("roster_d", "收入", in_short(["务工月收入"], "务工月收入")),
    ("roster_e", "低保", in_short(["低保户数", "低保人口数"], "低保户数", "低保人口数")),
    ("roster_e", "总数", in_short(["总户数", "总人口数"], "户数", "人口数")),
    ("roster_f", "户主", in_short(["姓名", "证件号码"], "姓名", "证件号码")),
    ("roster_f", "卫生厕所", in_short(["是否有卫生厕所", "卫生厕所是否能正常使用"], "是否有", "是否能正常使用")),
]  # fmt: skip


@pytest.mark.parametrize(("key", "group", "parts"), PARTED)
def test_a_second_line_that_names_parts_of_a_few_columns_is_read_without_merged_cells(key, group, parts):
    header = read_lines([*parted(key, group, parts), *filled_in(key)])
    assert (header.layout.key, header.lines, header.unknown, header.told) == (key, 2, [], [])
    assert [one.heading for one in header.columns.values()] == official(key)


def test_a_column_is_shown_as_the_file_writes_its_group_and_heading():
    names = [name for name in official("roster_c") if name.startswith("风险消除后")]
    header = read_lines(
        [*parted("roster_c", "风险消除后", {name: name[len("风险消除后") :] for name in names}), *filled_in("roster_c")]
    )
    assert {"风险消除后是否有家庭成员未参加城乡居民（职工）基本医疗保险"} <= set(header.headings.values())


def test_what_is_asked_of_a_group_is_asked_of_its_columns():
    insured = [name for name in official("roster_b") if name.startswith("是否参加")]
    columns = [name for name in official("roster_b") if name not in insured] + insured
    above = [*columns[: -len(insured)], "参保情况", *[""] * (len(insured) - 1)]
    below = [*[""] * (len(columns) - len(insured)), *(name.removeprefix("是否参加") for name in insured)]
    header = read_lines([above, below, *filled_in("roster_b")])
    assert [one.heading for one in header.columns.values()] == columns


@pytest.mark.parametrize(
    ("key", "group", "parts"),
    [
        ("roster_d", "帮扶时间", in_short(["开始时间", "结束时间"], "开始", "结束")),
        ("roster_a", "联系电话（备用）", in_short(["户联系电话", "人联系电话"], "户", "人")),
        ("roster_e", "去年总数", in_short(["总户数", "总人口数"], "户", "人")),
        ("roster_c", "危险面积（亩）", in_short(LAND[:2], "耕地", "林地")),
    ],
)
def test_a_part_that_is_no_known_name_with_its_group_is_not_guessed(key, group, parts):
    try:
        header = read_lines([*parted(key, group, parts), *filled_in(key)])
    except FileRefused as refused:
        assert refused.code == "missing_column" and group in str(refused)
    else:
        assert group in header.unknown or set(parts.values()) <= set(header.unknown)
        assert not {LAYOUTS[key].by_heading[plain(name)].name for name in parts} & header.names


@pytest.mark.parametrize(
    "cells",
    [
        {"姓名": "王二", "本单位说明": "搬迁"},
        {"与户主关系": "户主", "本单位说明": "户主"},
        {"户编号": "无", "本单位说明": "产业帮扶"},
        {"监测对象类别": "户类型", "本单位说明": "搬迁"},
        {"本单位说明": "搬迁", "本单位意见": "同意"},
    ],
)
def test_a_first_row_of_data_is_no_second_line(cells):
    columns = [*[name for name in official("roster_c") if name not in ("搬迁", "产业帮扶")], "本单位说明", "本单位意见"]
    first = [cells.get(name, "") for name in columns]
    body = [[f"{place}格" for place, _ in enumerate(columns)] for _ in range(3)]
    header = read_lines([columns, first, *body])
    assert (header.lines, header.unknown) == (1, ["本单位说明", "本单位意见"])


def test_a_value_that_stands_again_further_down_is_no_heading():
    columns = [*[name for name in official("roster_c") if name != "搬迁"], "本单位说明"]
    first = [*[""] * (len(columns) - 1), "搬迁"]
    body = [[*(f"{place}格" for place, _ in enumerate(columns[:-1])), text] for text in ("危房改造", "搬迁")]
    assert read_lines([columns, first, *body]).lines == 1


@pytest.mark.parametrize("other", ["监护人", "配偶", "家庭成员1", "紧急联系人"])
@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("merged", [True, False])
def test_the_head_is_read_and_the_group_of_another_person_is_told(load, other, behind, merged):
    rest = [name for name in official("roster_f") if name not in ("姓名", "证件号码")]
    place, names = rest[:4], ["姓名", "证件号码"]
    pairs = [["户主", ""], [other, ""]] if behind else [[other, ""], ["户主", ""]]
    own = [[one["姓名"], one["证件号码"]] for one in people(6)]
    above = [*place, *pairs[0], *pairs[1], *rest[4:]]
    below = [*[""] * 4, *names, *names, *[""] * len(rest[4:])]
    cells = {"县(市、区、旗)": "济阳区", "乡(镇)": "济阳街道", "行政村": people(1)[0]["行政村"]}
    body = []
    for number, (head, another) in enumerate(zip(own[:3], own[3:], strict=True)):
        row = {**cells, "户编号": people(6)[number]["户编号"], "家庭人口数": "2", "户类型": "脱贫户"}
        two = [*head, *another] if behind else [*another, *head]
        body.append([*(row.get(name, "") for name in place), *two, *(row.get(name, "") for name in rest[4:])])

    def touch(book, sheets):
        if merged:
            for at, text in enumerate(above):
                if text and not below[at]:
                    sheets[0].merge_range(1, at, 2, at, text)
            for at in (4, 6):
                sheets[0].merge_range(1, at, 1, at + 1, above[at])

    mapped = load(workbook(("户信息", [above, below, *body]), touch=touch))
    assert (mapped.header.layout.key, mapped.columns["name"]) == ("roster_f", [name for name, _ in own[:3]])
    assert "没有读" in mapped.header.reason and len(mapped.header.unknown) == 2
