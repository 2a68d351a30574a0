"""While the database restarts every kind of client is told to try again."""

import psycopg2
import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError as QueueError
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError

from jiyang.access import middleware
from jiyang.ui import outage
from tests import factories

pytestmark = pytest.mark.django_db


def failing(code: str | None) -> OperationalError:
    cause = type("Cause", (psycopg2.OperationalError,), {"pgcode": code})("terminating connection")
    error = OperationalError("terminating connection")
    error.__cause__ = cause
    return error


@pytest.fixture
def client() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(factories.user("data_admin"))
    return client


def broken(monkeypatch, code: str | None) -> None:
    def gone(*args, **kwargs):
        raise failing(code)

    monkeypatch.setattr(middleware, "actor_for", gone)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("code", ["57P01", "57P03", "08006", None])
def test_a_page_says_that_the_system_comes_back_and_tries_again(client, monkeypatch, settings, code, debug):
    settings.DEBUG = debug
    broken(monkeypatch, code)
    answer = client.get(reverse("households:household_list"))
    assert (answer.status_code, answer["Retry-After"]) == (503, str(outage.AGAIN))
    text = answer.content.decode()
    assert "系统正在恢复，请稍候" in text and 'http-equiv="refresh"' in text and "Traceback" not in text


def test_a_fragment_a_program_and_who_has_sent_something_are_told_in_their_way(client, monkeypatch):
    broken(monkeypatch, "57P01")
    fragment = client.get(reverse("households:household_list"), headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.content.decode()[:6]) == (503, "系统正在恢复")
    assert client.get("/api/figures/").json()["error"]["code"] == "recovering"
    sent = client.post(reverse("households:household_list"))
    assert sent.status_code == 503 and "refresh" not in sent.content.decode()
    assert "刚才的操作是否完成，请在页面恢复后核对" in sent.content.decode() and "没有改动" not in sent.content.decode()


@pytest.mark.parametrize("failure", [ConnectionError, TimeoutError, BusyLoadingError, QueueError])
@pytest.mark.parametrize("debug", [False, True])
def test_a_cache_that_restarts_is_no_failure_either(client, monkeypatch, settings, failure, debug):
    """Every session is read from it: so would be the one of an error page with its reader's name."""

    def gone(*args, **kwargs):
        raise failure("Connection refused")

    settings.DEBUG = debug
    monkeypatch.setattr(SessionStore, "load", gone)
    for url in (reverse("households:household_list"), "/"):
        answer = client.get(url)
        assert (answer.status_code, answer["Retry-After"]) == (503, str(outage.AGAIN))
        assert "系统正在恢复，请稍候" in answer.content.decode() and 'http-equiv="refresh"' in answer.content.decode()
    assert client.post(reverse("households:household_list")).status_code == 503


def test_what_is_no_outage_stays_a_failure(client, monkeypatch):
    broken(monkeypatch, "55P03")
    assert client.get(reverse("households:household_list")).status_code == 500
