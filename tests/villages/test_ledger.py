"""行政村信息: what the ledger adds to what the kernel gives."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.regions.models import Region
from jiyang.reporting import figures
from tests import factories
from villages import demo, services
from villages.models import VillageYear

pytestmark = pytest.mark.django_db
YEAR = {
    "year": "2021",
    "households_total": "300",
    "people_total": "900",
    "clinics": "1",
    "collective_income_wan": "12.5",
    "paved_road": "True",
}


def recorded(by, village: Region, year: int = 2021, **fields) -> VillageYear:
    with acting_as(actor_for(by)):
        return services.record_year(by=by, village=village, year=year, **fields)


def test_a_village_is_recorded_once_a_year_in_its_place(client, town_officer):
    place = factories.village()
    client.force_login(town_officer)
    url, data = reverse("villages:year_create"), {**YEAR, "village": place.pk}
    assert client.post(url, data).status_code == 302
    again = client.post(url, data)
    assert again.status_code == 422 and "这一年度的信息已经登记" in again.content.decode()
    assert client.post(url, {**data, "year": "2020"}).status_code == 302
    with system_scope("测试"):
        former, made = VillageYear.objects.order_by("year")
    assert (made.village_id, made.town_id, made.district_id) == (place.pk, place.town_id, place.district_id)
    assert (made.people_total, str(made.collective_income_wan), made.paved_road, made.doctors) == (
        900,
        "12.50",
        True,
        None,
    )
    assert (former.year, made.done_by, made.entered_by_id) == (2020, town_officer.name, town_officer.pk)


@pytest.mark.parametrize(
    "change, told",
    [
        ({"year": "2999"}, "年度应在 2014 到"),
        ({"year": "2013"}, "不能小于"),
        ({"year": ""}, "请填写年度"),
        ({"people_total": "-1"}, "不能小于"),
        ({"people_total": "很多"}, "整数"),
        ({"village": ""}, "请选择"),
    ],
)
def test_what_cannot_be_is_refused(client, town_officer, change, told):
    client.force_login(town_officer)
    answer = client.post(reverse("villages:year_create"), {**YEAR, "village": factories.village().pk, **change})
    assert answer.status_code == 422 and told in answer.content.decode(), answer.content.decode()
    with system_scope("测试"):
        assert not VillageYear.objects.exists()


def test_the_service_itself_refuses_a_year_to_come_and_a_town(district_clerk):
    with acting_as(actor_for(district_clerk)), pytest.raises(ValidationError) as refused:
        services.record_year(by=district_clerk, village=factories.town(), year=timezone.localdate().year + 1)
    assert set(refused.value.message_dict) == {"village", "year"}


def test_a_village_of_another_town_is_no_choice(client, town_officer):
    client.force_login(town_officer)
    answer = client.post(reverse("villages:year_create"), {**YEAR, "village": factories.village("曲堤街道").pk})
    assert answer.status_code == 422
    own = client.get(reverse("villages:year_create")).content.decode()
    assert factories.village().short_name in own and f"曲堤街道 {factories.village('曲堤街道').short_name}" not in own


def test_an_edit_stays_with_its_village_and_year_and_is_told_in_history(client, town_officer):
    made = recorded(town_officer, factories.village(), people_total=900)
    client.force_login(town_officer)
    url = reverse("villages:year_edit", args=[made.pk])
    other = factories.village(index=1)
    data = {"version": made.version, "people_total": "910", "bus_service": "False", "year": "2020", "village": other.pk}
    assert client.post(url, data).status_code == 302
    with system_scope("测试"):
        now = VillageYear.objects.get()
    assert (now.people_total, now.bus_service, now.year, now.village_id) == (910, False, 2021, made.village_id)
    stale = client.post(url, {**data, "people_total": "920"})
    assert stale.status_code == 422 and "910" in stale.content.decode() and "920" in stale.content.decode()
    told = client.get(reverse("villages:year_history", args=[made.pk])).content.decode()
    assert "总人口数" in told and "910" in told and "900" in told


def test_a_voided_year_leaves_the_ledger_and_can_be_recorded_anew(client, town_officer):
    made, stays = (recorded(town_officer, factories.village(index=index)) for index in range(2))
    client.force_login(town_officer)
    url = reverse("villages:year_bulk_void")
    assert client.post(url, {"pk": [made.pk], "confirmed": "1", "reason": ""}).status_code == 422
    client.post(url, {"pk": [made.pk], "confirmed": "1", "reason": "选错了村"})
    with acting_as(actor_for(town_officer)):
        assert list(VillageYear.objects.values_list("pk", flat=True)) == [stays.pk]
    recorded(town_officer, factories.village())


def test_the_list_finds_by_year_by_the_newest_by_name_and_by_what_is_lacking(client, town_officer):
    one, two = (factories.village(index=index) for index in range(2))
    former = recorded(town_officer, one, 2020, unsafe_water_households=3)
    now = recorded(town_officer, one, 2021, unsafe_water_households=0, clinics=0)
    other = recorded(town_officer, two, 2020, clinics=1, paved_road=False)
    client.force_login(town_officer)
    for query, wanted in (
        ({"year": "2021"}, {now}),
        ({"year": "newest"}, {now, other}),
        ({"q": two.name[:3]}, {other}),
        ({"lacks": "water"}, {former}),
        ({"lacks": "clinic"}, {now}),
        ({"lacks": "road", "year": "newest"}, {other}),
        ({"lacks": "house"}, set()),
    ):
        page = client.get(reverse("villages:year_list"), query)
        assert {row.pk for row in page.context["page"].rows} == {one.pk for one in wanted}, query


def test_a_page_shows_the_years_before_and_the_way_to_the_next(client, town_officer):
    place = factories.village()
    former, made, newer = (
        recorded(town_officer, place, year, people_total=people)
        for year, people in ((2019, 880), (2020, 900), (2021, 901))
    )
    recorded(town_officer, factories.village(index=1), 2020, people_total=777)
    client.force_login(town_officer)
    answer = client.get(reverse("villages:year_detail", args=[made.pk]))
    assert [one["row"].pk for one in answer.context["years"]] == [made.pk, former.pk]
    page = answer.content.decode()
    assert "<b>900</b>" in page and "880" in page and "777" not in page and "901" not in page
    assert reverse("villages:year_detail", args=[newer.pk]) in page


def test_each_role_does_what_it_may(client, district_clerk):
    place, far = factories.village(), factories.village("曲堤街道")
    made, foreign = recorded(district_clerk, place), recorded(district_clerk, far)
    pages = {name: reverse(f"villages:year_{name}", args=[made.pk]) for name in ("detail", "edit")}
    for role, where, can in (
        ("village_leader", place, (200, 200)), ("grid_worker", place, (200, 403)), ("helper", None, (403, 403)), ("insurer", None, (403, 403)),
        ("town_leader", "仁风镇", (200, 200)), ("data_admin", None, (200, 403)),
    ):  # fmt: skip
        client.force_login(factories.user(role, where))
        assert tuple(client.get(url).status_code for url in pages.values()) == can, role
        if where is not None:
            assert client.get(reverse("villages:year_detail", args=[foreign.pk])).status_code == 404, role


def test_figures_count_villages_by_what_was_known_on_the_day(district_clerk):
    one, two = (factories.village(index=index) for index in range(2))
    rows = [
        recorded(district_clerk, one, 2020, unsafe_water_households=3, dangerous_house_households=1),
        recorded(district_clerk, one, 2021, unsafe_water_households=0, dangerous_house_households=1),
        recorded(district_clerk, two, 2021, unsafe_water_households=1),
    ]
    days = [dt.date(2020, 12, 31), dt.date(2021, 6, 30), dt.date(2021, 9, 30)]
    with acting_as(actor_for(district_clerk)) as actor:
        for row, day in zip(rows, days, strict=True):
            VillageYear.objects.filter(pk=row.pk).update(done_on=day)

        def counted(key: str, day: dt.date) -> int:
            return sum(tally.total for tally in figures.count(figures.get(key), actor, day).values())

        asked = [dt.date(2020, 12, 1), dt.date(2021, 1, 1), dt.date(2021, 7, 1), dt.date(2021, 10, 1)]
        assert [counted("village.registered", day) for day in asked] == [0, 1, 1, 2]
        assert [counted("village.unsafe_water", day) for day in asked] == [0, 1, 0, 1]
        assert [counted("village.dangerous_house", day) for day in asked] == [0, 1, 1, 1]


def test_the_official_layout_is_offered_and_written_by_the_list(client, district_clerk):
    recorded(district_clerk, factories.village(), people_total=900)
    client.force_login(district_clerk)
    url = reverse("villages:year_export")
    assert "行政村信息" in client.get(url).content.decode()
    answer = client.post(url, {"purpose": "报市局", "layout": "roster_e", "numbered": "1"})
    assert answer.status_code == 200 and b"".join(answer.streaming_content)[:2] == b"PK"


def test_list_and_detail_cost_the_same_for_many_rows(client, district_clerk):
    client.force_login(district_clerk)
    made, costs = recorded(district_clerk, factories.village()), []
    pages = [
        reverse("villages:year_list"),
        reverse("villages:year_detail", args=[made.pk]),
        reverse("villages:year_create"),
    ]
    for _ in range(2):
        for url in pages:
            client.get(url)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            costs.append(len(captured))
        if len(costs) == len(pages):
            for index in range(1, 12):
                recorded(district_clerk, factories.village(index=index))
    assert costs[: len(pages)] == costs[len(pages) :]


def test_the_empty_ledger_says_how_it_is_filled(client, district_clerk):
    client.force_login(district_clerk)
    assert "还没有行政村信息" in client.get(reverse("villages:year_list")).content.decode()


def test_a_demo_instance_has_two_years_of_its_towns_once(district_clerk, django_user_model):
    django_user_model.objects.filter(pk=district_clerk.pk).update(username="district_clerk1")
    demo.fill()
    with system_scope("测试"):
        number = VillageYear.objects.count()
        assert number > 50 and VillageYear.objects.values("year").distinct().count() == 2
    demo.fill()
    with system_scope("测试"):
        assert VillageYear.objects.count() == number


def test_a_synthetic_register_has_villages(db):
    call_command("seed", "--persons", "50", "--json")
    with system_scope("测试"):
        villages = VillageYear.objects.values("village").distinct().count()
        assert villages == Region.objects.filter(level="village", successor=None).count()
        assert not VillageYear.objects.filter(year__gte=timezone.localdate().year).exists()
