"""The register by hand: new households, tiers, moves, history, masked numbers."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from households.models import CaseRecord, Household, Person, TierDecision
from households.services import moves, tiers
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.audit.models import AccessLog
from monitoring.models import Visit
from monitoring.services.visits import record_visit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_tier_is_dated_and_its_history_kept(town_officer):
    home, bystander = factories.household(), factories.household(tier="C")
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    with acting_as(actor_for(town_officer)):
        tiers.set_tier(household=home, tier="B", reason="收入不稳", by=town_officer, on=yesterday)
        tiers.set_tier(household=home, tier="A", reason="患大病", by=town_officer)
        decisions = list(
            TierDecision.objects.filter(household=home).order_by("since").values_list("tier", "since", "until")
        )
        today = timezone.localdate()
        assert decisions == [("B", yesterday, today), ("A", today, None)]
        home = Household.objects.select_related("state").get(pk=home.pk)
        assert home.state.tier == "A"
        assert Household.objects.select_related("state").get(pk=bystander.pk).state.tier == "C"


@pytest.mark.parametrize(
    ("change", "message"),
    [({"tier": "D"}, "请选择"), ({"reason": " "}, "依据"), ({"on": dt.date(2999, 1, 1)}, "晚于今天"), ({"on": dt.date(2020, 1, 1)}, "早于入册"), ({"tier": "C"}, "已经是")],
)  # fmt: skip
def test_tier_refusals_name_the_reason_and_write_nothing(town_officer, change, message):
    home = factories.household(tier="C")
    with acting_as(actor_for(town_officer)):
        with pytest.raises(ValidationError, match=message):
            tiers.set_tier(**{"household": home, "tier": "A", "reason": "患大病", "by": town_officer, **change})
        assert TierDecision.objects.filter(household=home).count() == 1


def test_a_household_that_moves_takes_its_history_along(client, town_officer, other_officer):
    home = factories.household(factories.village("仁风镇"))
    with acting_as(actor_for(town_officer)):
        record_visit(household=home, by=town_officer, **factories.visit_answers())
        tiers.set_tier(household=home, tier="A", reason="患大病", by=town_officer)
        moves.move_household(household=home, village=factories.village("曲堤街道"), by=town_officer, reason="投靠子女")
    for page in ("households:household_detail", "households:household_history", "monitoring:visit_new"):
        client.force_login(town_officer)
        assert client.get(reverse(page, args=[home.pk])).status_code == 404
        client.force_login(other_officer)
        assert client.get(reverse(page, args=[home.pk])).status_code == 200
    with acting_as(actor_for(town_officer)):
        assert not Household.objects.exists() and not Person.objects.exists() and not Visit.objects.exists()
        assert not Person.pgh_event_model.objects.exists() and not Visit.pgh_event_model.objects.exists()
    with acting_as(actor_for(other_officer)):
        assert Visit.objects.count() == 1 and Person.objects.count() == 2 and TierDecision.objects.count() == 1
        assert Visit.pgh_event_model.objects.filter(pgh_label="insert").count() == 1
    page = client.get(reverse("households:household_detail", args=[home.pk]) + "?tab=history").content.decode()
    assert "户迁移：投靠子女" in page and "仁风镇" in page


def test_history_says_who_and_why_whatever_wrote_it(client, district_clerk):
    home = factories.household()
    with acting_as(actor_for(district_clerk, reason="批量更正")):
        Household.objects.filter(pk=home.pk).update(address="新址 9 号")
    client.force_login(district_clerk)
    page = client.get(reverse("households:household_history", args=[home.pk])).content.decode()
    assert all(text in page for text in ("新址 9 号", "批量更正", district_clerk.name))


def test_history_cannot_be_forged_or_changed(district_clerk):
    from django.db import transaction
    from django.db.utils import ProgrammingError

    home = factories.household()
    with acting_as(actor_for(district_clerk)):
        event = home.history.first()
        forged = type(event)(
            pgh_obj=home, pgh_label="x", pgh_created_at=timezone.now(), version=1, registered_on=home.registered_on,
            district=home.district, entered_at=timezone.now(),
        )  # fmt: skip
        rows = type(event).objects.filter(pk=event.pk)
        for act in (event.delete, lambda: rows.update(address="x"), forged.save):
            with pytest.raises(ProgrammingError), transaction.atomic():
                act()


def test_full_numbers_need_a_purpose_and_leave_a_trace(client, town_officer):
    home = factories.household(members=1)
    with system_scope("测试"):
        person = Person.objects.get(household=home)
    client.force_login(town_officer)
    page = client.get(reverse("households:household_detail", args=[home.pk])).content.decode()
    assert person.id_number not in page
    url = reverse("households:reveal", args=[home.pk])
    body = {"of": "person", "row": person.pk, "field": "id_number"}
    assert client.post(url, body).status_code == 422
    assert not AccessLog.objects.filter(kind="reveal").exists()
    assert client.post(url, {**body, "purpose": "入户核实"}).json() == {"value": str(person.id_number)}
    line = AccessLog.objects.get(kind="reveal")
    assert (line.user, line.row, line.columns, line.purpose) == (town_officer, person.pk, "id_number", "入户核实")
    assert client.post(url, {**body, "field": "name", "purpose": "x"}).status_code == 404


def test_a_number_of_another_household_is_not_revealed_through_mine(client, town_officer):
    mine, foreign = factories.household(), factories.household(factories.village("曲堤街道"), members=1)
    with system_scope("测试"):
        person = Person.objects.get(household=foreign)
    client.force_login(town_officer)
    body = {"of": "person", "row": person.pk, "field": "id_number", "purpose": "x"}
    assert client.post(reverse("households:reveal", args=[mine.pk]), body).status_code == 404


def new_household(**changes) -> dict:
    return {
        "village": factories.village().pk, "head_name": "李守田", "head_id_number": factories.id_number(), "household_no": "3701250000001",
        "household_type": "lifted", "address": "", "phone": "13812346027", "poverty_cause": "", "dangerous_house": "False", "safe_water": "True",
        **changes,
    }  # fmt: skip


def test_a_new_household_with_its_head(client, town_officer):
    client.force_login(town_officer)
    response = client.post(reverse("households:household_create"), new_household())
    with system_scope("测试"):
        home = Household.objects.select_related("state").get()
    assert response["Location"] == reverse("households:household_detail", args=[home.pk])
    assert (home.state.head_name, home.state.people, home.town.name, home.phone) == (
        "李守田",
        1,
        "仁风镇",
        "13812346027",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head_id_number": "370125196005011230"}, "校验位"),
        ({"phone": "1381234"}, "11 位"),
        ({"village": ""}, "行政村"),
        ({"household_no": "A1"}, "只能是数字"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(client, town_officer, change, message):
    client.force_login(town_officer)
    response = client.post(reverse("households:household_create"), new_household(**change))
    page = response.content.decode()
    assert response.status_code == 422
    assert "有 1 处需要改正" in page and message in page and "李守田" in page
    with system_scope("测试"):
        assert not Household.objects.exists()


def test_a_village_of_another_town_is_no_choice(client, town_officer):
    client.force_login(town_officer)
    body = new_household(village=factories.village("曲堤街道").pk)
    assert client.post(reverse("households:household_create"), body).status_code == 422


def test_a_number_in_use_elsewhere_says_so(client, town_officer):
    factories.household(factories.village("曲堤街道"), household_no="3701250000001")
    client.force_login(town_officer)
    response = client.post(reverse("households:household_create"), new_household())
    assert response.status_code == 422
    assert "可能在其他辖区" in response.content.decode()


def test_two_officers_editing_one_household(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    url = reverse("households:household_edit", args=[home.pk])
    body = {
        "household_no": home.household_no,
        "household_type": "lifted",
        "address": "甲",
        "phone": "",
        "poverty_cause": "",
        "version": home.version,
    }
    assert client.post(url, body).status_code == 302
    late = client.post(url, {**body, "address": "乙"})
    assert late.status_code == 422
    assert "另一位同志" in late.content.decode() and "乙" in late.content.decode()
    with system_scope("测试"):
        assert Household.objects.get(pk=home.pk).address == "甲"


@pytest.mark.parametrize("rows", [1, 3, 60])
def test_list_query_count_is_constant(client, town_officer, rows, django_assert_max_num_queries):
    for _ in range(rows):
        factories.household(members=1)
    client.force_login(town_officer)
    url = reverse("households:household_list")
    client.get(url)
    with django_assert_max_num_queries(8) as counted:
        response = client.get(url)
    assert response.context["page"].total == rows
    assert len(counted) <= 8


@pytest.mark.parametrize("members", [1, 6])
def test_household_page_query_count_is_constant(client, town_officer, members, django_assert_max_num_queries):
    home = factories.household(members=members, tier="A")
    client.force_login(town_officer)
    url = reverse("households:household_detail", args=[home.pk])
    client.get(url)
    with django_assert_max_num_queries(8):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    "sort", ["state__next_visit_on", "-state__income_per_head", "state__head_pinyin", "town__code"]
)
def test_pages_hold_every_row_once_in_both_directions(client, district_clerk, sort):
    for index in range(53):
        factories.household(factories.village("仁风镇", index % 3), members=1)
    client.force_login(district_clerk)
    url = reverse("households:household_list") + f"?sort={sort}"
    first = client.get(url)
    second = client.get(reverse("households:household_list") + first.context["table"].next_url)
    pages = [[row.pk for row in page.context["page"].rows] for page in (first, second)]
    assert len(set(pages[0]) | set(pages[1])) == 53 and not set(pages[0]) & set(pages[1])
    back = client.get(reverse("households:household_list") + second.context["table"].previous_url)
    assert [row.pk for row in back.context["page"].rows] == pages[0]


def test_search_by_id_number_stands_in_no_address(client, town_officer):
    home = factories.household(members=1)
    factories.household(members=1)
    with system_scope("测试"):
        number = str(Person.objects.get(household=home).id_number)
    client.force_login(town_officer)
    answer = client.post(reverse("households:household_list"), {"q": number})
    assert number not in answer["Location"]
    found = client.get(answer["Location"])
    assert [row.pk for row in found.context["page"].rows] == [home.pk]
    assert number not in found.content.decode()


def test_search_by_part_of_a_name(client, town_officer):
    with system_scope("测试"):
        home = factories.household(members=0)
        factories.person(home, relation="head", name="欧阳秀芳")
    factories.household()
    client.force_login(town_officer)
    found = client.get(reverse("households:household_list"), {"q": "秀芳"})
    assert [row.pk for row in found.context["page"].rows] == [home.pk]


@pytest.mark.django_db
def test_two_people_at_one_household_see_both_values(client, town_officer):
    """The second to save keeps what they typed, sees what the first wrote, and may save knowingly."""
    home = factories.household(address="老地址")
    client.force_login(town_officer)
    url = reverse("households:household_edit", args=[home.pk])
    data = {"household_no": home.household_no, "household_type": home.household_type, "version": home.version}
    assert client.post(url, {**data, "address": "甲填的地址"}).status_code == 302
    answer = client.post(url, {**data, "address": "乙填的地址"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "甲填的地址" in page and "乙填的地址" in page
    version = answer.context["form"]["version"].value()
    assert client.post(url, {**data, "address": "乙填的地址", "version": version}).status_code == 302
    with system_scope("测试"):
        assert Household.objects.get(pk=home.pk).address == "乙填的地址"


def test_facts_of_person_and_case_are_edited_with_their_rules(town_officer, client):
    """Pages of the rosters' columns: what is typed is stored, what contradicts itself comes back with everything typed."""
    home = factories.household(category="unstable")
    client.force_login(town_officer)
    new = reverse("households:case_create")
    wrong = client.post(new, {"household_no": home.household_no, "risk_1": "disaster", "risk_3": "illness"})
    assert wrong.status_code == 422
    assert {"disaster_kind", "risk_3"} <= set(wrong.context["form"].errors)
    right = {
        "household_no": home.household_no,
        "risk_1": "disaster",
        "disaster_kind": ["flood"],
        "collector_phone": "13800138000",
    }
    assert client.post(new, right).status_code == 302
    assert client.post(new, right).status_code == 422  # one live record for a household
    with system_scope("测试"):
        case = CaseRecord.objects.get()
    assert (case.risk_1, case.collector_phone) == ("disaster", "13800138000")
    page = client.get(f"{reverse('households:household_detail', args=[home.pk])}").content.decode()
    assert "因自然灾害" in page and reverse("households:case_detail", args=[case.pk]) in page

    with system_scope("测试"):
        person = home.memberships.first().person
    edit = reverse("households:person_edit", args=[person.pk])
    typed = {
        "version": person.version,
        "health": ["healthy", "chronic"],
        "public_post": ["cleaner"],
        "education": "middle",
    }
    assert client.post(edit, typed).status_code == 422
    assert client.post(edit, typed | {"health": ["chronic"]}).status_code == 302
    with system_scope("测试"):
        person.refresh_from_db()
    assert (person.health, person.public_post, person.name) == (["chronic"], ["cleaner"], person.name)
    assert (
        client.post(edit, typed | {"health": ["chronic"], "labour": "weak"}).status_code == 422
    )  # seen by the old version
