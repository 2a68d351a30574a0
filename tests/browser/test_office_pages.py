"""The pages of administrators, auditor and parameters at both sizes: accessible, inside the policy, without sideways scroll."""

import datetime as dt

import pytest
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for
from jiyang.accounts.services import deputies, links, postings
from jiyang.parameters import services as parameters
from jiyang.parameters.models import Parameter
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office():
    """An office with a request and a change that wait, and a deputy of a town's leader."""
    today = timezone.localdate()
    administrator, security, auditor = (factories.user(role) for role in ("system_admin", "security_admin", "auditor"))
    leader, officer = factories.user("town_leader", "仁风镇"), factories.user("town_officer", "仁风镇")
    clerk = factories.user("district_clerk")
    with acting_as(actor_for(administrator)):
        request = postings.ask(
            user=officer, role="zone_officer", region=factories.zone(), since=today, until=None, reason="兼任", by=administrator
        )  # fmt: skip
    week = today + dt.timedelta(days=7)
    with acting_as(actor_for(leader)):
        deputies.stand_in(
            posting=leader.postings.get(), deputy=officer, since=today, until=week, reason="外出学习", by=leader
        )
    with acting_as(actor_for(clerk)):
        change = parameters.propose_value(
            key="distribution.abc", value={"A": 60, "B": 30, "C": 10}, since=week, source="文件甲", by=clerk
        )
    return {
        "administrator": administrator, "security": security, "auditor": auditor, "leader": leader, "officer": officer,
        "clerk": clerk, "request": request.pk, "change": change.pk, "posting": leader.postings.get().pk,
        "value": Parameter.objects.get(key="loan.max").pk,
    }  # fmt: skip


PAGES = {  # lists and forms without a template of their own are watched elsewhere
    "administrator": (
        "/accounts/user/", "/accounts/user/{officer.pk}/", "/accounts/user/{officer.pk}/posting/", "/accounts/user/{officer.pk}/disable/",
    ),
    "security": ("/accounts/postingrequest/{request}/",),
    "leader": ("/accounts/me/", "/accounts/posting/{posting}/"),
    "clerk": (
        "/parameters/", "/parameters/unconfirmed/", "/parameters/key/distribution.abc/", "/parameters/key/distribution.abc/new/",
        "/parameters/change/{change}/",
    ),
    "auditor": ("/access/matrix/?role=town_officer", "/audit/log/", "/audit/chain/"),
}  # fmt: skip


@pytest.mark.parametrize("phone", [False, True], ids=["office", "phone"])
def test_every_office_page(visitor, office, phone):
    for who, paths in PAGES.items():
        page = visitor(office[who], phone=phone)
        for path in paths:
            page.open(path.format(**office)).check()


def test_the_first_administrators_page(office, chromium, live_server):
    from tests.browser.conftest import PHONE, Watched

    _, token = links.password_link(office["security"])
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", has_touch=True, is_mobile=True)
    page = Watched(context.new_page(), live_server.url).open(f"/accounts/start/{token}/")
    page.check()
    page.page.fill("[name=new]", "Yellow-River-77")
    page.page.fill("[name=again]", "Yellow-River-77")
    page.page.click("button[type=submit]")
    page.page.wait_for_url(lambda url: "/accounts/login/" in url)
    context.close()
