"""Who belongs where after an import: person, membership and household agree, whatever the mode and the part that is approved."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from households.enums import ChangeKind
from households.models import Household, Membership, Person
from households.roster import committing
from households.services import changes, roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch, BatchFinding
from tests import factories
from tests.households.test_roster import approve, reverse, submit
from tests.households.test_roster_plan import as_csv as as_roster
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_preview import page
from tests.households.test_roster_storable import FOUR, ONE, THREE, TWO, as_csv, load, row
from tests.households.test_roster_undo import homes_agree

pytestmark = pytest.mark.django_db(transaction=True)
WIFE = {"与户主关系": "配偶"}
OTHER = {"与户主关系": "其他"}
OF_HEADS = ("head_in_register", "head_taken", "head_moves_away", "household_emptied")


def husband_and_wife() -> tuple[dict, dict]:
    return row("3701", "9001", "王一", ONE), row("3701", "9002", "李二", TWO, **WIFE)


@pytest.fixture
def couple(data_admin, district_clerk):
    load(data_admin, district_clerk, *husband_and_wife())
    clear()


def change(checker, kind: str, home: str, **fields):
    by = factories.user("district_clerk")
    with acting_as(actor_for(by)):
        made = changes.submit(
            household=Household.objects.get(household_no=home),
            by=by,
            kind=kind,
            on=dt.date.today(),
            note="事实",
            **fields,
        )
    with acting_as(actor_for(checker)):
        return changes.decide(proposal=made, by=checker, approve=True)


def members(home: str) -> dict[str, str]:
    with system_scope("测试"):
        found = Membership.objects.filter(household__household_no=home, until=None, person__voided_at=None)
        return dict(found.values_list("person__name", "relation"))


def checkup(code: str) -> list[str]:
    """The households of the register that a rule hits."""
    out = StringIO()
    call_command("rules", "run", "--records", "--json", stdout=out)
    return next(one["records"] for one in json.loads(out.getvalue())["rules"] if one["code"] == code)


def known(name: str) -> Person:
    with system_scope("测试"):
        return Person.objects.get(name=name)


@pytest.mark.parametrize("mode", [PlanMode.BLANKS, PlanMode.ALL])
def test_who_had_left_and_comes_to_a_new_household_is_there_with_all_that_is_theirs(
    couple, client, data_admin, district_clerk, mode
):
    change(district_clerk, ChangeKind.MARRIED_OUT, "3701", person=known("李二"))
    place = factories.village("曲堤街道", 1)
    far = {"乡(镇)": "曲堤街道", "行政村": place.name}
    rows = row("3702", "9003", "赵三", THREE, **far), row("3702", "9002", "李二", TWO, **far, **WIFE)
    batch = send(data_admin, as_csv(*rows), mode)
    assert {key: batch.counts[key] for key in ("insert", "update")} == {"insert": 1, "update": 1}
    assert "重新列入" in page(client, data_admin, batch)
    batch = approve(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        moved = Person.objects.select_related("household").get(name="李二")
        assert (moved.household.household_no, moved.village_id) == ("3702", place.pk)
    assert members("3702") == {"赵三": "head", "李二": "spouse"} and members("3701") == {"王一": "head"}
    text = page(client, data_admin, batch)
    assert "重新列入" in text and "<del>—</del><br><ins>配偶</ins>" in text
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert (report["kept"], report["voided"]["person"]) == ([], batch.counts["insert"])
    assert known("李二").household_id == known("王一").household_id


def test_blanks_take_nobody_out_of_the_household_they_are_in(couple, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE))
    clear()
    change(district_clerk, ChangeKind.MERGE, "3701", target_no="3702")  # their relations are unsaid now
    there = row("3702", "9003", "赵三", THREE), row("3702", "9001", "王一", ONE, **OTHER)
    rows = row("3709", "9002", "李二", TWO), *there
    load(data_admin, district_clerk, *rows, mode=PlanMode.BLANKS)
    assert members("3702") == {"赵三": "head", "李二": "", "王一": "other"} and members("3709") == {}
    assert homes_agree()


@pytest.mark.parametrize("mode", [PlanMode.BLANKS, PlanMode.NEW])
def test_only_a_full_update_opens_a_household_again(couple, client, data_admin, district_clerk, mode):
    change(district_clerk, ChangeKind.CLOSE, "3701")
    batch = send(data_admin, as_csv(*husband_and_wife(), row("3702", "9003", "赵三", THREE)), mode)
    assert {key: batch.counts.get(key, 0) for key in ("insert", "update", "kept")} == {
        "insert": 1,
        "update": 0,
        "kept": 2,
    }
    text = page(client, data_admin, batch, "kept")
    assert "该户已核减，这种导入方式不恢复在册" in text and "转来" not in text
    approve(district_clerk, submit(data_admin, batch))
    assert members("3701") == {}
    clear()
    load(data_admin, district_clerk, *husband_and_wife())
    assert members("3701") == {"王一": "head", "李二": "spouse"}
    with system_scope("测试"):
        assert Household.objects.get(household_no="3701").closed_on is None


def test_who_comes_to_a_new_household_is_a_change_not_a_new_person(couple, client, data_admin, district_clerk):
    batch = send(data_admin, as_csv(row("3709", "9002", "李二", TWO), row("3709", "9003", "赵三", THREE, **OTHER)))
    assert {key: batch.counts[key] for key in ("insert", "update")} == {"insert": 1, "update": 1}
    assert "由户 3701 转来" in page(client, data_admin, batch)
    batch = approve(district_clerk, submit(data_admin, batch))
    assert homes_agree()
    clear()
    assert reverse(data_admin, district_clerk, batch).report["voided"]["person"] == 1


def test_a_new_household_of_known_people_stays_where_others_have_joined_it(couple, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE))
    clear()
    batch = load(data_admin, district_clerk, row("3709", "9002", "李二", TWO))
    assert {key: batch.counts[key] for key in ("insert", "update")} == {"insert": 0, "update": 1}
    change(district_clerk, ChangeKind.MERGE, "3702", target_no="3709")
    clear()
    assert reverse(data_admin, district_clerk, batch).report["kept"]
    with system_scope("测试"):
        assert Household.objects.filter(household_no="3709").exists()
    assert "赵三" in members("3709") and homes_agree()


def told(batch) -> dict[tuple[str, str], str]:
    """(cell, code) -> message of what a batch tells of heads and of households left behind."""
    with system_scope("测试"):
        found = BatchFinding.objects.filter(batch=batch, code__in=OF_HEADS)
        return {(one.cell, one.code): one.message for one in found}


def held(checker, batch, *rows: int):
    with acting_as(actor_for(checker)):
        roster.hold(batch=batch, by=checker, rows=rows)
        clear()
        return committing.commit(roster.approve(batch=batch, by=checker, reason="还在核实").pk)


@pytest.mark.parametrize("kind", [ChangeKind.DEATH, ChangeKind.OTHER_OUT])
def test_a_widow_who_is_head_now_is_told_and_the_husband_can_be_answered_for(couple, data_admin, district_clerk, kind):
    batch = send(data_admin, as_csv(row("3701", "9002", "李二", TWO)))
    assert list(told(batch)) == [("J2", "head_in_register")] and batch.counts["absent"] == 1
    assert "户 3701 的户主是王一，名单没有列入王一" in told(batch)["J2", "head_in_register"]
    approve(district_clerk, submit(data_admin, batch))
    assert members("3701") == {"王一": "head", "李二": "head"}
    assert checkup("3_02_012") == ["3701"]
    change(district_clerk, kind, "3701", person=known("王一"))
    assert members("3701") == {"李二": "head"} and checkup("3_02_012") == []


def test_of_two_heads_the_one_who_stays_may_be_named_and_the_office_may_choose_one(couple, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9002", "李二", TWO))
    change(district_clerk, ChangeKind.HEAD, "3701", new_head=known("王一"))
    assert members("3701") == {"王一": "head", "李二": ""}
    with pytest.raises(ValidationError, match="王一已是户主"):
        change(district_clerk, ChangeKind.HEAD, "3701", new_head=known("王一"))
    clear()
    load(data_admin, district_clerk, row("3701", "9002", "李二", TWO))
    assert members("3701") == {"王一": "head", "李二": "head"}
    change(district_clerk, ChangeKind.DEATH, "3701", person=known("王一"), new_head=known("李二"))
    assert members("3701") == {"李二": "head"}


@pytest.mark.parametrize("mode", [PlanMode.NEW, PlanMode.BLANKS])
def test_nobody_new_becomes_a_second_head_where_the_register_keeps_the_first(couple, data_admin, district_clerk, mode):
    wife = row("3701", "9002", "李二", TWO, **WIFE)
    rows = [row("3701", "9003", "赵三", THREE), wife, row("3702", "9004", "孙四", FOUR)]
    if mode == PlanMode.BLANKS:
        rows.append(row("3701", "9001", "王一", ONE, **OTHER))
    batch = send(data_admin, as_csv(*rows), mode)
    assert list(told(batch)) == [("J2", "head_taken")]
    approve(district_clerk, submit(data_admin, batch))
    assert members("3701") == {"王一": "head", "李二": "spouse"} and members("3702") == {"孙四": "head"}


def test_a_head_who_is_listed_with_another_relation_passes_it_on(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3701", "9002", "李二", TWO), row("3701", "9001", "王一", ONE, **WIFE))
    assert told(batch) == {} and members("3701") == {"王一": "spouse", "李二": "head"}


def passing(data_admin, district_clerk):
    """The head of one household becomes that of another, whose head is its member from now on; the first gets one of its own."""
    load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE), row("3703", "9004", "孙四", FOUR))
    clear()
    rows = [
        row("3701", "9002", "李二", TWO, 健康状况="大病"), row("3702", "9001", "王一", ONE), row("3702", "9003", "赵三", THREE, **OTHER),
        row("3703", "9004", "孙四", FOUR, 健康状况="大病"),
    ]  # fmt: skip
    return submit(data_admin, send(data_admin, as_csv(*rows)))


@pytest.mark.parametrize("row_held", [2, 3], ids=["where the head leaves", "where the head comes"])
def test_households_between_which_a_head_passes_go_together(couple, data_admin, district_clerk, row_held):
    batch = held(district_clerk, passing(data_admin, district_clerk), row_held)
    assert (batch.state, batch.rows, batch.counts["tied"]) == (BatchState.APPROVED, 1, 1 if row_held == 3 else 2)
    assert members("3701") == {"王一": "head", "李二": "spouse"} and members("3702") == {"赵三": "head"}
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    clear()
    approve(district_clerk, submit(data_admin, rest))
    assert members("3701") == {"李二": "head"} and members("3702") == {"王一": "head", "赵三": "other"}


def test_households_between_which_a_head_passes_are_overtaken_together(couple, data_admin, district_clerk):
    batch = passing(data_admin, district_clerk)
    with system_scope("测试"):
        Person.objects.filter(name="李二").update(health=["disabled"])
    clear()
    batch = approve(district_clerk, batch)
    assert (batch.state, batch.rows, batch.counts["overtaken"]) == (BatchState.APPROVED, 1, 3)
    assert members("3701") == {"王一": "head", "李二": "spouse"} and members("3702") == {"赵三": "head"}


def test_a_household_that_is_left_by_all_is_told_and_nobody_is_sent_there(
    couple, client, data_admin, district_clerk, town_officer
):
    load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE))
    clear()
    rows = row("3701", "9001", "王一", ONE), row("3701", "9003", "赵三", THREE, **OTHER)
    batch = send(data_admin, as_csv(*rows))
    assert told(batch) == {("E3", "household_emptied"): "户 3702 的成员都转走了，入库后没有成员"}
    approve(district_clerk, submit(data_admin, batch))
    assert checkup("G_NOBODY") == ["3702"]
    with system_scope("测试"):
        assert Household.objects.select_related("state").get(household_no="3702").state.next_visit_on is None
    clear()
    change(district_clerk, ChangeKind.CLOSE, "3702")
    assert checkup("G_NOBODY") == []


def test_a_head_who_leaves_others_behind_is_told(couple, data_admin, district_clerk):
    batch = send(data_admin, as_csv(row("3702", "9003", "赵三", THREE), row("3702", "9001", "王一", ONE, **OTHER)))
    assert told(batch) == {("E3", "head_moves_away"): "此人是户 3701 的户主，转走后那一户没有户主"}


def test_who_was_voided_by_an_undo_is_no_member(couple, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3702", "9004", "孙四", FOUR))
    clear()
    rows = (*husband_and_wife(), row("3702", "9004", "孙四", FOUR), row("3702", "9003", "赵三", THREE, **OTHER))
    batch = load(data_admin, district_clerk, *rows)
    clear()
    assert reverse(data_admin, district_clerk, batch).report["voided"]["person"] == 1
    with system_scope("测试"):
        void = Person.all_rows.get(name="赵三")
    with pytest.raises(ValidationError, match="至少留一人"):
        change(district_clerk, ChangeKind.SPLIT, "3702", members=[known("孙四").pk], new_head=known("孙四"))
    change(district_clerk, ChangeKind.MERGE, "3702", target_no="3701")
    with system_scope("测试"):
        assert set(Membership.objects.filter(person=void).values_list("household__household_no", flat=True)) == {"3702"}
    change(district_clerk, ChangeKind.DEATH, "3701", person=known("李二"))
    assert members("3701") == {"王一": "head", "孙四": ""}


def test_held_rows_are_counted_as_they_are_marked(couple, client, data_admin, district_clerk):
    batch = submit(
        data_admin, send(data_admin, as_csv(husband_and_wife()[0], {**husband_and_wife()[1], "健康状况": "大病"}))
    )
    with acting_as(actor_for(district_clerk)):
        assert roster.hold(batch=batch, by=district_clerk, rows=[2]) == 1
    assert page(client, data_admin, batch, "").count('<span class="tag bad">暂缓</span>') == 1


def test_a_changed_number_whose_shown_digits_are_the_same_is_said_to_differ(client, data_admin, district_clerk):
    one = {"home": 0, "labour": "weak", "months": "0", "hamlet": "东头", "phone": "13800138000"}
    approve(district_clerk, submit(data_admin, send(data_admin, as_roster({0: one}))))
    clear()
    batch = send(data_admin, as_roster({0: {**one, "phone": "13811118000"}}))
    assert "隐去的几位不同" in page(client, data_admin, batch)
