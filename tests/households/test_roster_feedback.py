"""Files that go back to be mended: what they say needs no row above it, and they are read as the whole file was."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from households.models import Household, RosterRow
from households.roster import feedback, jobs
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState
from jiyang.intake.header import Choice
from jiyang.intake.models import Batch, BatchFinding
from tests.households.test_roster import approve, submit
from tests.households.test_roster_plan import clear
from tests.intake.workbooks import csv_text, grid, people, workbook
from tests.intake.workbooks import homes as families

pytestmark = pytest.mark.django_db(transaction=True)

WRONG = "待定"


def homes() -> list[dict]:
    """Eight households in two villages of two towns."""
    everybody = people(400)
    other = next(one for one in everybody if one["乡(镇)"] != everybody[0]["乡(镇)"])
    found = families(8)
    numbers = list(dict.fromkeys(one["户编号"] for one in found))
    for one in found:
        place = everybody[0] if numbers.index(one["户编号"]) < 4 else other
        one |= {name: place[name] for name in ("乡(镇)", "行政村")}
    return found


def towns_once(rows: list[dict]) -> list[dict]:
    """Town and village on the first row of each village alone."""
    found, last = [], ("", "")
    for one in sorted(rows, key=lambda one: (one["乡(镇)"], one["行政村"], one["户编号"])):
        here = one["乡(镇)"], one["行政村"]
        blank = {"乡(镇)": "", "行政村": ""} if here == last else {}
        found.append(one | blank)
        last = here
    return found


def homes_once(rows: list[dict]) -> list[dict]:
    """Household numbers, places and all else that belongs to a household on its first row alone."""
    shared = ("户编号", "乡(镇)", "行政村", "人数", "户联系电话")
    seen: set[str] = set()
    found = []
    for one in rows:
        found.append(one | dict.fromkeys(shared, "") if one["户编号"] in seen else one)
        seen.add(one["户编号"])
    return found


def go(maker, data: bytes, name: str = "名单.xlsx", *, continues: Batch | None = None, choice: Choice | None = None):
    clear()
    with acting_as(actor_for(maker)):
        batch = roster.upload(by=maker, filename=name, data=data, continues=continues)
        if choice:
            Batch.objects.filter(pk=batch.pk).update(reading=choice.as_dict())
        return jobs.check(batch.pk)


def back(maker, batch: Batch, path: Path, mended: dict[str, str] | None = None, write: Callable = feedback.failed_rows):
    """What goes back of a batch, with some texts replaced."""
    with acting_as(actor_for(maker)):
        write(batch, path)
    if mended:
        book = openpyxl.load_workbook(path)
        for sheet in book:
            for line in sheet.iter_rows():
                for cell in line:
                    cell.value = mended.get(cell.value, cell.value) if isinstance(cell.value, str) else cell.value
        book.save(path)
    return path.read_bytes()


def staged(batch: Batch) -> dict[tuple, tuple]:
    """What is kept of each row that came to nothing: (person, household) → place and values."""
    with system_scope("测试"):
        rows = RosterRow.objects.filter(batch=batch, action__in=feedback.FAILED)
        return {
            one.row: (one.name, one.household_no, one.village_id, one.dangerous_house, one.income_per_head, one.action, one.person_identified_on)
            for one in rows.order_by("row")
        }  # fmt: skip


def told(batch: Batch, rows: Sequence[int]) -> list[tuple]:
    """(n-th of the rows, field, code) of what is wrong with some rows."""
    place = {row: number for number, row in enumerate(rows)}
    with system_scope("测试"):
        found = BatchFinding.objects.filter(batch=batch, row__in=rows).exclude(severity="N")
        return sorted((place[one.row], one.field, one.code) for one in found)


def assert_comes_back(maker, batch: Batch, path: Path) -> None:
    """The failed rows, sent as they are, are refused as they were."""
    before = staged(batch)
    again = go(maker, back(maker, batch, path), "改正.xlsx", continues=batch)
    after = staged(again)
    assert (again.error, list(after.values())) == ({}, list(before.values()))
    assert told(again, list(after)) == told(batch, list(before))


def villages_of(batch: Batch) -> dict[str, int]:
    with system_scope("测试"):
        return dict(RosterRow.objects.filter(batch=batch).values_list("name", "village"))


@pytest.mark.parametrize("blank", [towns_once, homes_once])
def test_failed_rows_keep_the_place_and_household_that_stood_above_them(data_admin, tmp_path, blank):
    rows = towns_once(homes()) if blank is towns_once else homes_once(homes())
    homes_of = dict.fromkeys(one["户编号"] for one in homes())
    whole = go(data_admin, workbook(("名单", grid(rows))))
    assert whole.counts["refused"] == 0
    heads = [number for number, one in enumerate(rows) if one["户编号"] and number % 2]
    for number in heads:
        rows[number]["健康状况"] = WRONG
    batch = go(data_admin, workbook(("名单", grid(rows))))
    assert len(homes_of) > 2 and batch.counts["refused"] > len(heads) > 0
    assert_comes_back(data_admin, batch, tmp_path / "a.xlsx")
    data = back(data_admin, batch, tmp_path / "b.xlsx", {WRONG: "健康"})
    mended = go(data_admin, data, "改正.xlsx", continues=batch)
    assert (mended.counts["refused"], mended.rows) == (0, batch.counts["refused"])
    right = villages_of(whole)
    assert villages_of(mended) == {name: right[name] for name in villages_of(mended)}
    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    columns = [cell.value for cell in sheet[2]]
    for name in ("户编号", "乡(镇)", "行政村"):
        cells = [line[columns.index(name)] for line in sheet.iter_rows(min_row=3)]
        assert all(cell.value and cell.data_type == "s" for cell in cells)
    clear()
    copy = go(data_admin, back(data_admin, batch, tmp_path / "c.xlsx", {WRONG: "健康"}, feedback.annotated))
    assert villages_of(copy) == right and copy.counts["refused"] == 0


def test_a_blank_that_nothing_filled_is_not_filled_by_the_row_that_now_stands_above(data_admin, tmp_path):
    rows = towns_once(homes())
    lines = grid(rows)
    first = next(number for number, one in enumerate(rows) if number and not one["行政村"])
    rows[0]["健康状况"] = WRONG
    lines = [*grid(rows)[: first + 1], ["小计", *[""] * 5, "3 户"], *grid(rows)[first + 1 :]]
    batch = go(data_admin, workbook(("名单", lines)))
    assert {"village_unknown", "town_empty"} & {code for _, _, code in told(batch, list(staged(batch)))}
    assert_comes_back(data_admin, batch, tmp_path / "a.xlsx")


def test_a_household_does_not_change_its_village_by_a_blank_without_a_word(data_admin, district_clerk):
    rows = [one for one in homes() if one["与户主关系"] == "户主"]
    approve(district_clerk, submit(data_admin, go(data_admin, workbook(("名单", grid(homes()))))))
    moved = [dict(one) for one in homes()]
    for one in moved:
        one["乡(镇)"], one["行政村"] = rows[0]["乡(镇)"], rows[0]["行政村"]
    batch = go(data_admin, workbook(("名单", grid(towns_once(moved)))))
    with system_scope("测试"):
        homes_that_move = {
            one.household_no for one in RosterRow.objects.filter(batch=batch) if "village" in (one.changed or ())
        }
        warned = BatchFinding.objects.filter(batch=batch, code="place_above_moves")
        assert len(homes_that_move) == warned.count() > 0
        assert {one.severity for one in warned} == {"W"} and all(one.cell for one in warned)
        assert not BatchFinding.objects.filter(batch=go_plain(data_admin, moved), code="place_above_moves").exists()
        assert Household.objects.count() == len(rows)


def go_plain(maker, rows: list[dict]) -> Batch:
    """The same with every village written."""
    return go(maker, workbook(("名单", grid(rows))), "全.xlsx")


def test_what_is_merged_over_several_people_stays_merged_in_what_goes_back(data_admin, tmp_path):
    lines = grid(homes())
    place = lines[0].index("姓名")
    lines[2][place] = ""

    def merge(book, sheets):
        sheets[0].merge_range(2, place, 3, place, lines[1][place])

    batch = go(data_admin, workbook(("名单", lines), touch=merge))
    assert "cell_merged" in {code for _, _, code in told(batch, list(staged(batch)))}
    assert_comes_back(data_admin, batch, tmp_path / "a.xlsx")
    copy = go(data_admin, back(data_admin, batch, tmp_path / "b.xlsx", write=feedback.annotated))
    assert staged(copy) == staged(batch) and told(copy, list(staged(copy))) == told(batch, list(staged(batch)))


def test_units_and_the_day_of_the_file_come_back_with_its_rows(data_admin, tmp_path):
    lines = grid(homes())
    units = [""] * len(lines[0])
    lines[1][lines[0].index("健康状况")] = WRONG
    place = lines[0].index("人均纯收入")
    units[place] = "万元"
    lines = [lines[0], units, *([*one[:place], "1.2", *one[place + 1 :]] for one in lines[1:])]
    batch = go(data_admin, workbook(("名单", lines)), "名单2024年6月30日.xlsx")
    data = back(data_admin, batch, tmp_path / "a.xlsx", {WRONG: "健康"})
    again = go(data_admin, data, "改正.xlsx", continues=batch)
    assert again.columns["context"] == batch.columns["context"] and again.counts["refused"] == 0
    with system_scope("测试"):
        assert set(RosterRow.objects.filter(batch=again).values_list("income_per_head", flat=True)) == {12000}


def test_what_a_person_said_of_the_headings_holds_for_the_rows_that_come_back(data_admin, tmp_path):
    lines = grid(homes())
    lines[0][lines[0].index("健康状况")] = "身体"
    lines[1][lines[0].index("身体")] = WRONG
    batch = go(data_admin, workbook(("名单", lines)), choice=Choice(mapping={"身体": "health"}, header_row=2))
    assert batch.counts["refused"] > 0
    assert_comes_back(data_admin, batch, tmp_path / "a.xlsx")


FAULTS = {
    "危房户": ["√", "○", "是", "否", ""],
    "是否解决安全饮用水": ["是", "○", "○", "否"],
    "人员识别时间": ["2021.1", "2021.10", "6/1/2021", "13/1/2021", "12.6", "39000", 39000, 2021.1, dt.date(2021, 6, 1), "202106", ""],
    "健康状况": ["健康", WRONG, "长期慢性病"],
    "人均纯收入": ["12000", "一万", 12000.55, "1.2万元", "3,000"],
    "姓名": [None, "王伟A", 123.0],
}  # fmt: skip


@st.composite
def rosters(draw) -> tuple[bytes, str]:
    """A roster with faults: as a workbook (also of 1904) or as text, places on each row, on the first of a village or a household."""
    rows = [dict(one) for one in homes()]
    for one in rows:
        for name, values in FAULTS.items():
            value = draw(st.sampled_from(values))
            one[name] = one[name] if value is None else value
    rows = draw(st.sampled_from([list, towns_once, homes_once]))(rows)
    lines = grid(rows)
    if draw(st.booleans()):
        lines.insert(draw(st.integers(1, len(lines))), ["小计", *[""] * 5, "3 户"])
    title = draw(st.sampled_from([[], [["截止2024年6月30日"]], [["单位：万元"]]]))
    if draw(st.booleans()):
        longer = draw(st.integers(1, len(lines) - 1))
        lines[longer] = [*lines[longer], *[""] * (len(lines[0]) - len(lines[longer])), "多"]
        return csv_text([*title, *lines]).encode("gb18030"), "名单.csv"
    cut = draw(st.integers(2, len(lines) - 1))
    sheets = [("一", [*title, *lines])] if draw(st.booleans()) else [
        ("一", [*title, *lines[:cut]]), ("二", [*title, lines[0], *lines[cut:]])
    ]  # fmt: skip
    return workbook(*sheets, default_date_format="yyyy-mm-dd", date_1904=draw(st.booleans())), "名单.xlsx"


@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(drawn=rosters())
def test_failed_rows_sent_as_they_are_say_and_hold_what_they_did(data_admin, tmp_path, drawn):
    batch = go(data_admin, *drawn)
    if batch.state == BatchState.CHECKED and staged(batch):
        assert_comes_back(data_admin, batch, tmp_path / "a.xlsx")
