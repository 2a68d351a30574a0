"""Files as offices make them: what they look like must change neither the people nor their numbers, and nothing is guessed."""

import datetime as dt
import io
import re
import struct
import subprocess
import sys
import time
from html import escape

import pytest
import xlwt
from python_calamine import CalamineWorkbook

from jiyang.intake import packages, pipeline, texts, xmlbook
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts
from jiyang.intake.reader import read
from jiyang.intake.refusals import MENDABLE, FileRefused
from tests.intake.workbooks import DATA, csv_text, grid, homes, in_sheet, people, rezipped, workbook

AS_OF = dt.date(2025, 6, 30)
SHORT = ["乡(镇)", "行政村", "户编号", "姓名", "证件号码", "人数", "与户主关系", "是否解决安全饮用水", "首次识别时间"]
SHEET = "名单"


@pytest.fixture
def load(index):
    def load(data: bytes, filename: str = "名单.xlsx", **options):
        known = options.pop("layouts", list(layouts().values()))
        return pipeline.load(data, filename, layouts=known, regions=index, as_of=AS_OF, **options)

    return load


def plain(load, **changes):
    """The normalised columns of the people as they are in a tidy file."""
    return load(workbook((SHEET, grid(people(**changes)))))


def codes(mapped) -> list[tuple[str, str, str | None]]:
    return [(one.cell, one.code, one.stored) for one in mapped.findings]


# --- sheets, rows, columns ---------------------------------------------------------------------------------------------


def test_hidden_and_filtered_rows_and_columns_are_read(load):
    def hide(book, sheets):
        sheets[0].set_row(3, options={"hidden": True})
        sheets[0].set_column(6, 9, options={"hidden": True})
        sheets[0].autofilter(1, 0, 7, 31)

    mapped = load(workbook((SHEET, grid(people())), touch=hide))
    assert (mapped.columns, mapped.findings) == (plain(load).columns, [])


def test_a_sheet_per_town_is_one_file_and_cells_keep_their_addresses(load):
    first, second = people(6)[:3], people(6)[3:]
    second[1]["证件号码"] = "123"
    turned = list(reversed(grid(first)[0]))
    mapped = load(workbook(("甲", grid(first)), ("说明", [["请按镇街填报"]]), ("乙", grid(second, turned)), titles=3))
    assert (len(mapped.rows), len(set(mapped.rows)), mapped.header.sheets) == (6, 6, ["甲", "乙"])
    assert mapped.columns["name"] == [one["姓名"] for one in people(6)]
    (finding,) = mapped.findings
    assert (finding.sheet, finding.row, finding.cell, finding.line) == ("乙", 6, "W6", mapped.rows[4])
    assert mapped.excel_row(4) == 6
    assert "2 个工作表列名相同" in mapped.header.reason


def test_sheets_named_after_their_towns_need_no_column_for_the_town(load):
    rows = people(400)
    towns = list(dict.fromkeys(one["乡(镇)"] for one in rows))[:3]
    headings = [name for name in grid([])[0] if name != "乡(镇)"]
    wanted = [one for town in towns for one in rows if one["乡(镇)"] == town]
    sheets = [(town, grid([one for one in wanted if one["乡(镇)"] == town], headings)) for town in towns]
    mapped = load(workbook(*sheets))
    assert (mapped.columns["name"], mapped.findings) == ([one["姓名"] for one in wanted], [])
    assert len({place.town for place in mapped.places}) == 3 and all(place.village for place in mapped.places)
    with pytest.raises(FileRefused, match="乡"):
        load(workbook(("一", sheets[0][1]), ("二", sheets[1][1])))


def test_sheets_that_nearly_agree_are_not_joined_silently_but_one_can_be_chosen(load):
    full = grid(people(4))
    less = grid(people(4), [name for name in full[0] if name != "民族"])
    data = workbook(("甲", full), ("乙", less))
    with pytest.raises(FileRefused, match="民族") as refused:
        load(data)
    assert refused.value.code == "sheets_differ"
    assert "ethnic" not in load(data, choice=Choice(sheet="乙")).columns


def test_a_hidden_sheet_is_not_read_but_named(load):
    data = workbook(("甲", grid(people(3))), ("旧", grid(people(3))), touch=lambda book, sheets: sheets[1].hide())
    mapped = load(data)
    assert (len(mapped.rows), mapped.header.apart) == (3, {"旧": "隐藏的工作表"})


def test_totals_footers_repeated_headings_and_numbered_blanks_are_no_people(load):
    rows = grid(people(4), ["序号", *SHORT])
    rows.insert(3, rows[0])
    rows += [["", "小计", "", "4 户", "", "", "12"], ["99"], ["合  计", "", "", "", "", "", 12.0]]
    rows += [["填表人：张三", "", "", "", "审核人：李四"], ["说明：本表一式三份"]]
    mapped = load(workbook((SHEET, rows)))
    assert mapped.columns["name"] == [one["姓名"] for one in people(4)]
    assert dict(mapped.skipped) == {"重复的表头": 1, "合计行": 2, "只有序号的行": 1, "表尾说明": 2}
    assert mapped.findings == []


def test_totals_counts_and_signature_lines_in_any_column_are_no_people(load):
    headings = grid([])[0]
    rows = grid(people(4))

    def line(**cells):
        rows.append([cells.get(name, "") for name in headings])

    line(行政村="合计（户）", 人数=4)
    line(姓名="60人")
    line(姓名="合计", 人数=60)
    line(序号="济阳街道小计", 户编号="22户", 证件号码=60)
    line(序号="（盖章）", 自然村="2025年7月1日")
    line(序号="分管领导：", 自然村="经办人：张三", 证件号码="联系电话：0531-84232222")
    line(序号="分管领导：", 姓名="联系电话：", 证件号码="13800138000")
    line(姓名="共计20户60人")
    line(人数=12.0, 人均纯收入=8000.0)
    line(户编号="户均", 人均纯收入=8000.0)
    line(姓名="第 1 页，共 5 页")
    line(行政村="- 1 -")
    line(行政村="村支部书记（签字）：", 自然村="年  月  日")
    mapped = load(workbook((SHEET, rows)))
    assert mapped.columns["name"] == [one["姓名"] for one in people(4)]
    assert (dict(mapped.skipped), mapped.findings) == ({"合计行": 7, "表尾说明": 6}, [])


def test_lines_that_only_name_a_group_are_no_people(load):
    first, *rows = grid(people(4), ["乡(镇)", *(name for name in grid([])[0] if name != "乡(镇)")])
    parted = [first, ["一、仁风镇"], *rows[:2], ["（二）低保户"], *rows[2:]]
    mapped = load(workbook((SHEET, parted)))
    assert (len(mapped.rows), mapped.skipped) == (4, {"分组行": 2})
    rows[1][1:] = ["" for _ in rows[1][1:]]
    rows[1][first.index("行政村")] = people(1)[0]["行政村"]  # a place that names its village may have lost its person
    assert len(load(workbook((SHEET, [first, *rows]))).rows) == 4


def test_a_person_whose_number_is_wrong_is_no_total_and_no_footer(load):
    rows = people(4)
    rows[0]["证件号码"], rows[1]["证件号码"] = "123", ""
    rows[1]["自然村"] = rows[0]["自然村"] = "东街合计"
    rows[2] = {"户编号": rows[2]["户编号"], "姓名": "单位", "证件号码": "370125"}
    mapped = load(workbook((SHEET, grid(rows))))
    assert (len(mapped.rows), dict(mapped.skipped)) == (4, {})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (list(range(1, 33)), "编号行"),
        ([f"（{number}）" for number in range(1, 33)], "编号行"),
        (["甲", "乙", *range(1, 31)], "编号行"),
        (["A", "B", "C", *range(4, 33)], "编号行"),
        (["栏次", *range(1, 32)], "编号行"),
        ([{10: "（人）", 17: "（月）", 22: "（元）"}.get(place, "") for place in range(32)], "单位行"),
        (["填写说明", "YYYYMMDD", "", "", "", "", "16位", "19位", "与身份证一致", "18位"], "填写说明"),
        (["示例", *list(people(1)[0].values())[1:]], "填写说明"),
    ],
    ids=[
        "numbers",
        "in brackets",
        "signs and numbers",
        "letters",
        "a word in front",
        "units",
        "explanation",
        "example",
    ],
)
def test_a_line_below_the_heading_that_explains_it_is_no_person(load, line, why):
    heading, *rows = grid(people(4))
    mapped = load(workbook((SHEET, [heading, line, *rows])))
    assert (mapped.columns["name"], mapped.findings) == ([one["姓名"] for one in people(4)], [])
    assert dict(mapped.skipped) == {why: 1}


def test_sheets_with_data_that_were_not_read_are_named_with_their_rows(load):
    rows = grid(people(6))
    totals = [["镇街", "人数"], ["崔寨街道", 3], ["合计", 3]]
    shorter = [row[1:] for row in rows[4:]]
    data = workbook(("1", rows[:4]), ("2", shorter), ("汇总", totals), ("说明", [["请按镇街填报"]]), titles=0)
    header = load(data).header
    assert (header.sheets, header.unread) == (["1"], {"2": 3, "汇总": 3})
    assert (header.apart["2"], header.apart["汇总"]) == ("没有表头", "没有表头")


def merged_over_households(family: list[dict], headings: set[str]) -> bytes:
    """A workbook in which the cells under `headings` are merged over each household's members."""
    rows = [list(row) for row in grid(family, SHORT)]
    numbers = [one["户编号"] for one in family]
    spans = [
        (numbers.index(number) + 1, numbers.index(number) + numbers.count(number)) for number in dict.fromkeys(numbers)
    ]
    runs = [
        (top, SHORT.index(heading), bottom, rows[top][SHORT.index(heading)])
        for top, bottom in spans
        for heading in headings
    ]
    for top, place, bottom, _ in runs:
        for number in range(top + 1, bottom + 1):
            rows[number][place] = ""

    def merge(book, sheets):
        for top, place, bottom, text in runs:
            sheets[0].merge_range(top + 1, place, bottom + 1, place, text)

    return workbook((SHEET, rows), touch=merge)


def test_merged_household_cells_hold_for_every_member_and_persons_cells_do_not(load):
    family = homes(2)
    tidy = load(workbook((SHEET, grid(family, SHORT))))
    mapped = load(merged_over_households(family, set(SHORT) - {"姓名", "证件号码", "与户主关系"}))
    assert (mapped.columns, mapped.places, mapped.findings) == (tidy.columns, tidy.places, [])
    alone = load(merged_over_households(family, {"与户主关系"}))
    assert [(one.code, one.row, one.value) for one in alone.findings] == [
        ("cell_merged", row, one["与户主关系"]) for row, one in zip(range(3, 7), (family[0], family[0], family[2], family[2]), strict=True)
    ]  # fmt: skip
    assert alone.columns["relation"] == [None] * 4


def test_who_has_several_jobs_may_stand_in_merged_cells_beside_them(load):
    heading, *rows = CalamineWorkbook.from_path(str(DATA / "roster_d_jobs.xlsx")).get_sheet_by_index(0).to_python()[2:4]
    second = [*rows[0]]
    second[heading.index("开始时间")], second[heading.index("结束时间")] = "20250301", ""
    names = ("姓名", "证件号码", "人编号")
    merged = [("" if name in names else cell) for name, cell in zip(heading, second, strict=True)]

    def merge(book, sheets):
        for place in map(heading.index, names):
            sheets[0].merge_range(2, place, 3, place, rows[0][place])

    mapped = load(workbook((SHEET, [heading, rows[0], merged]), touch=merge))
    assert (mapped.columns["id_number"], mapped.columns["name"]) == ([rows[0][heading.index("证件号码")]] * 2, [rows[0][heading.index("姓名")]] * 2)  # fmt: skip


def test_what_stands_beyond_the_headings_is_not_lost_silently(load):
    names = grid([])[0]
    names = [name for name in names if name != "自然村"] + ["自然村"]
    rows = grid(people(3), names)
    rows[2][-1] = "东头,路北"
    mapped = load(csv_text(rows).encode("utf-8"), "a.csv")
    assert [(one.cell, one.value, one.code) for one in mapped.findings] == [("AG3", "路北", "row_longer")]
    assert (mapped.header.unknown, mapped.columns["hamlet"][1]) == ([], "东头")
    rows[0] += ["", ""]
    for trailing in (csv_text(rows).encode("utf-8"), csv_text([*rows[:2], [*rows[3], "", ""]]).encode("utf-8")):
        assert load(trailing, "a.csv").findings == []
    book = load(workbook((SHEET, [rows[0], [*rows[1], "", "见附件"], rows[3]])))
    assert (book.header.unknown, book.findings) == (["AH 列（没有列名）"], [])


def test_an_html_table_with_spanning_cells(load):
    family = homes(1)
    head = "".join(f"<th>{name}</th>" for name in SHORT)
    body = []
    for number, one in enumerate(family):
        cells = [
            f"<td rowspan={len(family)}>{one[name]}</td>"
            if name in {"乡(镇)", "行政村", "户编号"}
            else f"<td>{one[name]}</td>"
            for name in SHORT
            if number == 0 or name not in {"乡(镇)", "行政村", "户编号"}
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    page = f"<html><style>td{{mso-number-format:'\\@'}}</style><table><tr><td colspan=9>名单<tr>{head}{''.join(body)}</table></html>"
    mapped = load(page.encode("gb18030"), "名单.xls")
    assert mapped.columns == load(workbook((SHEET, grid(family, SHORT)))).columns
    assert mapped.findings == []


@pytest.mark.parametrize(("chosen", "stored"), [(0, "t"), (1, "f"), (None, None)])
def test_of_a_list_on_a_page_the_chosen_option_is_read(load, chosen, stored):
    options = "".join(
        f"<option value={place}{' selected' if place == chosen else ''}>{text}</option>"
        for place, text in enumerate("是否")
    )
    rows = grid(people(2, 危房户=f"<select>{options}</select>", 自然村="<select><option>东<option>西</select>"))
    page = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    mapped = load(f"<table>{page}</table>".encode(), "名单.xls")
    assert (mapped.columns["dangerous_house"], mapped.columns["hamlet"]) == ([stored] * 2, [None] * 2)
    assert {one.code for one in mapped.findings if one.column == "自然村"} == {"text_broken"}


def test_what_an_html_table_shows_and_holds_is_read(load):
    rows = grid(people(2), [*SHORT, "人均纯收入", "人联系电话", "危房户"])
    rows[1][-3:] = [("x:num=\"8000.5678\"", "8,001"), ("", '<input type="text" value="13800001111"><input type=hidden value=7>'), ("", "<input type=checkbox>是<input type=checkbox checked>否")]  # fmt: skip
    rows[2][-3:] = [("x:num='0.8'", "0.8万"), ("", "<!-- <td> -->13800001111"), ("title='>'", "是")]

    def cell(one) -> str:
        return f"<td {one[0]}>{one[1]}</td>" if isinstance(one, tuple) else f"<td>{one}</td>"

    page = "<script>if (a<b) '<td>'</script><table>{}</table>".format(
        "".join(f"<tr>{''.join(map(cell, row))}" for row in rows)
    )
    mapped = load(page.encode("utf-8"), "名单.xls")
    assert mapped.columns["income_per_head"] == ["8000.57", "8000.00"]
    assert (mapped.columns["person_phone"], mapped.columns["dangerous_house"]) == (["13800001111"] * 2, ["f", "t"])


@pytest.mark.parametrize("junk", ["<a ", '<a b="', "<!--", "<td a=", "<", "</", "<style>", "&#", "<br>", "<a b='c' "])
def test_a_page_that_would_be_searched_again_and_again_is_read_once(junk):
    began = time.process_time()
    try:
        texts.html_tables("<table><tr><td>" + junk * (2_000_000 // len(junk)))
    except FileRefused as refused:
        assert refused.code == "file_truncated"
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("a,b\n" * 300_002, "file_too_long"),
        ("a,b\n" + "\n" * 30_000 + "c,d\n", "file_stray_cell"),
        ("<table>" + "<tr><td>a" * 300_002, "file_too_long"),
        ("<table><tr>" + "<td rowspan=60000>" * 400 + "<tr>" * 100_000, "file_too_big"),
    ],
)
def test_a_text_of_more_rows_than_a_table_may_have_is_refused(data, code):
    with pytest.raises(FileRefused) as refused:
        read(data.encode(), "a.csv")
    assert refused.value.code == code


def test_blank_lines_below_a_text_cost_nothing(load):
    text = csv_text(grid(people(2))) + ",,\r\n" * 400_000
    source = read(text.encode("utf-8"), "a.csv")
    assert len(list(source.rows(source.sheets[0]))) == 3


def test_group_headings_above_tell_columns_apart(load):
    family = homes(2)
    groups = ["地址", "", "", "成员", "", "", "", "户情况", ""]
    below = [
        "乡(镇)",
        "行政村",
        "户编号",
        "姓名",
        "证件号码",
        "人数",
        "与户主关系",
        "是否解决安全饮用水",
        "首次识别时间",
    ]
    rows = [groups, below, *grid(family, SHORT)[1:]]
    mapped = load(workbook((SHEET, rows), titles=2))
    assert (mapped.header.row + 1, mapped.header.lines) == (
        4,
        1,
    )  # the groups are a title row: the line below says it all
    assert mapped.columns["name"] == [one["姓名"] for one in family]

    after = {
        "风险消除后": ["工资性收入", "财产性收入", "转移性收入", "生产经营性收入"],
        "识别时": ["工资性收入 ", "生产经营性收入"],
    }
    top = [*below, *(name if at == 0 else "" for name, group in after.items() for at in range(len(group)))]
    low = [*("" for _ in below), *(name.strip() for group in after.values() for name in group)]
    rows = [top, low, *([*row, 1, 2, 3, 4, 5, 6] for row in grid(family, SHORT)[1:])]
    mapped = load(workbook((SHEET, rows)), layouts=[layouts()["roster_c"]])
    assert (mapped.header.lines, mapped.columns["after_wage_income"][0], mapped.columns["wage_income"][0]) == (
        2,
        "1.00",
        "5.00",
    )
    assert mapped.columns["after_business_income"][0] == "4.00"


@pytest.mark.parametrize("about", ["", "信息", "基本情况"])
def test_the_heads_name_beside_the_members_is_not_taken_for_theirs(load, about):
    family = homes(2)
    heads = {one["户编号"]: one for one in family if one["与户主关系"] == "户主"}
    place, own = ["乡(镇)", "行政村", "户编号"], ["姓名", "证件号码", "民族"]
    rest = ["与户主关系", "人数", "文化程度", "在校生状况", "健康状况", "劳动技能"]
    top = [*place, f"户主{about}", "", "", f"家庭成员{about}", "", "", *rest]
    low = ["", "", "", *own, *own, *("" for _ in rest)]
    rows = [
        [
            *(one[name] for name in place),
            *(heads[one["户编号"]][name] for name in own),
            *(one[name] for name in [*own, *rest]),
        ]
        for one in family
    ]
    mapped = load(workbook((SHEET, [top, low, *rows])))
    assert mapped.columns["name"] == [one["姓名"] for one in family] and mapped.findings == []
    assert mapped.header.unknown[:2] == ["户主姓名", "户主证件号码"]


@pytest.mark.parametrize("twin", ["证件号码", "身份证号码"])
@pytest.mark.parametrize("first", [True, False])
def test_of_two_columns_that_mean_the_same_the_filled_one_is_read_and_that_is_told(load, twin, first):
    names, *rows = grid(people(3))
    at = names.index("证件号码")
    if first:
        names, rows = [*names[:at], "证件号码", twin, *names[at + 1 :]], [[*row[:at], "", *row[at:]] for row in rows]
    else:
        names, rows = (
            [*names[:at], twin, "证件号码", *names[at + 1 :]],
            [[*row[: at + 1], "", *row[at + 1 :]] for row in rows],
        )
    mapped = load(workbook((SHEET, [names, *rows])))
    assert (mapped.columns["id_number"], mapped.findings) == ([one["证件号码"] for one in people(3)], [])
    told = "K 列“{}”空着，读 J 列“{}”" if not first and twin != "证件号码" else "J 列“{}”空着，读 K 列“{}”"
    if first or twin != "证件号码":
        assert told.format("证件号码", twin) in mapped.header.reason
    assert len(mapped.header.unknown) == 1


def test_an_empty_column_beside_a_guardians_is_not_filled_from_it(load):
    names, *rows = grid([{**one, "姓名": ""} for one in people(3)])
    groups = ["" for _ in names]
    groups[names.index("姓名")] = "本人"
    data = workbook((SHEET, [[*groups, "监护人"], [*names, "姓名"], *([*row, "监护人甲"] for row in rows)]))
    assert load(data).columns["name"] == [None] * 3


@pytest.mark.parametrize(("name", "field"), [("姓名", "name"), ("农户联系电话", "phone")])
def test_of_two_equal_headings_with_different_content_one_must_be_chosen(load, name, field):
    names, *rows = grid(people(3))
    names = [name if one == "户联系电话" and name == "农户联系电话" else one for one in names]
    own = [row[names.index(name)] for row in rows]
    data = workbook((SHEET, [[name, *names], *(["13900000000", *row] for row in rows)]))
    with pytest.raises(FileRefused, match=f"A 列“{name}”、[IJY] 列“{name}”") as refused:
        load(data)
    assert (refused.value.code, refused.value.code in MENDABLE) == ("columns_twice", True)
    chosen = {name: "", f"{name}（第2个）": field}
    assert load(data, choice=Choice(mapping=chosen)).columns[field] == own
    assert load(data, saved={"roster_a": {name: ""}}).columns[field] == own
    same = load(workbook((SHEET, [[name, *names], *([cell, *row] for cell, row in zip(own, rows, strict=True))])))
    assert (same.columns[field], same.header.unknown) == (own, [f"{name}（第2个）"])


@pytest.mark.parametrize(("shown", "hidden"), [("农户联系电话", "户联系电话"), ("户联系电话", "户联系电话")])
def test_a_hidden_column_does_not_win_over_a_visible_one(load, shown, hidden):
    names, *rows = grid(people(3))
    at = names.index("户联系电话")
    heading = [*names[:at], hidden, shown, *names[at + 1 :]]
    body = [[*row[:at], "13900000000", *row[at:]] for row in rows]

    def hide(book, sheets):
        sheets[0].set_column(at, at, options={"hidden": True})

    mapped = load(workbook((SHEET, [heading, *body]), touch=hide))
    assert (mapped.columns["phone"], mapped.findings) == ([row[at] for row in rows], [])
    assert f"读 Y 列“{shown}”" in mapped.header.reason
    empty = [[*row[:at], row[at], "", *row[at + 1 :]] for row in rows]
    assert load(workbook((SHEET, [heading, *empty]), touch=hide)).columns["phone"] == [row[at] for row in rows]


@pytest.mark.parametrize("kind", ["one line", "upright", "head last", "helper"])
def test_columns_below_groups_are_read_from_the_members_group(load, kind):
    family = homes(2)
    names = [name for name in grid([])[0] if name not in {"姓名", "证件号码"}]
    heads = {one["户编号"]: one for one in family if one["与户主关系"] == "户主"}
    twice, rest = ["姓名", "证件号码"] * 2, [[one[name] for name in names] for one in family]
    pairs = [[[person[name] for name in twice[:2]] for person in (heads[one["户编号"]], one)] for one in family]
    groups = ["帮扶责任人" if kind == "helper" else "户主信息", "", "家庭成员信息", ""]
    if kind == "head last":
        groups, pairs = [*groups[2:], *groups[:2]], [pair[::-1] for pair in pairs]
    lines = [[*groups, *names], twice] if kind == "upright" else [groups, [*twice, *names]]
    rows = [[*first, *second, *row] for (first, second), row in zip(pairs, rest, strict=True)]
    mapped = load(workbook((SHEET, [*lines, *rows])))
    for name, heading in (("name", "姓名"), ("id_number", "证件号码")):
        assert mapped.columns[name] == [one[heading] for one in family]
    assert mapped.findings == []


@pytest.mark.parametrize("named", ["groups", "brackets"])
def test_of_columns_of_several_years_the_newest_is_read_and_that_is_told(load, named):
    names, *rows = grid(people(3))
    at = names.index("人均纯收入")
    years = ["2023年", "2024年"] if named == "groups" else ["人均纯收入（2023年/元）", "人均纯收入（2024年/元）"]
    heading = [*names[:at], *(["人均纯收入"] * 2 if named == "groups" else years), *names[at + 1 :]]
    groups = [["" for _ in names[:at]] + years] if named == "groups" else []
    body = [[*row[:at], "1000", "2000", *row[at + 1 :]] for row in rows]
    mapped = load(workbook((SHEET, [*groups, heading, *body])))
    assert mapped.columns["income_per_head"] == ["2000.00"] * 3
    assert "W 列“人均纯收入" in mapped.header.reason and len(mapped.header.unknown) == 1
    ahead = [[cell.replace("2024年", f"{dt.date.today().year + 1}年") for cell in row] for row in (*groups, heading)]
    assert load(workbook((SHEET, [*ahead, *body]))).columns["income_per_head"] == ["1000.00"] * 3
    with pytest.raises(FileRefused, match="同一项"):
        load(workbook((SHEET, [[*names[:at], "人均纯收入", "人均纯收入", *names[at + 1 :]], *body])))


@pytest.mark.parametrize(
    ("heading", "cell", "stored"),
    [
        ("危房户（否填√）", "√", None),
        ("危房户（1是/0否）", "1", "t"),
        ("危房户（0是/1否）", "1", None),
        ("危房户（是填√，否填×）", "√", "t"),
        ("危房户（请填是或否）", "是", "t"),
        ("危房户（是√/否×）", "√", "t"),
        ("危房户（否打√）", "√", None),
        ("人均纯收入（元/必填）", "700", "700.00"),
        ("首次识别时间（年、月）", "201405", "2014-05-01"),
        ("人均纯收入（" + "元/" * 150 + "）", "700", None),
        ("是否参加大病保险（未参加填是）", "是", None),
        ("人均纯收入（元/月）", "700", None),
        ("人均纯收入（元/天）", "70", None),
        ("人均纯收入（填万元）", "0.7", None),
        ("人均纯收入（按月填写）", "700", None),
        ("人均纯收入（元/年）", "700", "700.00"),
        ("人均纯收入（万元/人）", "0.7", "7000.00"),
        ("人均纯收入（2024年/万元）", "0.7", "7000.00"),
        ("务工时间（天/年）", "90", None),
        ("务工时间（个月）", "9", "9"),
        ("与户主关系（户主/配偶/之子）", "户主", "head"),
        ("户联系电话（手机/座机）", "13800138000", "13800138000"),
        ("自然村（户主/监护人）", "东头", None),
    ],
)
def test_what_brackets_say_behind_a_heading_never_changes_a_value_silently(load, heading, cell, stored):
    names = grid([])[0]
    own = next(name for name in names if name.startswith(heading.split("（")[0]))
    rows = grid(people(3, **{own: cell}))
    rows[0][names.index(own)] = heading
    mapped, usual = load(workbook((SHEET, rows))), plain(load)
    name = next(one.name for place, one in usual.header.columns.items() if usual.header.headings[place] == own)
    assert mapped.columns.get(name, [None])[0] == stored
    if stored is None:
        assert mapped.header.unknown == [heading] and f"“{heading}”没有读" in mapped.header.reason


@pytest.mark.parametrize("heading", ["证件号码（户主/监护人）", "姓名（曾用名/别名）"])
def test_a_needed_column_of_somebody_else_is_missing_and_the_refusal_says_which(load, heading):
    rows = grid(people(3))
    rows[0][rows[0].index(heading.split("（")[0])] = heading
    with pytest.raises(FileRefused, match=heading) as refused:
        load(workbook((SHEET, rows)))
    assert refused.value.code == "missing_column"


def test_a_line_of_units_that_are_not_the_columns_own_leaves_them_out(load):
    rows = grid(people(3))
    units = {"人均纯收入": "（元/月）", "务工时间（月）": "天", "人数": "人"}
    rows.insert(1, [units.get(name, "") for name in rows[0]])
    mapped = load(workbook((SHEET, rows)))
    assert mapped.header.unknown == ["务工时间（月）", "人均纯收入"]
    assert "单位是元/月" in mapped.header.reason and "income_per_head" not in mapped.columns


def test_the_first_person_is_not_taken_for_a_second_heading_line(load):
    mapped = load(workbook((SHEET, grid(people(3), SHORT))), layouts=list(layouts().values()))
    assert (len(mapped.rows), mapped.header.lines) == (3, 1)


def test_all_rows_of_another_district_are_one_refusal(load):
    with pytest.raises(FileRefused, match="商河县") as refused:
        load(workbook((SHEET, grid(people(5, **{"县(市、区、旗)": "商河县"})))))
    assert refused.value.code == "file_wrong_district"


# --- cells ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "cell", "code", "stored"),
    [
        ("证件号码", "'{}", "surrounding_spaces", "{}"),
        ("证件号码", "{}\u200b", "surrounding_spaces", "{}"),
        ("证件号码", "\ufeff{}\u202c", "surrounding_spaces", "{}"),
        ("证件号码", '="{}"', "surrounding_spaces", "{}"),
        ("证件号码", "{}\n", "surrounding_spaces", "{}"),
        ("证件号码", "“{}”,", "number_format", "{}"),
        ("证件号码", "身份证号：{}", "number_format", "{}"),
        ("证件号码", "370125********4874", "id_shape", None),
        ("证件号码", "无", "id_empty", None),
        ("户联系电话", "+86 138-0000-1111", "phone_format", "13800001111"),
        ("户联系电话", "１３８００００１１１１", "fullwidth_digits", "13800001111"),
        ("户联系电话", "0531-842112", "phone_10_digits", None),
        ("户联系电话", "15800837863.0", "phone_format", "15800837863"),
        ("户联系电话", "13900139000/13800138000", "phone_several", "13900139000"),
        ("户联系电话", "0531-84232222 13800138000", "phone_several", "13800138000"),
        ("户联系电话", "13900139000（儿子）", "phone_remark", "13900139000"),
        ("户联系电话", "1.3800E+10", "phone_scientific", None),
        ("户联系电话", "请先打村委会办公室的电话再转给本人接听", "phone_10_digits", None),
        ("户联系电话", "请先打村委会办公室的电话，再转给本人接听，晚上打", "text_too_long", None),
        ("人联系电话", "—", "placeholder", ""),
        ("人联系电话", "00000000000", "placeholder", ""),
        ("姓名", "王　伟", "inner_spaces", "王伟"),
        ("姓名", "阿依古丽•买买提", "inner_spaces", "阿依古丽·买买提"),
        ("民族", "汉", "label_alias", "汉族"),
        ("民族", "汗族", "listed_unknown", "汗族"),
        ("与户主关系", "儿子", "label_alias", "之子"),
        ("与户主关系", "妻", "label_alias", "配偶"),
        ("与户主关系", "夫", "label_alias", "配偶"),
        ("与户主关系", "长女", "label_alias", "之女"),
        ("与户主关系", "父亲", "label_alias", "之父"),
        ("与户主关系", "母亲", "label_alias", "之母"),
        ("与户主关系", "长孙", "label_alias", "之孙子"),
        ("与户主关系", "爱人", "label_alias", "配偶"),
        ("与户主关系", "养子", "label_alias", "之子"),
        ("与户主关系", "外婆", "label_alias", "之外祖母"),
        ("与户主关系", "\u200b配偶\ufeff", "surrounding_spaces", "配偶"),
        ("文化程度", "小学毕业", "label_alias", "小学"),
        ("文化程度", "大学专科", "enum_unknown", None),
        ("劳动技能", "无", "label_alias", "无劳动力"),
        ("劳动技能", "无劳动能力", "label_alias", "无劳动力"),
        ("劳动技能", "—", "labour_empty", None),
        ("户类型", "已脱贫户", "label_alias", "脱贫户"),
        ("健康状况", "身体健康", "label_alias", "健康"),
        ("乡(镇)", "", "town_empty", None),
        ("行政村", "#N/A", "cell_error", None),
        ("乡(镇)", "#REF!", "cell_error", None),
        ("健康状况", "残疾/长期慢性病", "multi_separator", "长期慢性病,残疾"),
        ("健康状况", "残疾 长期慢性病", "multi_separator", "长期慢性病,残疾"),
        ("健康状况", "大病", "label_alias", "患有大病"),
        ("健康状况", "\u200b健康\ufeff", "surrounding_spaces", "健康"),
        ("健康状况", "健\u200d康\ufe0f", "surrounding_spaces", "健康"),
        ("与户主关系", "\ufe0f配\u200d偶\ufe0f", "surrounding_spaces", "配偶"),
        ("民族", "\ufe0f汉族\ufe0f", "surrounding_spaces", "汉族"),
        ("户编号", "“{}", "surrounding_spaces", None),
        ("证件号码", "{}（身份证）", "number_format", "{}"),
        ("是否参加大病保险", "已参加", "yes_no_sign", "是"),
        ("是否参加大病保险", "未参加", "yes_no_sign", "否"),
        ("是否参加大病保险", "没有参加", "yes_no_sign", "否"),
        ("是否参加大病保险", "已解决", "yes_no_unknown", None),
        ("是否参加大病保险", "□", "yes_no_sign", "否"),
        ("是否参加大病保险", "是（已参加）", "yes_no_sign", "是"),
        ("是否参加大病保险", "是(2021年)", "yes_no_sign", "是"),
        ("是否参加大病保险", "否（没有参加）", "yes_no_sign", "否"),
        ("是否参加大病保险", "是√", "yes_no_sign", "是"),
        ("是否参加大病保险", "□是 ☑否", "yes_no_sign", "否"),
        ("是否参加大病保险", "是（未参加）", "yes_no_unknown", None),
        ("是否参加大病保险", "否（已参加）", "yes_no_unknown", None),
        ("是否参加大病保险", "☑是 ☑否", "yes_no_unknown", None),
        ("健康状况", "良好", "enum_unknown", None),
        ("是否解决安全饮用水", "√", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "Y", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "是。", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "✅", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "✔\ufe0f", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "✖", "yes_no_sign", "否"),
        ("是否解决安全饮用水", "❌", "yes_no_sign", "否"),
        ("是否解决安全饮用水", "×", "yes_no_sign", "否"),
        ("是否解决安全饮用水", "待查", "yes_no_unknown", None),
        ("务工时间（月）", "十一个月", "chinese_number", "11"),
        ("务工时间（月）", "6个月", "number_format", "6"),
        ("务工时间（月）", "一千二", "number_not_count", None),
        ("务工时间（月）", "半年", "number_not_count", None),
        ("务工时间（月）", "1年", "number_not_count", None),
        ("人均纯收入", "11,557.50元", "number_format", "11557.50"),
        ("人均纯收入", "11557.5_x000D_\n", "number_format", "11557.5"),
        ("人均纯收入", "11557.5元/年", "number_format", "11557.5"),
        ("人均纯收入", "963元/月", "income_not_number", None),
        ("人均纯收入", "11，557.5", "number_format", "11557.5"),
        ("人均纯收入", "11,5", "income_not_number", None),
        ("人数", "1,2", "number_not_count", None),
        ("人数", "人" * 30_000 + "x", "text_too_long", None),
        ("人均纯收入", "1," * 15_000, "text_too_long", None),
        ("首次识别时间", "2014" * 8_000, "text_too_long", None),
        ("人均纯收入", "3千元", "unit_converted", "3000.00"),
        ("人均纯收入", "500元整", "number_format", "500"),
        ("危房户", "(空白)", "placeholder", ""),
        ("人均纯收入", "1.2345万元", "unit_converted", "12345.00"),
        ("人均纯收入", "1.2 万", "unit_converted", "12000.00"),
        ("人均纯收入", "一万二千", "income_not_number", None),
        ("首次识别时间", "2014年5月", "date_format", "201405"),
        ("首次识别时间", "2014年5月份", "date_format", "201405"),
        ("首次识别时间", "二〇一四年五月", "date_format", "201405"),
        ("首次识别时间", "May-14", "date_format", "201405"),
        ("首次识别时间", "14-May", "date_unreadable", None),
        ("首次识别时间", "“201405”", "surrounding_spaces", "201405"),
        ("首次识别时间", "5/1/2014", "date_ambiguous", None),
        ("首次识别时间", "5/15/2014", "date_format", "201405"),
        ("首次识别时间", "15/5/2014", "date_format", "201405"),
        ("首次识别时间", "5/2014", "date_format", "201405"),
        ("首次识别时间", "14年5月", "date_format", "201405"),
        ("首次识别时间", "14.5", "date_format", "201405"),
        ("首次识别时间", 14.5, "date_format", "201405"),
        ("首次识别时间", 14.1, "date_ambiguous", None),
        ("首次识别时间", "12.5", "date_ambiguous", None),
        ("首次识别时间", "14.5.6", "date_ambiguous", None),
        ("首次识别时间", "2014/5", "date_format", "201405"),
        ("首次识别时间", "2014、5", "date_format", "201405"),
        ("首次识别时间", "2014 5", "date_format", "201405"),
        ("首次识别时间", "2014年五月", "date_format", "201405"),
        ("首次识别时间", "二0一四年五月", "date_format", "201405"),
        ("首次识别时间", "一四年五月", "date_format", "201405"),
        ("首次识别时间", "May-2014", "date_format", "201405"),
        ("首次识别时间", "6-May-14", "date_format", "201405"),
        ("首次识别时间", "2014-05-00", "date_format", "201405"),
        ("首次识别时间", "2014-00-00", "date_bad_month", None),
        ("首次识别时间", "0000-00-00", "placeholder", ""),
        ("首次识别时间", "1900/1/0", "placeholder", ""),
        ("首次识别时间", "20145", "date_ambiguous", None),
        ("首次识别时间", 20145, "date_ambiguous", None),
        ("首次识别时间", "140506", "date_unreadable", None),
        ("首次识别时间", "2014.5", "date_format", "201405"),
        ("首次识别时间", "2014/05/06 00:00:00", "date_format", "201405"),
        ("首次识别时间", "41760", "date_serial_cell", "201405"),
        ("首次识别时间", 41760, "date_serial_cell", "201405"),
        ("首次识别时间", 2014.1, "date_ambiguous", None),
        ("首次识别时间", "2014512", "date_unreadable", None),
        ("户编号", "#N/A", "cell_error", None),
        ("姓名", "#REF!", "cell_error", None),
        ("姓名", 371.0, "name_not_text", None),
        ("姓名", "370125196506166619", "name_not_text", None),
        ("姓名", "—", "name_empty", None),
        ("姓名", "无", "name_empty", None),
        ("姓名", "王伟\n", "surrounding_spaces", "王伟"),
        ("姓名", "王伟_x000D_\n", "surrounding_spaces", "王伟"),
        ("姓名", "王伟，", "inner_spaces", "王伟"),
        ("姓名", "王伟1", "name_broken", None),
        ("姓名", "王伟、李丽", "name_broken", None),
        ("姓名", "王伟 李丽花", "name_odd", "王伟李丽花"),
        ("姓名", "王伟A", "name_odd", "王伟A"),
        ("姓名", "王伟（户主）", "name_remark", "王伟"),
        ("姓名", "王伟【户主】", "name_remark", "王伟"),
        ("姓名", "王伟 〔已故〕", "name_remark", "王伟"),
        ("姓名", "王伟已故", "name_remark", "王伟"),
        ("姓名", "（王伟）", "name_odd", "王伟"),
        ("姓名", "王－伟", "name_odd", "王－伟"),
        *(("姓名", f"王{blank}芳", "inner_spaces", "王芳") for blank in "\u2003\u2002\u2009\u202f\u205f"),
        ("姓名", "王\u2005 芳", "inner_spaces", "王芳"),
        ("姓名", "欧阳 娜娜", "inner_spaces", "欧阳娜娜"),
        ("姓名", '"王芳"', "inner_spaces", "王芳"),
        ("姓名", "“王芳”", "inner_spaces", "王芳"),
        ("姓名", "王芳'", "inner_spaces", "王芳"),
        ("姓名", "王芳·", "inner_spaces", "王芳"),
        ("姓名", "户主：王芳", "name_remark", "王芳"),
        ("姓名", "户主王芳", "name_remark", "王芳"),
        ("姓名", "妻王芳", "name_odd", "妻王芳"),
        ("姓名", "王伟：李丽", "name_odd", "王伟：李丽"),
        ("证件号码", "{}（残疾证）", "id_remark", "{}"),
        ("户联系电话", "13812345678（王芳）、13912345678（李明）", "phone_several", "13812345678"),
        ("户联系电话", "13812345678(本人) 13912345678(儿子)", "phone_several", "13812345678"),
        ("户联系电话", "0531-84212345、0531-84215678", "phone_several", "0531-84212345"),
        ("户联系电话", "0531-84212345（家里）、138 1234 5678（儿子）", "phone_several", "13812345678"),
        ("与户主关系", '"配偶"', "surrounding_spaces", "配偶"),
        ("首次识别时间", "2014年5月底", "date_format", "201405"),
        ("首次识别时间", "201405月", "date_format", "201405"),
        ("首次识别时间", "2014.5。", "date_format", "201405"),
        ("首次识别时间", "2014年5月1日0时", "date_format", "201405"),
        ("是否解决安全饮用水", "（√）", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "[√]", "yes_no_sign", "是"),
        ("是否解决安全饮用水", "()", "yes_no_unknown", None),
        *(("危房户", cell, "yes_no_unknown", None) for cell in ("已消除", "已解决", "未解决", "未", "已参加", "是（已改造）")),
        ("姓名", "王··伟", "name_odd", "王··伟"),
        ("姓名", True, "name_not_text", None),
        ("姓名", "长子", "name_broken", None),
        ("姓名", "未取名", "name_broken", None),
        ("姓名", "无名氏", "name_broken", None),
        ("姓名", "王某某", "name_broken", None),
        ("户类型", "脱贫享受政策户", "label_alias", "脱贫户"),
        ("户类型", "低保脱贫户", "label_alias", "脱贫户"),
        ("户类型", "脱贫不稳定户", "label_alias", "脱贫户"),
        ("户类型", "边缘易致贫户", "label_alias", "一般农户"),
        ("户类型", "低保户", "label_doubtful", "一般农户"),
        ("户类型", "分散供养特困人员", "label_doubtful", "一般农户"),
        ("人数", "叁口人", "chinese_number", "3"),
        ("人数", "三名", "chinese_number", "3"),
        ("务工时间（月）", "拾", "chinese_number", "10"),
        ("首次识别时间", "贰零壹肆年伍月", "date_format", "201405"),
        ("自然村", "东头\n", "surrounding_spaces", "东头"),
        ("自然村", "/", "placeholder", ""),
        ("自然村", "NULL", "placeholder", ""),
        ("证件号码", "\u2066{}\u2069\u3164", "surrounding_spaces", "{}"),
        ("文化程度", "02|初中", "label_alias", "初中"),
        ("文化程度", "初中(02)", "label_alias", "初中"),
        ("务工时间（月）", "-0", "number_format", "0"),
        ("姓名", "同上", "same_as_above", None),
        ("姓名", "户主", "name_broken", None),
        ("姓名", "王□", "name_broken", None),
        ("自然村", "同上", "same_as_above", None),
        ("自然村", "〃", "same_as_above", None),
        ("行政村", "同上", "same_as_above", None),
        ("户联系电话", "同上", "same_as_above", None),
        ("户编号", "0", "household_no_empty", None),
        ("人均纯收入", "1.2E+04", "income_not_number", None),
        ("是否解决安全饮用水", "1.0", "yes_no_sign", "是"),
        ("姓名", "李?", "name_broken", None),
        ("姓名", "李*", "name_broken", None),
        ("姓名", "刘\ufffd", "name_broken", None),
        ("姓名", "。。", "name_broken", None),
    ],
)  # fmt: skip
def test_one_odd_cell_gives_one_finding(load, heading, cell, code, stored):
    rows = people(3)
    number = rows[1]["证件号码"]
    rows[1][heading] = cell.format(number) if isinstance(cell, str) else cell
    mapped = load(workbook((SHEET, grid(rows))))
    found = [one for one in mapped.findings if one.code != "household_fields_differ"]
    assert [(one.column, one.row, one.code) for one in found] == [(heading, 4, code)]
    if stored is not None:
        assert found[0].stored == stored.format(number)


def test_circles_say_yes_where_no_other_sign_does(load):
    def read(*cells):
        rows = [{**one, "危房户": cell} for one, cell in zip(people(3), cells, strict=True)]
        return load(workbook((SHEET, grid(rows)))).columns["dangerous_house"]

    assert read("○", "", "×") == ["t", None, "f"]
    assert read("○", "√", "") == [None, "t", None]


@pytest.mark.parametrize("pair", ["●○", "◉◯", "⚫⚪", "◎○", "●O"])
def test_of_two_kinds_of_circles_nobody_can_tell_which_says_yes(load, pair):
    rows = [{**one, "危房户": cell} for one, cell in zip(people(4), [*pair, pair[0] + " ", "否"], strict=True)]
    mapped = load(workbook((SHEET, grid(rows))))
    assert mapped.columns["dangerous_house"] == [None, None, None, "f"]
    assert [one.code for one in mapped.findings if one.column == "危房户"] == ["yes_no_unknown"] * 3
    alone = load(workbook((SHEET, grid(people(3, 危房户=pair[0])))))
    assert alone.columns["dangerous_house"] == ["t"] * 3


def test_what_a_circle_says_follows_the_whole_file(load):
    def read(**changes):
        return load(workbook((SHEET, grid(people(3, 危房户="○", **changes)))))

    mapped = read(是否参加大病保险="√", 是否解决安全饮用水="√")
    assert mapped.columns["dangerous_house"] == [None] * 3
    assert [one.code for one in mapped.findings if one.column == "危房户"] == ["yes_no_unknown"] * 3
    assert read(是否参加大病保险="×").columns["dangerous_house"] == ["t"] * 3


def test_a_month_in_which_a_job_begins_and_ends_ends_with_its_last_day(load):
    rows = CalamineWorkbook.from_path(str(DATA / "roster_d_jobs.xlsx")).get_sheet_by_index(0).to_python()[2:5]
    begun, ended = rows[0].index("开始时间"), rows[0].index("结束时间")
    for row, (first, last) in zip(rows[1:], (("20230605", "2023年06月"), ("20230605", "20230601")), strict=True):
        row[begun], row[ended] = first, last
    mapped = load(workbook((SHEET, rows)))
    assert mapped.columns["job_ended_on"] == ["2023-06-30", "2023-06-01"]
    assert [(one.row, one.stored) for one in mapped.findings if one.column == "结束时间"] == [(3, "20230630")]


@pytest.mark.parametrize(
    ("heading", "cell", "stored"),
    [("人数", 4, "4"), ("首次识别时间", 201405, "2014-05-01"), ("户联系电话", 13800001111, "13800001111"), ("人均纯收入", 8000.5, "8000.50"),
     ("是否解决安全饮用水", True, "t"), ("户编号", 370123456789012, "370123456789012"), ("自然村", "'=东头", "=东头")],
)  # fmt: skip
def test_number_cells_that_lost_nothing_are_taken_as_they_are(load, heading, cell, stored):
    rows = people(1)
    rows[0][heading] = cell
    mapped = load(workbook((SHEET, grid(rows))))
    names = {one.heading: one.name for one in mapped.header.columns.values()}
    assert (mapped.columns[names[heading]], mapped.findings) == ([stored], [])


@pytest.mark.parametrize(
    ("heading", "cell", "code", "stored"),
    [
        ("出生日期", "195504", "birth_without_day", None),
        ("出生日期", "1955年4月", "birth_without_day", None),
        ("出生日期", "一九五五年四月", "birth_without_day", None),
        ("出生日期", "55.4", "birth_without_day", None),
        ("出生日期", "17年4月2日", "date_ambiguous", None),
        ("出生日期", "4/22/1955", "date_format", "1955-04-22"),
        ("出生日期", "1955.04.22", "date_format", "1955-04-22"),
        ("致贫/返贫风险1", "其它", "label_alias", "other"),
        ("风险是否已消除", "未消除", "yes_no_sign", "f"),
        ("风险是否已消除", "无", "placeholder", None),
        ("是否有卫生厕所", "无", "yes_no_sign", "f"),
        ("是否解决安全饮用水", "已解决", "yes_no_sign", "t"),
        ("务工所在地", "乡镇内", "label_alias", "in_town"),
        ("享受特困供养政策情况", "分散供养", "label_alias", "yes"),
    ],
)
def test_one_odd_cell_of_the_monitoring_list(load, heading, cell, code, stored):
    rows = CalamineWorkbook.from_path(str(DATA / "roster_c_monitoring.xlsx")).get_sheet_by_index(0).to_python()[2:4]
    place = rows[0].index(heading)
    rows[1][place] = cell
    mapped = load(workbook((SHEET, rows)))
    name = mapped.header.columns[place].name
    assert [(one.column, one.code) for one in mapped.findings if one.column == heading] == [(heading, code)]
    assert mapped.columns[name] == [stored]


def test_numbers_that_lost_digits_are_refused_and_fifteen_digits_are_not(load):
    rows = people(4)
    rows[0]["证件号码"], rows[1]["证件号码"], rows[2]["户编号"] = 370125196502306768, 370125590508977, 3773296600784150
    rows[3]["证件号码"] = "3.70125E+17"
    found = {(one.row, one.code) for one in load(workbook((SHEET, grid(rows)))).findings}
    assert found == {(3, "id_as_number"), (4, "id_15_digits"), (5, "number_as_number"), (6, "id_scientific_text")}


def test_a_household_number_of_sixteen_digits_in_a_number_cell_is_read_while_no_digit_can_be_lost(load):
    rows = people(4)
    for one, cell in zip(rows, (3773296600784153, 3773296600784150, 9773296600784153, "3.7733E+15"), strict=True):
        one["户编号"] = cell
    mapped = load(workbook((SHEET, grid(rows))))
    assert mapped.columns["household_no"] == ["3773296600784153", None, None, None]
    assert [(one.code, one.stored) for one in mapped.findings if one.column == "户编号"] == [
        ("number_exact", "3773296600784153"), *[("number_as_number", None)] * 3,
    ]  # fmt: skip
    rows[0]["户编号"], rows[1]["户编号"] = "3773296600784153.0", "3773296600784150.0"
    assert load(csv_text(grid(rows)).encode(), "a.csv").columns["household_no"][:2] == ["3773296600784153", None]


@pytest.mark.parametrize(
    ("cells", "months"),
    [
        (["6/1/2017", "6/15/2017", "3/1/2016"], ["2017-06-01", "2017-06-01", "2016-03-01"]),
        (["6/1/2017", "15/6/2017", "3/1/2016"], ["2017-01-01", "2017-06-01", "2016-01-01"]),
        (["6/1/2017", "6/15/2017", "15/6/2016"], [None, "2017-06-01", "2016-06-01"]),
        (["12.6", "17.6", "16.12"], ["2012-06-01", "2017-06-01", "2016-12-01"]),
        (["12.6", "17.6", "6.25"], [None, "2017-06-01", None]),
    ],
)
def test_a_column_tells_how_its_days_are_written_or_they_are_refused(load, cells, months):
    rows = [{**one, "首次识别时间": cell} for one, cell in zip(people(3), cells, strict=True)]
    assert load(workbook((SHEET, grid(rows)))).columns["identified_on"] == months


def test_a_time_behind_a_day_does_not_become_part_of_it(load):
    rows = CalamineWorkbook.from_path(str(DATA / "roster_d_jobs.xlsx")).get_sheet_by_index(0).to_python()[2:6]
    place = rows[0].index("开始时间")
    for row, cell in zip(rows[1:], ("2024/6/1 10:00", "2024-06-01T12:30:00", "2024年6月1日 23:59"), strict=True):
        row[place] = cell
    assert load(workbook((SHEET, rows))).columns["job_started_on"] == ["2024-06-01"] * 3


def test_a_text_that_a_spreadsheet_turned_into_a_day_is_told(load):
    def touch(book, sheets):
        sheets[0].write_datetime(2, 5, dt.datetime(2025, 3, 2), book.add_format({"num_format": "m-d"}))

    (finding,) = load(workbook((SHEET, grid(people(2))), touch=touch)).findings
    assert (finding.cell, finding.code, finding.stored) == ("F3", "text_from_date", "2025-03-02")


def test_a_signature_line_in_the_names_column_is_no_person(load):
    rows = grid(people(3), ["姓名", *(name for name in grid([])[0] if name != "姓名")])
    mapped = load(workbook((SHEET, [*rows, ["填表人：张三", "", "审核人：李四"]])))
    assert (len(mapped.rows), mapped.skipped) == (3, {"表尾说明": 1})


def test_numbers_in_cells_with_the_format_of_a_date_are_no_days(load):
    def touch(book, sheets):
        style = book.add_format({"num_format": "yyyy-mm"})
        for row, number in enumerate((17.6, 201706, 0), start=2):
            sheets[0].write_number(row, 25, number, style)

    mapped = load(workbook((SHEET, grid(people(3))), touch=touch))
    assert mapped.columns["identified_on"] == [None] * 3
    assert [one.code for one in mapped.findings] == ["date_unreadable", "date_unreadable", "placeholder"]


def test_days_of_a_workbook_that_counts_from_1904(load):
    def dates(book, sheets):
        style = book.add_format({"num_format": "yyyy-mm-dd"})
        sheets[0].write_datetime(2, 25, dt.datetime(2014, 5, 6), style)
        sheets[0].write_number(3, 25, 40298)

    mapped = load(workbook((SHEET, grid(people(2))), touch=dates, date_1904=True))
    assert mapped.columns["identified_on"] == ["2014-05-01", "2014-05-01"]
    assert [(one.cell, one.code, one.stored) for one in mapped.findings] == [
        ("Z3", "date_serial_cell", "201405"), ("Z4", "date_serial_cell", "201405"),
    ]  # fmt: skip


def test_a_workbook_in_the_strict_form_keeps_its_calendar_and_its_errors(load):
    rows = people(2)
    rows[0]["首次识别时间"] = 41760 - 1462
    data = workbook(
        (SHEET, grid(rows)), date_1904=True, touch=lambda book, made: made[0].write_formula(2, 8, "=NA()", None, "#N/A")
    )
    main, link = b"http://schemas.openxmlformats.org/%s", b"http://purl.oclc.org/ooxml/%s"
    names = (
        (b"spreadsheetml/2006/main", b"spreadsheetml/main"),
        (b"officeDocument/2006/relationships", b"officeDocument/relationships"),
    )

    def strict(name, text):
        for old, new in names:
            text = text.replace(main % old, link % new)
        return text

    usual, mapped = load(data), load(rezipped(data, strict))
    assert mapped.columns == usual.columns and codes(mapped) == codes(usual)
    assert mapped.columns["identified_on"][0] == "2014-05-01" and "cell_error" in {code for _, code, _ in codes(mapped)}


def test_formulas_give_their_results_and_one_without_a_result_is_told(load):
    rows = people(3)

    def formulas(book, sheets):
        sheets[0].write_formula(2, 8, "=TRIM(A1)", value=rows[0]["姓名"])
        sheets[0].write_formula(3, 8, "=TRIM(A1)", value="#REF!")
        sheets[0].write_formula(4, 8, "=TRIM(A1)", value="消失")

    data = workbook((SHEET, grid(rows)), touch=formulas)
    mapped = load(in_sheet(data, "<v>消失</v>".encode(), b""))
    assert mapped.columns["name"] == [rows[0]["姓名"], None, None]
    assert [(one.cell, one.code) for one in mapped.findings] == [("I4", "cell_error"), ("I5", "formula_no_value")]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="M3">\n<f>A1</f>\n</c>', "formula_no_value"),
        ('<c r="M3"><f>A1</f><v xml:space="preserve"></v></c>', "formula_no_value"),
        ('<c r="M3"><f t="shared" si="0"/></c>', "formula_no_value"),
        ('<c r="M3"><v/><f>A1</f></c>', "formula_no_value"),
        ('<c r="M3"><!-- a --><f><![CDATA[A1&B1]]></f></c>', "formula_no_value"),
        ('<c r="M3" s="0" t="str"><f>A1</f></c>', "formula_no_value"),
        ('<c t="n" r = "M3"><f>A1</f></c>', "formula_no_value"),
        ('<c r="L3"/><c><f>A1</f></c>', "formula_no_value"),
        ('<x:c r="M3"><x:f>A1</x:f><x:v></x:v></x:c>', "formula_no_value"),
        ('<c r="M3"><v><![CDATA[5]]></v></c>', "formula_no_value"),
        ("<c r='M3' t='e'><v>#N/A</v></c>", "cell_error"),
        ('<c t="e" r="M3"><v>#N/A</v></c>', "cell_error"),
        ('<c r="M3" t="e"><f>A1</f><v>#N/A</v></c>', "cell_error"),
        ('<c r="M3" t="str">\n<f>A1</f>\n<v>汉族</v>\n</c>', ""),
        ('<c r="M3" t="str"><f t="shared" si="0"/><v>汉族</v></c>', ""),
        ('<c r="M3" t="str"><f><![CDATA[A1]]></f><v>汉族</v></c>', ""),
        ('<c r="M3" t="inlineStr"><f>A1</f><is><t>汉族</t></is></c>', ""),
    ],
)
def test_a_formula_without_a_result_is_told_however_it_is_written(load, cell, code):
    heading, *rows = grid(people(2, 民族=""))
    data = workbook((SHEET, [heading, *rows]))
    (row,) = re.findall(rb'<row r="3".*?</row>', _sheet(data))
    before, after = re.fullmatch(rb'(.*)(<c r="N3".*)', row).groups()
    findings = load(in_sheet(data, row, before + cell.encode() + after)).findings
    assert [(one.cell, one.code) for one in findings if one.cell == "M3"] == [("M3", code)] * bool(code)


def test_shared_formulas_without_results_are_told_in_all_rows(load):
    heading, *rows = grid(people(2, 人联系电话=""))

    def formulas(book, sheets):
        for number in range(2, 3002):
            sheets[0].write_formula(number, 24, "=A1", value="消失")

    data = workbook((SHEET, [heading, *rows, *(rows[1] for _ in range(2998))]), touch=formulas)
    shared = rezipped(
        data,
        lambda name, text: re.sub("<f>A1</f><v>消失</v>".encode(), b'<f t="shared" si="0"/>', text).replace(
            b'<f t="shared" si="0"/>', b'<f t="shared" ref="Y3:Y3002" si="0">A1</f>', 1
        ),
    )
    assert [one.code for one in load(shared).findings if one.column == "人联系电话"] == ["formula_no_value"] * 3000


def test_a_formula_whose_result_is_the_empty_text_is_an_empty_cell(load):
    rows = people(2)

    def formula(book, sheets):
        sheets[0].write_formula(2, 24, '=IFERROR(VLOOKUP(A1,B:C,2,0),"")', value="消失")

    data = workbook((SHEET, grid(rows)), touch=formula)
    mapped = load(in_sheet(data, "<v>消失</v>".encode(), b"<v></v>"))
    assert (mapped.columns["person_phone"][0], mapped.findings) == (None, [])
    numeric = in_sheet(in_sheet(data, "<v>消失</v>".encode(), b"<v></v>"), b' t="str"', b"")
    assert codes(load(numeric)) == [("Y3", "formula_no_value", None)]


def test_an_error_is_shown_as_the_cell_shows_it(load):
    def formula(book, sheets):
        sheets[0].write_formula(2, 8, "=VLOOKUP(A1,B:C,2,0)", value="#N/A")

    (finding,) = load(workbook((SHEET, grid(people(2))), touch=formula)).findings
    assert (finding.code, finding.value) == ("cell_error", "#N/A")


def test_months_in_a_text_file_that_were_numbers(load):
    rows = people(3)
    for one in rows:
        one["人员识别时间"] = "201410.0"
    rows[0]["首次识别时间"], rows[1]["首次识别时间"] = "2021.1", "2021.5"
    mapped = load(csv_text(grid(rows)).encode("utf-8"), "a.csv")
    assert mapped.columns["person_identified_on"] == ["2014-10-01"] * 3
    assert [(one.code, one.stored) for one in mapped.findings if one.row == 2] == [("date_ambiguous", None)]
    rows[1]["首次识别时间"] = "2021.10"  # a file that writes the zero means January by 2021.1
    mapped = load(csv_text(grid(rows)).encode("utf-8"), "a.csv")
    assert mapped.columns["identified_on"][0] == "2021-01-01"


def spreadsheet_xml(*sheets: tuple[str, list[list]], front: str = "", options: str = "") -> str:
    """A workbook in the XML of Excel 2003; a tuple in a row is written as it is."""

    def cell(one) -> str:
        if isinstance(one, tuple):
            return one[0]
        kind = "String" if isinstance(one, str) else "Number"
        return (
            f'<Cell ss:StyleID="s21"><Data ss:Type="{kind}">{escape(str(one))}</Data></Cell>'
            if one != ""
            else "<Cell/>"
        )

    tables = "".join(
        f'<Worksheet ss:Name="{name}"><Table>{"".join(f"<Row>{chr(10).join(map(cell, row))}</Row>" for row in rows)}</Table>'
        f'<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel">{options}</WorksheetOptions></Worksheet>'
        for name, rows in sheets
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{front}<?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f"{tables}</Workbook>"
    )


def test_a_2003_workbook_in_xml_is_read_like_any_other(load):
    rows = people(4)
    rows[0] |= {"人数": 1, "自然村": "东头\n路北 & 西"}
    book = spreadsheet_xml((SHEET, [["名单"], *grid(rows)]))
    mapped = load(book.encode("utf-8"), "名单.xls")
    assert (mapped.columns, codes(mapped)) == (lambda one: (one.columns, codes(one)))(
        load(workbook((SHEET, grid(rows))))
    )
    assert load(book.replace("UTF-8", "GB2312").encode("gb18030"), "名单.xml").columns == mapped.columns


def test_the_cells_of_a_2003_workbook_stand_where_they_say(load):
    heading, *rows = grid(people(4))
    at = heading.index("首次识别时间")
    rows[0][at] = ('<Cell><Data ss:Type="DateTime">2014-05-06T00:00:00.000</Data></Cell>',)
    rows[1][at] = ('<Cell ss:Formula="=NA()"><Data ss:Type="Error">#N/A</Data></Cell>',)
    rows[2][at] = ('<Cell ss:Formula="=A1"/>',)
    rows[3][5:9] = [(f'<Cell ss:Index="9"><Data ss:Type="String"><B xmlns="urn:x">{rows[3][8][:1]}</B>{rows[3][8][1:]}</Data>'
                     '<Comment><ss:Data>批注</ss:Data></Comment></Cell>',)]  # fmt: skip
    mapped = load(spreadsheet_xml((SHEET, [heading, *rows])).encode("utf-8"), "名单.xls")
    assert mapped.columns["name"] == [one["姓名"] for one in people(4)]
    assert mapped.columns["household_no"][3] is None
    assert [(cell, code) for cell, code, _ in codes(mapped) if cell[0] == "Z"] == [
        ("Z2", "date_serial_cell"), ("Z3", "cell_error"), ("Z4", "formula_no_value"),
    ]  # fmt: skip


def test_merged_cells_and_hidden_sheets_of_a_2003_workbook(load):
    family = homes(1)
    rows = [list(row) for row in grid(family, SHORT)]
    down = len(family) - 1
    for place in (0, 1, 2):
        rows[1][place] = (f'<Cell ss:MergeDown="{down}"><Data ss:Type="String">{rows[1][place]}</Data></Cell>',)
        for row in rows[2:]:
            row[place] = ""
    mapped = load(spreadsheet_xml((SHEET, rows)).encode(), "名单.xls")
    assert (mapped.columns, mapped.findings) == (load(workbook((SHEET, grid(family, SHORT)))).columns, [])
    book = spreadsheet_xml((SHEET, grid(people(2)))).replace(
        "</Workbook>", '<Worksheet ss:Name="旧"><Table/><x:WorksheetOptions xmlns:x="urn:schemas-microsoft-com:office:excel">'
        "<x:Visible>SheetHidden</x:Visible></x:WorksheetOptions></Worksheet></Workbook>",
    )  # fmt: skip
    assert load(book.encode(), "名单.xls").header.apart == {"旧": "隐藏的工作表"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('<?mso', '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><?mso', "file_external_entity"),
        ('<?mso', '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><?mso', "file_external_entity"),
        ("</Row>", '</Row><Row ss:Index="900000"><Cell><Data ss:Type="String">.</Data></Cell></Row>', "file_stray_cell"),
        ("<Row>", '<Row><Cell ss:Index="16000"><Data ss:Type="String">.</Data></Cell>', "file_too_wide"),
        ("</Row>", '</Row><Row ss:Index="1"/>', "file_truncated"),
        ("</Workbook>", "", "file_truncated"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_2003_workbook_is_refused(load, old, new, code):
    book = spreadsheet_xml((SHEET, grid(people(2)))).replace(old, new, 1)
    with pytest.raises(FileRefused) as refused:
        load(book.encode("utf-8"), "名单.xls")
    assert refused.value.code == code


@pytest.mark.parametrize("kind", ["xml", "html"])
def test_a_small_file_that_unfolds_to_very_many_empty_cells_is_refused(load, kind, monkeypatch):
    monkeypatch.setattr(xmlbook, "MOST_CELLS", 100_000)
    monkeypatch.setattr(texts, "MOST_CELLS", 100_000)
    if kind == "html":
        data = f"<table>{'<tr><td colspan=500>a</td></tr>' * 300}</table>"
    else:
        row = '<Row><Cell ss:Index="500"><Data ss:Type="String">a</Data></Cell></Row>'
        data = spreadsheet_xml((SHEET, grid(people(2)))).replace("</Table>", f"{row * 300}</Table>")
    with pytest.raises(FileRefused) as refused:
        load(data.encode("utf-8"), "名单.xls")
    assert refused.value.code == "file_too_big"


def test_blank_rows_far_below_in_a_2003_workbook_cost_nothing(load):
    book = spreadsheet_xml((SHEET, grid(people(2)))).replace(
        "</Table>", '<Row ss:Index="1048576"><Cell/></Row></Table>'
    )
    assert len(load(book.encode("utf-8"), "名单.xls").rows) == 2


def test_places_by_every_usual_name(load):
    rows = people(7)
    town, village = rows[0]["乡(镇)"], rows[0]["行政村"]
    short = village.removesuffix("村民委员会").removesuffix("居民委员会")
    for one, name in zip(
        rows,
        (village, short, f"{short}村委会" if "村民" in village else f"{short}居委会", f" {short} ", f"{town}{short}"),
        strict=False,
    ):
        one |= {"乡(镇)": town, "行政村": name}
    rows[5] |= {"乡(镇)": f"济南市济阳区{town}", "行政村": village, "县(市、区、旗)": "370125"}
    for written in ("济阳", "济南市济阳"):
        assert load(workbook((SHEET, grid(people(2, **{"县(市、区、旗)": written}))))).places[0].village
    for suffix in ("办", "街办", "街道办"):
        near = people(1, **{"乡(镇)": town.removesuffix("街道").removesuffix("镇") + suffix})
        assert load(workbook((SHEET, grid(near)))).places[0].village == plain(load).places[0].village
    rows[6] |= {"乡(镇)": town.removesuffix("街道").removesuffix("镇"), "行政村": village, "县(市、区、旗)": "济阳县"}
    for number, one in enumerate(rows):
        one["户编号"] = f"37000000000000{number:02d}"
    mapped = load(workbook((SHEET, grid(rows))))
    assert len({place.village for place in mapped.places}) == 1
    assert mapped.places[0].village is not None
    assert {one.code for one in mapped.findings} == {"place_alias"}
    assert {one.stored for one in mapped.findings if one.column == "行政村"} == {village}


def test_measures_are_kept_as_written_where_the_list_is_open(load):
    headings = [*SHORT, "监测对象类别", "产业帮扶", "综合保障", "健康帮扶", "搬迁", "饮水安全保障"]
    rows = people(3)
    rows[0] |= {
        "产业帮扶": "资产收益分红；发展种养业",
        "综合保障": "农村低保,临时救助",
        "搬迁": "否",
        "饮水安全保障": "饮水工程修建/维修",
    }
    rows[1] |= {"产业帮扶": "光伏,发展种养业", "健康帮扶": "其他"}
    mapped = load(workbook((SHEET, grid(rows, headings))), layouts=[layouts()["roster_c"]])
    assert mapped.columns["measure_industry"] == ["{farming,dividend}", "{farming,光伏}", None]
    assert mapped.columns["measure_safety_net"][0] == "{allowance,temporary}"
    assert (mapped.columns["measure_relocation"][0], mapped.columns["measure_water"][0]) == (None, "{works}")
    assert [one.code for one in mapped.findings if one.severity != "N"] == ["label_unknown"]


# --- text files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_files_of_every_kind(load, encoding, delimiter):
    mapped = load(csv_text([["名单"], *grid(people())], delimiter).encode(encoding), "名单.txt")
    assert (mapped.columns, mapped.findings) == (plain(load).columns, [])


def test_a_csv_as_county_tools_and_wps_write_it(load):
    rows = [{**one, "证件号码": f'="{one["证件号码"]}"', "户编号": f"{one['户编号']}\t"} for one in people()]
    mapped = load(csv_text(grid(rows)).encode("gb18030"), "名单.csv")
    assert (mapped.columns, mapped.findings) == (plain(load).columns, [])


def test_quotes_and_line_breaks_of_a_csv(load):
    rows = people(3)
    rows[0]["自然村"] = '"东头,路北"'
    rows[1]["自然村"] = '"东头\n路北"'
    assert load(csv_text(grid(rows)).encode("utf-8"), "a.csv").columns["hamlet"][:2] == ["东头,路北", "东头路北"]
    rows = people(3)
    rows[0]["自然村"], rows[1]["自然村"] = '"东头', '东"头'
    assert load(csv_text(grid(rows)).encode("utf-8"), "a.csv").columns["hamlet"][:2] == ['"东头', '东"头']
    rows[2]["自然村"] = '"西头,路南'
    with pytest.raises(FileRefused, match="第 4 行") as refused:
        load(csv_text(grid(rows)).encode("utf-8"), "a.csv")
    assert refused.value.code == "file_broken_text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_broken_byte_spoils_its_cell_and_nothing_else(load, encoding):
    rows = people(6)
    rows[1]["姓名"], rows[2]["行政村"], rows[3]["自然村"] = "王%%伟", "%%村", "东%%头"
    whole = plain(load)
    mapped = load(csv_text(grid(rows)).encode(encoding).replace(b"%%", b"\xff"), "名单.csv")
    assert [(one.row, one.column, one.code) for one in mapped.findings] == [
        (5, "自然村", "text_broken"), (3, "姓名", "text_broken"), (4, "行政村", "text_broken"),
    ]  # fmt: skip
    assert mapped.columns["name"] == [whole.columns["name"][0], None, *whole.columns["name"][2:]]
    assert (mapped.columns["hamlet"][3], mapped.places[2].village) == (None, None)
    assert mapped.findings[0].message == "这一格有读不出的字节，文字不完整"


def test_a_broken_separator_spoils_the_cells_behind_it_too(load):
    text = csv_text(grid(people(3))).encode("gb18030")
    name = people(3)[1]["姓名"].encode("gb18030")
    mapped = load(text.replace(name + b",", name + b"\xff"), "名单.csv")
    odd = {(one.row, one.code) for one in mapped.findings if one.severity == "E"}
    assert odd == {(3, "text_broken"), *{(3, code) for _, code in odd}}
    assert mapped.columns["id_number"][1] is None and mapped.columns["name"][::2] == [
        people(3)[0]["姓名"],
        people(3)[2]["姓名"],
    ]
    assert not [
        value for name, column in mapped.columns.items() if (value := column[1]) and name in {"relation", "ethnic"}
    ]


def test_a_text_file_in_a_wrong_encoding_or_cut_off_within_a_character_is_refused(load):
    text = csv_text(grid(people(3)))
    for data, code in (
        (text.encode("utf-8")[:-2] + "王".encode()[:2], "file_truncated"),
        (b"\xff\x81".join(text.encode("utf-8")[at : at + 9] for at in range(0, 3000, 9)), "file_encoding"),
    ):
        with pytest.raises(FileRefused) as refused:
            load(data, "名单.csv")
        assert refused.value.code == code


@pytest.mark.parametrize("end", [b"\x1a", b"\0" * 20])
def test_what_old_programs_end_a_text_file_with_is_nothing(load, end):
    assert load(csv_text(grid(people())).encode("gb18030") + end, "a.csv").columns == plain(load).columns


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf", b"\r\n" * 40])
def test_a_text_file_without_text_is_empty(load, data):
    with pytest.raises(FileRefused) as refused:
        load(data, "a.csv")
    assert refused.value.code == "file_empty"


def test_two_stray_quotes_in_a_csv_do_not_swallow_the_rows_between_them(load):
    rows = people(6)
    rows[1]["自然村"], rows[4]["自然村"] = '"东头', '西头"'
    assert load(csv_text(grid(rows)).encode("utf-8"), "a.csv").columns["hamlet"][1:5:3] == ['"东头', '西头"']
    assert len(load(csv_text(grid(rows)).encode("utf-8"), "a.csv").rows) == 6


def test_a_cell_of_several_lines_beside_a_stray_quote_is_not_torn_apart_silently(load):
    rows = people(6)
    rows[1]["自然村"], rows[3]["自然村"], rows[4]["自然村"] = '"东头', '"西头', '"路南\n路北"'
    with pytest.raises(FileRefused) as refused:
        load(csv_text(grid(rows)).encode("utf-8"), "a.csv")
    assert refused.value.code == "file_broken_text"


def test_members_below_their_households_first_row_belong_to_it_where_cells_were_merged_once(load):
    family = homes(2)
    firsts = {one["户编号"]: one for one in reversed(family)}
    shared = ("乡(镇)", "行政村", "户编号", "人数", "户联系电话", "户类型")
    rows = [one if one is firsts[one["户编号"]] else {**one, **dict.fromkeys(shared, "")} for one in family]
    mapped = load(csv_text(grid(rows)).encode("gb18030"), "名单.csv")
    whole = load(csv_text(grid(family)).encode("gb18030"), "名单.csv")
    assert (mapped.columns, mapped.places) == (whole.columns, whole.places)
    assert {one.code for one in mapped.findings} == {"household_above"}


def test_a_number_that_stands_once_per_household_holds_for_its_members_and_a_missing_one_is_told(load):
    def codes(rows):
        return {(one.row, one.code) for one in load(csv_text(grid(rows)).encode("gb18030"), "名单.csv").findings}

    family = homes(2)
    rows = [one if one["与户主关系"] == "户主" else {**one, "户编号": ""} for one in family]
    members = {(number, "household_above") for number, one in enumerate(rows, start=2) if not one["户编号"]}
    assert members and codes(rows) == members
    elsewhere = [dict(one) for one in rows]
    elsewhere[1]["行政村"] = "别的村"
    assert (3, "household_no_empty") in codes(elsewhere)
    alone = [dict(one) for one in family]
    alone[1]["户编号"] = ""  # others have theirs: this one is missing
    assert len(alone) > 3 and (3, "household_no_empty") in codes(alone)
    head = [dict(one) for one in rows]
    head[1]["与户主关系"] = "户主"
    assert (3, "household_no_empty") in codes(head)


@pytest.mark.parametrize(
    "write",
    [
        "{n}.{name}",
        "{n}、{name}",
        "“{name}”",
        "{name}（必填）",
        "{name}（是/否）",
        "{name}\n（18位）",
        "★{name}",
        "【{name}】",
        "（{n}）{name}",
        "{n} {name}",
        "A{n:02d}.{name}",
        "{name}（下拉选择）",
        "{name}（请按身份证填写）",
    ],
)
def test_headings_with_numbers_quotes_and_remarks(load, write):
    names, *rows = grid(people(3))
    headings = [write.format(n=number, name=name) for number, name in enumerate(names, start=1)]
    mapped = load(workbook((SHEET, [headings, *rows])))
    assert (mapped.header.unknown, mapped.columns) == (
        [],
        {name: cells[:3] for name, cells in plain(load).columns.items()},
    )


@pytest.mark.parametrize("first", ["codes", "labels", "both"])
def test_a_dump_of_the_old_system_with_codes_and_what_they_mean(load, first):
    fields = layouts()["legacy_person"].fields
    meant = {one.heading: next(iter(one.aliases), one.heading) for one in fields}
    person = people(1)[0]
    row = [
        {
            "household_no": person["户编号"],
            "name": person["姓名"],
            "id_number": person["证件号码"],
            "relation": "户主",
        }.get(one.name, "")
        for one in fields
    ]
    codes, labels = list(meant), list(meant.values())
    lines = {"codes": [codes, labels], "labels": [labels, codes], "both": [[f"{k}（{v}）" for k, v in meant.items()]]}
    mapped = load(workbook((SHEET, [*lines[first], row])))
    assert (mapped.header.layout.key, mapped.columns["name"]) == ("legacy_person", [person["姓名"]])
    assert mapped.header.unknown == []


# --- packages ----------------------------------------------------------------------------------------------------------------


def test_an_old_workbook_with_1904_dates_and_hidden_columns(load):
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet(SHEET)
    style = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for number, row in enumerate(grid(people(3))):
        for place, cell in enumerate(row):
            sheet.write(number, place, cell)
    sheet.write(4, 0, "合计")
    sheet.col(4).hidden = True
    late = book.add_sheet("日期")
    late.write(0, 0, dt.date(2014, 5, 6), style)
    out = io.BytesIO()
    book.save(out)
    mapped = load(out.getvalue(), "名单.xls")
    assert mapped.columns == load(workbook((SHEET, grid(people(3))))).columns


def test_a_workbook_older_than_excel_97_is_refused_with_what_to_do(load):
    book = xlwt.Workbook()
    book.add_sheet(SHEET).write(0, 0, "名单")
    out = io.BytesIO()
    book.save(out)
    old = out.getvalue().replace(b"\x09\x08\x10\x00\x00\x06", b"\x09\x08\x10\x00\x00\x05")
    with pytest.raises(FileRefused, match="另存为") as refused:
        load(old, "名单.xls")
    assert refused.value.code == "file_old_workbook"


def test_blank_formatted_rows_to_the_end_cost_nothing_and_a_stray_cell_is_refused(load):
    data = workbook(
        (SHEET, grid(people(3))),
        touch=lambda book, sheets: sheets[0].write_blank(1048575, 0, None, book.add_format({"bold": True})),
    )
    assert len(load(data).rows) == 3
    for row, place in ((1048575, 0), (1048575, 16383)):
        stray = workbook(
            (SHEET, grid(people(3))), touch=lambda book, sheets, at=(row, place): sheets[0].write_string(*at, ".")
        )
        with pytest.raises(FileRefused) as refused:
            load(stray)
        assert refused.value.code in {"file_stray_cell", "file_too_wide"}


def test_a_package_that_lies_about_its_sizes_is_refused(load):
    data = workbook((SHEET, grid(people(3))))
    lying = bytearray(data)
    at = 0
    while (at := lying.find(b"PK\x01\x02", at)) >= 0:  # the stated size of every part: 10 bytes
        struct.pack_into("<I", lying, at + 24, 10)
        at += 46
    with pytest.raises(FileRefused) as refused:
        load(bytes(lying))
    assert refused.value.code == "file_truncated"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda name, text: text.replace(b"<worksheet", b"<!-- " + b"x" * 9000 + b' --><!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet', 1), "file_external_entity"),
        (lambda name, text: text[: len(text) // 2] if name.endswith("sheet1.xml") else text, "file_truncated"),
        (lambda name, text: b"" if name.endswith("workbook.xml") else text, "file_truncated"),
    ],
    ids=["entity", "half a sheet", "no workbook"],
)  # fmt: skip
def test_damaged_and_hostile_parts_are_refused(load, change, code):
    with pytest.raises(FileRefused) as refused:
        load(rezipped(workbook((SHEET, grid(people(3)))), change))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'r="C5"', b'r="ZZZZZZZ5"', "file_too_wide"),
        (b'r="C5"', b'r="xfd5"', "file_too_wide"),
        (b'r="C5"', b"r = 'XFD5'", "file_too_wide"),
        (b'r="C5"', b'r="C900000"', "file_stray_cell"),
        (b'r="C5"', b'r="C99999999999"', "file_stray_cell"),
        (b'<c r="C5"', b'<c\n t="s" r\n=\n"C900000"', "file_stray_cell"),
        (b'<c r="C5"', b'<c r="C5" r="C900000"', "file_stray_cell"),
        (b'<c r="C5"', b"<c x='\"' r='C900000'", "file_stray_cell"),
        (b'<c r="C5"', b'<c x=">" r="C900000"', "file_stray_cell"),
        (b'<c r="C5"', b'<c x="<" r="C900000"', "file_truncated"),
        (b'<c r="C5"', b'<c r="XFC5"/><c', "file_too_wide"),
        (b"</sheetData>", b'<row x="" r="900000"><c><v>1</v></c></row></sheetData>', "file_stray_cell"),
        (b'<c r="C5"', b"<c" + b" " * 3_000_000 + b'r="C900000"', "file_truncated"),
        (b"</sheetData>", b'<row r="70">' + b"<c><v>1</v></c>" * 501 + b"</row></sheetData>", "file_too_wide"),
    ],
)
def test_a_cell_in_the_middle_with_an_address_far_away_is_seen_before_memory_is_set_aside(old, new, code):
    data = in_sheet(workbook((SHEET, grid(people()))), old, new)
    with pytest.raises(FileRefused) as refused:
        packages.inspect(data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "junk",
    [
        "<!--{row }-->", "<!--{<c }-->", "<!--{<row }-->", '<!--{<c t="e" }-->', '<!--{<c r="A1" t="e">}-->', '<!--{<c r="ZZ1"}-->',
        '{<c r="A1"><f>}', '{<c r="A1"><f a="}', "{<x:c r=}", '{<c r="A1"><v><!--}', "<a{ uniqueCount=}", "{<f }", "{<!DOCTYP}", "{<c a='b' }",
    ],
)  # fmt: skip
def test_a_package_that_would_be_searched_again_and_again_is_looked_through_once(junk):
    """Four megabytes a piece; what is searched anew from each place takes hours."""
    before, again, after = re.fullmatch("([^{]*){(.*)}([^}]*)", junk).groups()
    text = before + again * (4_000_000 // len(again)) + after
    data = in_sheet(workbook((SHEET, grid(people(2)))), b"</sheetData>", text.encode() + b"</sheetData>")
    began = time.process_time()
    try:
        packages.inspect(data)
    except FileRefused as refused:
        assert refused.code == "file_truncated"
    assert time.process_time() - began < 10


def test_a_table_may_be_large_and_what_unfolds_far_more_than_a_table_may_not(load, monkeypatch):
    monkeypatch.setattr(packages, "LARGEST_OF_FEW", 100_000)
    assert len(load(workbook((SHEET, grid(people(200))))).rows) == 200
    blank = b"<row>" + b"<c/>" * 400 + b"</row>"
    data = in_sheet(workbook((SHEET, grid(people(2)))), b"</sheetData>", blank * 1000 + b"</sheetData>")
    with pytest.raises(FileRefused) as refused:
        load(data)
    assert refused.value.code == "file_too_big"
    monkeypatch.setattr(packages, "MOST_UNVALUED", 3)
    formulas = b"".join(b'<row r="%d"><c r="A%d"><f>B1</f></c></row>' % (row, row) for row in range(70, 74))
    with pytest.raises(FileRefused) as refused:
        load(in_sheet(workbook((SHEET, grid(people(2)))), b"</sheetData>", formulas + b"</sheetData>"))
    assert refused.value.code == "file_no_values"


def test_pictures_and_macros_in_a_package_are_not_taken_for_cells(load):
    noise = b"\x89PNG <c \x00 <row ' <c r=" + bytes(range(256)) * 50

    def pictured(name, text):
        return noise if name == "docProps/app.xml" else text

    assert len(load(rezipped(workbook((SHEET, grid(people(2)))), pictured)).rows) == 2


def test_a_long_list_of_ranges_is_no_hidden_cell(load):
    ranges = b" ".join(b"A%d" % number for number in range(1, 400_000))
    data = in_sheet(
        workbook((SHEET, grid(people()))),
        b"</sheetData>",
        b'</sheetData><ignoredErrors><ignoredError sqref="' + ranges + b'"/></ignoredErrors>',
    )
    assert len(load(data).rows) == 6


def test_a_sheet_under_any_name_is_looked_through():
    book = workbook((SHEET, grid(people())))
    content = {}
    rezipped(book, lambda name, text: content.setdefault(name, text))
    data = rezipped(
        book,
        lambda name, text: (
            content["xl/worksheets/sheet1.xml"].replace(b'r="C5"', b'r="XFD900000"')
            if name == "docProps/app.xml"
            else text.replace(b'"worksheets/sheet1.xml"', b'"/docProps/app.xml"')
        ),
    )
    with pytest.raises(FileRefused) as refused:
        packages.inspect(data)
    assert refused.value.code == "file_too_wide"


def test_a_number_of_texts_that_no_part_could_hold_is_refused():
    data = rezipped(
        workbook((SHEET, grid(people()))),
        lambda name, text: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4294967295"', text),
    )
    with pytest.raises(FileRefused) as refused:
        packages.inspect(data)
    assert refused.value.code == "file_truncated"


def test_an_old_workbook_whose_sectors_run_in_a_circle_or_that_lies_about_its_sizes_is_refused(load):
    good = (DATA / "bad" / "good_biff.xls").read_bytes()
    (directory,) = struct.unpack_from("<I", good, 48)
    (table,) = struct.unpack_from("<I", good, 76)
    circle = bytearray(good)
    struct.pack_into("<I", circle, (table + 1) * 512 + 4 * directory, directory)
    huge = bytearray(good)
    at = huge.index(b"\x00\x02\x0e\x00")  # the record of the sheet's dimensions
    struct.pack_into("<IIHH", huge, at + 4, 0, 0xFFFFFFFF, 0, 0xFFFF)
    ended = bytearray(good)
    at = ended.index(b"\x08\x02\x10\x00", ended.index(b"\x08\x02\x10\x00") + 400)  # a later row's record
    struct.pack_into("<H", ended, at, 0x000A)
    for data in (circle, huge, ended, good[:1000]):
        with pytest.raises(FileRefused) as refused:
            load(bytes(data), "名单.xls")
        assert refused.value.code == "file_truncated"


# --- what a sheet says of its size ----------------------------------------------------------------------------------------

LAST = 1 << 20
COST = """
import resource, sys, time
from jiyang.intake.reader import read
data = open(sys.argv[1], "rb").read()
began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = read(data, "x.xlsx")
rows = sum(1 for row in source.rows(source.sheets[0]) if any(row))
print(rows, time.process_time() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def _sheet(data: bytes) -> bytes:
    """The XML of a package's first sheet."""
    found: list[bytes] = []
    rezipped(data, lambda name, text: found.append(text) or text if name.endswith("sheet1.xml") else text)
    return found[0]


def _cost(data: bytes, folder) -> tuple[int, float, float]:
    """(rows with content, CPU seconds, MB that the peak grew) of reading a file in a process of its own."""
    path = folder / "x.xlsx"
    path.write_bytes(data)
    done = subprocess.run([sys.executable, "-c", COST, str(path)], capture_output=True, text=True, check=True)
    rows, seconds, grown = done.stdout.split()
    return int(rows), float(seconds), float(grown)


def test_a_sheet_that_claims_a_million_blank_rows_costs_no_more_than_its_real_ones(tmp_path):
    body = [list(row) for row in grid(people(40))]
    plain = workbook((SHEET, body[:1] + body[1:] * 100))
    blank = f'<row r="{LAST}" spans="1:32" s="1" customFormat="1"><c r="A{LAST}" s="1"/><c r="AF{LAST}" s="1"/></row></sheetData>'
    claims = in_sheet(in_sheet(plain, b"</sheetData>", blank.encode()), b":AF4002", f":AF{LAST}".encode())
    (rows, seconds, grown), (same, longer, more) = _cost(plain, tmp_path), _cost(claims, tmp_path)
    assert same == rows == 4002
    assert longer < 1.5 * seconds + 0.1
    assert more < grown + 8


# --- what a person corrects ------------------------------------------------------------------------------------------------


def test_home_made_headings_by_choice_and_by_the_offices_saved_mapping(load):
    own = {"乡(镇)": "街镇片区", "证件号码": "身份证", "姓名": "大名", "与户主关系": "称谓", "人数": "几口人"}
    rows = grid(people(4))
    rows[0] = [own.get(name, name) for name in rows[0]]
    data = workbook((SHEET, rows))
    with pytest.raises(FileRefused, match="乡\\(镇\\)、姓名、与户主关系") as refused:
        load(data)
    assert refused.value.code == "missing_column"
    mapping = {"街镇片区": "town", "大名": "name", "称谓": "relation", "几口人": "stated_size", "民族": ""}
    mapped = load(data, choice=Choice(mapping=mapping))
    assert (mapped.columns["name"], mapped.header.ignored) == ([one["姓名"] for one in people(4)], ["民族"])
    assert "ethnic" not in mapped.columns
    assert load(data, saved={"roster_a": mapping}).columns.keys() == {*mapped.columns, "ethnic"}


def test_a_heading_row_of_few_columns_can_be_named(load):
    rows = [["乡镇", "村", "户号"], ["某"], *([one["乡(镇)"], one["行政村"], one["户编号"]] for one in people(3))]
    with pytest.raises(FileRefused, match="没有找到表头"):
        load(workbook((SHEET, rows)))
    choice = Choice(layout="roster_f", header_row=2, mapping={"户号": "household_no"})
    mapped = load(workbook((SHEET, [rows[0], *rows[2:]])), choice=choice)
    assert mapped.columns["household_no"] == [one["户编号"] for one in people(3)]


def test_the_outline_shows_what_a_person_needs_to_choose():
    data = workbook(
        ("甲", [["说明"]]), ("乙", grid(people(2))), titles=2, touch=lambda book, sheets: sheets[0].set_first_sheet()
    )
    shown = pipeline.outline(data, "x.xlsx", sheet="乙", rows=4)
    assert (shown.sheets, shown.hidden, shown.sheet, len(shown.top)) == (["甲", "乙"], [], "乙", 4)
    assert (shown.top[0][0], shown.top[2][:3]) == ("标题 1", ["序号", "数据日期", "县(市、区、旗)"])
    assert pipeline.outline(data, "x.xlsx", sheet="没有").sheet == "甲"
