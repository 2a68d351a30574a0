"""Helpers: dated pairings that are never overwritten, and the reach that follows them in both walls."""

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from households.models import Helper, Household, Pairing
from households.services import pairings
from jiyang.access.scope import acting_as, system_scope
from jiyang.accounts.models import Posting
from jiyang.accounts.services import appoint
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def helper_user(db):
    return factories.user("helper")


def helper(by, user=None, name="李帮扶"):
    with acting_as(factories.acting(by)):
        return pairings.register_helper(
            by=by,
            town=factories.town(),
            name=name,
            kind="helper",
            office="区税务局",
            username=user.username if user else "",
        )


def pair(by, helper, *households, on=dt.date(2021, 6, 1)):
    with acting_as(factories.acting(by)):
        return pairings.pair(rows=households, helper=helper, by=by, on=on)


def seen_by_sql(user) -> set[int]:
    with acting_as(factories.acting(user)), connection.cursor() as cursor:
        cursor.execute("select id from households_household")
        return {pk for (pk,) in cursor.fetchall()}


def test_a_helper_sees_their_own_households_and_no_others(client, town_officer, helper_user):
    mine, foreign = factories.household(), factories.household()
    pair(town_officer, helper(town_officer, helper_user), mine)
    assert seen_by_sql(helper_user) == {mine.pk}
    client.force_login(helper_user)
    listed = client.get(reverse("households:household_list")).content.decode()
    assert mine.household_no in listed and foreign.household_no not in listed
    assert client.get(reverse("households:household_detail", args=[foreign.pk])).status_code == 404
    page = client.get(reverse("households:household_detail", args=[mine.pk])).content.decode()
    assert "李帮扶" in page


def test_a_hand_over_ends_one_pairing_and_begins_another(client, town_officer, helper_user):
    homes = [factories.household() for _ in range(3)]
    leaving = helper(town_officer, helper_user)
    successor_user = factories.user("helper")
    successor = helper(town_officer, successor_user, "赵接手")
    pair(town_officer, leaving, *homes)
    client.force_login(town_officer)
    url = reverse("households:hand_over", args=[leaving.pk])
    data = {"helper": successor.pk, "on": "2021-09-01", "reason": "调离", "household": [homes[0].pk, homes[1].pk]}
    page = client.post(url, data, follow=True).content.decode()
    assert "已交接 2 户" in page
    assert seen_by_sql(helper_user) == {homes[2].pk}
    assert seen_by_sql(successor_user) == {homes[0].pk, homes[1].pk}
    with system_scope("测试"):
        rows = Pairing.objects.filter(household=homes[0]).order_by("since")
        assert [(one.helper_id, one.since, one.until, one.end_reason) for one in rows] == [
            (leaving.pk, dt.date(2021, 6, 1), dt.date(2021, 9, 1), "调离"),
            (successor.pk, dt.date(2021, 9, 1), None, ""),
        ]
        assert Household.objects.select_related("state").get(pk=homes[0].pk).state.helper_name == "赵接手"
    assert client.post(url, {"helper": successor.pk, "on": "2021-09-01"}).status_code == 422  # nobody chosen


def test_linking_an_account_later_opens_the_households(town_officer, helper_user):
    home, without_account = factories.household(), helper(town_officer)
    pair(town_officer, without_account, home)
    assert seen_by_sql(helper_user) == set()
    with acting_as(factories.acting(town_officer)):
        record = Helper.objects.get(pk=without_account.pk)
        pairings.edit_helper(
            by=town_officer,
            record=record,
            version=record.version,
            username=helper_user.username,
            name="李帮扶",
            office="区税务局",
        )
    assert seen_by_sql(helper_user) == {home.pk}


def test_refusals_name_the_household(town_officer):
    one, late = factories.household(), factories.household(registered_on=dt.date(2021, 8, 1))
    outcome = pair(town_officer, helper(town_officer), one, late)
    assert outcome.done == 1
    assert list(outcome.refused) == [late.pk] and "入册" in outcome.refused[late.pk]


def test_pairing_a_hundred_costs_as_many_queries_as_pairing_one(town_officer, django_assert_max_num_queries):
    few, many = [factories.household(members=1)], [factories.household(members=1) for _ in range(12)]
    chosen = helper(town_officer)
    with django_assert_max_num_queries(20):
        pair(town_officer, chosen, *few)
    with django_assert_max_num_queries(20):
        pair(town_officer, chosen, *many)


def test_the_pages_make_and_change_a_helper(client, town_officer, other_officer):
    client.force_login(town_officer)
    data = {"town": factories.town().pk, "name": "孙三", "kind": "helper", "office": "区医院", "phone": "13800001111"}
    assert client.post(reverse("households:helper_create"), data).status_code == 302
    with system_scope("测试"):
        made = Helper.objects.get()
    wrong = client.post(reverse("households:helper_create"), {**data, "username": "nobody"})
    assert wrong.status_code == 422 and "没有这个账号" in wrong.content.decode()
    assert "138****1111" in client.get(reverse("households:helper_list")).content.decode()
    home = factories.household()
    answer = client.post(reverse("households:pair", args=[home.pk]), {"helper": made.pk, "on": "2021-06-01"})
    assert answer.status_code == 302
    client.force_login(other_officer)
    assert client.get(reverse("households:helper_detail", args=[made.pk])).status_code == 404


def test_a_renewed_posting_reaches_the_paired_households(town_officer, helper_user):
    home, today = factories.household(), timezone.localdate()
    pair(town_officer, helper(town_officer, helper_user), home)
    with system_scope("测试"):
        Posting.objects.filter(user=helper_user).update(until=today)
    assert seen_by_sql(helper_user) == set()
    appoint(user=helper_user, role="helper", since=today)
    assert seen_by_sql(helper_user) == {home.pk}


def test_a_corrected_name_stands_in_the_list_at_once(town_officer):
    home, corrected = factories.household(), helper(town_officer)
    pair(town_officer, corrected, home)
    with acting_as(factories.acting(town_officer)):
        pairings.edit_helper(
            by=town_officer, record=corrected, version=corrected.version, name="李帮福", kind="helper", office="局"
        )
    with system_scope("测试"):
        assert Household.objects.select_related("state").get(pk=home.pk).state.helper_name == "李帮福"


def test_a_pairing_does_not_begin_within_an_earlier_one(town_officer):
    home, former = factories.household(), helper(town_officer)
    pair(town_officer, former, home)
    with acting_as(factories.acting(town_officer)):
        pairings.end_pairings(households=[home], helper=former, reason="调离", on=dt.date(2021, 9, 1))
    successor = helper(town_officer, name="赵接手")
    assert "2021-09-01" in pair(town_officer, successor, home, on=dt.date(2021, 7, 1)).refused[home.pk]
    assert pair(town_officer, successor, home, on=dt.date(2021, 9, 1)).done == 1


def test_who_helps_in_two_ways_keeps_the_household_when_one_ends(town_officer, helper_user):
    home = factories.household()
    one = helper(town_officer, helper_user)
    with acting_as(factories.acting(town_officer)):
        secretary = pairings.register_helper(
            by=town_officer, town=factories.town(), name="李帮扶", kind="first_secretary", office="局", username=helper_user.username
        )  # fmt: skip
    for role in (one, secretary):
        pair(town_officer, role, home)
    pair(town_officer, helper(town_officer, name="赵接手"), home, on=dt.date(2021, 9, 1))
    assert seen_by_sql(helper_user) == {home.pk}


@pytest.mark.parametrize("key", ["²", "9" * 30, "-1", "x"])
def test_a_key_that_cannot_be_one_is_nothing_chosen(client, town_officer, key):
    home, person = factories.household(), helper(town_officer)
    client.force_login(town_officer)
    url = reverse("households:hand_over", args=[person.pk])
    assert client.post(url, {"on": "2021-09-01", "household": [key]}).status_code == 422
    url = reverse("households:reveal", args=[home.pk])
    asked = {"of": "person", "row": key, "field": "id_number", "purpose": "核对"}
    assert client.post(url, asked).status_code == 404
    assert client.get(reverse("households:household_list"), {"town": key}).status_code == 200
