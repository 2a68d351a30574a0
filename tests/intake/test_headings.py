"""A second heading inside a sheet: pages repeat the first, a table pasted below has its own, and none is taken for another."""

import datetime as dt

import pytest

from jiyang.intake import pipeline
from jiyang.intake.layouts import layouts
from jiyang.intake.refusals import MENDABLE, FileRefused
from tests.intake.workbooks import grid, people, workbook

SHEET = "名单"
PEOPLE = people(12)
NAMES = list(PEOPLE[0])
FIRST, REST = grid(PEOPLE[:6]), grid(PEOPLE[6:])
INCOME_IN = {unit: [unit if name == "人均纯收入" else "" for name in NAMES] for unit in ("元", "万元")}
COUNTED = [str(number) for number, _ in enumerate(NAMES, start=1)]
GROUPS = [{0: "基本信息", 9: "成员信息", 18: "保障"}.get(place, "") for place, _ in enumerate(NAMES)]


@pytest.fixture
def load(index):
    def load(data: bytes, filename: str = "名单.xlsx", **options):
        known = [layouts()[name] for name in ("roster_a", "roster_b", "roster_c", "legacy_person")]
        return pipeline.load(data, filename, layouts=known, regions=index, as_of=dt.date(2025, 6, 30), **options)

    return load


def swapped(one: str, other: str) -> list[str]:
    names = list(NAMES)
    first, second = names.index(one), names.index(other)
    names[first], names[second] = names[second], names[first]
    return names


def renamed(**names: str) -> list[str]:
    return [names.get(name, name) for name in NAMES]


def table(rows) -> str:
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


@pytest.mark.parametrize(
    "pair", [("危房户", "是否解决安全饮用水"), ("首次识别时间", "人员识别时间"), ("户联系电话", "人联系电话")]
)
def test_a_table_below_is_read_by_its_own_headings(load, pair):
    below = grid(PEOPLE[6:], swapped(*pair))
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    for data, name in (
        (workbook((SHEET, [*FIRST, *below])), "名单.xlsx"),
        (workbook((SHEET, [*FIRST, [], ["第二部分"], *below])), "名单.xlsx"),
        ((table(FIRST) + table(below)).encode(), "名单.xls"),
    ):
        mapped = load(data, name)
        assert (mapped.columns, mapped.findings) == (plainly.columns, []), name
        assert [part.sheet for part in mapped.header.parts] == [mapped.header.sheet] * 2
        assert "是另一张表" in mapped.header.reason


def test_cells_of_a_table_below_keep_their_addresses(load):
    below = grid([{**one, "危房户": "也许"} for one in PEOPLE[6:7]], swapped("危房户", "是否解决安全饮用水"))
    (finding,) = load(workbook((SHEET, [*FIRST, *below]))).findings
    place = NAMES.index("是否解决安全饮用水")
    assert (finding.cell, finding.column) == (f"{chr(65 + place)}10", "危房户")


def test_a_repeated_heading_may_use_other_words_for_the_same(load):
    again = renamed(证件号码="身份证号", 行政村="村", 人均纯收入="人均纯收入（元）")
    mapped = load(workbook((SHEET, [*FIRST, again, *REST[1:]])))
    assert (mapped.columns, mapped.skipped) == (load(workbook((SHEET, grid(PEOPLE)))).columns, {"重复的表头": 1})


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([renamed(人均纯收入="人均纯收入（万元）"), *REST[1:]], "人均纯收入以万元计"),
        ([["单位：万元"], *REST], "人均纯收入以万元计"),
        ([["（单位 万元）"], *[[f"第{one}部分"] for one in "一二三四五六七"], *REST], "人均纯收入以万元计"),
        ([NAMES, INCOME_IN["万元"], *REST[1:]], "人均纯收入以万元计"),
        (grid(PEOPLE[6:], [name for name in NAMES if name != "民族"]), "没有民族"),
        ([renamed(自然村="自然屯"), *REST[1:]], "没有自然村；没有认出自然屯"),
    ],
    ids=["another unit", "above", "further above", "below", "a column less", "another word"],
)
def test_a_table_below_that_cannot_be_read_as_the_first_refuses_the_file_and_names_the_row(load, rows, named):
    with pytest.raises(FileRefused, match=named) as refused:
        load(workbook((SHEET, [*FIRST, *rows])))
    row = len(FIRST) + 2 + next(number for number, row in enumerate(rows) if len(row) == len(rows[-1]) and row[0])
    assert refused.value.code in MENDABLE and f"第 {row} 行是另一个表头" in str(refused.value)


@pytest.mark.parametrize(
    "between",
    [
        [INCOME_IN["元"]],
        [COUNTED],
        [["必填" for _ in NAMES]],
        [COUNTED, INCOME_IN["元"]],
    ],
    ids=["units", "counted", "how to fill in", "two lines"],
)
def test_lines_that_explain_a_repeated_heading_are_nobody(load, between):
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    mapped = load(workbook((SHEET, [*FIRST, NAMES, *between, *REST[1:]])))
    assert (mapped.columns, mapped.findings) == (plainly.columns, [])
    assert sum(mapped.skipped.values()) == 1 + len(between)


def test_groups_above_a_repeated_heading_are_nobody(load):
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    mapped = load(workbook((SHEET, [GROUPS, *FIRST, GROUPS, *REST])))
    assert (mapped.columns, mapped.skipped) == (plainly.columns, {"重复的表头": 2})


def test_a_better_heading_below_does_not_hide_the_first_table(load):
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    with pytest.raises(FileRefused, match=r"第 9 行是另一个表头.*多了自然村"):
        load(workbook((SHEET, [renamed(自然村="自然屯"), *FIRST[1:], *REST])))
    first = [name for name in NAMES if name != "民族"]
    with pytest.raises(FileRefused, match=r"第 9 行是另一个表头.*多了民族"):
        load(workbook((SHEET, [*grid(PEOPLE[:6], first), *REST])))
    for names in (renamed(证件号码="身份证号"), swapped("危房户", "是否解决安全饮用水")):
        mapped = load(workbook((SHEET, [*grid(PEOPLE[:6], NAMES if "身份证号" in names else names), *REST])))
        assert (mapped.columns, mapped.header.unread) == (plainly.columns, {})


def test_one_line_repeats_a_heading_of_two(load):
    merged = {18: "保障", 25: "时间"}
    above = [merged.get(place, "" if place in (19, 20, 21, 26) else name) for place, name in enumerate(NAMES)]
    below = [name if place in (18, 19, 20, 21, 25, 26) else "" for place, name in enumerate(NAMES)]
    mapped = load(workbook((SHEET, [above, below, *FIRST[1:], *REST])))
    assert mapped.columns == load(workbook((SHEET, grid(PEOPLE)))).columns


SUMMARY = [["镇街", "行政村", "户数", "人数"], ["济阳街道", "张庄村", "12", "30"], ["合计", "", "12", "30"]]
CONTACTS = [["村", "姓名", "联系电话"], ["张庄村", "李四", "13800138000"]]
GONE = [["序号", "姓名", "证件号码", "减少原因"], ["1", PEOPLE[0]["姓名"], PEOPLE[0]["证件号码"], "死亡"]]
WORDS = [["与户主关系", "健康状况", "劳动技能", "民族"], ["户主", "健康", "普通劳动力", "汉族"]]


@pytest.mark.parametrize("small", [SUMMARY, CONTACTS, GONE, WORDS], ids=["summary", "contacts", "gone", "words"])
def test_a_small_table_of_another_kind_is_left_out_and_told(load, small):
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    first, last = len(PEOPLE) + 4, len(PEOPLE) + 3 + len(small)
    told = f"{SHEET} 第 {first}–{last} 行"
    mapped = load(workbook((SHEET, [*grid(PEOPLE), [], *small])))
    assert (mapped.columns, mapped.findings) == (plainly.columns, [])
    assert mapped.header.unread == {told: len(small) - 1} and f"没有读取：{told}（是另一张表）" in mapped.header.reason
    between = load(workbook((SHEET, [*FIRST, *small, *REST])))
    assert (between.columns, sum(between.header.unread.values())) == (plainly.columns, len(small) - 1)


def test_people_below_a_small_table_go_on_where_it_has_no_column_for_their_numbers(load):
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    mapped = load(workbook((SHEET, [*FIRST, *SUMMARY, *REST[1:]])))
    assert (mapped.columns, sum(mapped.header.unread.values())) == (plainly.columns, len(SUMMARY) - 1)


@pytest.mark.parametrize("small", [SUMMARY, CONTACTS, GONE], ids=["summary", "contacts", "gone"])
def test_a_small_table_above_the_first_is_told(load, small):
    mapped = load(workbook((SHEET, [*small, *grid(PEOPLE)]), titles=2))
    assert len(mapped.rows) == len(PEOPLE)
    assert list(mapped.header.unread) == [f"{SHEET} 第 3–{2 + len(small)} 行"]


def test_the_same_small_table_above_and_below_is_told_twice(load):
    mapped = load(workbook((SHEET, [*SUMMARY, [], *grid(PEOPLE), [], *SUMMARY])))
    assert (len(mapped.rows), len(mapped.header.unread)) == (len(PEOPLE), 2)


# --- people who are no longer there ----------------------------------------------------------------------------------------

LEFT_OUT = "标题说是已死亡、减少或退出的人"


@pytest.mark.parametrize("title", ["减少人员（9人）：", "2025年死亡人员名单", "死亡、迁出情况", "二、清退户"])
@pytest.mark.parametrize("heading", [True, False])
def test_a_section_of_people_who_left_or_died_is_named_and_not_read(load, title, heading):
    gone = [*([NAMES] if heading else []), *REST[1:]]
    mapped = load(workbook((SHEET, [*FIRST, [], [title], *gone])))
    assert (len(mapped.rows), mapped.findings) == (6, [])
    assert f"没有读取：{SHEET} 第 10–{10 + len(gone)} 行（{LEFT_OUT}）" in mapped.header.reason
    assert list(mapped.header.unread.values()) == [6]
    people_again = load(workbook((SHEET, [*FIRST, [title], *REST[1:4], ["新增人员："], *REST[4:]])))
    assert people_again.columns["name"] == [one["姓名"] for one in PEOPLE[:6] + PEOPLE[9:]]


@pytest.mark.parametrize(
    "title",
    ["死亡", "（二）自然减少", "嫁出人员名单", "出国定居人员", "判刑收监人员", "其他转出：", "以下为已外嫁人员", "失联人员", "已故", "注：以下人员已去世，不再统计", "减少人员名单，共9人"],
)  # fmt: skip
def test_every_reason_of_a_decrease_is_the_title_of_a_section(load, title):
    mapped = load(workbook((SHEET, [*FIRST, [title], *REST[1:]])))
    assert (len(mapped.rows), list(mapped.header.unread.values())) == (6, [len(REST) - 1])


SAY_SO = [
    "死亡脱贫人口", "死亡监测对象名单", "减少的监测对象名单", "减少脱贫户名单", "自然减少脱贫人口台账", "2025年死亡脱贫享受政策人口名单",
    "死亡贫困人口信息", "死亡低保人员", "死亡老人名单", "去世老人", "销户脱贫户", "已退出监测对象", "核减人员", "核减名单", "整户核减", "整户消亡",
    "减员", "减员名单", "自然减员", "过世人员", "逝世人员", "离世人员", "死者名单", "已除名", "外迁户", "出嫁女", "死亡人员如下：", "减少人员如下：",
    "5月份减少人员如下", "现将死亡人员名单附后：", "死亡人员名单——济阳街道", "死亡人员名单 第1页", "死亡.", "新增死亡人员名单", "家庭成员死亡名单",
    "清退监测对象名单", "死亡人员名单（续）", "死亡-济阳街道", "人口减少名单", "2025年减少户", "户籍注销人员", "死亡高龄老人", "本年度自然减少（死亡）",
]  # fmt: skip
MEAN_OTHERS = [
    "户主去世户名单", "人口减少户名单", "家庭成员减少户", "劳动力减少户名单", "土地减少户", "收支减少户", "配偶死亡人员", "户主死亡家庭", "成员死亡家庭",
    "死亡户主变更名单", "父母死亡人员名单", "夫妻一方死亡户", "家庭减员户", "人数减少户名单", "补贴减少户", "牲畜死亡户", "死亡人员家属名单", "低保退出户",
    "公益性岗位退出人员", "低保金核减户", "残疾证注销人员", "新增、减少人员名单", "迁入迁出人员名单", "疑似死亡人员", "拟退出监测对象", "退出贫困户名单",
    "减少贫困人口", "低保减少人员", "在世及死亡人员名单",
]  # fmt: skip
ONLY_MENTION = [
    "人口自然增减情况",
    "新增及减少情况说明",
    "死亡保险参保情况",
    "出嫁女返乡人员",
    "死亡户家庭成员",
    "脱贫人口退出名单",
]


@pytest.mark.parametrize("title", SAY_SO)
def test_titles_that_say_that_people_are_no_longer_there(load, title):
    mapped = load(workbook((SHEET, [*FIRST, [title], *REST[1:]])))
    assert (len(mapped.rows), list(mapped.header.unread.values())) == (6, [len(REST) - 1])
    assert mapped.header.reason.count(LEFT_OUT) == 1 and not mapped.skipped
    beside = load(workbook((SHEET, FIRST), (title, REST), titles=0))
    assert beside.header.unread == {title: len(REST)}


@pytest.mark.parametrize("title", [*MEAN_OTHERS, *ONLY_MENTION])
def test_titles_that_mean_people_who_are_there(load, title):
    mapped = load(workbook((SHEET, [*FIRST, [title], *REST[1:]])))
    assert (len(mapped.rows), mapped.header.unread) == (len(PEOPLE), {})
    beside = load(workbook((SHEET, FIRST), (title, REST), titles=0))
    assert (len(beside.rows), beside.header.unread) == (len(PEOPLE), {})


def test_a_title_that_may_mean_people_who_are_gone_is_told(load):
    told = "提到死亡、减少或退出，不能肯定说的是已不在的人"
    mapped = load(workbook((SHEET, [*FIRST, ["户主去世户名单"], *REST[1:]])))
    assert f"“{SHEET}”第 9 行“户主去世户名单”{told}" in mapped.header.reason
    beside = load(workbook((SHEET, FIRST), ("人口减少户名单", REST), titles=0))
    assert f"“人口减少户名单”{told}" in beside.header.reason
    for title in ("名单（不含死亡人员）", "合计：10户14人，本月减少1人", "收入情况"):
        assert told not in load(workbook((SHEET, [*FIRST, [title], *REST[1:]]))).header.reason


NOTES = [
    "合计：10户14人，本月减少1人", "本页共14人，其中死亡0人", "人口变动：增加1人，减少2人", "备注：较上月减少", "减少2人", "本月死亡：0人", "本村较上月减少2人",
]  # fmt: skip


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("place", [0, 8], ids=["first", "name"])
def test_a_note_that_counts_a_decrease_begins_no_section(load, note, place):
    mapped = load(workbook((SHEET, [*FIRST, [*[""] * place, note], *REST[1:]])))
    assert set(mapped.columns["name"]) >= {one["姓名"] for one in PEOPLE} and not mapped.header.unread


@pytest.mark.parametrize(
    "row",
    [[*[""] * 8, "本户2人"], [*[""] * 8, "减少2人"], ["以下为济北街道"], [*[""] * 8, "以下为济北街道"], ["—"] * 20],
)
def test_a_count_or_a_line_that_groups_is_nobody(load, row):
    plainly = load(workbook((SHEET, grid(PEOPLE))))
    mapped = load(workbook((SHEET, [*FIRST, row, *REST[1:]])))
    assert (mapped.columns, mapped.findings, sum(mapped.skipped.values())) == (plainly.columns, [], 1)


@pytest.mark.parametrize(
    ("heading", "name", "own"),
    [
        ("行政村", "村（社区、居委会）", "village"),
        ("证件号码", "公民身份证件号码", "id_number"),
        ("户联系电话", "户主联系电话", "phone"),
    ],
)
def test_further_names_of_columns(load, heading, name, own):
    mapped = load(workbook((SHEET, [renamed(**{heading: name}), *grid(PEOPLE)[1:]])))
    assert mapped.findings == [] and name not in mapped.header.unknown and own in mapped.header.names


@pytest.mark.parametrize(
    "title",
    [
        "贫困退出人员：",
        "名单（不含死亡人员）",
        "防止死亡减少情况",
        "收入减少户：",
        "脱贫人口退出名单",
        "已脱贫人口减少后名单",
    ],
)
def test_other_lines_do_not_end_the_list(load, title):
    assert len(load(workbook((SHEET, [*FIRST, [title], *REST[1:]]))).rows) == len(PEOPLE)


@pytest.mark.parametrize(("name", "why"), [("作废", ""), ("历史数据", ""), ("备份20250601", ""), ("外嫁", LEFT_OUT)])
def test_a_sheet_that_its_name_calls_old_is_named_and_not_read(load, name, why):
    for rows in (REST, REST[1:]):
        mapped = load(workbook((SHEET, FIRST), (name, rows), titles=0))
        assert (mapped.header.sheets, list(mapped.header.unread)) == ([SHEET], [name])
    assert (why or "名称说是作废、历史或备份的表") in load(
        workbook((SHEET, FIRST), (name, REST), titles=0)
    ).header.reason


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("死亡减少", "标题"),
        ("2", "2025年减少人员名单"),
        ("已销户", "标题"),
        ("已故", "标题"),
        ("剔除", "标题"),
        ("2", "济阳区2025年判刑收监人员名单"),
        ("2", "嫁出人员花名册"),
    ],
)
def test_a_sheet_of_people_who_left_or_died_is_named_and_not_read(load, name, title):
    there, gone = [["标题"], *FIRST], [[title], *REST]
    for sheets in (((SHEET, there), (name, gone)), ((name, gone), (SHEET, there))):
        mapped = load(workbook(*sheets, titles=0))
        assert (mapped.header.sheets, mapped.header.unread) == ([SHEET], {name: len(REST)})
        assert f"{name}（{LEFT_OUT}）" in mapped.header.reason
    continued = load(workbook((SHEET, there), ("死亡人员", REST[1:]), titles=0))
    assert len(continued.rows) == 6


# --- headings over choices, headings of further sheets ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "choices"),
    [
        ("危房户", ["否", "是"]),
        ("危房户", ["是", "否"]),
        ("是否参加大病保险", ["不是", "是"]),
        ("健康状况", ["健康", "长期慢性病", "患有大病", "残疾"]),
    ],
)
def test_a_heading_over_its_choices_is_not_read_as_the_first_of_them(load, heading, choices):
    names, *rows = FIRST
    place, more = names.index(heading), len(choices) - 1
    top = [*names[: place + 1], *[""] * more, *names[place + 1 :]]
    low = [*[""] * place, *choices, *[""] * (len(names) - place - 1)]
    body = [[*row[:place], "√", *[""] * more, *row[place + 1 :]] for row in rows]

    def merge(book, sheets):
        for at, text in enumerate(top):
            if text and at != place:
                sheets[0].merge_range(1, at, 2, at, text)
        sheets[0].merge_range(1, place, 1, place + more, heading)

    for touch in (merge, None):
        mapped = load(workbook((SHEET, [top, low, *body]), touch=touch))
        assert (len(mapped.rows), mapped.header.unknown[0]) == (6, heading)
        assert f"“{heading}”没有读：下面分成了“{'、'.join(choices)}”几栏" in mapped.header.reason


def test_headings_that_only_a_further_sheet_has_are_listed_with_it(load):
    more = [[*row, "已死亡" if number else "变更说明"] for number, row in enumerate(REST)]
    mapped = load(workbook(("甲", FIRST), ("乙", more)))
    assert (len(mapped.rows), mapped.header.unknown) == (len(PEOPLE), ["变更说明"])
    assert "列名相同" not in mapped.header.reason and "“乙”还有没认出的列：变更说明" in mapped.header.reason


def test_a_sheet_of_examples_is_named_and_one_that_is_all_there_is_is_read_and_told(load):
    mapped = load(workbook(("填写示例", FIRST), (SHEET, REST)))
    assert (mapped.header.sheets, mapped.header.unread) == ([SHEET], {"填写示例": len(FIRST)})
    alone = load(workbook(("死亡人员名单", FIRST)))
    assert len(alone.rows) == 6 and f"“死亡人员名单”{LEFT_OUT}，请核对" in alone.header.reason
