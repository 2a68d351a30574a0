"""Files exported here with 系统编号 and 系统版本: what somebody has edited since is refused with both values."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.urls import reverse as reverse_url
from python_calamine import CalamineWorkbook

from households.models import Household, IncomeStatement, Membership, Person, RosterRow
from households.roster import layout_export
from households.services import facts
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch, BatchFinding
from tests import factories
from tests.households.test_roster import approve, load, reverse, submit, upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def exported(data_admin, district_clerk, tmp_path) -> Path:
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    return export(district_clerk, tmp_path / "a.xlsx")


def export(user, path: Path, layout: str = "roster_a") -> Path:
    with acting_as(actor_for(user)) as actor:
        layout_export.write(layout, path, Household.objects.visible_to(actor), actor, numbered=True)
    return path


def lines_of(path: Path) -> list[list[str]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def changed(path: Path, *numbers: str, **cells: str) -> Path:
    """The file as CSV, with other cells in the rows of these ID numbers."""
    headings, *lines = lines_of(path)
    for line in lines:
        if line[headings.index("证件号码")] in numbers:
            for heading, value in cells.items():
                line[headings.index(heading)] = value
    out = io.StringIO()
    csv.writer(out).writerows([headings, *lines])
    made = path.with_name(f"{path.stem}_{len(cells)}.csv")
    made.write_bytes(out.getvalue().encode("utf-8-sig"))
    return made


def adults(most: int) -> list[Person]:
    with system_scope("测试"):
        return list(Person.objects.filter(labour="ordinary").order_by("pk")[:most])


def edit(user, person: Person, **fields) -> None:
    with acting_as(actor_for(user)):
        facts.edit_person(by=user, record=person, version=person.version, **fields)


def faults(batch: Batch) -> dict[str, list[BatchFinding]]:
    found: dict[str, list[BatchFinding]] = {}
    with system_scope("测试"):
        for one in BatchFinding.objects.filter(batch=batch, severity="E"):
            found.setdefault(one.code, []).append(one)
    return found


@pytest.mark.parametrize("layout", ["roster_a", "roster_b", "roster_f"])
def test_an_unedited_file_is_all_the_same(exported, data_admin, district_clerk, tmp_path, layout):
    path = export(district_clerk, tmp_path / "other.xlsx", layout)
    assert lines_of(path)[0][-2:] == ["系统编号", "系统版本"]
    batch = upload(data_admin, path)
    assert faults(batch) == {} and batch.counts["same"] == batch.rows
    assert not {"系统编号", "系统版本"} & {*batch.columns["unknown"], *batch.columns["missing"]}


def test_what_was_edited_since_is_refused_with_both_values_and_the_rest_goes_on(exported, data_admin, district_clerk):
    (first,) = adults(1)
    edit(district_clerk, first, labour="weak", phone="13900001111")
    path = changed(exported, first.id_number, **{"劳动技能": "技能劳动力"})
    batch = upload(data_admin, path)
    (fault,) = faults(batch)["edited_since_export"]
    assert (
        "弱劳动力或半劳动力" in fault.message and "技能劳动力" in fault.message and district_clerk.name in fault.message
    )
    assert not re.search(r"\d{11}", fault.message)
    with system_scope("测试"):
        row = RosterRow.objects.get(batch=batch, person=first)
        assert row.action == "refused" and Person.objects.get(pk=first.pk).labour == "weak"


def test_an_edited_row_that_would_write_nothing_stays_the_same(exported, data_admin, district_clerk):
    (person,) = adults(1)
    before = person.labour
    edit(district_clerk, person, labour="weak")
    with system_scope("测试"):
        person.refresh_from_db()
    edit(district_clerk, person, labour=before)
    batch = upload(data_admin, exported)
    assert faults(batch) == {} and batch.counts["same"] == batch.rows


def test_incomes_count_as_edits_too(exported, data_admin):
    (person,) = adults(1)
    with system_scope("测试"):
        statement = IncomeStatement.objects.get(household=person.household_id)
        statement.wage = 1234
        statement.save()
    batch = upload(data_admin, changed(exported, person.id_number, **{"劳动技能": "技能劳动力"}))
    assert "edited_since_export" in faults(batch)


def test_an_edit_from_before_the_export_is_not_told_as_one_since(data_admin, district_clerk, tmp_path):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    (person,) = adults(1)
    edit(district_clerk, person, ethnic="回族")
    path = export(district_clerk, tmp_path / "a.xlsx")
    with system_scope("测试"):  # away and back again: nothing was edited, though the row is another one
        member = Membership.objects.get(person=person, until=None)
        Membership.objects.filter(pk=member.pk).update(until=member.since)
        Membership.objects.create(
            person=person, household=member.household, relation=member.relation, since=member.since
        )
    batch = upload(data_admin, changed(path, person.id_number, **{"劳动技能": "技能劳动力"}))
    assert [one for one in faults(batch)["edited_since_export"] if "回族" in one.message] == []


@pytest.mark.parametrize(("heading", "value"), [("系统编号", "不是编号"), ("系统版本", "1"), ("系统版本", "")])
def test_tampered_numbers_are_named(exported, data_admin, heading, value):
    (person,) = adults(1)
    batch = upload(data_admin, changed(exported, person.id_number, **{"劳动技能": "技能劳动力", heading: value}))
    assert [one.code for one in faults(batch)["record_unknown"]] == ["record_unknown"]


def test_an_edit_between_plan_and_commit_sends_the_household_back(exported, data_admin, district_clerk):
    first, *others = adults(40)
    second = next(one for one in others if one.household_id != first.household_id)
    path = changed(exported, first.id_number, second.id_number, **{"劳动技能": "技能劳动力"})
    batch = submit(data_admin, upload(data_admin, path))
    edit(district_clerk, first, work_months=3)
    done = approve(factories.user("district_leader"), batch)
    assert done.state == BatchState.APPROVED
    with system_scope("测试"):
        assert (
            Person.objects.get(pk=second.pk).labour == "skilled"
            and Person.objects.get(pk=first.pk).labour == "ordinary"
        )
        rest = Batch.objects.get(continues=batch)
        assert BatchFinding.objects.filter(batch=rest, code="edited_since_export").exists()


def test_the_export_page_offers_the_two_columns(exported, client, district_clerk):
    client.force_login(district_clerk)
    url = reverse_url("households:household_export")
    assert "附系统编号" in client.get(url).content.decode()
    answer = client.post(url, {"purpose": "核对", "layout": "roster_a", "numbered": "1"})
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0)
    assert sheet.to_python()[0][-1] == "系统版本"


def test_what_an_undo_has_put_back_was_not_edited_since(exported, data_admin, district_clerk):
    one, two = adults(2)
    file = changed(exported, one.id_number, two.id_number, 劳动技能="技能劳动力", 人均纯收入="23456.78")
    first = approve(district_clerk, submit(data_admin, upload(data_admin, file)))
    other = changed(exported, one.id_number, 劳动技能="丧失劳动力")
    assert set(faults(upload(data_admin, other))) == {"edited_since_export"}
    reverse(data_admin, district_clerk, first)
    again = upload(data_admin, file)
    assert faults(again) == {} and again.counts["update"] == first.counts["update"]
    assert approve(district_clerk, submit(data_admin, again)).state == BatchState.APPROVED
