"""The register's jobs and plans under the rules: run, refused where nothing is known, kept as hits and told on save."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from employment import services
from employment.models import LabourSpell
from households.checkup import register
from households.models import Household, Person
from jiyang.access.scope import acting_as, actor_for, system_scope
from monitoring.models import RuleHit
from monitoring.services import hits
from monitoring.services.saving import look
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
OF_LABOUR = {"spell", "plan"}


@pytest.fixture
def clerk():
    return factories.user("district_clerk")


def members(home: Household) -> list[Person]:
    with system_scope("测试"):
        return list(Person.objects.filter(household=home).select_related("household").order_by("pk"))


def job(by, person: Person, month: dt.date = dt.date(2021, 3, 1), **fields) -> LabourSpell:
    whole = {
        "working": True, "job_place": "济南市历城区", "job_county": "历城区", "job_employer": "甲公司", "job_industry": "建筑业",
        "point_to_point": False, "job_channel": "自主就业", "job_monthly_pay": 3000, "job_phone": "13812345678",
    }  # fmt: skip
    with acting_as(actor_for(by)):
        return services.record_spell(by=by, person=person, job_started_on=month, **whole | fields)


def ran(*codes: str) -> dict[str, dict]:
    out = StringIO()
    asked = [part for code in codes for part in ("--code", code)]
    call_command("rules", "run", "--json", "--records", "--as-of", "2021-10-01", *asked, stdout=out)
    return {rule["code"]: rule for rule in json.loads(out.getvalue())["rules"]}


def run(place) -> dict[str, dict]:
    with system_scope("测试"):
        made = hits.run(place=place, day=timezone.localdate())
    return {one["code"]: one for one in made.outcomes}


def kept(code: str) -> list[RuleHit]:
    with system_scope("测试"):
        return list(RuleHit.objects.filter(code=code, gone_on=None).order_by("pk"))


def test_rules_of_jobs_and_plans_run_over_the_register(clerk):
    one, other = members(factories.household())
    job(clerk, one, working=False, job_ended_on=dt.date(2021, 6, 1))
    job(clerk, one, dt.date(2021, 5, 1), job_monthly_pay=90000, job_employer="")
    with acting_as(actor_for(clerk)):
        services.record_plan(by=clerk, person=other, plans_to_work=True, planned_county="历城区")
    rules = ran()
    refused = {
        code: rule["reason"]
        for code, rule in rules.items()
        if rule["subject"] in OF_LABOUR and rule["state"] == "refused"
    }
    assert refused == {}
    told = {code: rule["records"] for code, rule in rules.items() if rule["subject"] in OF_LABOUR and rule["hits"]}
    assert told == {
        "5_01_007": [one.id_number],  # 企业名称 empty
        "5_16_001": [one.id_number],  # 90000
        "5_12_001": [one.id_number],  # began before the one before it ended
        "5_15_008": [other.id_number],  # no service need
    }  # fmt: skip


def test_the_facts_of_a_job_are_those_of_its_person_household_and_telephone(clerk):
    home, near = (factories.household(risk_identified_on=dt.date(2021, 2, 1)) for _ in range(2))
    one, other = members(home)
    first = job(clerk, one, working=False, job_ended_on=dt.date(2021, 5, 1))
    second = job(clerk, one, dt.date(2021, 7, 1), job_county="", job_place="山东省济南市济阳区")
    third = job(clerk, other, job_county="章丘区")
    job(clerk, members(near)[0])
    landline = job(clerk, members(near)[1], job_phone="05318888999")
    with system_scope("测试"):
        base = register.source().bases["spell"]
        with connection.cursor() as cursor:
            cursor.execute(
                "select spell_key, previous_ended_on, household_identified_on, in_county, phone_households, phone_counties, job_phone_is_mobile,"
                f" birth_date, sex from {base.sql} b"
            )
            rows = {key: tuple(more) for key, *more in cursor.fetchall()}
    known, born = dt.date(2021, 2, 1), (one.birth_date, "m")
    assert rows[first.pk] == (None, known, False, 2, 2, True, *born)
    assert rows[second.pk] == (dt.date(2021, 5, 1), known, True, 2, 1, True, *born)
    assert rows[third.pk] == (None, known, False, 2, 2, True, *born)
    assert rows[landline.pk] == (None, known, False, 1, 1, False, *born)


def test_rules_of_jobs_are_refused_where_no_job_was_ever_entered():
    factories.household()
    reasons = {code: rule["reason"] for code, rule in ran("5_01_007", "5_15_008").items()}
    assert reasons == {"5_01_007": "系统数据里没有务工记录的数据", "5_15_008": "系统数据里没有务工计划的数据"}


def test_hits_of_jobs_are_kept_one_for_each_job_and_leave_with_their_cause(client, clerk):
    home = factories.household()
    one, other = members(home)
    wrong = [job(clerk, one, dt.date(2021, month, 1), job_employer="") for month in (3, 4)]
    job(clerk, other)
    district = home.village.district
    assert (run(district)["5_01_007"]["new"], run(district)["5_01_007"]["new"]) == (2, 0)
    found = kept("5_01_007")
    assert [(hit.record, hit.person_id, hit.household_id, hit.town_id) for hit in found] == [
        (spell.pk, one.pk, home.pk, home.town_id) for spell in wrong
    ]
    assert "务工企业名称" in found[0].text
    client.force_login(clerk)
    page = client.get(reverse("monitoring:hit_detail", args=[found[0].pk])).content.decode()
    assert reverse("employment:spell_detail", args=[wrong[0].pk]) in page
    with system_scope("测试"):
        LabourSpell.objects.filter(pk=wrong[0].pk).update(job_employer="乙公司")
    assert run(district)["5_01_007"]["gone"] == 1
    assert [hit.record for hit in kept("5_01_007")] == [wrong[1].pk]


def test_a_run_over_a_town_leaves_what_looks_beyond_it(clerk):
    here, there = (factories.household(factories.village(name)) for name in ("仁风镇", "曲堤街道"))
    for home in (here, there):
        job(clerk, members(home)[0])
    run(here.village.district)
    assert len(kept("5_15_022")) == 2  # one telephone, two households in two towns
    assert run(here.town)["5_15_022"]["reason"] and len(kept("5_15_022")) == 2


def test_a_saved_job_tells_what_is_wrong_until_it_is_known(clerk):
    home = factories.household()
    job(clerk, members(home)[0], job_employer="")
    with acting_as(actor_for(clerk)):
        assert any("务工企业名称" in one for one in look(home.pk))
    run(home.village.district)
    with acting_as(actor_for(clerk)):
        assert not any("务工企业名称" in one for one in look(home.pk))
