"""Export → import changes nothing, whatever the register holds: what breaks a rule there already is told, not refused."""

import csv
import io
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from employment.models import LabourPlan, LabourSpell
from households.models import Household, Membership, Person, RosterRow
from households.roster import layout_export
from households.services import seeding
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import PlanMode
from jiyang.intake.models import Batch, BatchFinding
from tests import factories
from tests.households.test_roster import approve, check_command, load, submit, upload
from tests.households.test_roster_plan import TEMPORARY, send
from tests.households.test_roster_storable import ONE, TWO, as_csv, row
from tests.rows import any_row
from villages.models import VillageYear

pytestmark = pytest.mark.django_db(transaction=True)
OF_HOUSEHOLDS = ("roster_a", "roster_b", "roster_c", "roster_f")
LISTS = [*((key, Household) for key in OF_HOUSEHOLDS), ("roster_d", LabourSpell), ("roster_g", LabourPlan), ("roster_e", VillageYear)]  # fmt: skip


def export(user, layout: str, model, path: Path, *, numbered: bool = False) -> int:
    with acting_as(actor_for(user)) as actor:
        return layout_export.write(layout, path, model.objects.visible_to(actor), actor, numbered=numbered)


def not_same(maker, path: Path, lists=LISTS) -> dict[str, dict]:
    """Layout -> what an import of its own export would do, where that is more than nothing."""
    found = {}
    for layout, model in lists:
        for numbered in (False, True):
            rows = export(maker, layout, model, path, numbered=numbered)
            batch = upload(maker, path) if rows else None
            clear()
            if batch and {key: n for key, n in batch.counts.items() if n} != {"same": rows}:
                found[layout, numbered] = batch.error or batch.counts
    return found


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists {', '.join(TEMPORARY)}")


def errors(batch: Batch) -> set[str]:
    with system_scope("测试"):
        return set(BatchFinding.objects.filter(batch=batch, severity="E").values_list("code", flat=True))


def monitored(**fields) -> Household:
    """A household that the register may hold and rules refuse: removed at once, with nothing said of what came after."""
    return factories.household(
        category="unstable", risk_removed=True, risk_identified_on="2023-01-01", risk_removed_on="2023-02-01", **fields
    )


def test_every_layout_reads_back_as_the_same_after_every_planted_sample(data_admin, district_clerk, tmp_path):
    for name in ("a_small", "a_errors", "c_monitoring", "c_errors", "d_jobs", "e_villages"):
        load(data_admin, district_clerk, f"roster_{name}.xlsx")
    assert not_same(data_admin, tmp_path / "back.xlsx") == {}


def test_a_seeded_register_reads_back_as_the_same(data_admin, tmp_path):
    with system_scope("测试"), transaction.atomic():
        seeding.fill(200, 5)
    assert not_same(data_admin, tmp_path / "back.xlsx") == {}


def test_what_the_register_lacks_or_breaks_a_rule_with_reads_back_as_the_same(data_admin, tmp_path):
    home = monitored(members=3)
    with system_scope("测试"):
        _, two, _ = Person.objects.filter(household=home).order_by("pk")
        Person.objects.filter(pk=two.pk).update(id_number=None, id_index=None, birth_date=None, sex="", ethnic="")
        for model in (LabourSpell, LabourPlan):
            any_row(model, home, data_admin)
            made = any_row(model, factories.household(members=1), data_admin)
            Person.objects.filter(pk=made.person_id).update(id_number=None, id_index=None)
        place = {step: getattr(home, step) for step in ("district_id", "town_id", "village_id")}
        VillageYear.objects.create(**place, year=2021, people_total=3, allowance_people=5)
    assert not_same(data_admin, tmp_path / "back.xlsx") == {}


def test_a_household_that_breaks_a_rule_as_the_register_does_is_told_and_left(client, data_admin, tmp_path):
    monitored()
    export(data_admin, "roster_c", Household, tmp_path / "c.xlsx")
    (alone,) = check_command(str(tmp_path / "c.xlsx"), "--alone")
    assert (alone["plan"]["refused"], alone["plan"]["same"]) == (2, 0)
    batch = upload(data_admin, tmp_path / "c.xlsx")
    assert (batch.counts["same"], batch.counts["refused"]) == (2, 0)
    assert {"removed_within_6_months", "removed_fields_missing", "risk_missing"} <= errors(batch)
    client.force_login(data_admin)
    url = reverse("households:batch_detail", args=[batch.pk])
    for query in ("", "?segment=faulty"):
        assert client.get(url + query).content.decode().count("有错误，与系统一致，未写入") == 2


def test_where_something_would_change_the_rule_refuses_the_household_and_no_other(data_admin, tmp_path):
    monitored()
    monitored()
    export(data_admin, "roster_c", Household, tmp_path / "c.xlsx")
    headings, *lines = CalamineWorkbook.from_path(str(tmp_path / "c.xlsx")).get_sheet_by_index(0).to_python()
    lines[1][headings.index("劳动技能")] = "弱劳动力或半劳动力"
    out = io.StringIO()
    csv.writer(out).writerows([headings, *lines])
    batch = send(data_admin, out.getvalue().encode("utf-8-sig"))
    with system_scope("测试"):
        rows = RosterRow.objects.filter(batch=batch).order_by("row").values_list("action", "changed")
        assert list(rows) == [("refused", []), ("refused", []), ("same", []), ("same", [])]


def test_a_cell_that_cannot_be_read_refuses_also_what_would_not_change(data_admin, tmp_path):
    home = factories.household(members=1)
    export(data_admin, "roster_a", Household, tmp_path / "a.xlsx")
    headings, line = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    line[headings.index("健康状况")] = "很好"
    out = io.StringIO()
    csv.writer(out).writerows([headings, line])
    batch = send(data_admin, out.getvalue().encode("utf-8-sig"))
    assert (batch.counts["refused"], batch.counts["same"]) == (1, 0) and home.state.people == 1


def lacking() -> list[Person]:
    """People of a household that has no 户编号 yet, as after 分户, with what the register lacks after 变更户主 and 新生儿."""
    factories.household(members=1)
    home = factories.household(members=3)
    with system_scope("测试"):
        Household.objects.filter(pk=home.pk).update(household_no="")
        head, spouse, child = Person.objects.filter(household=home).order_by("pk")
        Membership.objects.filter(person=spouse).update(relation="")
        Person.objects.filter(pk=child.pk).update(
            id_number=None, id_index=None, id_kind="", labour="", education="", health=[], school_state=""
        )
    return [head, spouse, child]


@pytest.mark.parametrize("layout", ["roster_a", "roster_b", "roster_f"])
def test_rows_exported_with_their_numbers_are_told_no_error_for_what_the_register_lacks(data_admin, tmp_path, layout):
    lacking()
    rows = export(data_admin, layout, Household, tmp_path / "a.xlsx", numbered=True)
    batch = upload(data_admin, tmp_path / "a.xlsx")
    assert {key: n for key, n in batch.counts.items() if n} == {"same": rows}
    assert errors(batch) == set()
    with system_scope("测试"):
        told = BatchFinding.objects.filter(batch=batch, code="household_no_empty")
        assert {one.severity for one in told} == {"W"} and all("与系统一致" in one.hint for one in told)


def test_what_is_left_out_or_changed_in_such_a_row_is_told_as_ever(data_admin, tmp_path):
    head, *_ = lacking()
    export(data_admin, "roster_a", Household, tmp_path / "a.xlsx", numbered=True)
    headings, *lines = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    theirs = next(line for line in lines if line[headings.index("证件号码")] == head.id_number)
    for heading, value in (("与户主关系", ""), ("劳动技能", "技能劳动力")):
        kept, theirs[headings.index(heading)] = theirs[headings.index(heading)], value
        out = io.StringIO()
        csv.writer(out).writerows([headings, *lines])
        theirs[headings.index(heading)] = kept
        batch = send(data_admin, out.getvalue().encode("utf-8-sig"))
        clear()
        assert "household_no_empty" in errors(batch)
        assert batch.counts["insert"] == batch.counts["update"] == 0


def test_a_narrowed_export_and_a_file_that_only_adds_accuse_nobody(client, data_admin, tmp_path):
    """Rows exported here are edits; the same rows without their numbers are a list, from which somebody is missing."""
    factories.household(members=3)
    asked = {}
    for numbered, mode in ((True, PlanMode.ALL), (False, PlanMode.NEW), (False, PlanMode.ALL)):
        with acting_as(actor_for(data_admin)) as actor:
            rows = Person.objects.visible_to(actor).filter(pk=Person.objects.order_by("pk").first().pk)
            layout_export.write("roster_a", tmp_path / "a.xlsx", rows, actor, numbered=numbered)
        batch = send(data_admin, (tmp_path / "a.xlsx").read_bytes(), mode)
        clear()
        client.force_login(data_admin)
        page = client.get(reverse("households:batch_detail", args=[batch.pk])).content.decode()
        asked[numbered, mode] = batch.counts.get("absent", 0), "不算名单未列" in page
    assert asked == {(True, "all"): (0, True), (False, "new"): (0, False), (False, "all"): (2, False)}


@pytest.mark.parametrize("numbered", [True, False])
def test_rows_exported_here_settle_no_question_of_who_was_not_listed(data_admin, district_clerk, tmp_path, numbered):
    """They repeat what the register holds; only a list from elsewhere says that somebody belongs to the household."""
    home = [row("3701", "9001", "王一", ONE), row("3701", "9002", "李二", TWO, 与户主关系="配偶")]
    for rows in (home, [{**home[0], "自然村": "西头"}]):
        approve(district_clerk, submit(data_admin, send(data_admin, as_csv(*rows))))
        clear()
    with acting_as(actor_for(data_admin)) as actor:
        rows = Household.objects.visible_to(actor)
        layout_export.write("roster_a", tmp_path / "a.xlsx", rows, actor, numbered=numbered)
    batch = send(data_admin, (tmp_path / "a.xlsx").read_bytes())
    assert (batch.counts["same"], batch.counts.get("relisted", 0)) == (2, 0 if numbered else 1)
    if numbered:
        with pytest.raises(ValidationError, match="没有要新增或变更的行"):
            submit(data_admin, batch)


def test_an_export_carries_the_newest_incomes_with_the_day_of_their_period(data_admin, district_clerk, tmp_path):
    """Incomes of a roster of three years ago; a child born since speaks for today, as a file tells one day for all."""
    old = send(data_admin, as_csv(row("3701", "9001", "王一", ONE, 人均纯收入="9000.50", 数据日期="2023-06-30")))
    clear()
    approve(district_clerk, submit(data_admin, old))
    clear()
    export(data_admin, "roster_a", Household, tmp_path / "a.xlsx")
    headings, line = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert (line[headings.index("数据日期")], line[headings.index("人均纯收入")]) == ("20230930", "9000.50")
    assert not_same(data_admin, tmp_path / "a.xlsx", [("roster_a", Household)]) == {}
    factories.household(members=1)
    with system_scope("测试"):
        Person.objects.exclude(name="王一").update(birth_date="2024-02-01")
    export(data_admin, "roster_a", Household, tmp_path / "a.xlsx")
    _, *lines = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert {one[headings.index("数据日期")] for one in lines} == {f"{timezone.localdate():%Y%m%d}"}
