"""Every figure × role: the number, its list and the list's export count the same rows, today and on past days."""

import datetime as dt
import html
import io
import re

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from households.services import tiers
from jiyang.access.matrix import matrix
from jiyang.access.models import HouseholdGrant
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.reporting import figures, stored
from jiyang.reporting.figures import Month, Selection, moment_for
from monitoring.services.visits import record_visit
from tests import factories

TODAY = timezone.localdate


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31)))
def test_months_follow_one_another(day):
    month = Month.of(day)
    assert month.first <= day <= month.last
    assert month.next.first == month.last + dt.timedelta(days=1)
    assert Month.parse(str(month)) == month


@pytest.fixture
def register(district_clerk):
    """Households of both towns in every tier, one monitored, one overdue, with visits of this month and the last."""
    homes = [
        factories.household(factories.village(town, index), members=index + 1, tier=tier)
        for town in ("仁风镇", "曲堤街道")
        for index, tier in enumerate(("A", "B", "C", ""))
    ]
    factories.household(category="unstable", risk_identified_on=dt.date(2021, 5, 1), tier="A")
    factories.household(
        category="marginal", risk_identified_on=dt.date(2021, 5, 1), risk_removed_on=dt.date(2022, 3, 1)
    )
    with acting_as(actor_for(district_clerk)):
        for home, days in zip(homes, (0, 3, 40, 10, 20, 1, 35, 60), strict=True):
            when = timezone.now() - dt.timedelta(days=days)
            record_visit(household=home, by=district_clerk, **factories.visit_answers(visited_at=when))
        tiers.set_tier(household=homes[0], tier="B", reason="好转", by=district_clerk)
    return homes


REACHES = ("district", "town", "zone", "village", "households")
COUNTING = {
    role.key: role.reach
    for role in matrix().roles.values()
    if any(matrix().may_open(f"{figure.ledger}_list", frozenset([role.key])) for figure in figures.all_figures())
}


def member(role: str, homes):
    reach = matrix().roles[role].reach
    place = {"town": "仁风镇", "village": factories.village(), "zone": factories.zone()}.get(reach)
    user = factories.user(role, place)
    if reach == "households":
        with system_scope("测试"):
            for home in homes[:3]:
                HouseholdGrant.objects.create(posting=user.postings.get(), household=home, since=factories.REGISTERED)
    return user


def test_every_role_that_counts_has_a_reach_that_is_walked():
    assert set(COUNTING.values()) == set(REACHES)


@pytest.mark.parametrize("days", [0, 33], ids=["today", "past"])
@pytest.mark.parametrize("reach", REACHES)
def test_figure_list_and_export_agree(client, register, reach, days):
    """Each role's number and list; where a reach has several roles, who count the same, its parts' lists and exports once."""
    day, counted, exported = TODAY() - dt.timedelta(days=days), {}, set()
    for role in (role for role, own in COUNTING.items() if own == reach):
        user = member(role, register)
        client.force_login(user)
        actor, seen = actor_for(user), 0
        for figure in figures.all_figures():
            if not actor.may_open(f"{figure.ledger}_list"):
                continue
            with acting_as(actor):
                tally = figures.count(figure, actor, day).get(None, figures.Tally())
            first = figure.key not in counted
            assert counted.setdefault(figure.key, tally) == tally, (role, figure.key)
            for part, expected in ((None, tally.total), *tally.parts.items()):
                selection, said = Selection(figure, moment_for(figure, day), part, None), (role, figure.key, part)
                if first or part is None:
                    assert client.get(selection.url).context["page"].total == expected, said
                    seen += expected
                asked = part in (None, *list(tally.parts)[:1]) and (figure.key, part) not in exported
                if asked and actor.may_open(f"{figure.ledger}_export"):
                    exported.add((figure.key, part))
                    assert lines_of(client, selection) == expected, said
        assert seen > 0, role


def lines_of(client, selection: Selection) -> int:
    """How many rows the export of a figure's list has."""
    answer = client.post(selection.url.replace("/?", "/export/?"), {"purpose": "核对"})
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.max_row - 1


@pytest.mark.django_db(transaction=True)
def test_stocks_of_today_equal_those_rebuilt_from_dated_rows(register, district_clerk, monkeypatch):
    """The stored state and the dated rows tell the same: today's figures computed the way a past day's are."""
    actor = actor_for(district_clerk)
    today = TODAY()
    with acting_as(actor):
        stored = {
            key: figures.count(figures.get(key), actor, today)
            for key in ("household.registered", "visit.overdue", "visit.due_soon")
        }
        tomorrow = today + dt.timedelta(days=1)
        for module in ("households.figures", "monitoring.figures"):
            monkeypatch.setattr(f"{module}.timezone.localdate", lambda: tomorrow)
        rebuilt = {key: figures.count(figures.get(key), actor, today) for key in stored}
    assert {key: (rows[None].total, rows[None].parts) for key, rows in rebuilt.items() if rows} == {
        key: (rows[None].total, rows[None].parts) for key, rows in stored.items() if rows
    }


@pytest.mark.django_db(transaction=True)
def test_a_tier_of_a_past_day_is_that_days(register, district_clerk):
    actor = actor_for(district_clerk)
    with acting_as(actor):
        figure = figures.get("household.registered")
        now = figures.count(figure, actor, TODAY())[None].parts
        then = figures.count(figure, actor, TODAY() - dt.timedelta(days=1))[None].parts
    assert (then["A"] - now["A"], now["B"] - then["B"]) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_town_rows_add_up_to_the_district(client, register, district_clerk):
    client.force_login(district_clerk)
    context = client.get("/").context
    for place, total in enumerate(context["totals"]):
        assert sum(row["cells"][place]["number"].value for row in context["rows"]) == total["number"].value


@pytest.mark.django_db(transaction=True)
def test_dashboard_of_a_town_is_its_own(client, register, town_officer, other_officer):
    client.force_login(town_officer)
    context = client.get("/").context
    assert context["home"].name == "仁风镇"
    assert context["cells"][0]["number"].value == 6
    foreign = client.get(f"/?area={factories.town('曲堤街道').pk}").context
    assert foreign["home"].name == "仁风镇"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query",
    [
        "figure=none",
        "figure=visit.made&period=2021-13",
        "figure=household.registered&as_of=x",
        "figure=visit.due_soon&as_of=9999-12-31",
        "figure=visit.made&period=9999-12",
        "figure=household.registered&area=999999",
        "figure=household.registered&area=x",
    ],
)
def test_unknown_figures_and_places_are_absent(client, district_clerk, query):
    client.force_login(district_clerk)
    assert client.get(f"/households/registry/?{query}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_counted_together_is_counted_alone(register, district_clerk, town_officer):
    """One query for many figures, sums of a stored column instead of rows: the same numbers as each figure's own."""
    chosen = figures.all_figures()
    for user in (district_clerk, town_officer):
        actor = actor_for(user)
        with acting_as(actor):
            for day in (TODAY(), TODAY() - dt.timedelta(days=33)):
                for by in ("", "town", "village"):
                    together = figures.count_together(chosen, actor, day, by=by)
                    for figure in chosen:
                        alone = figures.count(figure, actor, day, by=by)
                        shown = {key: tally for key, tally in together[figure.key].items() if tally.total}
                        assert {key: tally.total for key, tally in shown.items()} == {
                            key: tally.total for key, tally in alone.items() if tally.total
                        }, (figure.key, day, by)
                        if figure.parts:
                            parts = {key: {p: n for p, n in tally.parts.items() if n} for key, tally in shown.items()}
                            assert parts == {
                                key: {p: n for p, n in tally.parts.items() if n} for key, tally in alone.items()
                            }


@pytest.mark.django_db(transaction=True)
def test_a_trend_is_what_each_month_counts(register, district_clerk):
    actor, months = actor_for(district_clerk), [Month(2021, number) for number in range(1, 13)]
    chosen = [figure for figure in figures.all_figures() if figure.condition]
    with acting_as(actor):
        told = figures.series(chosen, actor, months)
        for figure in chosen:
            alone = [figures.count(figure, actor, month.last).values() for month in months]
            assert told[figure.key] == [sum(tally.total for tally in tallies) for tallies in alone], figure.key


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_what_is_to_do_and_where(client, register, district_clerk, town_officer):
    client.force_login(district_clerk)
    page = client.get("/")
    needs = {line["number"].title: line for line in page.context["needs"]}
    assert needs["走访超期"]["lamp"] == "bad" and "仁风镇" in needs["走访超期"]["where"]
    assert needs["核实超期"]["lamp"] == "ok"  # what is well stays in sight
    assert [mark["area"].short_name for mark in page.context["map"]["marks"]]
    assert "示意图，不作区划依据" in page.content.decode()
    past = client.get("/", {"month": str(Month.of(TODAY().replace(day=1) - dt.timedelta(days=1)))})
    assert past.context["day"] < TODAY()
    client.force_login(town_officer)
    town = client.get("/")
    assert town.context["map"] is None and town.context["below"] == "village"


@pytest.mark.django_db(transaction=True)
def test_last_month_stands_beside_each_figure(client, register, district_clerk):
    """What was stored at last month's end, said with the change; nothing stored, nothing said."""
    client.force_login(district_clerk)
    assert client.get("/").context["cells"][0]["before"] == []
    with system_scope("测试"):
        stored.store_figures(Month.of(TODAY().replace(day=1) - dt.timedelta(days=1)).last)
    first = client.get("/").context["cells"][0]
    assert [(one["title"], one["value"]) for one in first["before"]] == [("上月", first["number"].value)]


@pytest.mark.django_db
def test_who_counts_nothing_is_led_to_their_tasks(client):
    client.force_login(factories.user("system_admin"))
    assert client.get("/").headers["Location"] == "/tasks/"


@pytest.mark.django_db(transaction=True)
def test_dashboard_query_count_does_not_grow(client, register, district_clerk, django_assert_max_num_queries):
    client.force_login(district_clerk)
    client.get("/")
    with django_assert_max_num_queries(13):
        client.get("/")
    for index in range(5):
        factories.household(factories.village("仁风镇", index), tier="B")
    with django_assert_max_num_queries(13):
        client.get("/")


def test_every_number_on_a_zone_officers_page_opens_its_list(client, register):
    client.force_login(factories.user("zone_officer", factories.zone("仁风镇")))
    links = set(re.findall(r'href="([^"]*[?&](?:amp;)?area=[^"]*)"', client.get("/").content.decode()))
    assert links and {client.get(html.unescape(link)).status_code for link in links} == {200}


@pytest.mark.parametrize("role", ["system_admin", "security_admin"])
def test_who_has_no_figures_begins_with_what_waits(db, client, role):
    client.force_login(factories.user(role))
    assert client.get("/")["Location"] == reverse("workflow:tasks")
