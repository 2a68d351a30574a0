"""What stands once for several rows: 镇街, 村 and 户编号 on the first row of a block, in files without merged cells."""

import csv
import datetime as dt
import io

import pytest

from jiyang.intake import pipeline
from jiyang.intake.layouts import layouts
from tests.intake.workbooks import grid, homes, people, workbook

PLACES = ("县(市、区、旗)", "乡(镇)", "行政村")


@pytest.fixture
def load(index):
    def load(data: bytes, filename: str = "名单.csv", key: str = ""):
        known = [one for one in layouts().values() if key in ("", one.key)]
        return pipeline.load(data, filename, layouts=known, regions=index, as_of=dt.date(2025, 6, 30))

    return load


def text(rows: list[list]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("gb18030")


def villages(count: int = 3) -> list[dict]:
    """The people of whole households, two or more a village, in the order of their villages; two villages share a town."""
    everybody = people(500)
    by_village: dict[tuple, dict[str, list[dict]]] = {}
    for one in everybody:
        by_village.setdefault((one["乡(镇)"], one["行政村"]), {}).setdefault(one["户编号"], []).append(one)
    whole = {place: found for place, found in by_village.items() if len(found) == 1}
    found: list[dict] = []
    towns = list(dict.fromkeys(town for town, _ in whole))[:count]
    for number, town in enumerate(towns):
        rows = [
            one for (where, _), found in by_village.items() if where == town for home in found.values() for one in home
        ]
        for at, one in enumerate(dict.fromkeys(row["户编号"] for row in rows)):
            if at < 4 + number:
                place = {name: rows[0][name] for name in PLACES}
                found += [{**row, **place, "自然村": ""} for row in rows if row["户编号"] == one]
    return found


def once(rows: list[dict], *names: str) -> list[dict]:
    """Cells under `names` only where they differ from the row above."""
    return [
        {**one, **{name: "" for name in names if number and rows[number - 1][name] == one[name]}}
        for number, one in enumerate(rows)
    ]


def errors(mapped) -> set[tuple[int, str]]:
    return {(one.row, one.code) for one in mapped.findings if one.severity == "E"}


@pytest.mark.parametrize("names", [("行政村",), ("乡(镇)",), ("乡(镇)", "行政村"), PLACES])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_places_that_stand_on_the_first_row_of_each_village_hold_below_it(load, names, kind):
    rows = villages()
    part = once(rows, *names)
    mapped = load(text(grid(part))) if kind == "csv" else load(workbook(("名单", grid(part))), "名单.xlsx")
    whole = load(text(grid(rows)))
    assert (mapped.columns, mapped.places, errors(mapped)) == (whole.columns, whole.places, set())
    filled = [one.row for one in mapped.findings if one.code == "place_above"]
    offset = 2 if kind == "csv" else 3
    assert filled == [
        number
        for number, one in enumerate(part, start=offset)
        if any(one[name] == "" for name in names if name != PLACES[0])
    ]


def test_the_number_and_the_places_may_both_stand_once(load):
    rows = villages()
    mapped = load(text(grid(once(rows, "户编号", *PLACES))))
    whole = load(text(grid(rows)))
    assert (mapped.columns, mapped.places, errors(mapped)) == (whole.columns, whole.places, set())
    assert {one.code for one in mapped.findings} == {"household_above", "place_above"}


@pytest.mark.parametrize("head", ["户主(本人)", "01户主", "1.户主", "户主。", "'户主", "户主\u200b", '"户主"'])
@pytest.mark.parametrize("kind", ["numbers", "all"])
def test_a_head_is_the_one_that_the_reader_takes_for_one(load, head, kind):
    rows = [{**one, "与户主关系": head} if one["与户主关系"] == "户主" else one for one in homes(4)]
    names = ("户编号",) if kind == "numbers" else ("户编号", *PLACES, "自然村", "人数")
    part = [one if one["与户主关系"] == head else {**one, **dict.fromkeys(names, "")} for one in rows]
    mapped = load(text(grid(part)))
    assert (mapped.columns["household_no"], errors(mapped)) == ([one["户编号"] for one in rows], set())


def test_a_number_that_stands_again_behind_a_pages_heading_does_not_hinder(load):
    rows = villages(2)
    table = grid([one if one["与户主关系"] == "户主" else {**one, "户编号": ""} for one in rows])
    at = next(n for n in range(2, len(rows)) if rows[n]["户编号"] == rows[n - 1]["户编号"]) + 1
    table[at] = grid(rows)[at]
    mapped = load(text([*table[:at], table[0], *table[at:]]))
    assert (mapped.columns["household_no"], errors(mapped)) == ([one["户编号"] for one in rows], set())


@pytest.mark.parametrize("between", [[], ["小计", "", "", "", "3人"]])
def test_nothing_is_taken_over_a_row_that_is_no_data(load, between):
    rows = villages(2)
    table = grid(once(rows, *PLACES))
    first = next(number for number, one in enumerate(rows) if one["户编号"] != rows[0]["户编号"])
    table.insert(first + 1, between or [""] * len(table[0]))
    told = errors(load(text(table)))
    assert {row for row, code in told if code == "town_empty"} >= {first + 3}


def test_one_blank_among_filled_places_is_a_missing_one_unless_its_household_says_it(load):
    rows = villages(2)
    heads = [number for number, one in enumerate(rows) if number and one["户编号"] != rows[number - 1]["户编号"]]
    for number in (heads[1], heads[1] + 1):
        part = [dict(one) for one in rows]
        part[number]["行政村"] = ""
        mapped = load(text(grid(part)))
        same = rows[number]["户编号"] == rows[number - 1]["户编号"]
        assert errors(mapped) == (set() if same else {(number + 2, "village_unknown")})
        (finding,) = [one for one in mapped.findings if one.code in {"place_above", "village_unknown"}]
        assert (finding.code == "place_above") == same
        assert same or (finding.message == "行政村为空" and "第一行" in finding.hint)


@pytest.mark.parametrize("spoil", ["sorted", "first", "torn", "inside"])
def test_blanks_that_do_not_say_as_above_stay_errors(load, spoil):
    part = once(villages(), "行政村")
    if spoil == "sorted":
        part.sort(key=lambda one: one["证件号码"])
    elif spoil == "first":
        part[0]["行政村"] = ""
    elif spoil == "torn":
        part.append({**part[0], "行政村": "", "姓名": "王伟", "证件号码": ""})
    else:
        number = next(
            n for n in range(4, len(part)) if part[n]["户编号"] == part[n - 1]["户编号"] and not part[n]["行政村"]
        )
        part[number]["行政村"] = "别处"
    told = {row for row, code in errors(load(text(grid(part)))) if code == "village_unknown"}
    homes_of: dict[str, list[int]] = {}
    for number, one in enumerate(part):
        homes_of.setdefault(one["户编号"], []).append(number)
    silent = [home for home in homes_of.values() if not any(part[number]["行政村"] for number in home)]
    assert silent and {number + 2 for home in silent for number in home} <= told


def test_a_village_is_not_taken_into_another_town(load):
    part = once(villages(), "行政村")
    number = next(n for n in range(1, len(part)) if part[n]["乡(镇)"] != part[n - 1]["乡(镇)"])
    part[number]["行政村"] = ""
    assert (number + 2, "village_unknown") in errors(load(text(grid(part))))


def test_households_of_a_household_list_take_their_village_but_never_a_number(load):
    headings = [one.heading for one in layouts()["roster_f"].fields]
    rows = [{**one, "家庭人口数": "1"} for one in villages() if one["与户主关系"] == "户主"]
    part = once(rows, *PLACES)
    mapped, whole = load(text(grid(part, headings)), key="roster_f"), load(text(grid(rows, headings)), key="roster_f")
    assert (mapped.columns, mapped.places, errors(mapped)) == (whole.columns, whole.places, set())
    part[1] |= {"户编号": "", "与户主关系": ""}
    assert (3, "household_no_empty") in errors(load(text(grid(part, headings)), key="roster_f"))


def test_plans_whose_household_stands_once_belong_to_it_and_a_lone_blank_does_not(load):
    headings = [one.heading for one in layouts()["roster_g"].fields]
    rows = [
        {**one, "县": "济阳区", "乡": one["乡(镇)"], "是否计划务工": "是", "计划务工所在县": "历城区"}
        for one in homes(3)
    ]
    shared = ("县", "乡", "行政村", "户编号", "户类型")
    firsts = {one["户编号"]: one for one in reversed(rows)}
    part = [one if one is firsts[one["户编号"]] else {**one, **dict.fromkeys(shared, "")} for one in rows]
    mapped, whole = load(text(grid(part, headings))), load(text(grid(rows, headings)))
    assert mapped.header.layout.key == "roster_g"
    assert (mapped.columns, mapped.places, errors(mapped)) == (whole.columns, whole.places, set())
    alone = [dict(one) for one in rows]
    alone[1] |= dict.fromkeys(shared, "")
    assert (3, "household_no_empty") in errors(load(text(grid(alone, headings))))


# --- over two sheets -------------------------------------------------------------------------------------------------------


def split(rows: list[dict], first: int, *, end: list | None = None, title: list | None = None) -> bytes:
    table = grid(rows)
    one, two = table[: first + 1], table[first + 1 :]
    return workbook(("1", [*one, *([end] if end else [])]), ("2", [*([title] if title else []), *two]), titles=0)


def divided() -> tuple[list[dict], list[dict], int]:
    """(whole rows, rows with the number on the head's only, index of a member at which a sheet may be divided)."""
    rows = villages(2)
    part = [one if one["与户主关系"] == "户主" else {**one, "户编号": ""} for one in rows]
    return rows, part, next(n for n in range(4, len(part)) if not part[n]["户编号"])


def test_a_member_at_the_top_of_a_sheet_that_goes_on_belongs_to_the_last_household(load):
    rows, part, at = divided()
    whole = load(text(grid(rows)))
    blank = [dict(one) for one in part]
    blank[at] |= dict.fromkeys(("乡(镇)", "行政村"), "")
    for data in (split(part, at), split(part, at, title=["续表"]), split(blank, at)):
        mapped = load(data, "名单.xlsx")
        assert mapped.header.sheets == ["1", "2"]
        assert (mapped.columns, mapped.places, errors(mapped)) == (whole.columns, whole.places, set())
        assert ("2", "household_above") in {(one.sheet, one.code) for one in mapped.findings}


@pytest.mark.parametrize(
    "change",
    [
        {"行政村": "别的村"},
        {"户联系电话": "13800138000"},
        {"与户主关系": "户主"},
        "total",
        "title",
        "others have theirs",
    ],
)
def test_it_does_not_where_anything_speaks_against_it(load, change):
    rows, part, at = divided()
    options = {}
    if change == "total":
        options["end"] = ["合计", "", "", "", "", "", "", "", "", "", "12"]
    elif change == "title":
        options["title"] = ["续表"]
        part[at] |= dict.fromkeys(("乡(镇)", "行政村"), "")
    elif change == "others have theirs":
        part = [dict(one) for one in rows]
        part[at]["户编号"] = ""
    else:
        part[at] |= change
    mapped = load(split(part, at, **options), "名单.xlsx")
    assert mapped.header.sheets == ["1", "2"]
    row = 2 if change == "title" else 1
    assert ("2", row, "household_no_empty") in {(one.sheet, one.row, one.code) for one in mapped.findings}
