"""Income by item: the sums are exact, one confirmed figure a year, corrections keep what they replace; guarantee checks."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from households.enums import INCOME_ITEMS, IncomeGroup
from households.models import GuaranteeCheck, Household, IncomeStatement
from households.services import guarantees, incomes
from jiyang.access.scope import acting_as, system_scope
from tests import factories

PERIOD = {"period_start": dt.date(2020, 10, 1), "period_end": dt.date(2021, 9, 30)}
MONEY = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("99999.99"), places=2)


def record(household, by, items, kind="estimate", **more):
    with acting_as(factories.acting(by)):
        values = {**PERIOD, **more}
        return incomes.record_income(household=household, by=by, kind=kind, items=items, **values)


@given(items=st.dictionaries(st.sampled_from(sorted(INCOME_ITEMS)), MONEY, min_size=1), people=st.integers(1, 9))
def test_a_statement_computes_what_the_formula_says(items, people):
    sums = incomes._sums({item: (amount, "") for item, amount in items.items()})
    statement = IncomeStatement(people=people, **sums)
    statement.compute()
    cost = sum((amount for item, amount in items.items() if INCOME_ITEMS[item][0] == IncomeGroup.COST), Decimal(0))
    gains = sum(items.values(), Decimal(0)) - cost
    assert statement.net == gains - cost
    assert abs(statement.per_head * people - statement.net) <= Decimal("0.005") * people


@pytest.mark.django_db
def test_items_are_kept_with_their_working_and_the_list_shows_the_result(town_officer):
    home = factories.household(members=2)
    made = record(
        home,
        town_officer,
        {
            "work": (Decimal("20000"), "务工 8 个月"),
            "crops": (Decimal("3000.50"), ""),
            "crops_cost": (Decimal("1000"), ""),
        },
    )
    with system_scope("测试"):
        assert made.net == Decimal("22000.50") and made.per_head == Decimal("11000.25")
        assert next((one.item, one.note) for one in made.items.order_by("pk")) == ("work", "务工 8 个月")
        assert Household.objects.select_related("state").get(pk=home.pk).state.income_per_head == made.per_head


@pytest.mark.django_db
def test_one_confirmed_figure_a_year_and_a_correction_keeps_the_former(town_officer):
    home = factories.household(members=2)
    record(home, town_officer, {"work": (Decimal(100), "")})
    record(home, town_officer, {"work": (Decimal(200), "")})  # a new estimate takes the former's place
    first = record(home, town_officer, {"work": (Decimal(300), "")}, kind="confirmed")
    with pytest.raises(ValidationError) as refused:
        record(home, town_officer, {"work": (Decimal(400), "")}, kind="confirmed")
    assert "correction" in refused.value.message_dict
    record(home, town_officer, {"work": (Decimal(400), "")}, kind="confirmed", correction="漏记")
    with system_scope("测试"):
        live = IncomeStatement.objects.filter(household=home).order_by("kind")
        assert [(one.kind, one.net) for one in live] == [("confirmed", Decimal(400)), ("estimate", Decimal(200))]
        assert IncomeStatement.all_rows.get(pk=first.pk).void_reason == "漏记"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": {}}, "__all__"),
        ({"items": {"work": (Decimal(-5), "")}}, "__all__"),
        ({"period_end": dt.date(2020, 9, 30)}, "period_end"),
        ({"period_end": dt.date(2022, 9, 30)}, "period_end"),
        ({"kind": "confirmed", "period_start": dt.date(2026, 10, 1), "period_end": dt.date(2027, 9, 30)}, "period_end"),
        ({"kind": "roster"}, "kind"),
    ],
)
def test_what_cannot_be_is_refused_by_field(town_officer, change, field):
    home = factories.household(members=1)
    values = {"items": {"work": (Decimal(5), "")}, **change}
    with pytest.raises(ValidationError) as refused:
        record(home, town_officer, values.pop("items"), **values)
    assert field in refused.value.message_dict


@pytest.mark.django_db
def test_the_page_keeps_what_was_typed_and_helpers_cannot_confirm(client, town_officer):
    home, helper = factories.household(members=2), factories.user("village_leader", factories.village())
    client.force_login(helper)
    url = reverse("households:income_new", args=[home.pk])
    data = {
        "kind": "confirmed",
        "period_start": "2020-10-01",
        "period_end": "2021-09-30",
        "people": "2",
        "amount_work": "8640",
        "note_work": "在县城务工",
    }
    refused = client.post(url, data)
    assert refused.status_code == 422 and "在县城务工" in refused.content.decode()
    assert client.post(url, {**data, "kind": "estimate", "amount_work": "八千"}).status_code == 422
    assert client.post(url, {**data, "kind": "estimate"}).status_code == 302
    page = client.get(reverse("households:household_detail", args=[home.pk]), {"tab": "income"}).content.decode()
    assert "8,640.00" in page and "在县城务工" in page
    assert 'value="8640.00"' in client.get(url).content.decode()  # the next statement starts from this one


@pytest.mark.django_db
def test_guarantee_checks_are_dated_rows_with_evidence(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    url = reverse("households:guarantee_new", args=[home.pk])
    assert client.post(url, {"item": "water", "state": "met", "on": "2999-01-01", "evidence": "x"}).status_code == 422
    for state, on in (("not_met", "2021-03-01"), ("met", "2021-05-01")):
        answer = client.post(url, {"item": "water", "state": state, "evidence": f"查看 {on}", "on": on})
        assert answer.status_code == 302
    page = client.get(reverse("households:household_detail", args=[home.pk]), {"tab": "guarantees"}).content.decode()
    assert "查看 2021-03-01" in page and "查看 2021-05-01" in page
    with system_scope("测试"):
        assert GuaranteeCheck.objects.filter(household=home).count() == 2
    with acting_as(factories.acting(town_officer)), pytest.raises(ValidationError):
        guarantees.check_guarantee(
            household=home, by=town_officer, item="water", state="unchecked", evidence="", on=dt.date(2021, 5, 1)
        )


@pytest.mark.django_db
def test_the_page_says_what_is_missing(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    page = client.get(reverse("households:household_detail", args=[home.pk])).content.decode()
    assert "还缺什么" in page and "<li>帮扶责任人</li>" in page and "饮水安全" in page


@pytest.mark.django_db
def test_a_period_that_has_not_begun_has_no_income(town_officer):
    home = factories.household()
    with pytest.raises(ValidationError) as refused:
        record(
            home,
            town_officer,
            {"work": (Decimal("5"), "")},
            period_start=dt.date(2089, 10, 1),
            period_end=dt.date(2090, 9, 30),
        )
    assert "period_start" in refused.value.message_dict
