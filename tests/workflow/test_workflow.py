"""待办 and its number in the masthead; the page of notices."""

import pytest
from django.urls import reverse

from jiyang.workflow.models import Notice
from jiyang.workflow.notices import notify

pytestmark = pytest.mark.django_db


def test_everybody_has_a_task_page(client, outsider, town_officer):
    for one in (outsider, town_officer):
        client.force_login(one)
        page = client.get(reverse("workflow:tasks"))
        assert page.status_code == 200
        assert "没有等待处理的事项" in page.content.decode()


def test_a_notice_is_its_receivers_alone_until_read(client, town_officer, other_officer):
    notify([town_officer, town_officer], "夜间任务未完成", reverse("workflow:tasks"))
    client.force_login(other_officer)
    assert "夜间任务未完成" not in client.get(reverse("workflow:tasks")).content.decode()
    client.post(reverse("workflow:notices_read"))
    assert Notice.objects.unread().count() == 1
    client.force_login(town_officer)
    assert "<b>夜间任务未完成</b>" in client.get(reverse("workflow:tasks")).content.decode()
    client.post(reverse("workflow:notices_read"))
    assert Notice.objects.unread().count() == 0
