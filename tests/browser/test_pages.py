"""Every page at office and phone size: accessible, inside the content security policy, without errors or sideways scroll."""

import pytest

from households.models import Household
from jiyang.access.scope import acting_as, actor_for, system_scope
from monitoring.services.changes import propose
from monitoring.services.visits import record_visit
from tests import factories
from villages.services import record_year

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = (
    "/", "/households/registry/", "/households/registry/?tier=A", "/households/registry/?q=没有的人", "/households/registry/new/",
    "/households/registry/export/", "/households/people/", "/monitoring/due/", "/monitoring/visits/", "/households/import/",
    "/parameters/", "/accounts/password/", "/households/registry/{home}/", "/households/registry/{home}/?tab=members",
    "/households/registry/{home}/?tab=income", "/households/registry/{home}/?tab=visits", "/households/registry/{home}/?tab=history",
    "/households/registry/{home}/edit/", "/households/registry/{home}/tier/", "/households/registry/{home}/history/",
    "/monitoring/visits/{visit}/", "/monitoring/followups/", "/monitoring/followups/{item}/", "/monitoring/followups/{item}/close/",
    "/monitoring/changes/", "/monitoring/changes/{change}/", "/monitoring/household/{home}/change/", "/monitoring/offline/", "/ui/",
    "/households/helpers/", "/households/helpers/import/", "/interface/", "/interface/tokens/",
    "/tasks/", "/households/registry/{home}/?tab=guarantees", "/households/registry/{home}/?tab=helpers",
    "/households/registry/{home}/?tab=ledgers", "/households/registry/{home}/change/", "/households/registry/{home}/change/split/",
    "/households/registry/{home}/income/", "/households/registry/{home}/guarantee/", "/households/registry/{home}/pair/",
    "/households/changes/", "/households/tier-changes/", "/policies/leaflets/", "/policies/leaflets/new/",
    "/households/registry/{home}/attachments/", "/households/registry/{home}/?tab=files",
    "/villages/years/", "/villages/years/new/", "/villages/years/{year}/", "/villages/years/{year}/edit/",
)  # fmt: skip


@pytest.fixture
def register(district_clerk):
    home = factories.household(members=4, tier="A", category="unstable", safe_water=False, phone="13812346027")
    for tier in ("B", "C", ""):
        factories.household(tier=tier)
    with acting_as(actor_for(district_clerk)):
        visit, _ = record_visit(
            household=home, by=district_clerk, **factories.visit_answers(medical="problem", notes="需继续服药")
        )
        change = propose(household=home, subject="address", new_value="李家坊村 12 号", by=district_clerk, visit=visit)
        item = visit.follow_ups.get()
        years = [
            record_year(by=district_clerk, village=factories.village(), year=year, people_total=900 + year)
            for year in (2020, 2021)
        ]
    return {"home": home.pk, "visit": visit.pk, "change": change.pk, "item": item.pk, "year": years[-1].pk}


@pytest.mark.parametrize("phone", [False, True], ids=["office", "phone"])
def test_every_page_of_the_clerk(visitor, register, district_clerk, settings, phone):
    settings.DEBUG = True
    page = visitor(district_clerk, phone=phone)
    for path in PAGES:
        page.open(path.format(**register)).check()


@pytest.mark.parametrize("phone", [False, True], ids=["office", "phone"])
def test_the_auditors_pages(visitor, register, phone):
    page = visitor(factories.user("auditor"), phone=phone)
    for path in (
        "/access/matrix/",
        "/parameters/",
        "/households/import/",
        f"/households/registry/{register['home']}/?tab=history",
    ):
        page.open(path).check()


def test_log_in_with_a_mistake_and_error_pages(visitor, town_officer, chromium, live_server):
    context = chromium.new_context(locale="zh-CN")
    from tests.browser.conftest import Watched

    page = Watched(context.new_page(), live_server.url).open("/accounts/login/")
    page.check()
    page.page.fill("[name=username]", town_officer.username)
    page.page.fill("[name=password]", "Wrong-Pass-1")
    page.page.click("button[type=submit]")
    page.page.wait_for_selector("text=有 1 处需要改正")
    assert page.page.input_value("[name=username]") == town_officer.username
    context.close()


def test_a_full_number_is_shown_after_a_purpose(visitor, register, town_officer):
    with system_scope("测试"):
        home = Household.objects.get(pk=register["home"])
    page = visitor(town_officer).open(f"/households/registry/{home.pk}/")
    page.page.on("dialog", lambda dialog: dialog.accept("入户核实"))
    page.page.locator(".household .masked button").click()
    page.page.wait_for_selector(f"text={home.phone}")
    page.check()
