"""What Rosters B, C and F say beyond Roster A: kept, compared, undone and given back unchanged."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from households.checkup import register
from households.models import CaseRecord, Household, IncomeStatement, Person, RosterRow
from households.roster import fields, layout_export
from households.roster.preview import Preview
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.layouts import layouts
from jiyang.intake.models import BatchFinding
from tests import factories
from tests.households.test_roster import DATA, approve, load, reverse, submit, upload

pytestmark = pytest.mark.django_db(transaction=True)
MONITORING = "roster_c_monitoring.xlsx"


def sheet_of(path: Path) -> list[list[str]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def export(user, layout: str, path: Path) -> Path:
    with acting_as(actor_for(user)) as actor:
        layout_export.write(layout, path, Household.objects.visible_to(actor), actor)
    return path


def edited(path: Path, changes: dict[str, str]) -> Path:
    """The exported file as CSV, with other cells in all rows of its first household."""
    headings, *lines = sheet_of(path)
    number = headings.index("户编号")
    for line in lines:
        if line[number] == lines[0][number]:
            for heading, value in changes.items():
                line[headings.index(heading)] = value
    out = io.StringIO()
    csv.writer(out).writerows([headings, *lines])
    path.with_suffix(".csv").write_bytes(out.getvalue().encode("utf-8-sig"))
    return path.with_suffix(".csv")


def planned(batch) -> dict:
    with system_scope("测试"):
        errors = BatchFinding.objects.filter(batch=batch, severity="E").values_list("cell", "code", "message")
        assert list(errors) == []
        return dict(RosterRow.objects.filter(batch=batch, action="update").values_list("row", "changed"))


@pytest.mark.parametrize("layout", ["roster_b", "roster_c"])
def test_a_list_reads_back_as_the_same(data_admin, district_clerk, tmp_path, layout):
    batch = load(data_admin, district_clerk, MONITORING)
    path = export(district_clerk, layout, tmp_path / "out.xlsx")
    assert sheet_of(path)[0] == [one.heading for one in layouts()[layout].fields]
    again = upload(data_admin, path)
    assert planned(again) == {} and again.counts["same"] == batch.rows


def test_every_cell_of_the_file_comes_back(data_admin, district_clerk, tmp_path):
    load(data_admin, district_clerk, MONITORING)
    original = sheet_of(DATA / MONITORING)
    start = next(place for place, row in enumerate(original) if "户编号" in row)
    theirs, ours = original[start:], sheet_of(export(district_clerk, "roster_c", tmp_path / "out.xlsx"))
    number, person = theirs[0].index("户编号"), theirs[0].index("证件号码")
    mine = {(row[number], row[person]): dict(zip(ours[0], row, strict=True)) for row in ours[1:]}
    told = [
        (heading, str(cell), mine[str(row[number]), str(row[person])][heading])
        for row in theirs[1:]
        for heading, cell in zip(theirs[0], row, strict=True)
        if str(cell).strip() not in {"", "否"} and heading not in {"县", "乡", "村"}
    ]
    assert [(heading, cell) for heading, cell, back in told if not back] == []
    filled = {heading for heading, _, _ in told}
    assert {"耕地面积（亩）", "工资性收入", "致贫/返贫风险1", "健康帮扶", "信息采集人联系电话", "公益性岗位"} <= filled


def test_a_change_is_shown_written_and_undone(data_admin, district_clerk, tmp_path):
    load(data_admin, district_clerk, MONITORING)
    path = export(district_clerk, "roster_c", tmp_path / "out.xlsx")
    number = sheet_of(path)[1][3]
    with system_scope("测试"):
        home = Household.objects.get(household_no=number)
        case, income = home.caserecord_set.get(), home.incomestatement_set.get()
        before = (home.farmland_mu, case.measure_infrastructure, case.collector_phone, income.wage)
    changes = {
        "耕地面积（亩）": "77.5",
        "基础设施建设": "是",
        "信息采集人联系电话": "13912345678",
        "工资性收入": "43210.50",
        "是否接受医疗救助": "是",
    }
    batch = upload(data_admin, edited(path, changes))
    ((row, changed),) = [(row, set(names)) for row, names in planned(batch).items() if "wage_income" in names]
    assert changed >= {"farmland_mu", "measure_infrastructure", "collector_phone", "wage_income"}
    with acting_as(actor_for(data_admin)) as actor:
        preview = Preview(batch, actor, {"segment": "update"})
        shown = {
            name: cell
            for line in preview.lines if line.row == row
            for (name, _), cell in zip(preview.columns, line.cells, strict=True)
        }  # fmt: skip
    assert (shown["wage_income"].new, shown["wage_income"].old) == ("43210.50", f"{before[3]:.2f}")
    assert shown["measure_infrastructure"].new == "是"
    assert shown["collector_phone"].new == "139****5678"

    approve(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        home, case, income = (one.__class__.objects.get(pk=one.pk) for one in (home, case, income))
        assert (home.farmland_mu, income.wage) == (Decimal("77.50"), Decimal("43210.50"))
        assert (case.measure_infrastructure, case.collector_phone) == (["yes"], "13912345678")
    reverse(data_admin, district_clerk, batch)
    with system_scope("测试"):
        home, case, income = (one.__class__.objects.get(pk=one.pk) for one in (home, case, income))
        assert (home.farmland_mu, case.measure_infrastructure, case.collector_phone, income.wage) == before


def test_a_file_of_households_brings_known_ones_up_to_date_and_adds_nobody(data_admin, district_clerk, tmp_path):
    load(data_admin, district_clerk, MONITORING)
    path = export(district_clerk, "roster_f", tmp_path / "out.xlsx")
    again = upload(data_admin, path)
    assert planned(again) == {} and again.counts["same"] == again.rows
    with system_scope("测试"):
        people = Person.objects.count()
    changed = edited(path, {"住房面积": "66", "是否有卫生厕所": "是", "姓名": "外来人"})
    lines = changed.read_text("utf-8-sig").splitlines()
    place = lines[0].split(",").index("证件号码")
    number, identity = lines[1].split(",")[3], lines[1].split(",")[place]
    other = lines[1].replace(number, "99" + number[2:]).replace(identity, factories.id_number())
    changed.write_text("\n".join([*lines, other]), "utf-8-sig")
    batch = upload(data_admin, changed)
    with system_scope("测试"):
        assert list(
            BatchFinding.objects.filter(batch=batch, code="household_not_in_register").values_list("severity")
        ) == [("W",)]
    assert (batch.counts["update"], batch.counts["insert"], batch.counts["kept"]) == (1, 0, 1)
    approve(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        assert Household.objects.get(household_no=number).house_area_m2 == Decimal(66)
        assert Person.objects.count() == people and not Person.objects.filter(name="外来人").exists()
    reverse(data_admin, district_clerk, batch)
    assert planned(upload(data_admin, path)) == {}


def test_an_undone_load_leaves_no_live_row(data_admin, district_clerk):
    batch = load(data_admin, district_clerk, MONITORING)
    reverse(data_admin, district_clerk, batch)
    with system_scope("测试"):
        assert not any(model.objects.exists() for model in (Household, Person, CaseRecord, IncomeStatement))
    again = load(data_admin, district_clerk, MONITORING)
    assert again.rows == batch.rows


def test_every_layout_field_of_people_and_households_has_a_place_in_the_register():
    """What no column keeps is named here, with the reason."""
    elsewhere = {
        "data_date": "the batch's", "year": "the statement's", "relation": "the membership's", "household_no": "the key",
        "head_name": "the head's own row", "head_id_number": "the head's own row", "stated_id_kind": "told by the number",
        "stated_birth_date": "told by the number", "stated_sex": "told by the number",
    }  # fmt: skip
    rosters = [layouts()[key] for key in ("roster_a", "roster_b", "roster_c", "roster_f")]
    lost = (
        {one.name for layout in rosters for one in layout.fields if one.is_value} - set(fields.OWNERS) - set(elsewhere)
    )
    assert lost == set()


def test_rules_read_every_column_from_the_register(data_admin, district_clerk):
    load(data_admin, district_clerk, MONITORING)
    with system_scope("测试"):
        bases = register.source().bases
        assert {"wage_income", "risk_1", "measure_health", "farmland_mu", "housing_failed"} <= bases[
            "household"
        ].columns
        assert {"public_post", "medical_aid", "work_place", "problems"} <= bases["person"].columns
        assert factories.village()
