"""The office's way from a number to a household and back, and what the pages weigh on a slow line (UI.md section 9)."""

import pytest
from django.utils import timezone

from jiyang.access.scope import system_scope
from jiyang.reporting.stored import store_figures
from jiyang.reporting.stored_views import month_ends
from tests import factories
from tests.browser.weights import KB, weigh

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ("/households/registry/", "/households/registry/{home}/", "/households/import/", "/")


@pytest.fixture
def homes():
    return [factories.household(tier=tier, members=3) for tier in ("A", "A", "B", "C", "")]


def test_from_a_figure_to_a_household_and_back_with_the_filter_kept(visitor, homes, district_clerk):
    office = visitor(district_clerk).open("/")
    page = office.page
    number = page.locator("main a.figure[href*='figure=household.registered']").first
    assert number.inner_text() == str(len(homes))
    number.click()
    page.wait_for_url("**/households/registry/?*figure=household.registered*")
    assert page.locator("tbody tr").count() == len(homes)
    page.select_option("[name=tier]", "A")
    page.click(".filters button[type=submit]")
    page.wait_for_url(lambda url: "tier=A" in url)
    asked = page.url
    assert "figure=household.registered" in asked and page.locator("tbody tr").count() == 2
    page.locator("tbody tr td.first a").first.click()
    page.wait_for_selector(".household h1")
    page.go_back()
    assert (page.url, page.locator("tbody tr").count()) == (asked, 2)
    page.locator("tbody tr td.first a").last.click()
    page.locator(".tabs a", has_text="成员").click()  # some steps further on
    page.wait_for_url("**tab=members")
    page.locator(".crumbs a").first.click()
    page.wait_for_url(asked)
    assert page.locator("tbody tr").count() == 2
    office.check()


def test_a_log_out_forgets_the_lists(visitor, homes, district_clerk):
    office = visitor(district_clerk).open("/households/registry/?tier=A")
    page = office.page
    page.click(".who button")
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("phone", [False, True], ids=["office", "phone"])
def test_stored_figures_with_a_late_entry(visitor, homes, district_clerk, phone):
    with system_scope("测试"):
        store_figures(month_ends(timezone.localdate())[0])
    factories.household(tier="A")
    office = visitor(district_clerk, phone=phone).open("/reporting/stored/?compare=all")
    assert office.page.locator("tbody tr").first.locator("td").first.inner_text().split() == ["5", "现", "6"]
    office.check()
    office.page.locator("tbody .figure.warn").first.click()
    office.page.wait_for_url("**/households/registry/?*figure=household.registered*")
    assert office.page.locator("tbody tr").count() == 6


def test_page_weights_on_a_slow_line(visitor, homes, district_clerk):
    office = visitor(district_clerk, phone=True)
    for path in PAGES:
        weight = weigh(office, path.format(home=homes[0].pk))
        print(path, weight)
        assert weight.first <= 60 * KB, path
        assert weight.first + weight.charts <= 300 * KB, path
        assert 0 < weight.later <= 12 * KB, path
