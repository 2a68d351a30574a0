"""Columns of which the heading does not say whose they are: behind somebody else they are not the row's own."""

import random

import pytest

from jiyang.intake.detect import detect
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts, plain
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused

ALL = list(layouts().values())
PLACE = ["乡(镇)", "行政村", "户编号"]
PERSON = [*PLACE, "姓名", "证件号码", "与户主关系", "民族", "文化程度", "健康状况", "劳动技能"]
OLD = ["省", "市", "县", "乡", "村", "户编号", "人口编号", "姓名", "证件号码", "与户主关系", "人均住房", "是否国外务工"]
JOB = ["是否已务工", "开始时间", "结束时间", "务工所在地", "务工月收入", "务工企业名称"]
WORKER = [*PLACE, "姓名", "证件号码", *JOB]


def read(*lines: list[str], **options):
    rows = [["标题"], *lines, *[[f"{place}" for place, _ in enumerate(lines[-1])]] * 2]
    return detect(Source(["表"], "test", lambda name: iter(rows)), ALL, **options)


def read_as(header) -> dict[str, str]:
    return {header.headings[place]: one.name for place, one in header.columns.items()}


@pytest.mark.parametrize(
    ("headings", "unread", "somebody"),
    [
        ([*PERSON, "帮扶责任人", "联系电话"], "联系电话", "帮扶责任人"),
        ([*PERSON, "包村干部", "职务", "联系电话"], "联系电话", "包村干部"),
        ([*PERSON, "帮扶责任人", "帮扶单位", "联系电话（手机）"], "联系电话（手机）", "帮扶单位"),
        ([*PLACE, "网格员", "联系电话", *PERSON[3:]], "联系电话", "网格员"),
        ([*PERSON, "监护人", "身份证号"], "身份证号", "监护人"),
        ([*PERSON, "户联系电话", "帮扶责任人", "联系电话"], "联系电话", "帮扶责任人"),
        ([*OLD, "帮扶责任人姓名", "政治面貌"], "政治面貌", "帮扶责任人姓名"),
        ([*WORKER, "企业联系人", "联系电话", "所属行业"], "联系电话", "企业联系人"),
        ([*PLACE, "户主姓名", "身份证号", "人员姓名", "人员身份证号", *JOB], "身份证号", "户主姓名"),
        ([*PLACE, "户主姓名", "身份证号", "成员姓名", "成员身份证号", *PERSON[5:]], "身份证号", "户主姓名"),
        ([*PLACE, "户主", "证件号码", "姓名", "家庭成员身份证号码", *PERSON[5:]], "证件号码", "户主"),
    ],
)
def test_what_stands_behind_somebody_else_is_not_read_and_told(headings, unread, somebody):
    header = read(headings)
    assert unread in header.unknown and f"“{unread}”没有读：跟在“{somebody}”后面" in header.reason
    assert not header.lacking and not header.twins


def test_headings_left_out_for_one_reason_are_named_together():
    header = read([*PERSON, "帮扶责任人", "职务", "联系电话"])
    assert header.told == ["“联系电话”没有读：" + header.objected[0][1]]
    header = read([*PERSON, "监护人", "身份证号", "联系电话"])
    assert [text[: text.index("：")] for text in header.told] == ["“身份证号”、“联系电话”没有读"]


def test_a_number_that_the_layout_knows_with_its_group_is_read():
    names = [
        one.heading for one in layouts()["roster_c"].fields if not one.name.startswith(("collector", "monitor_con"))
    ]
    groups = ["家庭情况", *[""] * (len(names) - 1), "信息采集人", "", "监测联系人", ""]
    header = read(groups, [*names, "姓名", "联系电话", "姓名", "联系电话"], choice=Choice(header_row=2))
    theirs = {one.name: place - len(names) for place, one in header.columns.items() if place >= len(names)}
    assert theirs.items() >= {"collector_phone": 1, "monitor_contact_phone": 3}.items()


def test_a_block_about_somebody_else_is_not_read_by_its_groups():
    header = read(
        ["家庭情况", *[""] * (len(PERSON) - 1), "帮扶责任人", ""],
        [*PERSON, "姓名", "联系电话"],
        choice=Choice(header_row=2),
    )
    assert header.lines == 2 and header.names == read(PERSON).names
    assert header.unknown == ["姓名（第2个）", "联系电话"] and "“联系电话”没有读" in header.reason


@pytest.mark.parametrize(
    ("headings", "heading", "name"),
    [
        ([*PERSON, "联系电话"], "联系电话", "phone"),
        ([*PERSON, "帮扶责任人", "帮扶措施", "户联系电话"], "户联系电话", "phone"),
        ([*PERSON, "是否网格员", "联系电话"], "联系电话", "phone"),
        ([*PERSON, "帮扶责任人", "是否解决安全饮用水", "联系电话"], "联系电话", "phone"),
        ([*PLACE, "包村干部", *PERSON[3:], "联系电话"], "姓名", "name"),
        ([*PLACE, "包村干部", *PERSON[3:], "联系电话"], "联系电话", "phone"),
        ([*PLACE, "户主姓名", "联系电话", *PERSON[3:]], "联系电话", "phone"),
        ([*PLACE, "户主姓名", *PERSON[3:]], "证件号码", "id_number"),
    ],
)
def test_a_column_that_is_surely_the_rows_own_is_read(headings, heading, name):
    assert read_as(read(headings))[heading] == name


def test_the_others_number_never_stands_in_for_an_empty_one():
    names = [*PERSON, "户联系电话", "帮扶责任人", "联系电话"]
    rows = [names, *[["1"] * len(PERSON) + ["", "王某", "13900000000"]] * 3]
    header = detect(Source(["表"], "test", lambda name: iter(rows)), ALL)
    assert read_as(header)["户联系电话"] == "phone" and "联系电话" in header.unknown


def test_a_person_or_an_office_says_that_it_is_the_rows_own():
    names = [*PERSON, "帮扶责任人", "联系电话"]
    for options in (
        {"choice": Choice(mapping={"联系电话": "phone"})},
        {"saved": {"roster_a": {plain("联系电话"): "phone"}}},
    ):
        header = read(names, **options)
        assert read_as(header)["联系电话"] == "phone" and "没有读" not in header.reason


@pytest.mark.parametrize("layout", ALL, ids=lambda one: one.key)
@pytest.mark.parametrize("seed", range(6))
def test_official_headings_mean_the_same_in_any_order(layout, seed):
    headings = [one.heading for one in layout.fields]
    random.Random(seed).shuffle(headings)
    header = read(headings)
    assert (header.layout.key, header.unknown, header.told) == (layout.key, [], [])


def test_without_a_number_of_the_persons_own_the_file_is_refused_and_says_why():
    with pytest.raises(FileRefused, match="缺少必需的列：证件号码（“身份证号”没有读：跟在“帮扶责任人”后面"):
        read(
            [
                *PLACE,
                "姓名",
                "与户主关系",
                "民族",
                "帮扶责任人",
                "身份证号",
                "文化程度",
                "监护人",
                "身份证号",
                "健康状况",
            ]
        )


# --- everyday words for the columns that a file must have --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("official", "words"),
    [
        ("乡(镇)", ["所属乡镇", "所在乡镇", "乡镇名称", "所属镇", "所在街道", "街道办事处", "镇(办)", "乡镇（街道）名称", "街道/镇"]),
        ("行政村", ["村居名称", "村（社区）名称", "所在村居", "村委会", "村（居）委会", "村/居", "所属行政村（社区）"]),
        ("户编号", ["户编号（国家系统）", "系统户编号", "脱贫户编号"]),
        ("姓名", ["姓名（与身份证一致）", "脱贫人口姓名", "务工人员姓名"]),
        ("证件号码", ["成员身份证号", "成员身份证号码", "人员身份证号", "公民身份证号", "身份证（残疾证）号码", "身份证号码/残疾证号码",
                  "身份证或残疾证号", "证件号码（残疾证号）", "身份证号（必须准确）"]),
        ("与户主关系", ["户主关系", "与户主之关系", "家庭成员关系", "与户主关系（称谓）", "与户主关系（户主填本人）", "关系（与户主）"]),
    ],
)  # fmt: skip
def test_everyday_headings_are_understood(official, words):
    wanted = layouts()["roster_a"].by_heading[plain(official)].name
    for word in words:
        header = read([word if one == official else one for one in PERSON])
        assert (read_as(header)[word], header.unknown) == (wanted, [])


@pytest.mark.parametrize(
    "heading",
    [
        "村（原）名称",
        "证件号码/户主证件号码",
        "身份证号（户主）",
        "姓名（曾用）",
        "人员联系电话",
        "与户主关系（配偶）",
        "户编号/人编号",
    ],
)
def test_words_that_make_something_else_of_a_heading_are_heeded(heading):
    assert heading in read([*PERSON, heading]).unknown


def test_a_list_of_households_may_call_its_people_heads():
    header = read([*PLACE, "户主姓名", "户主身份证号", "家庭人口数", "住房面积", "是否危房户", "是否通生活用电"])
    assert (header.layout.key, header.unknown) == ("roster_f", [])
    assert {"name", "id_number"} <= header.names


def test_an_office_may_have_more_columns_of_its_own_than_official_ones():
    own = [f"本单位第{number}项" for number in range(1, 19)]
    assert read([*PERSON, *own]).unknown == own
    with pytest.raises(FileRefused, match="有 18 列不认识"):
        read([*PERSON[:7], *own])
    with pytest.raises(FileRefused, match="有 18 列不认识"):
        read([*PERSON[2:], "户联系电话", "人数", "危房户", *own])


@pytest.mark.parametrize(
    "who",
    ["村会计", "包户领导", "镇街联系领导", "片区长", "扶贫专干", "经济联络员", "村妇联主席", "帮扶企业", "就业企业", "子女姓名", "代理人", "开户人"],
)  # fmt: skip
@pytest.mark.parametrize("phone", ["联系电话", "电话", "手机号码"])
def test_a_bare_phone_behind_a_person_or_body_that_nobody_knows_is_theirs(who, phone):
    header = read([*PERSON, who, phone])
    assert {who, phone} <= set(header.unknown) and "phone" not in header.names
