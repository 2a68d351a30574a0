"""Leads of the rules: stored once, gone by themselves, decided by people, told on save."""

import datetime as dt
from io import BytesIO

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from households.models import Household, Person, TierChange
from households.services import tiers
from jiyang.access.matrix import matrix
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.ledgers import saved
from jiyang.regions.models import Region
from jiyang.rules.groups import UNSEEN
from jiyang.workflow.tasks import lines, sources_for
from monitoring import tasks
from monitoring.enums import HitState
from monitoring.models import RuleHit, RuleMute, RuleRun
from monitoring.services import hits, leads
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def run(place=None) -> RuleRun:
    with system_scope("测试"):
        return hits.run(place=place or factories.village().district, day=timezone.localdate())


def change(home: Household, **fields) -> None:
    with system_scope("测试"):
        Household.objects.filter(pk=home.pk).update(**fields)


def found(**narrow) -> list[RuleHit]:
    with system_scope("测试"):
        return list(RuleHit.objects.filter(**narrow).order_by("pk"))


def of(made: RuleRun, code: str) -> dict:
    return next(one for one in made.outcomes if one["code"] == code)


def test_the_same_hit_is_stored_once_and_leaves_by_itself():
    home, sound = factories.household(dangerous_house=True), factories.household(dangerous_house=False)
    first = run()
    assert of(first, "HOUSE") | {"title": ""} == {
        "code": "HOUSE", "title": "", "severity": "lead", "hits": 1, "new": 1, "gone": 0, "reason": "",
    }  # fmt: skip
    (hit,) = found(code="HOUSE")
    assert (hit.household_id, hit.state, hit.first_seen) == (home.pk, HitState.NEW, timezone.localdate())
    assert "是否危房户" in hit.text and hit.town_id == home.town_id
    again = run()
    assert sum(one["new"] + one["gone"] for one in again.outcomes) == 0
    assert found(code="HOUSE") == [hit] and found(household=sound, code="HOUSE") == []
    change(home, dangerous_house=False)
    assert of(run(), "HOUSE")["gone"] == 1
    (hit,) = found(code="HOUSE")
    assert (hit.state, hit.gone_on) == (HitState.GONE, timezone.localdate())
    change(home, dangerous_house=True)
    run()
    assert [one.state for one in found(code="HOUSE")] == [HitState.GONE, HitState.NEW]  # another occurrence
    assert of(first, "DISASTER")["reason"]  # the register does not hold what it asks for: said, and nothing touched


def test_a_run_writes_only_what_changed_and_asks_the_same_number_of_queries():
    factories.household(dangerous_house=True)
    run()

    def asked() -> int:
        with system_scope("测试"), CaptureQueriesContext(connection) as queries:
            hits.run(place=factories.village().district, day=timezone.localdate())
        return len(queries)

    before, versions = asked(), [(one.pk, one.version) for one in found()]
    for _ in range(5):
        factories.household(dangerous_house=True, members=3)
    run()
    assert asked() == before
    assert [(one.pk, one.version) for one in found() if one.pk <= versions[-1][0]] == versions


def test_a_town_run_leaves_other_towns_alone():
    here = factories.household(factories.village("仁风镇"), dangerous_house=True)
    there = factories.household(factories.village("曲堤街道"), dangerous_house=True)
    run()
    change(here, dangerous_house=False)
    change(there, dangerous_house=False)
    run(factories.town("仁风镇"))
    gone = {one.household_id: one.gone_on for one in found(code="HOUSE")}
    assert gone[here.pk] and gone[there.pk] is None


def test_what_is_true_of_nearly_everybody_is_counted_not_stored(monkeypatch):
    monkeypatch.setattr(hits, "FLOOD_FROM", 3)
    for _ in range(4):
        factories.household(dangerous_house=True)
    told = of(run(), "HOUSE")
    assert told["hits"] == 4 and told["reason"] == hits.NOT_KEPT and found(code="HOUSE") == []


def test_hits_of_a_rule_that_is_only_counted_now_leave(monkeypatch):
    for _ in range(4):
        factories.household(dangerous_house=True)
    run()
    assert len(found(code="HOUSE", gone_on=None)) == 4
    monkeypatch.setattr(hits, "FLOOD_FROM", 3)
    assert of(run(), "HOUSE")["gone"] == 4 and found(code="HOUSE", gone_on=None) == []


def test_hits_of_another_version_are_found_anew_and_those_of_no_rule_end():
    home = factories.household(dangerous_house=True)
    run()
    with system_scope("测试"):
        RuleHit.objects.filter(code="HOUSE").update(number=7, title="旧题")
        RuleHit.objects.create(household=home, code="OLD", title="甲", severity="lead", first_seen=timezone.localdate())
    run()
    assert [(one.number, one.gone_on is None) for one in found(code="HOUSE")] == [(7, False), (0, True)]
    assert [one.state for one in found(code="OLD")] == [HitState.GONE]


def test_people_decide_once_with_what_they_found(town_officer, client):
    home = factories.household(dangerous_house=True)
    run()
    (hit,) = found(code="HOUSE")
    client.force_login(town_officer)
    page = client.get(reverse("monitoring:hit_detail", args=[hit.pk])).content.decode()
    assert "依据" in page and "核实" in page
    decide = reverse("monitoring:hit_decide", args=[hit.pk])
    typed = {"version": hit.version, "state": "dismissed", "outcome": "", "on": timezone.localdate().isoformat()}
    assert client.post(decide, typed).status_code == 422
    for version in ("", "甲"):
        refused = client.post(decide, typed | {"version": version, "outcome": "看过"})
        assert (
            refused.status_code == 422
            and "请刷新本页再提交" in refused.content.decode()
            and "None" not in refused.content.decode()
        )
    assert client.post(decide, typed | {"outcome": "房屋已于 9 月维修"}).status_code == 302
    (hit,) = found(code="HOUSE")
    assert (hit.state, hit.decided_by_id) == (HitState.DISMISSED, town_officer.pk)
    with acting_as(actor_for(town_officer)), pytest.raises(ValidationError, match="核实"):
        leads.decide(record=hit, by=town_officer, version=hit.version, state="confirmed", outcome="再看")
    run()
    assert found(code="HOUSE") == [hit]  # true still, and nobody asks again
    precision = client.get(reverse("monitoring:precision")).content.decode()
    assert "0%" in precision
    client.force_login(factories.user("town_officer", "曲堤街道"))
    assert client.get(decide).status_code == 404
    assert home


def test_a_lead_waits_for_its_people_until_it_is_muted(town_officer, client):
    factories.household(dangerous_house=True)
    run()
    (hit,) = found(code="HOUSE")

    def waiting(user) -> list[str]:
        with acting_as(actor_for(user)) as actor:
            source = next(one for one in sources_for(actor) if one.key == "lead")
            return [line.url for line in lines(source, actor)]

    other = factories.user("town_officer", "仁风镇")
    mine = reverse("monitoring:hit_detail", args=[hit.pk])
    assert mine in waiting(town_officer) and mine in waiting(other)
    with acting_as(actor_for(town_officer)):
        stranger = factories.user("town_officer", "曲堤街道")
        told = leads.assign(rows=[hit], by=town_officer, to=stranger.username)
        assert told.done == 0 and "管不到" in told.refused[hit.pk]
        assert leads.assign(rows=[hit], by=town_officer, to=other.username).done == 1
    assert mine not in waiting(town_officer) and mine in waiting(other)
    client.force_login(other)
    listed = client.get(reverse("monitoring:hit_list"), {"queue": "lead"})
    assert listed.context["page"].total == len(waiting(other))
    client.force_login(town_officer)
    mute = reverse("monitoring:hit_mute", args=[hit.pk])
    far = (timezone.localdate() + dt.timedelta(days=900)).isoformat()
    assert client.post(mute, {"until": far, "reason": "正在改造"}).status_code == 422
    soon = (timezone.localdate() + dt.timedelta(days=20)).isoformat()
    assert client.post(mute, {"until": soon, "reason": "正在改造"}).status_code == 302
    assert client.post(mute, {"until": soon, "reason": "改造未完"}).status_code == 302
    with system_scope("测试"):
        assert RuleMute.objects.get().reason == "改造未完"
    assert mine not in waiting(other)
    unmute = reverse("monitoring:hit_unmute", args=[hit.pk])
    client.force_login(other)  # neither who set it nor the district
    assert "结束静默" not in client.get(mine).content.decode()
    assert client.post(unmute, {"reason": "改好了"}).status_code == 403
    client.force_login(town_officer)
    assert "结束静默" in client.get(mine).content.decode()
    assert client.post(unmute, {"reason": " "}).status_code == 422
    assert client.post(unmute, {"reason": "房子已改好"}).status_code == 302
    assert mine in waiting(other)
    assert "房子已改好" in client.get(mine).content.decode()
    assert client.post(unmute, {"reason": "再来"}).status_code == 422
    with system_scope("测试"):
        mute = RuleMute.objects.get()
        assert (mute.until, mute.ended_by_id) == (timezone.localdate(), town_officer.pk)
        event = apps.get_model("monitoring", "RuleMuteEvent").objects.order_by("pgh_id").last()
        assert (event.end_reason, event.until) == ("房子已改好", timezone.localdate())
    client.post(reverse("monitoring:hit_mute", args=[hit.pk]), {"until": soon, "reason": "又要改"})
    with acting_as(actor_for(factories.user("district_clerk"))) as clerk:
        leads.unmute(record=hit, by=clerk.user, reason="区级复查")
    assert mine in waiting(other)


def test_a_lead_that_nobody_decides_for_too_long_is_a_lead_itself(town_officer):
    home = factories.household(dangerous_house=True)
    night(16)
    assert found(code="OVERDUE_15") == []
    assert of(run(), "OVERDUE_15")["hits"] == 1
    (late,) = found(code="OVERDUE_15")
    assert late.household_id == home.pk and f"{timezone.localdate() - dt.timedelta(days=16)}" in late.text
    with acting_as(actor_for(town_officer)):
        for lead in found(severity="lead", gone_on=None):
            leads.mute(record=lead, by=town_officer, until=timezone.localdate() + dt.timedelta(days=9), reason="外出")
    run()
    assert [one.state for one in found(code="OVERDUE_15")] == [HitState.GONE]


def test_the_database_keeps_a_hit_once():
    home = factories.household()
    values = {"household": home, "code": "X", "title": "甲", "severity": "lead", "first_seen": timezone.localdate()}
    with system_scope("测试"):
        RuleHit.objects.create(**values)
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleHit.objects.create(**values)
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleHit.objects.create(**values | {"code": "Y", "state": "confirmed"})


def test_saving_a_household_tells_what_is_odd_and_never_holds_it_up(town_officer, client):
    home = factories.household(household_type="lifted")
    client.force_login(town_officer)
    with system_scope("测试"):
        version = Household.objects.get(pk=home.pk).version
    edit = reverse("households:household_edit", args=[home.pk])
    typed = {
        "version": version,
        "household_no": home.household_no,
        "household_type": "lifted",
        "dangerous_house": "True",
    }
    answer = client.post(edit, typed, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert any("住房不安全" in text for text in told) or any("另有" in text for text in told)
    with system_scope("测试"):
        assert Household.objects.get(pk=home.pk).dangerous_house


def test_a_look_that_fails_costs_nobody_what_they_typed(town_officer, client, monkeypatch):
    home = factories.household(household_type="lifted")

    def broken(key: int) -> list[str]:
        RuleHit.objects.create(
            household_id=key, code="X" * 99, title="甲", severity="lead", first_seen=timezone.localdate()
        )
        return []

    monkeypatch.setattr(saved, "_looks", [broken])
    client.force_login(town_officer)
    with system_scope("测试"):
        version = Household.objects.get(pk=home.pk).version
    typed = {
        "version": version,
        "household_no": home.household_no,
        "household_type": "lifted",
        "address": "村东头 3 号",
    }
    assert client.post(reverse("households:household_edit", args=[home.pk]), typed).status_code == 302
    with system_scope("测试"):
        assert Household.objects.get(pk=home.pk).address == "村东头 3 号"


def test_a_tier_is_suggested_and_a_person_decides(town_officer, client):
    home = factories.household(
        tier="C", category="unstable", risk_identified_on=dt.date(2026, 1, 1), risk_removed=False
    )
    run()
    (hit,) = found(code="TIER_A_CASE")
    with acting_as(actor_for(town_officer)) as actor:
        source = next(one for one in sources_for(actor) if one.key == "tier_suggestion")
        assert reverse("monitoring:hit_detail", args=[hit.pk]) in [line.url for line in lines(source, actor)]
    client.force_login(town_officer)
    page = client.get(reverse("monitoring:hit_detail", args=[hit.pk])).content.decode()
    assert "按建议认定 A 类" in page
    form = client.get(reverse("households:tier_set", args=[home.pk]) + "?tier=A&reason=甲").content.decode()
    assert "甲" in form
    with system_scope("测试"):
        home.refresh_from_db()
        assert home.state.tier == "C"  # nothing has happened by itself


def test_the_officer_runs_the_rules_for_their_place(client, town_officer):
    factories.household(dangerous_house=True)
    run()
    client.force_login(town_officer)
    page = client.get(reverse("monitoring:rule_runs"))
    assert page.status_code == 200 and "仁风镇" in page.content.decode()
    assert client.get(reverse("monitoring:hit_list"), {"state": "open", "code": "HOUSE"}).status_code == 200
    assert client.post(reverse("monitoring:rule_run")).status_code == 302
    elsewhere = factories.town("曲堤街道")
    assert client.post(reverse("monitoring:rule_run"), {"place": elsewhere.pk}).status_code == 403


def test_the_district_runs_the_rules_for_one_town(client, district_clerk, monkeypatch):
    here = factories.household(factories.village("仁风镇"), dangerous_house=True)
    there = factories.household(factories.village("曲堤街道"), dangerous_house=True)
    client.force_login(district_clerk)
    page = client.get(reverse("monitoring:rule_runs")).content.decode()
    assert "全区</option>" in page and "仁风镇</option>" in page
    asked = []
    monkeypatch.setattr(tasks.run_rules_of, "delay", lambda *args: asked.append(args))
    assert client.post(reverse("monitoring:rule_run"), {"place": factories.town("仁风镇").pk}).status_code == 302
    (args,) = asked
    tasks.run_rules_of(*args)
    assert {one.household_id for one in found(code="HOUSE")} == {here.pk} and there
    with system_scope("测试"):
        assert RuleRun.objects.get().town == factories.town("仁风镇")


def test_a_pass_asked_for_while_another_runs_is_left_to_it_and_one_that_died_bars_nobody(town_officer):
    place = factories.town("仁风镇")
    factories.household(factories.village("仁风镇"), dangerous_house=True)
    other = connection.copy()  # the worker that is at it
    with other.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [tasks.RUNS, place.pk])
    tasks.run_rules_of(place.pk, town_officer.pk)
    with system_scope("测试"):
        assert not RuleRun.objects.exists()
    other.close()  # as when it is killed
    tasks.run_rules_of(place.pk, town_officer.pk)
    with system_scope("测试"):
        assert RuleRun.objects.get().town == place


def test_the_last_sight_of_a_hit_costs_the_same_however_many_nights_there_were(client, town_officer):
    factories.household(dangerous_house=True)
    with system_scope("测试"):
        hits.run(place=factories.village().district, day=timezone.localdate() - dt.timedelta(days=3))
    run()
    (hit,) = found(code="HOUSE")
    with system_scope("测试"):
        RuleRun.objects.update(outcomes=[])  # no run is looked at again
    client.force_login(town_officer)
    page = client.get(reverse("monitoring:hit_detail", args=[hit.pk])).content.decode()
    assert f"最近一次 {timezone.localdate()} 仍成立" in page
    assert hit.first_seen == timezone.localdate() - dt.timedelta(days=3)


@pytest.mark.django_db(transaction=False)  # regions stay between transactional tests
def test_another_districts_run_decides_nothing_here():
    factories.household(dangerous_house=True)
    run()
    here = factories.village().district
    with system_scope("测试"):
        other = Region.objects.create(code="370199000000", name="别区", level="district")
    with system_scope("测试"):
        RuleRun.objects.create(
            district=other, day=timezone.localdate(), outcomes=[{"code": "HOUSE", "reason": hits.NOT_KEPT}]
        )
        assert "HOUSE" not in hits.only_counted(here.pk) and hits.only_counted(other.pk) == {"HOUSE"}
    run(factories.town("仁风镇"))
    assert found(code="HOUSE", gone_on=None)


def test_assigning_everything_takes_a_fixed_number_of_queries(town_officer):
    other = factories.user("town_officer", "仁风镇")

    def asked() -> int:
        run()
        with acting_as(actor_for(town_officer)) as actor:
            rows = RuleHit.objects.visible_to(actor)
            with CaptureQueriesContext(connection) as queries:
                outcome = leads.assign(rows=rows.filter(code="HOUSE"), by=town_officer, to=other.username)
        assert outcome.done == len(found(code="HOUSE")) and not outcome.refused
        return len(queries)

    factories.household(dangerous_house=True)
    first = asked()
    for _ in range(4):
        factories.household(dangerous_house=True)
    assert asked() == first
    assert {one.assigned_to_id for one in found(code="HOUSE")} == {other.pk}


def test_rule_precision_and_list_lead_to_each_other(client, town_officer):
    factories.household(dangerous_house=True)
    run()
    client.force_login(town_officer)
    rule = reverse("rules:rule_detail", args=["HOUSE"])
    listed = reverse("monitoring:hit_list") + "?code=HOUSE&amp;live=yes"
    page = client.get(rule).content.decode()
    assert listed in page and reverse("monitoring:precision") in page
    assert client.get(listed.replace("&amp;", "&")).context["page"].total == 1
    precision = client.get(reverse("monitoring:precision")).content.decode()
    assert rule in precision and "?code=HOUSE&amp;state=confirmed" in precision
    (hit,) = found(code="HOUSE")
    assert rule in client.get(reverse("monitoring:hit_detail", args=[hit.pk])).content.decode()


def worker(home: Household, age: int, **fields) -> Person:
    born = dt.date(timezone.localdate().year - age, 1, 1)
    with system_scope("测试"):
        return factories.person(home, number=factories.id_number(born), **fields)


def test_the_values_of_a_hit_are_kept_when_found_and_as_last_seen(client, town_officer):
    child = worker(factories.household(members=1), 14, labour="ordinary")
    run()
    (hit,) = found(code="2_01_011")
    told = {one["field"]: (one["title"], one["value"], one["unit"]) for one in hit.first_values}
    assert told["person.age"] == ("年龄", "14", "周岁") and told["person.labour"][1] == "普通劳动力"
    assert hit.last_values == hit.first_values
    run()
    assert found(code="2_01_011") == [hit] and found(code="2_01_011")[0].version == hit.version  # nothing was written
    with system_scope("测试"):
        Person.objects.filter(pk=child.pk).update(labour="skilled")
    run()
    (later,) = found(code="2_01_011")
    now = {one["field"]: one["value"] for one in later.last_values}
    assert later.pk == hit.pk and later.first_values == hit.first_values and later.text == hit.text
    assert now["person.labour"] == "技能劳动力" and now["person.age"] == "14"
    client.force_login(town_officer)
    page = client.get(reverse("monitoring:hit_detail", args=[hit.pk])).content.decode()
    assert f'<a href="{reverse("households:person_detail", args=[hit.person_id])}">劳动技能</a>' in page
    assert "首次发现时" in page and "最近一次" in page and "普通劳动力" in page and "<b>技能劳动力</b>" in page


def test_who_may_not_see_health_reads_it_nowhere_on_a_hit(client, town_officer, monkeypatch):
    worker(factories.household(members=1), 40, labour="ordinary", health=["serious"])
    run()
    (hit,) = found(code="5_12_009")
    client.force_login(town_officer)
    pages = [
        reverse("monitoring:hit_detail", args=[hit.pk]), reverse("monitoring:hit_history", args=[hit.pk]),
        reverse("monitoring:hit_decide", args=[hit.pk]), reverse("rules:rule_hits", args=["5_12_009"]),
    ]  # fmt: skip
    word = "患有大病"
    assert [word in client.get(page).content.decode() for page in pages] == [True, False, True, True]
    monkeypatch.setitem(matrix().grants, "health", frozenset())
    for page in pages:
        assert word not in client.get(page).content.decode()
    detail = client.get(pages[0]).content.decode()
    assert UNSEEN in detail and "普通劳动力" in detail  # what is not of health stays
    exported = client.post(reverse("monitoring:hit_export"), {"purpose": "核对"})
    book = load_workbook(BytesIO(b"".join(exported.streaming_content) if exported.streaming else exported.content))
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert UNSEEN in cells and not any(word in cell for cell in cells)


def suggestions(user) -> list[str]:
    with acting_as(actor_for(user)) as actor:
        return [one.code for one in RuleHit.objects.visible_to(actor).tiers_of(actor, timezone.localdate())]


def night(days_ago: int) -> None:
    with system_scope("测试"):
        hits.run(place=factories.village().district, day=timezone.localdate() - dt.timedelta(days=days_ago))


OPEN_CASE = {"category": "unstable", "risk_identified_on": dt.date(2026, 1, 1), "risk_removed": False}


def test_a_lower_tier_is_proposed_when_its_grounds_are_gone_at_two_reviews(client, town_officer):
    home = factories.household(tier="A", **OPEN_CASE)
    by_hand = factories.household(tier="A")  # its tier never stood on a condition
    night(3)
    change(home, risk_removed=True, risk_removed_on=dt.date(2026, 2, 1))
    night(2)
    night(2)  # twice on one day is one review
    assert suggestions(town_officer) == []
    night(1)
    (hit,) = found(code__startswith="TIER_LOWER")
    assert (hit.household_id, hit.code) == (home.pk, "TIER_LOWER_AC") and by_hand
    assert "未消除的监测对象" in hit.text and "连续 2 次" in hit.text
    assert suggestions(town_officer) == ["TIER_LOWER_AC"]
    version = hit.version
    run()
    assert found(code__startswith="TIER_LOWER")[0].version == version  # stays as it is until somebody decides
    with system_scope("测试"):
        home.refresh_from_db()
        assert home.state.tier == "A"
        with pytest.raises(IntegrityError, match="rulehit_one_lower"), transaction.atomic():
            RuleHit.objects.create(
                household=home, code="TIER_LOWER_AB", title="甲", severity="lead", first_seen=timezone.localdate()
            )
    client.force_login(town_officer)
    precision = client.get(reverse("monitoring:precision")).content.decode()
    assert "?code=TIER_LOWER_AC" in precision and reverse("rules:rule_detail", args=["TIER_LOWER_AC"]) not in precision
    page = client.get(reverse("monitoring:hit_detail", args=[hit.pk])).content.decode()
    assert "按建议认定 C 类" in page and "不会自动降类" in page and hit.text in page
    with acting_as(actor_for(town_officer)):
        asked = tiers.ask_for_tier(rows=[home], tier="C", reason="按建议", by=town_officer)
    assert asked.done == 1 and suggestions(town_officer) == []  # one proposal at a time: the district's turn
    with acting_as(actor_for(factories.user("district_leader"))) as leader:
        tiers.confirm(proposal=TierChange.objects.get(), by=leader.user, approve=True)
    run()
    assert [one.gone_on for one in found(code__startswith="TIER_LOWER")] == [timezone.localdate()]


def test_a_proposal_to_lower_leaves_when_a_ground_is_back_and_never_stands_beside_another(town_officer):
    home = factories.household(tier="A", **OPEN_CASE)
    night(3)
    change(home, risk_removed=True, risk_removed_on=timezone.localdate() - dt.timedelta(days=9))
    night(2)
    night(1)
    assert suggestions(town_officer) == ["TIER_LOWER_AB"]  # removed, under observation: B
    change(home, **OPEN_CASE, risk_removed_on=None)
    run()
    assert suggestions(town_officer) == [] and [one.state for one in found(code="TIER_LOWER_AB")] == [HitState.GONE]


def test_several_grounds_for_a_higher_tier_are_one_suggestion(town_officer):
    home = factories.household(tier="C", dangerous_house=True, **OPEN_CASE)
    run()
    assert {one.code for one in found(household=home, code__startswith="TIER_A")} >= {"TIER_A_CASE", "TIER_A_SAFE"}
    assert suggestions(town_officer) == ["TIER_A_CASE"]


def test_nothing_is_lowered_while_a_ground_of_the_tier_cannot_be_told(town_officer, monkeypatch):
    home = factories.household(tier="A", **OPEN_CASE)
    night(3)
    with system_scope("测试"):
        RuleHit.objects.filter(household=home, code="TIER_A_CASE").update(code="TIER_A_FORMER")
    night(2)
    change(home, risk_removed=True)
    night(1)
    run()
    assert found(code__startswith="TIER_LOWER") == []
