"""The pages of scheduled work: what ran, why it failed, running it again."""

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jiyang.schedules import entries
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from tests import factories

pytestmark = pytest.mark.django_db
LIST = reverse("schedules:job_list")


@pytest.fixture
def run(db):
    made = JobRun.objects.create(job="audit.seal", period="2021-10-26T13", state=RunState.FAILED, error="磁盘已满")
    made.attempts.create(
        number=1, started_at="2021-10-26T13:05:00+08:00", state="failed", error="磁盘已满", lines=["第一步"]
    )
    return made


def test_the_list_shows_jobs_and_runs_by_state(client, data_admin, run):
    entries.seed()
    client.force_login(data_admin)
    page = client.get(LIST)
    text = page.content.decode()
    assert "封存变更记录" in text and "每小时第 5 分" in text and "磁盘已满" in text
    assert "没有响应" in text  # no worker runs in the tests
    assert [one.pk for one in client.get(LIST, {"state": "failed"}).context["page"]] == [run.pk]
    assert [one.pk for one in client.get(LIST, {"state": "done"}).context["page"]] == []
    assert [one.pk for one in client.get(LIST, {"job": "audit.retention"}).context["page"]] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_s_queries_do_not_grow(client, data_admin, django_assert_max_num_queries, rows):
    JobRun.objects.bulk_create(JobRun(job="audit.seal", period=f"2021-10-26T{hour:02d}") for hour in range(rows))
    client.force_login(data_admin)
    client.get(LIST)
    with django_assert_max_num_queries(10):
        client.get(LIST)


def test_a_run_s_page_tells_each_attempt(client, district_clerk, run):
    client.force_login(district_clerk)
    text = client.get(reverse("schedules:job_run", args=[run.pk])).content.decode()
    assert "磁盘已满" in text and "第一步" in text and "按时自动运行" in text
    assert "重跑" not in text  # a clerk looks, the data administrator runs


def test_running_again_needs_a_reason_and_keeps_it(client, data_admin, run, django_capture_on_commit_callbacks):
    client.force_login(data_admin)
    address = f"{reverse('schedules:job_order')}?job=audit.seal&period=2021-10-26T13"
    assert "2021-10-26T13" in client.get(address).content.decode()
    refused = client.post(address, {"period": "2021-10-26T13", "reason": ""})
    assert refused.status_code == 422 and "请填写原因" in refused.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address, {"period": "2021-10-26T13", "reason": "磁盘已清理"})
    assert answer["Location"] == reverse("schedules:job_run", args=[run.pk])
    run.refresh_from_db()
    assert (run.state, run.asked_by, run.asked_reason) == (RunState.WAITING, data_admin, "磁盘已清理")
    twice = client.post(address, {"period": "2021-10-26T13", "reason": "再来"})
    assert twice.status_code == 422 and "待运行" in twice.content.decode()


def test_progress_is_polled_until_the_run_is_over(client, data_admin, run):
    client.force_login(data_admin)
    address = reverse("schedules:job_progress", args=[run.pk])
    assert client.get(address)["HX-Refresh"] == "true"
    JobRun.objects.filter(pk=run.pk).update(state=RunState.WAITING)
    assert "等待后台进程" in client.get(address).content.decode()


def test_a_schedule_is_switched_off_and_on_and_noted(client, data_admin, district_clerk):
    from jiyang.audit.models import AccessLog

    entries.seed()
    client.force_login(data_admin)
    client.post(reverse("schedules:job_switch"), {"job": "audit.seal", "on": "0"})
    assert not PeriodicTask.objects.get(name="audit.seal").enabled and "已停用" in client.get(LIST).content.decode()
    client.post(reverse("schedules:job_switch"), {"job": "audit.seal", "on": "1"})
    assert PeriodicTask.objects.get(name="audit.seal").enabled
    assert list(AccessLog.objects.filter(kind="schedule").order_by("pk").values_list("user", "purpose")) == [
        (data_admin.pk, "封存变更记录停用"), (data_admin.pk, "封存变更记录启用"),
    ]  # fmt: skip
    client.force_login(district_clerk)
    assert client.post(reverse("schedules:job_switch"), {"job": "audit.seal", "on": "0"}).status_code == 403


def test_runs_of_a_foreign_district_are_absent(client, data_admin):
    from jiyang.regions.enums import Level
    from jiyang.regions.models import Region

    other = Region.objects.create(level=Level.DISTRICT, code="370126000000", name="商河县")
    run = JobRun.objects.create(job="audit.seal", period="2021-10-26T13", region=other, state=RunState.DONE)
    client.force_login(data_admin)
    assert client.get(reverse("schedules:job_run", args=[run.pk])).status_code == 404
    assert list(client.get(LIST).context["page"]) == []


@pytest.mark.parametrize("job", ["nonsense", ""])
def test_an_unknown_job_is_absent(client, data_admin, job):
    client.force_login(data_admin)
    assert client.get(reverse("schedules:job_order"), {"job": job}).status_code == 404


def test_a_town_officer_sees_none_of_it(client, town_officer, run):
    client.force_login(town_officer)
    assert client.get(LIST).status_code == 403
    assert factories.acting(town_officer).may_open("schedules:job_list") is False


def test_runs_of_a_job_that_is_gone_trouble_no_page(client, data_admin):
    gone = JobRun.objects.create(job="old.job", period="2021-10-26", state=RunState.FAILED, finished_at="2021-10-26T08:00+08:00")  # fmt: skip
    client.force_login(data_admin)
    assert list(client.get(LIST).context["page"]) == [] and client.get("/tasks/").status_code == 200
    assert client.get(reverse("schedules:job_run", args=[gone.pk])).status_code == 404
