"""The roster from file to register and back: planted faults, plan = commit, second person, undo."""

import datetime as dt
import json
import random
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from households.enums import RiskTier
from households.models import Household, IncomeStatement, Membership, Person, RosterRow
from households.roster import committing, jobs, reversing
from households.services import roster, state, tiers
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake import acts
from jiyang.intake.enums import AGREED, BatchState
from jiyang.intake.models import Batch, BatchFinding, Reversal
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DATA = Path(__file__).parents[1] / "data"


def check_command(*args: str) -> list[dict]:
    out = StringIO()
    call_command("roster", "check", *args, "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def upload(user, path: Path) -> Batch:
    with acting_as(actor_for(user)):
        return jobs.check(roster.upload(by=user, filename=path.name, data=path.read_bytes()).pk)


def submit(user, batch: Batch) -> Batch:
    with acting_as(actor_for(user)):
        return roster.submit(batch=batch, by=user)


def approve(user, batch: Batch) -> Batch:
    with acting_as(actor_for(user)):
        return committing.commit(roster.approve(batch=batch, by=user).pk)


def reverse(asker, checker, batch: Batch) -> Reversal:
    """Undo an approved batch, or bring an undone one back: asked for by one, agreed to by another."""
    with acting_as(actor_for(asker)):
        acts.ask_reversal(batch=batch, by=asker, reason="导错")
    with acting_as(actor_for(checker)):
        reversing.reverse(roster.decide_reversal(batch=batch, by=checker, approve=True).pk)
        return Reversal.objects.filter(batch=batch).last()


def load(maker, checker, name: str) -> Batch:
    return approve(checker, submit(maker, upload(maker, DATA / name)))


def contents() -> dict[str, list]:
    """The live register's contents without keys, versions and stamps."""
    with system_scope("测试"):
        homes = Household.objects.order_by("household_no")
        people = Person.objects.order_by("id_index")
        return {
            "households": list(
                homes.values_list(
                    "household_no", "village__code", "phone_index", "stated_size", "category", "safe_water"
                )
            ),
            "people": list(
                people.values_list("id_index", "name", "household__household_no", "labour", "health", "work_months")
            ),
            "members": sorted(
                Membership.objects.filter(until=None, person__voided_at=None).values_list(
                    "person__name", "household__household_no", "relation"
                )
            ),
            "incomes": sorted(IncomeStatement.objects.values_list("household__household_no", "year", "per_head")),
            "states": sorted(
                homes.values_list("household_no", "state__people", "state__head_name", "state__income_per_head")
            ),
        }


def test_every_planted_fault_is_found_at_its_cell_and_nothing_else():
    (answer,) = check_command(str(DATA / "roster_a_errors.xlsx"), "--alone", "--as-of", "2025-06-30")
    truth = [
        one for one in json.loads((DATA / "roster_a_errors.truth.json").read_text("utf-8")) if one["severity"] in "EWN"
    ]
    assert {(one["cell"], one["code"], one["severity"]) for one in answer["findings"]} == {
        (one["cell"], one["defect"], one["severity"]) for one in truth
    }
    stored = {(one["cell"], one["code"]): one["stored"] for one in answer["findings"]}
    assert all(stored[one["cell"], one["defect"]] == one["expected"] for one in truth if one["severity"] == "N")
    assert answer["columns"]["unknown"] == ["包村干部意见"]
    assert sum(answer["plan"].values()) == answer["rows"] == 804


def test_a_clean_roster_has_no_finding_and_a_check_leaves_nothing():
    (answer,) = check_command(str(DATA / "roster_a_small.xlsx"), "--alone", "--as-of", "2025-06-30")
    assert (answer["rows"], answer["findings"], answer["plan"]["insert"]) == (500, [], 500)
    with system_scope("测试"):
        assert not Batch.objects.exists() and not RosterRow.objects.exists() and not Household.objects.exists()


def test_an_unreadable_file_exits_with_two():
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("roster", "check", str(DATA / "bad" / "password.xlsx"), "--json", stdout=out)
    assert left.value.code == 2
    assert json.loads(out.getvalue())["error"]["code"] == "file_encrypted"


def test_load_update_and_both_undone(data_admin, district_clerk):
    first = load(data_admin, district_clerk, "roster_a_small.xlsx")
    loaded = contents()
    assert (len(loaded["households"]), len(loaded["people"])) == (206, 500)
    second = load(data_admin, district_clerk, "roster_a_update.xlsx")
    planned = {"insert": 13, "update": 84, "same": 404, "duplicate": 0, "refused": 0, "out_of_area": 0, "absent": 4}
    assert second.counts == planned
    assert contents() != loaded
    with system_scope("测试"):
        changed = [
            one
            for one in json.loads((DATA / "roster_a_update.truth.json").read_text("utf-8"))
            if one["defect"] == "update_income"
        ]
        for one in changed:
            statement = IncomeStatement.objects.get(household__household_no=one["household"])
            assert float(statement.per_head) == pytest.approx(one["value"])
    reverse(data_admin, district_clerk, second)
    assert contents() == loaded
    report = reverse(data_admin, district_clerk, first).report
    assert report["kept"] == []
    assert (report["voided"]["household"], report["voided"]["person"]) == (206, 500)
    assert contents()["households"] == []
    again = load(data_admin, district_clerk, "roster_a_small.xlsx")
    assert again.counts["insert"] == 500
    assert contents() == loaded


def test_what_was_previewed_is_what_happened(data_admin, district_clerk):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    batch = upload(data_admin, DATA / "roster_a_update.xlsx")
    with system_scope("测试"):
        planned = {
            row.row: (row.action, row.person_id, set(row.changed)) for row in RosterRow.objects.filter(batch=batch)
        }
        versions = dict(Person.objects.values_list("pk", "version"))
    approve(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        after = dict(Person.objects.values_list("pk", "version"))
    inserted = sum(action == "insert" for action, _, _ in planned.values())
    assert len(after) - len(versions) == inserted
    own = {
        "name",
        "person_no",
        "health",
        "labour",
        "work_months",
        "person_phone",
        "ethnic",
        "education",
        "school_state",
    }
    place = {pk for action, pk, changed in planned.values() if "village" in changed}
    touched = {pk for action, pk, changed in planned.values() if pk and changed & own} | place
    assert {pk for pk, version in versions.items() if after[pk] != version} == touched


def test_the_same_file_again_changes_nothing(data_admin, district_clerk):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    batch = upload(data_admin, DATA / "roster_a_small.xlsx")
    assert batch.counts["same"] == 500
    with pytest.raises(ValidationError, match="没有要新增或变更"):
        submit(data_admin, batch)


def test_errors_hold_back_their_household_only(data_admin, district_clerk):
    batch = load(data_admin, district_clerk, "roster_a_errors.xlsx")
    with system_scope("测试"):
        refused = set(
            RosterRow.objects.filter(batch=batch).exclude(action="insert").values_list("household_no", flat=True)
        )
        assert not Household.objects.filter(household_no__in=refused - {None}).exists()
        assert Person.objects.count() == batch.counts["insert"]


def test_the_maker_may_not_approve_not_even_as_superuser(data_admin):
    batch = submit(data_admin, upload(data_admin, DATA / "roster_a_small.xlsx"))
    data_admin.is_superuser = True
    data_admin.save()
    with pytest.raises(PermissionDenied, match="复核人不能是"):
        approve(data_admin, batch)
    agreed = {"state": BatchState.APPLYING, "approved_by": data_admin, "approved_at": batch.submitted_at}
    with pytest.raises(IntegrityError, match="batch_two_people"), system_scope("测试"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(**agreed)


def test_a_batch_is_in_the_register_exactly_with_who_agreed_to_it(data_admin, district_clerk):
    batch = submit(data_admin, upload(data_admin, DATA / "roster_a_small.xlsx"))
    agreed = {"approved_by": district_clerk, "approved_at": batch.submitted_at}
    for change in (*({"state": one} for one in AGREED), agreed, {**agreed, "state": BatchState.RETURNED}):
        with (
            pytest.raises(IntegrityError, match="batch_approved_by_somebody"),
            system_scope("测试"),
            transaction.atomic(),
        ):
            Batch.objects.filter(pk=batch.pk).update(**change)


def test_a_town_officer_may_neither_upload_nor_approve(data_admin, town_officer):
    batch = submit(data_admin, upload(data_admin, DATA / "roster_a_small.xlsx"))
    with acting_as(actor_for(town_officer)):
        with pytest.raises(PermissionDenied):
            roster.upload(by=town_officer, filename="x.xlsx", data=b"x")
        with pytest.raises(PermissionDenied):
            roster.approve(batch=batch, by=town_officer)


def test_only_what_somebody_overtook_goes_back(data_admin, district_clerk):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    batch = submit(data_admin, upload(data_admin, DATA / "roster_a_update.xlsx"))
    with system_scope("测试"):
        row = RosterRow.objects.filter(batch=batch, changed__contains=["labour"]).first()
        Person.objects.filter(pk=row.person_id).update(labour="lost")
        same = RosterRow.objects.filter(batch=batch, action="same").exclude(household_no=row.household_no).first()
        Household.objects.filter(pk=same.household_id).update(hamlet="已改")
    answer = approve(district_clerk, batch)
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
        homes = set(RosterRow.objects.filter(batch=rest).values_list("household_no", flat=True))
        left = RosterRow.objects.filter(batch=batch).count()
    assert (answer.state, rest.state, homes) == (BatchState.APPROVED, BatchState.RETURNED, {row.household_no})
    assert "系统数据有变化" in rest.reason and rest.rows + left == 501 == rest.rows + answer.rows
    assert approve(district_clerk, submit(data_admin, rest)).state == BatchState.APPROVED
    with system_scope("测试"):
        assert Person.objects.get(pk=row.person_id).labour == row.labour


def test_the_checker_approves_a_part_and_the_rest_goes_back(data_admin, district_clerk):
    batch = submit(data_admin, upload(data_admin, DATA / "roster_a_small.xlsx"))
    with acting_as(actor_for(district_clerk)):
        town = RosterRow.objects.filter(batch=batch).first().town_id
        one = RosterRow.objects.filter(batch=batch).exclude(town=town).first()
        held = roster.hold(batch=batch, by=district_clerk, rows=[one.row], towns=[town])
        with pytest.raises(ValidationError, match="暂缓原因"):
            roster.approve(batch=batch, by=district_clerk)
        done = committing.commit(roster.approve(batch=batch, by=district_clerk, reason="村里还没有核实").pk)
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
        assert (rest.rows, done.rows, Person.objects.count()) == (held, 500 - held, 500 - held)
        assert not Person.objects.filter(town=town).exists() and "村里还没有核实" in rest.reason
    approve(district_clerk, submit(data_admin, rest))
    with system_scope("测试"):
        assert Person.objects.count() == 500


def test_a_day_of_visits_does_not_stop_a_batch(data_admin, district_clerk):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    batch = submit(data_admin, upload(data_admin, DATA / "roster_a_update.xlsx"))
    with system_scope("测试"):
        for home in Household.objects.all():
            state.note_visit(household_id=home.pk, on=home.registered_on + dt.timedelta(days=5))
    assert approve(district_clerk, batch).state == BatchState.APPROVED
    with system_scope("测试"):
        assert not Batch.objects.filter(continues=batch).exists()


def test_what_was_undone_comes_back_and_goes_again(data_admin, district_clerk):
    first = load(data_admin, district_clerk, "roster_a_small.xlsx")
    loaded = contents()
    second = load(data_admin, district_clerk, "roster_a_update.xlsx")
    updated = contents()
    for expected in (loaded, updated, loaded):
        reverse(data_admin, district_clerk, second)
        assert contents() == expected
    reverse(data_admin, district_clerk, first)
    assert contents()["households"] == []
    reverse(data_admin, district_clerk, first)
    assert contents() == loaded


def test_what_was_imported_again_meanwhile_does_not_come_back_twice(data_admin, district_clerk):
    first = load(data_admin, district_clerk, "roster_a_small.xlsx")
    reverse(data_admin, district_clerk, first)
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    report = reverse(data_admin, district_clerk, first).report
    assert (report["kept_total"], report["restored"]) == (206, 0)


def test_who_asked_for_the_undo_may_not_agree_to_it(data_admin):
    batch = load(data_admin, factories.user("district_clerk"), "roster_a_small.xlsx")
    with acting_as(actor_for(data_admin)):
        asked = acts.ask_reversal(batch=batch, by=data_admin, reason="导错")
        with pytest.raises(PermissionDenied):
            roster.decide_reversal(batch=batch, by=data_admin, approve=True)
        with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
            Reversal.objects.filter(pk=asked.pk).update(
                state="approved", decided_by=data_admin, decided_at=asked.submitted_at
            )


def test_undo_keeps_what_people_have_worked_on(data_admin, district_clerk, town_officer):
    batch = load(data_admin, district_clerk, "roster_a_small.xlsx")
    with acting_as(actor_for(district_clerk)):
        worked_on = random.Random(1).sample(list(Household.objects.order_by("pk")), 3)
        tiers.set_tier(household=worked_on[0], tier=RiskTier.A, reason="大病", by=district_clerk)
        Household.objects.filter(pk=worked_on[1].pk).update(address="新址")
        Person.objects.filter(pk=Person.objects.filter(household=worked_on[2]).first().pk).update(
            labour="none", work_months=11
        )
    report = reverse(data_admin, district_clerk, batch).report
    assert {one["household"]: one["why"] for one in report["kept"]} == {
        worked_on[0].household_no: "有分类认定", worked_on[1].household_no: "户信息后来改过", worked_on[2].household_no: "人员后来改过，同户其他人一并保留",
    }  # fmt: skip
    with system_scope("测试"):
        assert set(Household.objects.values_list("pk", flat=True)) == {home.pk for home in worked_on}


def test_a_person_in_another_household_is_warned_about_and_moved(data_admin, district_clerk):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    with system_scope("测试"):
        person = Person.objects.exclude(memberships__relation="head").first()
        other = Household.objects.exclude(pk=person.household_id).exclude(village=person.village).first()
        old = person.memberships.get(until=None)
        old.until = old.since
        old.save()
        person.household = other
        person.save()
        Membership.objects.create(person=person, household=other, relation="other", since=old.since)
    batch = upload(data_admin, DATA / "roster_a_small.xlsx")
    with system_scope("测试"):
        assert BatchFinding.objects.filter(batch=batch, code="person_in_register_elsewhere", severity="W").count() == 1
    approve(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        person = Person.objects.get(pk=person.pk)
        assert person.household_id == old.household_id and person.village_id == old.village_id
        assert person.memberships.filter(until=None).count() == 1


def test_query_count_of_the_preview_does_not_grow(client, data_admin, django_assert_max_num_queries):
    batch = upload(data_admin, DATA / "roster_a_errors.xlsx")
    client.force_login(data_admin)
    with django_assert_max_num_queries(22):
        assert client.get(f"/households/import/{batch.pk}/").status_code == 200
