"""Something is entered of a person or household while an undo takes it back or a move carries it away: neither loses the other.

What was begun before is seen and stays; what comes later waits, is refused in words, and what was typed is still in the form.
"""

import datetime as dt
from collections.abc import Callable

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from employment import services
from employment.models import LabourPlan, LabourSpell
from households import tasks
from households.enums import ChangeKind
from households.ledgers import HouseholdLedger
from households.models import GuaranteeCheck, Household, Membership, Person, PersonChange, TierChange, TierDecision
from households.roster.takers import of_people
from households.services import changes, guarantees, moves, pairings
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.access.standing import Gone
from jiyang.documents.models import Attachment
from jiyang.documents.storing import attach
from jiyang.intake.models import Batch, Reversal
from jiyang.ledgers import import_services, registry
from monitoring.models import Visit
from tests import factories
from tests.employment.test_ledgers import SPELL
from tests.households.test_roster_plan import clear
from tests.households.test_roster_races import meanwhile, somebody_waits, taken_back
from tests.households.test_roster_storable import ONE, THREE, TWO, load, row
from tests.ledgers.test_imports_of_each import sheet
from tests.monitoring.test_visits import form as visit_form

pytestmark = pytest.mark.django_db(transaction=True)
VOID, AWAY, ELSEWHERE = "刚刚被作废", "刚刚迁到别的村", "刚刚转到另一户"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def batch(data_admin, district_clerk) -> Batch:
    """One new household each; the undo is agreed to and yet to run."""
    made = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    taken_back(data_admin, district_clerk, made)
    return made


@pytest.fixture
def undoing(batch, district_clerk):
    """A block in which the undo has done its work and is yet to be committed."""
    return lambda: meanwhile(district_clerk, undo(batch, district_clerk), somebody_waits)


def undo(batch: Batch, user) -> Callable[[], None]:
    return lambda: tasks.reverse_batch(batch.pk, user.pk)


def moving(home: Household, user):
    """A block in which the household has moved to another town, yet to be committed."""

    def move() -> None:
        moves.move_household(household=home, village=factories.village("曲堤街道"), by=user, reason="搬迁")

    return meanwhile(user, move, somebody_waits)


def home_of(name: str = "王一") -> Household:
    with system_scope("测试"):
        return Person.objects.select_related("household").get(name=name).household


def moved_to(data_admin, district_clerk, number: str) -> Batch:
    """A batch that has moved 李二 from 3701; its undo is agreed to and yet to run."""
    wife = row("3701", "9002", "李二", TWO, 与户主关系="配偶")
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), wife, row("3702", "9003", "赵三", THREE))
    clear()
    moved = load(data_admin, district_clerk, row(number, "9003", "赵三", THREE), {**wife, "户编号": number})
    clear()
    taken_back(data_admin, district_clerk, moved)
    return moved


def page(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("协议.pdf", b"%PDF-1.4 x", "application/pdf")


def employ(user, name: str = "王一") -> None:
    person = Person.objects.select_related("household").get(name=name)
    services.record_spell(by=user, person=person, job_started_on=dt.date(2021, 3, 1))


def found(model, **which) -> list:
    with system_scope("测试"):
        return list(model.objects.filter(**which))


def kept() -> list[tuple[str, str]]:
    with system_scope("测试"):
        return [(one["household"], one["why"]) for one in Reversal.objects.last().report["kept"]]


def test_a_job_entered_during_the_undo_is_refused_and_what_was_typed_is_kept(undoing, district_clerk, town_officer):
    client, url = page(town_officer), reverse("employment:spell_create")
    with undoing():
        answer = client.post(url, {"household_no": "3701", "member": "王一", **SPELL})
    text = answer.content.decode()
    assert answer.status_code == 422 and VOID in text and "济南建工集团" in text
    assert found(LabourSpell) == [] and kept() == []


@pytest.mark.parametrize("what", ["job", "paper", "check"])
def test_what_was_entered_before_the_undo_looked_keeps_its_household(batch, district_clerk, town_officer, what):
    home = home_of()

    def enter() -> None:
        if what == "job":
            employ(town_officer)
        elif what == "paper":
            attach(record=Person.objects.get(name="王一"), upload=paper(), by=town_officer)
        else:
            guarantees.check_guarantee(
                household=home, by=town_officer, item="water", state="met", evidence="自来水", on=timezone.localdate()
            )

    with meanwhile(town_officer, enter, somebody_waits):
        tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert [one.name for one in found(Person)] == ["王一"] and [number for number, _ in kept()] == ["3701"]
    assert len(found({"job": LabourSpell, "paper": Attachment, "check": GuaranteeCheck}[what], household=home)) == 1


def test_a_paper_added_during_the_undo_is_refused(undoing, district_clerk, town_officer):
    client, home = page(town_officer), home_of()
    with undoing():
        answer = client.post(HouseholdLedger.url("attach", home.pk), {"file": [paper()]})
    assert answer.status_code == 422 and VOID in answer.content.decode()
    assert found(Attachment) == []


def test_a_job_sent_by_the_api_during_the_undo_is_refused_by_its_error(undoing, district_clerk, town_officer):
    client = page(town_officer)
    data = {"household_no": "3701", "member": "王一", **SPELL}
    with undoing():
        answer = client.post("/api/employment/spell/", data, content_type="application/json")
    assert answer.status_code == 422 and VOID in str(answer.json()["error"]["fields"])
    assert found(LabourSpell) == []


def test_a_visit_sent_during_the_undo_is_reported_and_stays_on_the_phone(undoing, district_clerk, town_officer):
    client, home = page(town_officer), home_of()
    with undoing():
        answer = client.post(
            reverse("monitoring:visit_new", args=[home.pk]), visit_form(), headers={"accept": "application/json"}
        )
    assert answer.status_code == 404 and "仍存在本机" in str(answer.json()["errors"])
    assert found(Visit) == []


def test_a_plain_form_of_a_visit_keeps_what_was_typed(undoing, district_clerk, town_officer):
    client, home = page(town_officer), home_of()
    with undoing():
        answer = client.post(reverse("monitoring:visit_new", args=[home.pk]), visit_form(notes="院墙倒了一段"))
    assert answer.status_code == 422 and "院墙倒了一段" in answer.content.decode()


def test_a_file_of_jobs_approved_during_the_undo_is_not_written(undoing, district_clerk, town_officer):
    leader = factories.user("district_leader")
    with acting_as(actor_for(town_officer)):
        sent = import_services.upload(
            by=town_officer, ledger=registry.get("employment:spell"), filename="务工.xlsx",
            data=sheet([{"户编号": "3701", "姓名": "王一", "开始时间": "2021-03-01", "务工企业名称": "济南建工"}]).read(),
        )  # fmt: skip
    with acting_as(actor_for(town_officer)):
        import_services.submit(batch=sent, by=town_officer)
    with undoing(), pytest.raises(ValidationError, match=VOID), acting_as(actor_for(leader)):
        import_services.approve(batch=Batch.objects.get(pk=sent.pk), by=leader)
    assert found(LabourSpell) == []
    assert [one.state for one in found(Batch, pk=sent.pk)] == ["submitted"]


@pytest.mark.parametrize("way", ["create", "bulk_create"])
def test_whatever_code_writes_a_record_of_a_void_household_is_refused(undoing, district_clerk, town_officer, way):
    home = home_of()
    fields = {"household": home, "item": "water", "state": "met", "evidence": "自来水", "done_on": timezone.localdate()}
    with undoing(), pytest.raises(Gone, match=VOID), acting_as(actor_for(town_officer)):
        if way == "create":
            GuaranteeCheck.objects.create(**fields)
        else:
            GuaranteeCheck.objects.bulk_create([GuaranteeCheck(**fields)])
    assert found(GuaranteeCheck) == []


def test_nobody_is_put_into_a_household_that_an_undo_has_taken_back(undoing, district_clerk, town_officer):
    home, other = home_of(), factories.household()
    with undoing(), pytest.raises(Gone, match=VOID), acting_as(actor_for(town_officer)):
        Person.objects.filter(household=other).update(household=home)
    assert found(Person, household=home) == [] and len(found(Person, household=other)) == 2


def test_a_job_entered_while_its_person_goes_back_to_another_household_is_refused(data_admin, district_clerk):
    moved = moved_to(data_admin, district_clerk, "3702")
    with (
        meanwhile(district_clerk, undo(moved, district_clerk), somebody_waits),
        pytest.raises(Gone, match=ELSEWHERE),
        acting_as(actor_for(district_clerk)),
    ):
        employ(district_clerk, "李二")
    assert home_of("李二").household_no == "3701" and found(LabourSpell) == []


def test_a_job_entered_before_its_person_goes_back_goes_along(data_admin, district_clerk):
    moved = moved_to(data_admin, district_clerk, "3702")
    with meanwhile(district_clerk, lambda: employ(district_clerk, "李二"), somebody_waits):
        tasks.reverse_batch(moved.pk, district_clerk.pk)
    (spell,), home = found(LabourSpell), home_of("李二")
    assert (spell.household_id, home.household_no) == (home.pk, "3701")


def test_a_job_entered_while_its_household_moves_is_refused(district_clerk, town_officer):
    home = factories.household(members=1)
    client, url = page(town_officer), reverse("employment:spell_create")
    (person,) = found(Person, household=home)
    with moving(home, district_clerk):
        answer = client.post(url, {"household_no": home.household_no, "member": person.name, **SPELL})
    assert answer.status_code == 422 and AWAY in answer.content.decode() and "济南建工集团" in answer.content.decode()
    assert found(LabourSpell) == []


def test_what_was_entered_before_the_move_moves_along(district_clerk, town_officer):
    home, place = factories.household(members=1), factories.village("曲堤街道")
    (person,) = found(Person, household=home)
    with (
        meanwhile(town_officer, lambda: employ(town_officer, person.name), somebody_waits),
        acting_as(actor_for(district_clerk)),
    ):
        moves.move_household(household=home, village=place, by=district_clerk, reason="搬迁")
    (spell,) = found(LabourSpell)
    assert (spell.village_id, spell.town_id) == (place.pk, place.town_id)


def test_an_edit_during_the_move_is_refused_in_words(district_clerk, town_officer):
    home = factories.household(members=1)
    (person,) = found(Person, household=home)
    with acting_as(actor_for(town_officer)):
        employ(town_officer, person.name)
    (spell,) = found(LabourSpell)
    client, url = page(town_officer), reverse("employment:spell_edit", args=[spell.pk])
    with moving(home, district_clerk):
        answer = client.post(url, {**SPELL, "version": spell.version, "job_employer": "章丘机械"})
    assert (
        answer.status_code == 422
        and "迁出本人管辖范围" in answer.content.decode()
        and "章丘机械" in answer.content.decode()
    )
    assert [one.job_employer for one in found(LabourSpell)] == [""]


def test_records_of_a_person_follow_them_or_say_that_they_do_not():
    """Whoever adds a ledger of people decides: `follows`, or records that stay where they were made."""
    stay = {"households.PersonChange", "households.Membership", "households.RosterAbsence", "monitoring.RuleHit"}
    people = {
        model
        for model in apps.get_models()
        if getattr(model, "household_column", None) == "household_id"
        and not hasattr(model, "pgh_tracked_model")
        and any(one.related_model is Person for one in model._meta.concrete_fields)
    }
    assert {one._meta.label for one in people if not one.follows} == stay
    assert {one for one in people if one.follows} == {one.model for one in of_people()} == {LabourSpell, LabourPlan}
    assert not Membership.follows


@pytest.mark.parametrize("moves_away", [False, True], ids=["undo", "move"])
@pytest.mark.parametrize("address", [("tier_set",), ("change_new", "close")], ids=["tier", "change"])
def test_a_proposal_made_meanwhile_is_refused_and_never_lost_in_silence(
    request, district_clerk, town_officer, address, moves_away
):
    home = factories.household(factories.village("仁风镇")) if moves_away else None
    block = moving(home, district_clerk) if home else request.getfixturevalue("undoing")()
    name, *more = address
    url = reverse(f"households:{name}", args=[(home or home_of()).pk, *more])
    typed = {"tier": "A", "reason": "事实清楚", "note": "事实清楚", "on": timezone.localdate().isoformat()}
    client = page(town_officer)
    with block:
        answer = client.post(url, typed)
    text = answer.content.decode()
    assert answer.status_code == 422 and "刚刚" in text and "事实清楚" in text
    assert [found(model) for model in (TierDecision, TierChange, PersonChange)] == [[], [], []]


def test_a_household_whose_target_is_being_undone_is_told_so(undoing, district_clerk, town_officer):
    mine = factories.household(factories.village("仁风镇"), members=2)
    with undoing(), acting_as(actor_for(town_officer)), pytest.raises(Gone, match=VOID):
        changes.submit(
            household=mine,
            by=town_officer,
            kind=ChangeKind.MERGE,
            on=timezone.localdate(),
            note="并户",
            target_no="3701",
        )


def test_a_pairing_says_which_households_were_voided_meanwhile(undoing, district_clerk, town_officer):
    home = home_of()
    with acting_as(actor_for(district_clerk)):
        helper = pairings.register_helper(
            by=district_clerk, town=factories.town(), name="赵帮扶", kind="helper", office="区税务局"
        )
    with undoing(), acting_as(actor_for(district_clerk)):
        outcome = pairings.pair(rows=[home], helper=helper, by=district_clerk)
    assert (outcome.done, list(outcome.refused)) == (0, [home.pk]) and VOID in outcome.refused[home.pk]
