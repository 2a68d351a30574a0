"""The register's villages under the rules: run, kept as hits of the village's place, told on save, silenced, and gone with their cause."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from households.checkup import register
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.regions.models import Region
from monitoring.models import RuleHit, RuleMute
from monitoring.services import hits, leads
from monitoring.services.saving import look_at
from tests import factories
from villages import services
from villages.models import VillageYear

pytestmark = pytest.mark.django_db(transaction=True)
WATER, ALLOWANCE = "G_VILLAGE_WATER", "G_VILLAGE_ALLOWANCE"


@pytest.fixture
def clerk():
    return factories.user("district_clerk")


def recorded(by, village: Region, year: int = 2021, **fields) -> VillageYear:
    whole = {"households_total": 300, "people_total": 900, "allowance_people": 9, "clinics": 1, "paved_road": True}
    with acting_as(actor_for(by)):
        return services.record_year(by=by, village=village, year=year, **whole | fields)


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


def test_rules_of_villages_run_over_the_register_and_name_the_village(clerk):
    one, two = (factories.village(index=index) for index in range(2))
    recorded(clerk, one, allowance_people=901, unsafe_water_households=2)
    recorded(clerk, two, paved_road=False)
    rules = ran()
    villages = {code: rule for code, rule in rules.items() if rule["subject"] == "village"}
    assert {code for code, rule in villages.items() if rule["state"] == "refused"} == set()
    told = {code: rule["records"] for code, rule in villages.items() if rule["hits"]}
    assert told == {ALLOWANCE: [one.name], WATER: [one.name], "G_VILLAGE_ROAD": [two.name]}


def test_rules_of_villages_are_refused_where_no_village_was_ever_entered():
    assert ran(WATER)[WATER]["reason"] == "系统数据里没有行政村的数据"


def test_only_the_newest_year_of_a_village_is_judged(clerk):
    place = factories.village()
    recorded(clerk, place, 2020, unsafe_water_households=5)
    assert ran(WATER)[WATER]["hits"] == 1
    recorded(clerk, place, 2021, unsafe_water_households=0)
    assert ran(WATER)[WATER]["hits"] == 0


def test_a_hit_has_the_villages_place_and_leaves_with_its_cause(client, clerk):
    here, there = factories.village(), factories.village("曲堤街道")
    wrong, other = recorded(clerk, here, unsafe_water_households=2), recorded(clerk, there, unsafe_water_households=3)
    district = here.district
    assert (run(district)[WATER]["new"], run(district)[WATER]["new"]) == (2, 0)
    found = kept(WATER)
    assert [
        (one.record, one.household_id, one.person_id, one.village_id, one.town_id, one.district_id) for one in found
    ] == [
        (row.pk, None, None, place.pk, place.town_id, place.district_id)
        for row, place in ((wrong, here), (other, there))
    ]
    officer = factories.user("town_officer", "仁风镇")
    client.force_login(officer)
    rows = client.get(reverse("monitoring:hit_list")).context["page"].rows
    assert [row.pk for row in rows] == [found[0].pk]
    page = client.get(reverse("monitoring:hit_detail", args=[found[0].pk])).content.decode()
    assert reverse("villages:year_detail", args=[wrong.pk]) in page and "查看行政村" in page and "查看这户" not in page
    assert client.get(reverse("monitoring:hit_detail", args=[found[1].pk])).status_code == 404
    with acting_as(actor_for(clerk)):
        row = VillageYear.objects.get(pk=wrong.pk)
        services.edit_year(by=clerk, record=row, version=row.version, unsafe_water_households=0)
    assert run(district)[WATER]["gone"] == 1
    assert [one.record for one in kept(WATER)] == [other.pk]


def test_the_value_of_a_standing_hit_is_kept_up_to_date(clerk):
    place = factories.village()
    made = recorded(clerk, place, unsafe_water_households=2)
    run(place.district)
    with acting_as(actor_for(clerk)):
        row = VillageYear.objects.get(pk=made.pk)
        services.edit_year(by=clerk, record=row, version=row.version, unsafe_water_households=1)
    told = run(place.district)[WATER]
    assert (told["new"], told["gone"]) == (0, 0)
    hit = kept(WATER)[0]
    assert ([one["value"] for one in hit.first_values], [one["value"] for one in hit.last_values]) == (["2"], ["1"])


def test_a_run_over_a_town_finds_its_villages_and_leaves_others_alone(clerk):
    here, there = factories.village(), factories.village("曲堤街道")
    for place in (here, there):
        recorded(clerk, place, unsafe_water_households=2)
    assert run(here.town)[WATER]["new"] == 1 and [one.town_id for one in kept(WATER)] == [here.town_id]
    assert run(there.town)[WATER]["new"] == 1 and len(kept(WATER)) == 2


def test_a_saved_village_tells_what_is_wrong_until_it_is_known(client, clerk):
    place = factories.village()
    client.force_login(clerk)
    data = {"village": place.pk, "year": "2021", "people_total": "900", "allowance_people": "901"}
    page = client.post(reverse("villages:year_create"), data, follow=True).content.decode()
    assert "低保人口多于总人口" in page and "901" in page
    with system_scope("测试"):
        made = VillageYear.objects.get()
    run(place.district)
    with acting_as(actor_for(clerk)):
        assert look_at(made) == []


def test_a_village_is_silenced_and_its_neighbours_are_not(clerk):
    officer = factories.user("town_officer", "仁风镇")
    for index in range(2):
        recorded(clerk, factories.village(index=index), unsafe_water_households=2)
    run(factories.village().district)
    silent, loud = kept(WATER)
    with acting_as(actor_for(officer)) as actor:
        today = timezone.localdate()
        leads.mute(record=silent, by=officer, until=today + dt.timedelta(days=10), reason="工程在建")
        assert list(RuleHit.objects.leads_of(actor, today).filter(code=WATER)) == [loud]
        made = RuleMute.objects.get()
        assert (made.household_id, made.village_id) == (None, silent.village_id)
        leads.unmute(record=silent, by=officer, reason="已完工")
        assert set(RuleHit.objects.leads_of(actor, today).filter(code=WATER)) == {silent, loud}


def test_a_hit_is_verified_by_the_town(client, clerk):
    officer = factories.user("town_officer", "仁风镇")
    recorded(clerk, factories.village(), unsafe_water_households=2)
    run(factories.village().district)
    hit = kept(WATER)[0]
    client.force_login(officer)
    for act in ("decide", "mute"):
        assert client.get(reverse(f"monitoring:hit_{act}", args=[hit.pk])).status_code == 200
    data = {"version": hit.version, "state": "confirmed", "outcome": "入户查看，仍在用旧井", "on": timezone.localdate()}
    assert client.post(reverse("monitoring:hit_decide", args=[hit.pk]), data).status_code == 302
    with system_scope("测试"):
        assert RuleHit.objects.get(pk=hit.pk).state == "confirmed"


def test_the_facts_of_a_village_and_what_saving_costs(clerk):
    place = factories.village()
    made = recorded(clerk, place, collective_income_wan=12)
    with system_scope("测试"):
        base = register.source().bases["village"]
        with connection.cursor() as cursor:
            cursor.execute(f"select village_key, year, people_total, same_village, town_id from {base.sql} b")
            assert cursor.fetchall() == [(made.pk, 2021, 900, 1, place.town_id)]
    costs = []
    for _ in range(2):
        with acting_as(actor_for(clerk)), CaptureQueriesContext(connection) as captured:
            look_at(made)
        costs.append(len(captured))
        for index in range(1, 8):
            if len(costs) == 1:
                recorded(clerk, factories.village(index=index))
    assert costs[0] == costs[1]
