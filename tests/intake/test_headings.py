"""A second heading inside a sheet: pages repeat the first, a table pasted below has its own, and none is taken for another."""

import datetime as dt

import pytest

from jiyang.intake import pipeline
from jiyang.intake.layouts import layouts
from jiyang.intake.places import RegionIndex
from jiyang.intake.refusals import MENDABLE, FileRefused
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from tests.intake.workbooks import grid, people, workbook

SHEET = "名单"
PEOPLE = people(12)
NAMES = list(PEOPLE[0])
FIRST, REST = grid(PEOPLE[:6]), grid(PEOPLE[6:])


@pytest.fixture
def load(db):
    regions = RegionIndex.load(Region.objects.get(level=Level.DISTRICT))

    def load(data: bytes, filename: str = "名单.xlsx", **options):
        known = [layouts()[name] for name in ("roster_a", "roster_b", "roster_c", "legacy_person")]
        return pipeline.load(data, filename, layouts=known, regions=regions, as_of=dt.date(2025, 6, 30), **options)

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
        (grid(PEOPLE[6:], [name for name in NAMES if name != "民族"]), "民族"),
        (
            [["序号", "村", "户主姓名", "帮扶责任人", "联系电话"], ["1", "张庄村", "王伟", "李四", "13800138000"]],
            "户编号",
        ),
    ],
    ids=["another unit", "another unit above", "a column less", "something else"],
)
def test_a_table_below_that_cannot_be_read_as_the_first_refuses_the_file_and_names_the_row(load, rows, named):
    with pytest.raises(FileRefused, match=named) as refused:
        load(workbook((SHEET, [*FIRST, *rows])))
    row = len(FIRST) + 2 + (rows[0] == ["单位：万元"])
    assert refused.value.code in MENDABLE and f"第 {row} 行是另一个表头" in str(refused.value)
