"""Tiers over a selection, A by confirmation of the district, temporary settings that end by themselves."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from households.models import Household, TierChange, TierDecision
from households.services import tiers
from jiyang.access.scope import acting_as, system_scope
from tests import factories

pytestmark = pytest.mark.django_db


def tier_now(household) -> str:
    with system_scope("测试"):
        return Household.objects.select_related("state").get(pk=household.pk).state.tier


def ask(by, tier, *households, **more):
    with acting_as(factories.acting(by)):
        return tiers.ask_for_tier(rows=households, tier=tier, reason="测试依据", by=by, **more)


def test_a_selection_is_set_at_once_and_refusals_are_named(town_officer, django_assert_max_num_queries):
    c, b = factories.household(tier="C"), factories.household(tier="B")
    with django_assert_max_num_queries(20):
        outcome = ask(town_officer, "B", c, b)
    assert (outcome.done, outcome.note, list(outcome.refused)) == (1, "", [b.pk])
    assert tier_now(c) == "B"


def test_a_is_entered_and_left_with_the_districts_confirmation(town_officer, district_clerk, client):
    home = factories.household(tier="C")
    assert "1 户" in ask(town_officer, "A", home).note
    assert tier_now(home) == "C"
    assert ask(town_officer, "A", home).refused  # one is waiting
    with system_scope("测试"):
        change = TierChange.objects.get()
    with acting_as(factories.acting(town_officer)), pytest.raises(PermissionDenied):
        tiers.confirm(proposal=change, by=town_officer, approve=True)
    client.force_login(district_clerk)
    assert "A 类进出待确认" in client.get(reverse("workflow:tasks")).content.decode()
    client.post(reverse("households:tierchange_decide", args=[change.pk]), {"decision": "approve"})
    assert tier_now(home) == "A"
    assert "1 户" in ask(town_officer, "B", home).note


def test_a_confirmation_checks_what_it_saw(town_officer, district_clerk):
    home = factories.household(tier="C")
    ask(town_officer, "A", home)
    ask(town_officer, "B", factories.household(tier="C"))
    with system_scope("测试"):
        tiers.set_tier(household=home, tier="B", reason="别的", by=town_officer)
        change = TierChange.objects.get()
    with acting_as(factories.acting(district_clerk)), pytest.raises(ValidationError, match="与申请时"):
        tiers.confirm(proposal=change, by=district_clerk, approve=True)


def test_a_temporary_setting_gives_the_former_tier_back(town_officer):
    home, today = factories.household(tier="C"), timezone.localdate()
    end = today + dt.timedelta(days=10)
    ask(town_officer, "B", home, expires_on=end)
    assert tier_now(home) == "B"
    with system_scope("测试"):
        rows = Household.objects.filter(pk=home.pk)
        assert rows.in_tier_on("B", end - dt.timedelta(days=1)).exists()
        assert rows.in_tier_on("C", end).exists()
    ask(town_officer, "C", home)  # changed by hand before: what was to come is void
    with system_scope("测试"):
        assert TierDecision.objects.filter(household=home, since__gt=today).count() == 0
        assert rows.in_tier_on("C", end).exists()
    assert tier_now(home) == "C"


def test_who_was_when_what(town_officer):
    home = factories.household(tier="C")
    ask(town_officer, "B", home, on=dt.date(2021, 6, 1))
    with system_scope("测试"):
        rows = Household.objects.filter(pk=home.pk)
        assert rows.in_tier_on("C", dt.date(2021, 5, 31)).exists()
        assert rows.in_tier_on("B", dt.date(2021, 6, 1)).exists()
        assert not rows.in_tier_on("C", dt.date(2021, 6, 1)).exists()


def test_the_page_says_that_a_waits(client, town_officer):
    home = factories.household(tier="C")
    client.force_login(town_officer)
    url = reverse("households:tier_set", args=[home.pk])
    page = client.post(url, {"tier": "A", "reason": "大病", "on": timezone.localdate().isoformat()}, follow=True)
    assert "已报区级确认" in page.content.decode()
    again = client.post(url, {"tier": "A", "reason": "大病", "on": timezone.localdate().isoformat()})
    assert again.status_code == 422 and "待区级确认" in again.content.decode()


def test_a_temporary_tier_on_a_temporary_one_gives_the_lasting_one_back(town_officer):
    home, today = factories.household(tier="C"), timezone.localdate()
    ask(town_officer, "B", home, expires_on=today + dt.timedelta(days=10))
    assert not ask(town_officer, "B", home, expires_on=today + dt.timedelta(days=20)).refused  # prolonged
    with system_scope("测试"):
        rows = Household.objects.filter(pk=home.pk)
        assert rows.in_tier_on("B", today + dt.timedelta(days=19)).exists()
        assert rows.in_tier_on("C", today + dt.timedelta(days=20)).exists()
    assert not ask(town_officer, "B", home).refused  # and made lasting
    with system_scope("测试"):
        assert rows.in_tier_on("B", today + dt.timedelta(days=30)).exists()
    assert ask(town_officer, "B", home, expires_on=today + dt.timedelta(days=5)).refused  # it is B already


def test_a_temporary_way_out_of_a_is_not_made_lasting_without_the_district(town_officer, district_clerk):
    home = factories.household(tier="A")
    ask(town_officer, "B", home, expires_on=timezone.localdate() + dt.timedelta(days=10))
    with system_scope("测试"):
        change = TierChange.objects.get()
    with acting_as(factories.acting(district_clerk)):
        tiers.confirm(proposal=change, by=district_clerk, approve=True)
    assert tier_now(home) == "B"
    assert "1 户" in ask(town_officer, "C", home).note
    assert tier_now(home) == "B"
