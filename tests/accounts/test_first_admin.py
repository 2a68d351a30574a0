"""An empty system gets its first two administrators by one-time links; later nobody does."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from jiyang.accounts.models import EntryLink, PostingRequest, User
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "Yellow-River-77"


def made(*arguments: str) -> dict:
    out = StringIO()
    call_command("accounts", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def path(link: dict) -> str:
    return link["link"].removeprefix("http://127.0.0.1:8000")


def answers(username: str, **changes) -> dict:
    return {"username": username, "name": "赵敏", "office": "区衔接办", "new": PASSWORD, "again": PASSWORD, **changes}


def test_an_empty_system_bootstraps_two_people(client):
    first, second = made("first-admin")["links"]
    assert EntryLink.objects.count() == 2 and first["link"].split("/")[-2] not in str(EntryLink.objects.values_list())
    page = client.get(path(first)).content.decode()
    assert "建立首个系统管理员账号" in page
    weak = client.post(path(first), answers("zhaomin", new="weak", again="weak"))
    assert weak.status_code == 422 and "至少 10 位" in weak.content.decode() and "赵敏" in weak.content.decode()
    assert client.post(path(first), answers("zhaomin")).status_code == 302
    assert client.get(path(first)).status_code == 410 and client.post(path(first), answers("again")).status_code == 410
    taken = client.post(path(second), answers("ZhaoMin"))
    assert taken.status_code == 422 and "两个人" in taken.content.decode()
    assert client.post(path(second), answers("qianjin", name="钱进")).status_code == 302

    client.post(reverse("accounts:login"), {"username": "zhaomin", "password": PASSWORD})
    client.post(reverse("accounts:user_create"), {"username": "sunli", "name": "孙力", "office": "仁风镇"})
    client.post(
        reverse("accounts:posting_ask", args=[User.objects.get(username="sunli").pk]),
        {"role": "town_officer", "town": factories.town().pk, "since": timezone.localdate(), "reason": "首批"},
    )
    client.post(reverse("accounts:login"), {"username": "zhaomin", "password": PASSWORD})
    client.logout()
    client.post(reverse("accounts:login"), {"username": "qianjin", "password": PASSWORD})
    client.post(reverse("accounts:request_decide", args=[PostingRequest.objects.get().pk]), {"decision": "approve"})
    assert User.objects.get(username="sunli").posts == "镇街扶贫专干（仁风镇）"
    with pytest.raises(CommandError, match="已有系统管理员"):
        made("first-admin")


def test_a_link_ends_with_time_and_with_the_next_one(client):
    old = made("first-admin")["links"][0]
    new = made("first-admin")["links"][0]
    assert client.get(path(old)).status_code == 410
    EntryLink.objects.update(expires_at=timezone.now())
    assert client.get(path(new)).status_code == 410
    assert client.get(reverse("accounts:start", args=["nonsense"])).status_code == 410
    assert not User.objects.exists()


def test_a_lost_password_of_an_administrator_is_set_from_the_console(client):
    lost = factories.user("security_admin")
    link = made("link", lost.username)
    assert "设置新密码" in client.get(path(link)).content.decode()
    assert client.post(path(link), {"new": PASSWORD, "again": PASSWORD}).status_code == 302
    lost.refresh_from_db()
    assert lost.check_password(PASSWORD)
    with pytest.raises(CommandError, match="没有账号"):
        made("link", "nobody")
