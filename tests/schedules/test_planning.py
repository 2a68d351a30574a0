"""When jobs fall due, which periods are caught up, and that a person's change of the schedule stays."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jiyang.access.scope import acting_as
from jiyang.schedules import entries, registry, running, services
from jiyang.schedules.cron import Cron
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from jiyang.schedules.periods import Period
from jiyang.workflow.models import Notice
from tests import factories

SHANGHAI = timezone.get_default_timezone()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("5 * * * *", "每小时第 5 分"),
        ("0 7 * * *", "每天 07:00"),
        ("30 6 * * 1", "每周一 06:30"),
        ("30 0 1 * *", "每月 1 日 00:30"),
        ("*/10 * * * *", "*/10 * * * *"),
    ],
)
def test_a_cron_line_reads_as_an_officer_would_say_it(line, words):
    assert Cron(line).words == words


def test_the_next_moment_of_a_cron_line():
    assert Cron("0 7 * * *").next(at("2021-10-26T07:00")) == at("2021-10-27T07:00")
    assert Cron("30 0 1 * *").next(at("2021-12-05T00:00")) == at("2022-01-01T00:30")
    assert Cron("0 8 * * 1").next(at("2021-10-26T00:00")) == at("2021-11-01T08:00")
    assert list(Cron("0 */8 * * *").between(at("2021-10-26T00:00"), at("2021-10-27T00:00"))) == [
        at("2021-10-26T08:00"),
        at("2021-10-26T16:00"),
        at("2021-10-27T00:00"),
    ]


@pytest.mark.parametrize("line", ["0 7 * *", "61 0 * * *", "0 0 31 2 *", "daily"])
def test_a_wrong_cron_line_is_refused_when_the_job_is_registered(line):
    with pytest.raises(ValueError):
        registry.scheduled("test.wrong", cron=line, title="错")


@pytest.mark.parametrize(
    ("kind", "text", "before", "last"),
    [
        ("hour", "2021-10-26T00", "2021-10-25T23", dt.date(2021, 10, 26)),
        ("day", "2022-01-01", "2021-12-31", dt.date(2022, 1, 1)),
        ("month", "2021-03", "2021-02", dt.date(2021, 3, 31)),
        ("year", "2021", "2020", dt.date(2021, 12, 31)),
    ],
)
def test_periods(kind, text, before, last):
    period = Period.parse(kind, text)
    assert (str(period), str(period.before), period.last) == (text, before, last)


@pytest.mark.parametrize("text", ["", "2021-13-01", "2021-1-1", "昨天", "2021-10"])
def test_a_badly_written_period_is_refused_with_the_way_to_write_it(text):
    with pytest.raises(ValueError, match="2021-10-26 这样"):
        Period.parse("day", text)


@pytest.fixture
def job(monkeypatch):
    """A job of the test that counts its runs, and fails when told to."""
    done = []

    def count(run):
        run.note("一行")
        done.append(run.period)
        if fails:
            raise ValidationError("数据没有准备好")
        return {"次数": len(done)}

    fails: list = []
    made = registry.Job("test.count", "测试任务", "0 3 * * *", None, "day", False, False, count)
    monkeypatch.setattr(registry, "_jobs", {made.key: made})
    made.function.done, made.function.fails = done, fails
    return made


@pytest.fixture
def entry(db, job):
    entries.seed()
    PeriodicTask.objects.filter(name=job.key).update(start_time=at("2021-10-01T00:00"))
    return PeriodicTask.objects.get(name=job.key)


def periods(**state) -> list[str]:
    return list(JobRun.objects.filter(**state).order_by("period").values_list("period", flat=True))


def test_a_period_is_planned_once_when_it_is_due(entry):
    services.plan(at("2021-10-01T02:59"))
    assert periods() == []
    assert [run.period for run in services.plan(at("2021-10-01T03:00"))] == ["2021-10-01"]
    assert services.plan(at("2021-10-01T03:01")) == []
    assert [run.period for run in services.plan(at("2021-10-02T03:00"))] == ["2021-10-02"]
    assert not Notice.objects.exists()


def test_of_missed_periods_the_latest_stands_for_those_before(entry, data_admin, district_clerk):
    services.plan(at("2021-10-01T03:00"))
    services.plan(at("2021-10-05T09:00"))
    assert periods(state=RunState.WAITING) == ["2021-10-01", "2021-10-05"]
    assert periods(state=RunState.SKIPPED) == ["2021-10-02", "2021-10-03", "2021-10-04"]
    assert [(one.user, one.text) for one in Notice.objects.all()] == [
        (data_admin, "定时任务“测试任务”错过 4 期，已安排补跑")
    ]


def test_a_job_that_needs_each_period_catches_up_as_far_back_as_the_parameter_says(entry, monkeypatch, job):
    import dataclasses

    monkeypatch.setitem(registry._jobs, job.key, dataclasses.replace(job, every=True))
    services.plan(at("2021-10-01T03:00"))
    services.plan(at("2021-10-12T09:00"))
    assert periods(state=RunState.WAITING) == ["2021-10-01", *(f"2021-10-{day:02d}" for day in range(6, 13))]
    assert periods(state=RunState.SKIPPED) == [f"2021-10-{day:02d}" for day in range(2, 6)]
    assert [run.period for run in services.next_waiting()] == ["2021-10-01"]


def test_a_switched_off_job_is_not_planned_and_not_caught_up(entry, job, data_admin):
    entries.switch(job, on=False, by=data_admin)
    assert services.plan(at("2021-10-05T09:00")) == []
    entries.switch(job, on=True, by=data_admin)
    assert services.plan(timezone.now()) == [] and periods() == []


def test_what_a_job_missed_while_off_is_not_caught_up_though_it_ran_before(entry, job, data_admin):
    services.plan(at("2021-10-01T03:00"))
    entries.switch(job, on=False, by=data_admin)
    entries.switch(job, on=True, by=data_admin)
    PeriodicTask.objects.filter(name=job.key).update(start_time=at("2021-10-05T12:00"))  # the hour it came on again
    assert services.plan(at("2021-10-05T13:00")) == [] and periods() == ["2021-10-01"]
    assert [run.period for run in services.plan(at("2021-10-06T03:00"))] == ["2021-10-06"]


def test_a_run_for_each_town(entry, monkeypatch, job):
    import dataclasses

    monkeypatch.setitem(registry._jobs, job.key, dataclasses.replace(job, per="town"))
    rows = services.plan(at("2021-10-01T03:00"))
    assert len(rows) == len({run.region_id for run in rows}) == 10


def test_seeding_again_keeps_what_a_person_changed_and_follows_the_code_elsewhere(entry, monkeypatch, job):
    import dataclasses

    entries.seed()
    assert PeriodicTask.objects.filter(name=job.key).count() == 1
    monkeypatch.setitem(registry._jobs, job.key, dataclasses.replace(job, cron="0 4 * * *"))
    entries.seed()
    entry.refresh_from_db()
    assert (entry.crontab.hour, entry.start_time) == ("4", at("2021-10-01T00:00"))

    entry.crontab = CrontabSchedule.objects.create(minute="0", hour="22", timezone="Asia/Shanghai")
    entry.save()
    monkeypatch.setitem(registry._jobs, job.key, dataclasses.replace(job, cron="0 5 * * *"))
    entries.seed()
    entry.refresh_from_db()
    assert entry.crontab.hour == "22"
    assert [run.period for run in services.plan(at("2021-10-01T22:00"))] == ["2021-10-01"]


def test_an_entry_of_a_job_that_is_gone_is_switched_off(entry, monkeypatch):
    monkeypatch.setattr(registry, "_jobs", {})
    entries.seed()
    entry.refresh_from_db()
    assert not entry.enabled


def test_a_done_run_stays_done_until_a_person_asks_again(entry, job, data_admin):
    (run,) = services.plan(at("2021-10-01T03:00"))
    assert running.execute(run.pk).summary == {"次数": 1}
    assert running.execute(run.pk).attempt == 1 and job.function.done == ["2021-10-01"]
    with acting_as(factories.acting(data_admin)):
        services.order(job=job, period="2021-10-01", region=None, by=data_admin, reason="核对后重算")
    again = running.execute(run.pk)
    assert (again.state, again.attempt, again.summary) == (RunState.DONE, 2, {"次数": 2})
    assert [(one.number, one.asked_by, one.asked_reason, one.lines) for one in again.attempts.order_by("number")] == [
        (1, None, "", ["一行"]),
        (2, data_admin, "核对后重算", ["一行"]),
    ]


def test_a_failed_run_says_why_and_tells_who_may_run_it_again(entry, job, data_admin, district_clerk, client):
    job.function.fails.append(1)
    (run,) = services.plan(at("2021-10-01T03:00"))
    failed = running.execute(run.pk)
    assert (failed.state, failed.error, failed.token) == (RunState.FAILED, "数据没有准备好", None)
    assert {one.user for one in Notice.objects.all()} == {data_admin}
    client.force_login(data_admin)
    assert "定时任务失败：测试任务（2021年10月1日）" in client.get("/tasks/").content.decode()
    assert services.next_waiting() == []


def test_an_error_s_text_holds_no_value_of_a_row(db):
    from django.db import IntegrityError, transaction

    from jiyang.accounts.models import User

    User.objects.create_user("same", name="王芳")
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        User.objects.create_user("same", name="王芳")
    assert running.explain(failure.value) == "数据库错误 23505 accounts_user_username_key"
    assert running.explain(ValueError("证件 370125196005010015\n第二行")) == "ValueError：证件 ［号码已隐去］"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"reason": "  "}, "reason"), ({"period": "2021-10"}, "period"), ({"period": "2999-01-01"}, "period")],
)
def test_an_order_is_refused_with_its_reason(entry, job, data_admin, change, field):
    wanted = {"job": job, "period": "2021-10-01", "region": None, "by": data_admin, "reason": "补", **change}
    with acting_as(factories.acting(data_admin)), pytest.raises(ValidationError) as refused:
        services.order(**wanted)
    assert list(refused.value.message_dict) == [field] and not JobRun.objects.exists()


def test_an_order_needs_the_right_and_a_run_that_is_over(entry, job, data_admin, district_clerk):
    wanted = {"job": job, "period": "2021-10-01", "region": None, "reason": "补"}
    with acting_as(factories.acting(district_clerk)), pytest.raises(PermissionDenied):
        services.order(**wanted, by=district_clerk)
    with acting_as(factories.acting(data_admin)):
        services.order(**wanted, by=data_admin)
        with pytest.raises(ValidationError, match="待运行"):
            services.order(**wanted, by=data_admin)


def command(*args: str) -> tuple[int, object]:
    out, code = StringIO(), 0
    try:
        call_command("schedule", *args, "--json", stdout=out)
    except SystemExit as left:
        code = left.code
    return code, json.loads(out.getvalue())


def test_the_command_lists_and_runs_once(entry, job):
    code, (line,) = command("list")
    assert code == 0 and line["job"] == "test.count" and line["cron"] == "0 3 * * *" and line["last"] is None
    assert line["next"].endswith("T03:00:00+08:00")
    code, row = command("run", "test.count", "--period", "2021-10-01")
    assert (code, row["state"], row["attempt"], row["ran"], row["summary"]) == (0, "done", 1, True, {"次数": 1})
    code, row = command("run", "test.count", "--period", "2021-10-01")
    assert (code, row["attempt"], row["ran"]) == (0, 1, False) and job.function.done == ["2021-10-01"]
    assert command("list")[1][0]["last"]["period"] == "2021-10-01"


def test_the_command_tries_a_failed_period_again(entry, job):
    job.function.fails.append(1)
    code, row = command("run", "test.count", "--period", "2021-10-01")
    assert (code, row["state"], row["error"]) == (1, "failed", "数据没有准备好")
    job.function.fails.clear()
    code, row = command("run", "test.count", "--period", "2021-10-01")
    assert (code, row["state"], row["attempt"]) == (0, "done", 2)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nonsense"], "没有任务 nonsense"),
        (["test.count", "--period", "x"], "写法不对"),
        (["test.count", "--period", "2021-10-01", "--region", "370115"], "不分镇街"),
        (["test.count", "--region", "没有镇"], "没有区划"),
    ],
)
def test_the_command_refuses_clearly(entry, args, message):
    code, answer = command("run", *args)
    assert code == 2 and message in answer["error"]["message"]
