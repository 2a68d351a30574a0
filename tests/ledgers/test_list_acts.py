"""Bulk acts over a selection, columns kept per user, saved queries."""

from types import ModuleType

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.urls import include, path, reverse

import households.urls
import jiyang.urls
from households.ledgers import HouseholdLedger
from households.models import Household
from jiyang.access.matrix import matrix
from jiyang.access.scope import acting_as, actor_for
from jiyang.ledgers.bulk import BulkAction, Outcome
from jiyang.ui.forms import KernelForm
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/households/registry/"


class HamletForm(KernelForm):
    hamlet = forms.CharField(label="自然村", max_length=20)


def rename_hamlet(*, rows, by, hamlet):
    """Set-based: refuses households without a number, and everything for one word."""
    if hamlet == "不行":
        raise ValidationError("这个名称不能用")
    refused = dict.fromkeys(rows.filter(household_no="").values_list("pk", flat=True), "还没有户编号")
    return Outcome(rows.exclude(pk__in=refused).update(hamlet=hamlet), refused)


@pytest.fixture
def acts(settings, monkeypatch):
    """The register with one bulk act more, as an app would declare it."""
    monkeypatch.setattr(HouseholdLedger, "bulk", [BulkAction("hamlet", "改自然村", rename_hamlet, form=HamletForm)])
    monkeypatch.setitem(matrix().views, "households:household_bulk_hamlet", "household.tier")
    urls = ModuleType("bulk_urls")
    pages = [*HouseholdLedger.urls("registry/"), *households.urls.urlpatterns]
    urls.urlpatterns = [path("households/", include((pages, "households"))), *jiyang.urls.urlpatterns]
    settings.ROOT_URLCONF = urls
    return LIST + "bulk/hamlet/"


def hamlets() -> dict[int, str]:
    with acting_as(actor_for(factories.user("district_clerk"))):
        return dict(Household.objects.values_list("pk", "hamlet"))


def test_a_bulk_act_asks_with_its_count_and_then_does_it(client, acts, town_officer):
    one, two = factories.household(), factories.household()
    client.force_login(town_officer)
    asked = client.post(acts, {"pk": [one.pk]})
    assert asked.status_code == 200 and "改自然村：1 户" in asked.content.decode()
    assert hamlets() == {one.pk: "", two.pk: ""}
    done = client.post(acts, {"pk": [one.pk], "confirmed": 1, "hamlet": "东头"})
    assert "已办 1 户" in done.content.decode()
    assert hamlets() == {one.pk: "东头", two.pk: ""}


def test_a_whole_list_is_chosen_with_its_conditions_and_refusals_are_named(client, acts, town_officer):
    kept = factories.household(tier="A")
    done, refused = factories.household(tier="B"), factories.household(tier="B", household_no="")
    foreign = factories.household(factories.village("曲堤街道"), tier="B")
    client.force_login(town_officer)
    page = client.post(acts + "?tier=B", {"all": 1, "confirmed": 2, "hamlet": "东头"}).content.decode()
    assert "已办 1 户，未办 1 户" in page and "还没有户编号" in page and HouseholdLedger.url_of(refused) in page
    assert hamlets() == {kept.pk: "", done.pk: "东头", refused.pk: "", foreign.pk: ""}


def test_foreign_rows_are_not_in_a_selection(client, acts, town_officer):
    own, foreign = factories.household(), factories.household(factories.village("曲堤街道"))
    client.force_login(town_officer)
    page = client.post(acts, {"pk": [own.pk, foreign.pk, "x", "9" * 40]})
    assert page.status_code == 200 and "有 1 户已不在当前列表" in page.content.decode()
    assert client.post(acts, {"pk": [foreign.pk], "confirmed": 1, "hamlet": "东头"}).status_code == 422
    assert hamlets()[foreign.pk] == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "没有选中"),
        ({"all": 1, "confirmed": 7, "hamlet": "东头"}, "名单已变，现在是 1 户"),
        ({"all": 1, "confirmed": 1, "hamlet": ""}, "请填写自然村"),
        ({"all": 1, "confirmed": 1, "hamlet": "不行"}, "这个名称不能用"),
    ],
)
def test_a_refused_bulk_act_changes_nothing_and_says_why(client, acts, town_officer, data, message):
    home = factories.household()
    client.force_login(town_officer)
    answer = client.post(acts, data)
    assert answer.status_code == 422 and message in answer.content.decode()
    assert hamlets() == {home.pk: ""}


def test_the_dialog_gets_a_fragment(client, acts, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    page = client.post(acts, {"pk": [home.pk]}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page and 'hx-target="#ask"' in page


def test_boxes_stand_only_where_an_act_is_allowed(client, acts, town_officer, data_admin):
    factories.household()
    for user, seen in ((town_officer, True), (data_admin, False)):
        client.force_login(user)
        assert ('form="selection"' in client.get(LIST).content.decode()) is seen
    assert client.post(acts, {"all": 1}).status_code == 403


def test_query_count_of_a_bulk_act_does_not_grow(client, acts, town_officer, django_assert_max_num_queries):
    client.force_login(town_officer)
    for homes in (1, 4):
        for _ in range(homes):
            factories.household()
        with django_assert_max_num_queries(14):
            client.post(acts, {"all": 1, "confirmed": 1 if homes == 1 else 5, "hamlet": f"第 {homes} 组"})


def test_columns_are_kept_for_one_user_and_stay_within_the_field_groups(client, town_officer, grid_worker):
    factories.household(phone="13800006027")
    client.force_login(town_officer)
    answer = client.post(
        reverse("households:household_columns"), {"column": ["phone", "nonsense"], "query": "tier=none"}
    )
    assert answer["Location"] == f"{LIST}?tier=none"
    page = client.get(LIST)
    assert [head.label for head in page.context["table"].columns] == ["户主", "户联系电话"]
    assert "138****6027" in page.content.decode()
    liaison = factories.user("department_liaison")
    client.force_login(liaison)
    client.post(reverse("households:household_columns"), {"column": ["phone"]})
    assert [head.label for head in client.get(LIST).context["table"].columns] == ["户主"]
    client.force_login(grid_worker)
    assert len(client.get(LIST).context["table"].columns) > 5
    client.force_login(town_officer)
    client.post(reverse("households:household_columns"), {"reset": "1"})
    assert len(client.get(LIST).context["table"].columns) > 5


def test_a_query_is_kept_under_a_name_until_it_is_dropped(client, town_officer, other_officer):
    client.force_login(town_officer)
    save, drop = reverse("households:household_save_query"), reverse("households:household_drop_query")
    client.post(save, {"name": "重点户", "query": "tier=A&cursor=abc"})
    client.post(save, {"name": "重点户", "query": "tier=B"})
    assert client.get(LIST).context["saved"] == [{"name": "重点户", "url": "?tier=B"}]
    client.force_login(other_officer)
    assert client.get(LIST).context["saved"] == []
    client.force_login(town_officer)
    client.post(drop, {"name": "重点户"})
    assert client.get(LIST).context["saved"] == []


@pytest.mark.parametrize(
    ("name", "query", "message"),
    [
        ("", "tier=A", "请填写查询名称"),
        ("长" * 21, "tier=A", "不超过 20 个字"),
        ("全部", "cursor=abc", "没有查询条件"),
        ("张三", "q=370125196005011234", "证件号码"),
        ("李四", "q=~abcdefgh", "证件号码"),
        ("王五", "q=李 370125 19600501 1234", "证件号码"),
        ("赵六", f"q={'长' * 1000}", "查询条件太长"),
    ],
)
def test_a_query_that_cannot_be_kept_is_refused_with_the_reason(client, town_officer, name, query, message):
    client.force_login(town_officer)
    answer = client.post(reverse("households:household_save_query"), {"name": name, "query": query})
    assert answer.status_code == 422 and message in answer.content.decode()
    assert client.get(LIST).context["saved"] == []


def test_a_personal_number_in_an_address_is_replaced_by_its_token(client, town_officer):
    home, number = factories.household(), "370125196005011234"
    client.force_login(town_officer)
    page = client.get(f"{LIST}?q={number}&tier=A", follow=True)
    assert number not in page.content.decode() and number not in page.redirect_chain[0][0]
    assert page.redirect_chain[0][0].startswith(f"{LIST}?") and "tier=A" in page.redirect_chain[0][0]
    assert client.get(f"{LIST}?q={home.household_no}").context["page"].total == 1
