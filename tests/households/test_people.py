"""Changes of people by maker and checker: one life record per person, dated memberships, nothing done before approval."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from households.enums import ChangeKind, Relation
from households.models import Household, Membership, Pairing, Person, PersonChange, TierDecision
from households.services import changes, guarantees, pairings, tiers
from jiyang.access.scope import acting_as, system_scope
from jiyang.workflow import proposals, tasks
from tests import factories

pytestmark = pytest.mark.django_db
DAY = dt.date(2021, 10, 1)


@pytest.fixture
def town_leader(db):
    return factories.user("town_leader", "仁风镇")


@pytest.fixture
def home():
    return factories.household(members=3)


def members(household):
    with system_scope("测试"):
        return list(Membership.objects.filter(household=household, until=None).select_related("person").order_by("pk"))


def propose(by, household, kind, on=DAY, **fields):
    with acting_as(factories.acting(by)):
        return changes.submit(household=household, by=by, kind=kind, on=on, note="事实", **fields)


def approve(by, change, **how):
    with acting_as(factories.acting(by)):
        return changes.decide(proposal=change, by=by, approve=True, **how)


def test_nothing_happens_before_another_person_agrees(town_officer, town_leader, home):
    leaver = members(home)[2].person
    change = propose(town_officer, home, ChangeKind.DEATH, person=leaver)
    assert len(members(home)) == 3
    with pytest.raises(PermissionDenied):
        approve(town_officer, change)
    approve(town_leader, change)
    assert len(members(home)) == 2
    with system_scope("测试"):
        left = Membership.objects.get(person=leaver)
        assert (left.until, left.leave_reason) == (DAY, "死亡")
        assert Household.objects.select_related("state").get(pk=home.pk).state.people == 2
        assert Person.objects.filter(pk=leaver.pk).exists()  # never deleted
    with pytest.raises(ValidationError):
        approve(town_leader, change)  # decided once


def test_the_database_refuses_one_person_as_maker_and_checker(town_officer, home):
    change = propose(town_officer, home, ChangeKind.DEATH, person=members(home)[2].person)
    with system_scope("测试"), pytest.raises(IntegrityError), transaction.atomic():
        PersonChange.objects.filter(pk=change.pk).update(
            state="approved", decided_by=town_officer, decided_at=timezone.now()
        )


def test_a_leaving_head_needs_a_successor(town_officer, town_leader, home):
    head, heir, _ = (one.person for one in members(home))
    with pytest.raises(ValidationError) as refused:
        propose(town_officer, home, ChangeKind.DEATH, person=head)
    assert "new_head" in refused.value.message_dict
    approve(town_leader, propose(town_officer, home, ChangeKind.DEATH, person=head, new_head=heir))
    with system_scope("测试"):
        assert Household.objects.select_related("state").get(pk=home.pk).state.head_name == heir.name
        assert Membership.objects.get(person=heir, until=None).relation == Relation.HEAD


def test_marriage_within_the_district_keeps_one_record(town_officer, district_clerk, town_leader, home):
    bride = members(home)[2].person
    far = factories.household(factories.village("曲堤街道"))
    change = propose(
        town_officer, home, ChangeKind.MARRIED_OUT, person=bride, target_no=far.household_no, relation=Relation.SPOUSE
    )
    with pytest.raises(ValidationError, match="区级"):
        approve(town_leader, change)  # the target lies outside the town
    approve(district_clerk, change)
    with system_scope("测试"):
        moved = Person.objects.select_related("town").get(pk=bride.pk)
        assert (moved.household_id, moved.town.name) == (far.pk, "曲堤街道")
        assert [one.until for one in Membership.objects.filter(person=bride).order_by("pk")] == [DAY, None]
    with acting_as(factories.acting(town_officer)):
        assert not Person.objects.visible_to(factories.acting(town_officer)).filter(pk=bride.pk).exists()


def test_who_comes_back_gets_their_own_record(town_officer, town_leader, home):
    person = members(home)[2].person
    approve(town_leader, propose(town_officer, home, ChangeKind.PRISON, person=person))
    with pytest.raises(ValidationError):
        propose(town_officer, home, ChangeKind.RETURNED, on=DAY - dt.timedelta(days=1), person=person, relation="other")
    approve(
        town_leader,
        propose(town_officer, home, ChangeKind.RETURNED, on=dt.date(2022, 3, 1), person=person, relation="son"),
    )
    assert [one.person_id for one in members(home)].count(person.pk) == 1


def test_an_arrival_known_to_the_register_is_the_same_person(town_officer, town_leader, home):
    other = factories.household(members=2)
    person = members(other)[1].person
    arrival = {"new_name": person.name, "new_id_number": person.id_number, "relation": "daughter_in_law"}
    with pytest.raises(ValidationError, match="另一户"):
        propose(town_officer, home, ChangeKind.MARRIED_IN, **arrival)
    approve(town_leader, propose(town_officer, other, ChangeKind.MARRIED_OUT, person=person))
    approve(town_leader, propose(town_officer, home, ChangeKind.MARRIED_IN, **arrival))
    assert members(home)[-1].person_id == person.pk
    with system_scope("测试"):
        assert Person.objects.filter(id_index=person.id_index).count() == 1


def test_a_newborn_may_lack_a_number(town_officer, town_leader, home):
    with pytest.raises(ValidationError) as refused:
        propose(town_officer, home, ChangeKind.NEWBORN, new_name="王小宝", relation="son")
    assert "new_birth_date" in refused.value.message_dict
    baby = {"new_name": "王小宝", "relation": "son", "new_birth_date": dt.date(2021, 9, 20), "new_sex": "m"}
    approve(town_leader, propose(town_officer, home, ChangeKind.NEWBORN, **baby))
    assert members(home)[-1].person.name == "王小宝"


def test_split_makes_a_household_and_merge_closes_one(town_officer, town_leader, home):
    _, two, three = (one.person for one in members(home))
    with pytest.raises(ValidationError):
        propose(town_officer, home, ChangeKind.SPLIT, members=[one.person_id for one in members(home)], new_head=two)
    split = propose(town_officer, home, ChangeKind.SPLIT, members=[two.pk, three.pk], new_head=two)
    made = approve(town_leader, split).result_household
    assert {one.person_id for one in members(made)} == {two.pk, three.pk}
    with system_scope("测试"):
        Household.objects.filter(pk=made.pk).update(household_no="3799")
        made = Household.objects.get(pk=made.pk)
    approve(
        town_leader, propose(town_officer, made, ChangeKind.MERGE, target_no=home.household_no, on=dt.date(2021, 11, 1))
    )
    with system_scope("测试"):
        assert Household.objects.get(pk=made.pk).closed_on == dt.date(2021, 11, 1)
    assert len(members(home)) == 3


def test_a_household_moves_only_when_the_district_agrees(town_officer, town_leader, district_clerk, home):
    change = propose(town_officer, home, ChangeKind.MOVE, target_village=factories.village("曲堤街道"))
    with pytest.raises(ValidationError, match="区级"):
        approve(town_leader, change)
    approve(district_clerk, change)
    with system_scope("测试"):
        assert Household.objects.select_related("town").get(pk=home.pk).town.name == "曲堤街道"


def test_an_overtaken_change_is_refused_at_approval(town_officer, town_leader, home):
    person = members(home)[2].person
    first = propose(town_officer, home, ChangeKind.DEATH, person=person)
    second = propose(town_officer, home, ChangeKind.EMIGRATED, person=person)
    approve(town_leader, first)
    with pytest.raises(ValidationError):
        approve(town_leader, second)
    with system_scope("测试"):
        assert PersonChange.objects.get(pk=second.pk).state == "submitted"  # nothing half-done


@pytest.mark.parametrize("kind", ChangeKind.values)
def test_every_kind_has_its_page_and_keeps_what_was_typed(client, town_officer, home, kind):
    client.force_login(town_officer)
    url = reverse("households:change_new", args=[home.pk, kind])
    assert client.get(url).status_code == 200
    answer = client.post(url, {"note": "有凭据", "on": "2999-01-01"})
    assert answer.status_code == 422
    assert "有凭据" in answer.content.decode()


def test_the_page_submits_and_the_task_centre_shows_it(client, town_officer, town_leader, home):
    client.force_login(town_officer)
    person = members(home)[2].person
    url = reverse("households:change_new", args=[home.pk, "death"])
    page = client.post(url, {"person": person.pk, "on": DAY.isoformat(), "note": "死亡证明"}, follow=True)
    assert "等另一位同志复核" in page.content.decode()
    with system_scope("测试"):
        change = PersonChange.objects.get()
    client.force_login(town_leader)
    centre = client.get(reverse("workflow:tasks")).content.decode()
    assert reverse("households:change_detail", args=[change.pk]) in centre
    client.post(reverse("households:change_decide", args=[change.pk]), {"decision": "return", "reason": "证明不清"})
    with system_scope("测试"):
        change.refresh_from_db()
    assert (change.state, change.decision_reason) == ("returned", "证明不清")
    with acting_as(factories.acting(town_leader)) as actor:
        assert tasks.counts(actor)["person_change"] == (0, 0)


def test_the_maker_may_withdraw(town_officer, other_officer, home):
    change = propose(town_officer, home, ChangeKind.DEATH, person=members(home)[2].person)
    with acting_as(factories.acting(town_officer)):
        with pytest.raises(PermissionDenied):
            proposals.withdraw(change, by=other_officer)
        assert proposals.withdraw(change, by=town_officer).state == "withdrawn"


def test_the_last_member_who_joins_another_household_leaves_none_behind(town_officer, town_leader):
    alone, other = factories.household(members=1), factories.household()
    bride = members(alone)[0].person
    change = propose(
        town_officer, alone, ChangeKind.MARRIED_OUT, person=bride, target_no=other.household_no, relation="spouse"
    )
    approve(town_leader, change)
    with system_scope("测试"):
        assert Household.objects.get(pk=alone.pk).closed_on == DAY
        assert Membership.objects.get(person=bride, until=None).household_id == other.pk


def test_closing_ends_tiers_to_come_and_pairings_that_began_later(client, town_officer, town_leader):
    home, today = factories.household(tier="C"), timezone.localdate()
    with acting_as(factories.acting(town_officer)):
        tiers.ask_for_tier(
            rows=[home], tier="B", reason="临时", by=town_officer, expires_on=today + dt.timedelta(days=9)
        )
        helper = pairings.register_helper(
            by=town_officer, town=factories.town(), name="李帮扶", kind="helper", office="局"
        )
        pairings.pair(rows=[home], helper=helper, by=town_officer)
    change = propose(town_officer, home, ChangeKind.CLOSE, on=today - dt.timedelta(days=1))
    client.force_login(town_leader)
    client.post(reverse("households:change_decide", args=[change.pk]), {"decision": "approve"})
    with system_scope("测试"):
        assert Household.objects.get(pk=home.pk).closed_on == change.on
        assert not Pairing.objects.on(today).filter(household=home).exists()
        for day in (today, today + dt.timedelta(days=30)):
            assert not TierDecision.objects.on(day).filter(household=home).exists()


def test_a_head_is_not_replaced_before_becoming_head(town_officer, town_leader, home):
    _, second, third = (one.person for one in members(home))
    approve(town_leader, propose(town_officer, home, ChangeKind.HEAD, new_head=second, on=dt.date(2021, 10, 9)))
    with pytest.raises(ValidationError) as refused:
        propose(town_officer, home, ChangeKind.HEAD, new_head=third)
    assert second.name in refused.value.message_dict["on"][0]


def test_nobody_arrives_before_they_left_or_after_they_died(town_officer, town_leader, home):
    _, bride, late = (one.person for one in members(home))
    for person, kind in ((bride, ChangeKind.MARRIED_OUT), (late, ChangeKind.DEATH)):
        approve(town_leader, propose(town_officer, home, kind, person=person, on=dt.date(2021, 10, 9)))
    other, asked = factories.household(), {"kind": ChangeKind.MARRIED_IN, "relation": "spouse"}
    with pytest.raises(ValidationError) as refused:
        propose(town_officer, other, new_name=bride.name, new_id_number=bride.id_number, **asked)
    assert "离开原户" in refused.value.message_dict["on"][0]
    with pytest.raises(ValidationError) as refused:
        propose(
            town_officer,
            other,
            new_name=late.name,
            new_id_number=late.id_number,
            on=dt.date(2021, 10, 12),
            **asked,
        )
    assert "登记死亡" in refused.value.message_dict["new_id_number"][0]


def test_a_double_click_proposes_once(client, town_officer, home):
    client.force_login(town_officer)
    url = reverse("households:change_new", args=[home.pk, ChangeKind.NEWBORN])
    born = {"new_name": "王宝", "new_birth_date": "2021-10-01", "new_sex": "m", "relation": "son", "new_ethnic": "汉族"}
    answers = [client.post(url, {**born, "on": "2021-10-01", "note": "出生证"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert "正在等复核" in answers[1].content.decode()
    with system_scope("测试"):
        assert PersonChange.objects.count() == 1


def test_nothing_is_recorded_for_days_after_the_household_was_closed(town_officer, town_leader, home):
    approve(town_leader, propose(town_officer, home, ChangeKind.CLOSE))
    with acting_as(factories.acting(town_officer)):
        closed = Household.objects.get(pk=home.pk)
        with pytest.raises(ValidationError) as refused:
            guarantees.check_guarantee(
                household=closed, by=town_officer, item="housing", state="met", evidence="入户", on=DAY
            )
    assert "核减" in refused.value.message_dict["on"][0]


def test_the_form_offers_no_head_as_the_new_head_and_an_untiered_household_shows_no_tier(client, town_officer, home):
    client.force_login(town_officer)
    head, *others = (one.person for one in members(home))
    text = client.get(reverse("households:change_new", args=[home.pk, ChangeKind.DEATH])).content.decode()
    offered = text.split('name="new_head"')[1].split("</select>")[0]
    assert f'value="{head.pk}"' not in offered and all(f'value="{one.pk}"' in offered for one in others)
    assert "3 人，" not in text and "3 人" in text
