"""Stored figures: what a month end counted is what was stored, and stays so when entries come late."""

import datetime as dt
import io
import random

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from households.models import Household
from households.services import tiers
from jiyang.access.scope import ScopeNotSet, acting_as, actor_for, system_scope
from jiyang.audit.models import AccessLog
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.reporting import figures, stored
from jiyang.reporting.models import StoredFigure
from jiyang.reporting.stored_views import month_ends
from jiyang.schedules import running
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
SEPTEMBER = dt.date(2021, 9, 30)
DAYS = [dt.date(2021, 3, 31), SEPTEMBER, dt.date(2021, 12, 31)]
TOWNS = ("仁风镇", "曲堤街道")


def district() -> Region:
    return Region.objects.get(level=Level.DISTRICT)


def store(*days: dt.date) -> list[stored.Outcome]:
    with system_scope("测试"):
        return [stored.store_figures(day) for day in days]


def plant(dice: random.Random, clerk) -> list[dict]:
    """Households with a history of registration, tiers and closing at random days; returns what was planted."""
    found = []
    for _ in range(8):
        village = factories.village(dice.choice(TOWNS), dice.randrange(2))
        registered = dt.date(2021, 1, 1) + dt.timedelta(days=dice.randrange(300))
        closed = registered + dt.timedelta(days=dice.randrange(1, 300)) if dice.random() < 0.4 else None
        home = factories.household(village, registered_on=registered, members=1)
        day, put = registered, []
        for tier in dice.sample("ABC", dice.randrange(4)):
            day += dt.timedelta(days=dice.randrange(1, 90))
            with acting_as(actor_for(clerk)):
                tiers.set_tier(household=home, tier=tier, reason="调整", by=clerk, on=day)
            put.append((day, tier))
        if closed:
            with system_scope("测试"):
                Household.objects.filter(pk=home.pk).update(closed_on=closed, close_reason="no_member")
        found.append({"village": village, "registered": registered, "closed": closed, "tiers": put})
    return found


def expected(planted: list[dict], region: Region, day: dt.date) -> dict[str, int]:
    """Households of a region on a day by tier, from what was planted and nothing else."""
    counts: dict[str, int] = {}
    for one in planted:
        inside = region.pk in {one["village"].district_id, one["village"].town_id, one["village"].pk}
        if inside and one["registered"] <= day and (one["closed"] is None or one["closed"] > day):
            tier = ([tier for since, tier in one["tiers"] if since <= day] or [""])[-1]
            counts[tier] = counts.get(tier, 0) + 1
    return counts


@pytest.mark.parametrize("seed", range(2))
def test_what_was_stored_is_what_the_day_held(seed, district_clerk):
    planted = plant(random.Random(seed), district_clerk)
    outcomes = store(*DAYS)
    assert all(outcome.written and not outcome.differences for outcome in outcomes)
    chosen = figures.get("household.registered")
    areas = [district(), *map(factories.town, TOWNS), *(factories.village(town, i) for town in TOWNS for i in range(2))]
    with acting_as(actor_for(district_clerk)) as actor:
        for day in DAYS:
            for area in areas:
                known = stored.stored(chosen, area, day)
                assert {part: n for part, n in known.parts.items() if n} == expected(planted, area, day), (area, day)
                assert known.total == sum(known.parts.values())
            for figure in figures.all_figures():
                known = stored.stored(figure, areas[0], day)
                counted = figures.count(figure, actor, day, area=areas[0]).get(None, figures.Tally())
                assert known.total == counted.total, figure.key
    again = store(*DAYS)
    assert [(one.written, one.differences) for one in again] == [(0, [])] * len(DAYS)
    assert [one.same for one in again] == [one.written for one in outcomes]


def test_a_late_entry_is_told_and_not_written(district_clerk):
    factories.household(tier="A")
    store(SEPTEMBER)
    with system_scope("测试"):
        before = list(StoredFigure.objects.order_by("pk").values())
    factories.household(tier="B", registered_on=dt.date(2021, 9, 1))
    (outcome,) = store(SEPTEMBER)
    told = [str(one) for one in outcome.differences]
    assert "2021-09-30 仁风镇 脱贫享受政策户：存数 1，现在重算 2" in told
    assert "2021-09-30 济阳区 脱贫享受政策户·关注：存数 0，现在重算 1" in told or any(
        "脱贫享受政策户·" in one for one in told
    )
    with system_scope("测试"):
        assert (outcome.written, list(StoredFigure.objects.order_by("pk").values())) == (0, before)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            StoredFigure.objects.update(value=2)


def test_only_a_day_that_is_over_and_only_the_system(district_clerk):
    with system_scope("测试"), pytest.raises(ValidationError, match="还没有结束"):
        stored.store_figures(timezone.localdate())
    with acting_as(actor_for(district_clerk)), pytest.raises(ScopeNotSet):
        stored.store_figures(SEPTEMBER)


def test_a_flow_is_stored_at_the_end_of_its_month():
    factories.household()
    store(dt.date(2021, 9, 15))
    with system_scope("测试"):
        kept = set(StoredFigure.objects.values_list("figure", flat=True))
    assert kept == {figure.key for figure in figures.all_figures() if not figure.is_flow}


def test_each_reads_the_stored_figures_of_their_own_area(client, town_officer, other_officer, outsider):
    home = factories.household(tier="A")
    store(SEPTEMBER)
    chosen = figures.get("household.registered")
    with acting_as(actor_for(town_officer)):
        assert stored.stored(chosen, home.town, SEPTEMBER).parts["A"] == 1
        assert stored.stored(chosen, home.village, SEPTEMBER).total == 1
        assert stored.stored(chosen, home.district, SEPTEMBER) is None
        assert stored.stored(chosen, factories.town("曲堤街道"), SEPTEMBER) is None
    with acting_as(actor_for(other_officer)):
        assert stored.stored(chosen, home.town, SEPTEMBER) is None
    with acting_as(actor_for(outsider)):
        assert stored.stored(chosen, home.town, SEPTEMBER) is None
    client.force_login(other_officer)
    answer = client.get(reverse("reporting:stored"), {"area": home.town_id})
    assert answer.context["table"].area.name == "曲堤街道"
    client.force_login(outsider)
    assert client.get(reverse("reporting:stored")).status_code == 403


def test_a_zone_is_the_sum_of_its_villages(district_clerk):
    zone = factories.zone()
    for index in range(3):
        factories.household(factories.village("仁风镇", index), tier="B")
    store(SEPTEMBER)
    with acting_as(actor_for(district_clerk)):
        found = stored.stored(figures.get("household.registered"), zone, SEPTEMBER)
    assert (found.total, found.parts["B"]) == (2, 2)


def test_the_monthly_job_stores_once():
    factories.household(tier="A")
    run = JobRun.objects.create(job="figures.month", period="2021-09", region=district())
    done = running.execute(run.pk)
    assert (done.state, done.error) == (RunState.DONE, "")
    with system_scope("测试"):
        rows = StoredFigure.objects.count()
        assert set(StoredFigure.objects.values_list("day", "run").distinct()) == {(SEPTEMBER, str(run.pk))}
    assert done.summary["新存"] == rows
    factories.household(registered_on=dt.date(2021, 2, 1))
    assert running.execute(run.pk).attempt == 1
    JobRun.objects.filter(pk=run.pk).update(state=RunState.WAITING)  # a person has it run again
    again = running.execute(run.pk)
    assert (again.summary["新存"], again.summary["已存但现在不同"]) == (
        0,
        len(again.lines) or again.summary["已存但现在不同"],
    )
    assert again.summary["已存但现在不同"] > 0
    assert "存数 1，现在重算 2" in "".join(again.attempts.order_by("number").last().lines)
    with system_scope("测试"):
        assert StoredFigure.objects.count() == rows


def test_the_page_shows_both_numbers_and_its_file_holds_the_same(client, town_officer, django_assert_max_num_queries):
    factories.household(tier="A")
    days = month_ends(timezone.localdate())
    store(*days[:2])
    factories.household(tier="A", registered_on=dt.date(2021, 9, 1))
    client.force_login(town_officer)
    page = client.get(reverse("reporting:stored"))
    table = page.context["table"]
    line = table.lines[0]
    assert (line.title, line.values[0].stored, line.values[0].now) == ("脱贫享受政策户", 1, 2)
    assert (line.values[1].stored, line.values[1].now, line.values[2].stored) == (1, None, None)
    assert client.get(line.values[0].url).context["page"].total == 2
    with django_assert_max_num_queries(150):
        whole = client.get(reverse("reporting:stored"), {"compare": "all"}).context["table"]
    assert whole.lines[0].values[1].differs and whole.differing > table.differing
    answer = client.get(reverse("reporting:stored_export"), {"compare": "all"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][:5] == ("脱贫享受政策户", None, "户", "1", "2") or rows[1][:5] == (
        "脱贫享受政策户",
        "",
        "户",
        "1",
        "2",
    )
    assert len(rows) == 1 + len(whole.lines)
    assert AccessLog.objects.filter(kind="export", table="reporting.storedfigure").count() == 1
    for wrong in ("2019-01", "x", "9999-12"):
        assert client.get(reverse("reporting:stored"), {"compare": wrong}).status_code == 404
