"""The nightly re-derivation: what differs is reported, then corrected; nothing else is touched."""

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from households.models import Household, HouseholdState, StateDifference
from jiyang.access.scope import system_scope
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.schedules import running
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from jiyang.workflow.models import Notice
from monitoring.services.visits import record_visit
from tests import factories
from tests.audit.test_chain import behind_the_back

pytestmark = pytest.mark.django_db(transaction=True)


def run_job(job: str) -> JobRun:
    run = JobRun.objects.create(job=job, period="2021-10-26", region=Region.objects.get(level=Level.DISTRICT))
    done = running.execute(run.pk)
    assert done.state == RunState.DONE, done.error
    return done


def differences() -> set:
    with system_scope("测试"):
        return set(StateDifference.objects.values_list("household", "field", "stored", "derived"))


def test_a_right_state_has_no_difference():
    factories.household(tier="A")
    run = run_job("households.state")
    assert run.summary == {"核对户数": 1, "不一致户数": 0, "改正处数": 0} and differences() == set()


def test_what_differs_is_reported_and_corrected_and_a_missing_row_is_made():
    wrong, missing, bystander = (factories.household(tier="B", members=3) for _ in range(3))
    behind_the_back(f"delete from households_householdstate where household_id = {missing.pk}")
    with system_scope("测试"), connection.cursor() as cursor:
        cursor.execute("update households_householdstate set people = 9, last_visit_on = '2021-03-03' where household_id = %s", [wrong.pk])  # fmt: skip
        before = HouseholdState.objects.filter(pk=bystander.pk).values().get()
    run = run_job("households.state")
    assert run.summary == {"核对户数": 3, "不一致户数": 2, "改正处数": 3}
    assert differences() == {
        (wrong.pk, "people", "9", "3"),
        (wrong.pk, "last_visit_on", "2021-03-03", ""),
        (missing.pk, "", "", ""),
    }
    with system_scope("测试"):
        assert HouseholdState.objects.get(pk=wrong.pk).people == 3
        assert HouseholdState.objects.get(pk=missing.pk).people == 3
        assert HouseholdState.objects.filter(pk=bystander.pk).values().get() == before
    assert set(run.attempts.get().lines) == {
        f"{name}：1 处不一致，已按明细记录改正" for name in ("人口", "上次入户", "整行缺失")
    }


def test_the_last_visit_comes_from_the_visits(town_officer):
    from jiyang.access.scope import acting_as

    household = factories.household(tier="C")
    with acting_as(factories.acting(town_officer)):
        record_visit(household=household, by=town_officer, **factories.visit_answers())
    with system_scope("测试"):
        HouseholdState.objects.filter(pk=household.pk).update(last_visit_on=None)
    run_job("households.state")
    with system_scope("测试"):
        assert HouseholdState.objects.get(pk=household.pk).last_visit_on == timezone.localdate()


def test_the_differences_page_is_for_those_who_see_runs(client, data_admin, town_officer):
    household = factories.household()
    with system_scope("测试"):
        HouseholdState.objects.filter(pk=household.pk).update(people=9)
    run = run_job("households.state")
    address = f"{reverse('households:state_differences')}?run={run.pk}"
    client.force_login(data_admin)
    page = client.get(address).content.decode()
    assert household.household_no in page and "人口" in page
    assert address.replace("&", "&amp;") in client.get(reverse("schedules:job_run", args=[run.pk])).content.decode()
    assert client.get(reverse("households:state_differences"), {"run": "x"}).status_code == 404
    client.force_login(town_officer)
    assert client.get(address).status_code == 403


def test_each_officer_is_told_of_the_visits_of_standing_households_that_are_theirs(
    town_officer, other_officer, grid_worker, district_clerk
):
    due, late, later, far, gone, closed = (factories.household(tier="C") for _ in range(6))
    village_2 = factories.household(factories.village(index=1), tier="C")
    day = dt.date(2021, 10, 26)
    with system_scope("测试"):
        for household, days in ((due, 0), (late, -3), (later, 1), (far, 90), (village_2, -1), (gone, -1), (closed, -1)):
            HouseholdState.objects.filter(pk=household.pk).update(next_visit_on=day + dt.timedelta(days=days))
        Household.objects.filter(pk=closed.pk).update(closed_on=day, close_reason="整户迁出")
        Household.objects.filter(pk=gone.pk).update(
            voided_at=timezone.now(), voided_by=district_clerk, void_reason="录入错误"
        )
    run = run_job("visit.due")
    assert run.summary == {"提醒人数": 2}
    assert {(one.user, one.text) for one in Notice.objects.all()} == {
        (town_officer, "走访：今天到期 1 户，超期 2 户"),
        (grid_worker, "走访：今天到期 1 户，超期 1 户"),
    }
