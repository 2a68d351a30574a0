"""Accounts: made, left behind, unlocked, given new passwords; sessions seen and ended."""

import datetime as dt
import re
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from jiyang.accounts.models import SignIn, User
from jiyang.audit.models import AccessLog
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator():
    return factories.user("system_admin")


@pytest.fixture
def security():
    return factories.user("security_admin")


def url(act, *args):
    return reverse(f"accounts:{act}", args=args)


def log_in(client, username, password=factories.PASSWORD, **headers):
    return client.post(url("login"), {"username": username, "password": password}, headers=headers)


def shown_password(page) -> str:
    return re.search(r'class="once">([^<]+)<', page.content.decode())[1]


def test_a_new_user_gets_a_password_once_and_must_change_it(client, administrator):
    client.force_login(administrator)
    answers = {"username": "zhanglg", "name": "张立国", "office": "仁风镇"}
    page = client.post(url("user_create"), answers)
    password = shown_password(page)
    assert page["Cache-Control"] == "no-store"
    made = User.objects.get(username="zhanglg")
    assert password not in client.get(url("user_detail", made.pk)).content.decode()
    assert AccessLog.objects.filter(kind="account", user=administrator, row=made.pk).exists()
    again = client.post(url("user_create"), answers | {"username": "ZhangLG"})
    assert again.status_code == 422 and "已有人使用" in again.content.decode()
    client.logout()
    assert log_in(client, "zhanglg", password).status_code == 302
    assert client.get("/")["Location"] == url("password")


def test_leaving_ends_postings_sessions_and_log_in(client, administrator, town_officer, other_officer):
    theirs = client.__class__()
    log_in(theirs, town_officer.username)
    client.force_login(administrator)
    assert client.post(url("user_disable", town_officer.pk), {"reason": ""}).status_code == 422
    assert client.post(url("user_disable", town_officer.pk), {"reason": "调离"}).status_code == 302
    town_officer.refresh_from_db()
    assert not town_officer.is_active and town_officer.state_reason == "调离"
    assert not town_officer.postings.on(timezone.localdate()).exists()
    assert other_officer.postings.on(timezone.localdate()).exists()
    assert theirs.get("/").status_code == 302
    assert not SignIn.objects.open().filter(user=town_officer).exists()
    assert log_in(theirs, town_officer.username).status_code == 422
    client.post(url("user_enable", town_officer.pk), {"reason": "调回"})
    town_officer.refresh_from_db()
    assert town_officer.is_active and not town_officer.postings.on(timezone.localdate()).exists()


def test_the_only_administrator_and_oneself_stay(client, administrator, security):
    client.force_login(administrator)
    for user, text in ((administrator, "不能停用自己的账号"), (security, "唯一的安全管理员")):
        page = client.post(url("user_disable", user.pk), {"reason": "试"})
        assert page.status_code == 422 and text in page.content.decode()
        user.refresh_from_db()
        assert user.is_active


def test_unlocking_and_new_passwords(client, administrator, security, town_officer):
    theirs = client.__class__()
    for _ in range(5):
        log_in(theirs, town_officer.username, "Wrong-Pass-1")
    assert log_in(theirs, town_officer.username).status_code == 429
    client.force_login(administrator)
    assert "已锁定" in client.get(url("user_detail", town_officer.pk)).content.decode()
    assert [row.pk for row in client.get(url("user_list") + "?state=locked").context["page"].rows] == [town_officer.pk]
    client.post(url("user_unlock", town_officer.pk))
    assert log_in(theirs, town_officer.username).status_code == 302
    password = shown_password(client.post(url("user_reset", town_officer.pk)))
    assert theirs.get("/").status_code == 302
    assert log_in(theirs, town_officer.username).status_code == 422
    assert log_in(theirs, town_officer.username, password).status_code == 302
    assert theirs.get("/")["Location"] == url("password")


def test_who_makes_accounts_cannot_take_over_who_grants_rights(client, administrator, security):
    client.force_login(administrator)
    assert client.post(url("user_reset", security.pk)).status_code == 403
    security.refresh_from_db()
    assert security.check_password(factories.PASSWORD)
    client.force_login(security)
    assert client.post(url("user_reset", administrator.pk)).status_code == 200


def test_own_sessions_are_seen_and_ended(client, town_officer, other_officer):
    phone = client.__class__()
    log_in(
        phone, town_officer.username, **{"user-agent": "Mozilla/5.0 (Linux; Android 11) Chrome/86.0 Mobile Safari/537"}
    )
    log_in(client, town_officer.username)
    page = client.get(url("me")).content.decode()
    assert "安卓手机，Chrome 86" in page and "当前" in page
    of_phone = SignIn.objects.get(agent__contains="Android")
    stranger = client.__class__()
    stranger.force_login(other_officer)
    assert stranger.post(url("my_session_end", of_phone.pk)).status_code == 404
    assert phone.get("/").status_code == 200
    assert client.post(url("my_session_end", of_phone.pk)).status_code == 302
    assert phone.get("/").status_code == 302 and client.get("/").status_code == 200


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(client, town_officer):
    other = client.__class__()
    for one in (client, other):
        log_in(one, town_officer.username)
    fresh = "Yellow-River-77"
    client.post(url("password"), {"old": factories.PASSWORD, "new": fresh, "again": fresh})
    assert client.get(url("me")).status_code == 200 and other.get("/").status_code == 302
    assert [one["here"] for one in client.get(url("me")).context["sessions"]] == [True]


def test_a_session_ends_after_twelve_hours_however_busy(client, town_officer):
    log_in(client, town_officer.username)
    client.get("/")
    session = client.session
    session["since"] -= 12 * 3600
    session.save()
    assert client.get("/").status_code == 302
    assert SignIn.objects.get(user=town_officer).end == "expired"


@pytest.mark.parametrize("ended", ["grown old", "ended elsewhere"])
def test_a_fragment_without_a_session_leads_its_whole_page_to_the_log_in_and_back(client, district_clerk, ended):
    client.force_login(district_clerk)
    client.get("/")
    session = client.session
    if ended == "grown old":
        session["since"] = 0
        session.save()
    else:
        session.flush()
    page = "/households/import/?state=approved"
    poll = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}", "X-Background": "1"}
    answer = client.get("/households/import/1/progress/", headers=poll)
    assert (answer.status_code, answer.content) == (401, b"")
    again = client.post(
        answer["HX-Redirect"], {"username": district_clerk.username, "password": factories.PASSWORD, "next": page}
    )
    assert answer["HX-Redirect"] == f"{url('login')}?next={quote(page)}" and again.url == page


def test_filters_of_the_user_list(client, administrator, town_officer, other_officer, outsider):
    User.objects.filter(pk=other_officer.pk).update(last_login=timezone.now())
    other_officer.postings.update(until=timezone.localdate() + dt.timedelta(days=5))
    client.force_login(administrator)

    def found(query: str) -> set[int]:
        return {row.pk for row in client.get(f"{url('user_list')}?{query}").context["page"].rows}

    assert found("role=town_officer") == {town_officer.pk, other_officer.pk}
    assert found(f"town={factories.town('仁风镇').pk}") == {town_officer.pk}
    assert found("state=ending") == {other_officer.pk}
    assert found("state=idle") == {outsider.pk}
    assert found("state=never") == {town_officer.pk, outsider.pk}
    assert found("state=online") == {administrator.pk}
    assert found(f"q={town_officer.username}") == {town_officer.pk}


def test_pages_cost_the_same_for_one_user_and_for_many(client, administrator, django_assert_max_num_queries):
    for _ in range(3):
        factories.user("town_officer", "仁风镇")
    client.force_login(administrator)
    client.get(url("user_list"))
    with django_assert_max_num_queries(10):
        client.get(url("user_list"))
    with django_assert_max_num_queries(10):
        client.get(url("posting_list"))
    with django_assert_max_num_queries(16):
        client.get(url("user_detail", administrator.pk))


@pytest.mark.parametrize("role", ["town_officer", "district_clerk", "security_admin", "auditor"])
def test_only_the_administrator_changes_accounts(client, administrator, role):
    client.force_login(factories.user(role, "仁风镇" if role == "town_officer" else None))
    target = factories.user("grid_worker", factories.village())
    for act in ("user_disable", "user_enable", "user_unlock", "posting_ask", "user_edit"):
        assert client.post(url(act, target.pk), {"reason": "试"}).status_code == 403
    target.refresh_from_db()
    assert target.is_active


def test_an_old_password_must_be_changed_at_log_in(client, town_officer):
    User.objects.update(password_changed_at=timezone.now() - dt.timedelta(days=89))
    log_in(client, town_officer.username)
    assert client.get("/").status_code == 200
    User.objects.update(password_changed_at=timezone.now() - dt.timedelta(days=90))
    log_in(client, town_officer.username)
    assert client.get("/").status_code == 200  # still signed in
    client.logout()
    log_in(client, town_officer.username)
    assert client.get("/")["Location"] == url("password")


def test_what_an_administrator_does_is_logged_with_the_address_it_came_from(client, administrator, town_officer):
    client.force_login(administrator)
    client.post(url("user_disable", town_officer.pk), {"reason": "调离"}, REMOTE_ADDR="10.7.7.7")
    assert AccessLog.objects.get(kind="account", row=town_officer.pk).address == "10.7.7.7"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "203.0.113.9", "203.0.113.9"), (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"), (2, "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (0, "203.0.113.9", "127.0.0.1"), (1, "nonsense", "127.0.0.1"), (1, "", "127.0.0.1"), (2, "203.0.113.9", "127.0.0.1"),
    ],
)  # fmt: skip
def test_behind_proxies_the_log_names_the_clients_address(client, settings, town_officer, proxies, forwarded, address):
    settings.PROXIES = proxies
    log_in(client, town_officer.username, x_forwarded_for=forwarded)
    assert AccessLog.objects.get(kind="login").address == address
    assert town_officer.sign_ins.get().address == address


def test_a_number_typed_as_the_account_is_not_kept_in_the_log(client, town_officer):
    log_in(client, "370125196005011234")
    log_in(client, "13800006027")
    told = set(AccessLog.objects.filter(kind="login_failed").values_list("purpose", flat=True))
    assert told == {"［号码已隐去］"}


def test_who_logs_in_again_in_the_same_session_is_noted_once(client, town_officer):
    for _ in range(2):
        client.force_login(town_officer)
    assert SignIn.objects.filter(user=town_officer).count() == 1
