"""The auditor's pages: the log with its filters, and the state of the hash chain."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for
from jiyang.audit.history import changes_of
from jiyang.audit.log import note
from jiyang.audit.models import AccessLog
from jiyang.audit.tasks import verify_events
from tests import factories
from tests.audit.test_chain import all_over

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/audit/log/"


@pytest.fixture
def auditor():
    return factories.user("auditor", name="审计甲")


def found(client, query: str) -> list[str]:
    return [row.get_kind_display() for row in client.get(f"{LIST}?{query}").context["page"].rows]


def test_the_log_is_filtered_by_act_day_user_and_address(client, auditor, town_officer):
    note("reveal", user=town_officer, obj=town_officer, purpose="入户核实", address="10.1.2.3")
    note("export", user=town_officer, table="households.household", purpose="排查", rows=12)
    client.force_login(auditor)
    assert found(client, "kind=export") == ["导出"]
    assert found(client, "address=10.1.2.3") == ["查看全号"] and found(client, "address=nonsense") == []
    assert found(client, f"q={town_officer.username}&kind=reveal") == ["查看全号"]
    today = timezone.localdate()
    assert len(found(client, f"since={today}&until={today}")) == AccessLog.objects.count()
    assert found(client, f"since={today + dt.timedelta(days=1)}") == []
    page = client.get(f"{LIST}?kind=reveal").content.decode()
    assert f"用户 {town_officer.pk}" in page and "入户核实" in page


def test_an_export_of_the_log_is_in_the_log(client, auditor):
    client.force_login(auditor)
    assert client.post(f"{LIST}export/", {"purpose": "季度检查"}).status_code == 200
    assert AccessLog.objects.filter(kind="export", table="audit.accesslog", purpose="季度检查").exists()


def test_a_verification_is_started_and_its_verdict_shown(client, auditor):
    factories.household()
    client.force_login(auditor)
    assert "还没有核验过" in client.get(reverse("audit:chain")).content.decode()
    all_over()
    assert verify_events(auditor.pk) is True
    page = client.get(reverse("audit:chain")).content.decode()
    assert "条一致" in page and "审计甲" in page and "180 天" in page
    assert AccessLog.objects.get(kind="verify").purpose == "一致"


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "district_leader", "data_admin"])
def test_only_the_auditor_reads_the_log(client, role):
    client.force_login(factories.user(role))
    for url in (LIST, f"{LIST}export/", reverse("audit:chain")):
        assert client.get(url).status_code == 403
    assert client.post(reverse("audit:verify")).status_code == 403


def test_the_log_costs_the_same_for_one_line_and_for_many(client, auditor, town_officer, django_assert_max_num_queries):
    for _ in range(60):
        note("reveal", user=town_officer, obj=town_officer)
    client.force_login(auditor)
    client.get(LIST)
    with django_assert_max_num_queries(8):
        client.get(LIST)


def test_the_matrix_page_is_filtered_and_exported(client, auditor):
    client.force_login(auditor)
    page = client.get(reverse("access:matrix"))
    assert len(page.context["roles"]) == 17 and "镇街扶贫专干" in page.content.decode()
    one = client.get(reverse("access:matrix") + "?role=town_officer&app=monitoring")
    titles = [line["title"] for _, lines in one.context["groups"] for line in lines]
    assert "登记走访" in titles and "导入名单" not in titles
    assert "/monitoring/due/" in one.content.decode()
    lines = client.get(reverse("access:matrix_export")).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("模块,类别,权限,数据管理员") and any("岗位" in line and "经办" in line for line in lines)
    assert AccessLog.objects.filter(kind="export", table="access.matrix").exists()


def test_history_costs_the_same_for_one_record_and_for_many(district_clerk):
    counted = []
    with acting_as(actor_for(district_clerk)) as actor:
        for homes in (1, 4):
            places = [factories.village(town, index) for index in range(homes) for town in ("仁风镇", "曲堤街道")]
            records = [factories.household(place) for place in places]
            with CaptureQueriesContext(connection) as captured:
                changes = changes_of(records, actor)
            assert {change.new for one in changes for change in one.changes} >= {place.short_name for place in places}
            counted.append(len(captured))
    assert counted[0] == counted[1]
