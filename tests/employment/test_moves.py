"""Jobs and plans go where their person goes: by a change of two people, by a roster, and back with its undo."""

import datetime as dt

import pytest

from employment import services
from employment.models import LabourPlan, LabourSpell
from households.enums import ChangeKind
from households.models import Household, Membership, Person, RosterTouch
from jiyang.access.scope import acting_as, actor_for, system_scope
from tests import factories
from tests.households.test_people import approve as agree
from tests.households.test_people import propose
from tests.households.test_roster import DATA, approve, load, reverse, submit, upload

pytestmark = pytest.mark.django_db(transaction=True)
RESTORED = {"undo": 5, "redo": 5}


def employed(by, person: Person) -> None:
    with acting_as(actor_for(by)):
        services.record_spell(by=by, person=person, job_started_on=dt.date(2021, 3, 1))
        services.record_plan(by=by, person=person, plans_to_work=True)


def homes_of(person: Person) -> list[int]:
    with system_scope("测试"):
        found = [model.objects.get(person=person) for model in (LabourSpell, LabourPlan)]
        assert all(one.village_id == one.household.village_id for one in found)
        return [one.household_id for one in found]


def test_a_household_that_parts_takes_the_jobs_of_its_people(town_officer, district_clerk):
    leader, home = factories.user("town_leader", "仁风镇"), factories.household(members=3)
    with system_scope("测试"):
        stays, goes, _ = Person.objects.filter(household=home).select_related("household").order_by("pk")
    for person in (stays, goes):
        employed(district_clerk, person)
    split = propose(town_officer, home, ChangeKind.SPLIT, members=[goes.pk], new_head=goes)
    made = agree(leader, split).result_household
    assert homes_of(goes) == [made.pk] * 2 and homes_of(stays) == [home.pk] * 2


def test_a_roster_that_moves_somebody_moves_the_jobs_and_its_undo_brings_them_back(data_admin, district_clerk):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    with system_scope("测试"):
        person = Person.objects.exclude(memberships__relation="head").select_related("household").first()
        home = person.household
        other = Household.objects.exclude(pk=home.pk).exclude(village=person.village).first()
        Membership.objects.filter(person=person).update(until=dt.date(2025, 6, 30))
        Person.objects.filter(pk=person.pk).update(household=other)
        Membership.objects.create(person=person, household=other, relation="other", since=dt.date(2025, 6, 30))
        person = Person.objects.select_related("household").get(pk=person.pk)
    employed(district_clerk, person)
    assert homes_of(person) == [other.pk] * 2
    batch = approve(district_clerk, submit(data_admin, upload(data_admin, DATA / "roster_a_small.xlsx")))
    assert homes_of(person) == [home.pk] * 2
    # person, job and plan, the two memberships: each once, whatever brings it along
    for kind, there in (("undo", other), ("redo", home), ("undo", other)):
        report = reverse(data_admin, district_clerk, batch).report
        assert homes_of(person) == [there.pk] * 2
        assert (kind, report["restored"], report["changed_since"], report["kept"]) == (kind, RESTORED[kind], 0, [])
        with system_scope("测试"):
            touched = RosterTouch.objects.filter(batch=batch, reversal=batch.reversals.last())
            assert touched.values("table", "record").distinct().count() == touched.count()
    with acting_as(actor_for(district_clerk)):
        spell = LabourSpell.objects.get(person=person)
        services.edit_spell(by=district_clerk, record=spell, version=spell.version, other_info="换了班组")
    assert reverse(data_admin, district_clerk, batch).report["changed_since"] == 1
