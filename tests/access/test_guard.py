"""Processes refuse privileged database roles; accounts lock; sessions end; the first password must go."""

import os
import subprocess
import sys

import pytest
from django.urls import reverse

from jiyang.audit.models import AccessLog
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("url", "reason"), [("DATABASE_OWNER_URL", "拥有业务表"), ("DATABASE_SUPERUSER_URL", "超级用户")]
)
@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import jiyang.wsgi"],
        ["-m", "celery", "-A", "jiyang", "worker", "-P", "solo", "--without-gossip", "--without-mingle"],
    ],
)
def test_a_process_with_a_privileged_role_refuses_to_start(url, reason, command):
    from django.db import connection

    target = os.environ[url].replace("/jiyang?", f"/{connection.settings_dict['NAME']}?")
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "DATABASE_URL": target},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert reason in done.stderr and "拒绝启动" in done.stderr


def log_in(client, user, password=factories.PASSWORD):
    return client.post(reverse("accounts:login"), {"username": user.username, "password": password})


def test_five_wrong_passwords_lock_the_account(client, town_officer):
    for _ in range(4):
        assert log_in(client, town_officer, "Wrong-Pass-1").status_code == 422
    assert log_in(client, town_officer, "Wrong-Pass-1").status_code == 429
    answer = log_in(client, town_officer)
    assert answer.status_code == 429 and "锁定 30 分钟" in answer.content.decode()
    assert AccessLog.objects.filter(kind="login_failed").count() >= 5


def test_another_account_is_not_locked_with_it(client, town_officer, other_officer):
    for _ in range(6):
        log_in(client, town_officer, "Wrong-Pass-1")
    assert log_in(client, other_officer).status_code == 302


def test_the_first_log_in_leads_to_a_new_password(client):
    user = factories.user("town_officer", "仁风镇", must_change_password=True)
    assert log_in(client, user).status_code == 302
    assert client.get("/")["Location"] == reverse("accounts:password")
    body = {"old": factories.PASSWORD, "new": "weak", "again": "weak"}
    weak = client.post(reverse("accounts:password"), body)
    assert weak.status_code == 422 and "至少 10 位" in weak.content.decode()
    same = client.post(reverse("accounts:password"), {**body, "new": factories.PASSWORD, "again": factories.PASSWORD})
    assert same.status_code == 422 and "最近 5 次" in same.content.decode()
    fresh = "Yellow-River-77"
    assert client.post(reverse("accounts:password"), {**body, "new": fresh, "again": fresh})["Location"] == "/"
    assert client.get("/").status_code == 200


def test_an_idle_session_ends_and_background_requests_do_not_renew_it(client, town_officer):
    client.force_login(town_officer)
    assert client.get("/").status_code == 200
    session = client.session
    session["seen_at"] -= 29 * 60
    session.save()
    assert client.get("/", headers={"x-background": "1"}).status_code == 200
    session = client.session
    session["seen_at"] -= 2 * 60
    session.save()
    assert client.get("/", headers={"x-background": "1"}).status_code == 401
    assert client.get("/").status_code == 302


def test_a_posting_that_has_ended_reaches_nothing(client, town_officer):
    import datetime as dt

    factories.household()
    town_officer.postings.update(until=dt.date.today())
    client.force_login(town_officer)
    assert client.get(reverse("households:household_list")).status_code == 403


def test_reads_never_write(client, district_clerk):
    """GET answers leave no business row behind."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    home = factories.household(tier="A")
    client.force_login(district_clerk)
    for url in (
        "/",
        reverse("households:household_list"),
        reverse("households:household_detail", args=[home.pk]),
        reverse("monitoring:due"),
    ):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        assert not [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.mark.parametrize(
    "url", ["/households/registry/?q=%00", "/households/registry/?figure=household.monitored&part=%00"]
)
def test_characters_that_no_column_takes_are_refused(client, district_clerk, url):
    client.force_login(district_clerk)
    assert client.get(url).status_code == 400
