"""A process killed in the middle of a scheduled run: nothing half done, and done once afterwards."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jiyang.audit.models import Seal
from jiyang.schedules import entries, running, services
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
SEAL_LOCK = 1537  # what the sealing job waits for


def environ() -> dict[str, str]:
    """The environment of another process on the tests' database, as the web role."""
    of = connection.settings_dict
    return {**os.environ, "DATABASE_URL": f"postgres://{of['USER']}@/{of['NAME']}?host={of['HOST']}"}


@contextmanager
def held():
    """Hold the sealing job in its middle for the block."""
    of = connection.settings_dict
    holder = psycopg2.connect(user=of["USER"], host=of["HOST"], dbname=of["NAME"])
    holder.cursor().execute("select pg_advisory_lock(%s)", [SEAL_LOCK])
    try:
        yield
    finally:
        holder.close()


def until(what, seconds: float = 60):
    """Wait until `what()` is true and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)
    return found


@contextmanager
def process(*args: str, kind: str = "manage.py"):
    """A process in its own group, so that a kill takes its children along."""
    command = (
        [sys.executable, "manage.py", *args]
        if kind == "manage.py"
        else [sys.executable, "-m", "celery", "-A", "jiyang", *args]
    )
    started = subprocess.Popen(
        command,
        env=environ(),
        cwd=settings.BASE_DIR,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen) -> None:
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def in_hand() -> JobRun | None:
    run = JobRun.objects.filter(job="audit.seal", state=RunState.RUNNING).first()
    return run if run and running.is_alive(run) else None


def assert_done_once(run: JobRun) -> None:
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DONE, 2)
    states = list(run.attempts.order_by("number").values_list("state", flat=True))
    assert states == ["interrupted", "done"]
    assert run.summary["封存条数"] == sum(Seal.objects.values_list("rows", flat=True)) > 0
    assert not JobRun.objects.open().exists()


def test_a_killed_run_leaves_nothing_and_is_done_once_afterwards():
    factories.household()
    with held(), process("schedule", "run", "audit.seal", "--period", "2021-10-26T13") as runner:
        run = until(in_hand)
        with pytest.raises(running.Busy):  # a second one beside it
            running.execute(run.pk)
        kill(runner)
        until(lambda: not running.is_alive(run))
        assert not Seal.objects.exists()
    assert [one.pk for one in services.next_waiting()] == [run.pk]
    running.execute(run.pk)
    running.execute(run.pk)
    assert_done_once(run)


def test_a_run_whose_process_dies_every_time_is_left_to_a_person(data_admin):
    run = JobRun.objects.create(job="audit.seal", period="2021-10-26T13")
    for _ in range(running.MOST_INTERRUPTIONS):
        running._claim(run.pk)  # as a process that dies right after it
    assert running.execute(run.pk).state == RunState.FAILED
    run.refresh_from_db()
    assert "连续 3 次" in run.error and run.attempts.count() == running.MOST_INTERRUPTIONS
    assert data_admin.notices.count() == 1


def test_a_process_that_lost_the_run_to_another_keeps_nothing_of_it():
    factories.household()
    run = JobRun.objects.create(job="audit.seal", period="2021-10-26T13")
    first = running._claim(run.pk)
    second = running._claim(run.pk)
    running._perform(first)
    assert not Seal.objects.exists()
    running._perform(second)
    assert_done_once(run)


@pytest.mark.kill
def test_worker_and_beat_killed_during_a_scheduled_run():
    """Beat sends it, a worker runs it, both are killed in the middle, both start again: done once, by themselves."""
    factories.household()
    entries.seed()
    PeriodicTask.objects.exclude(name="audit.seal").delete()
    PeriodicTask.objects.update(start_time=timezone.now() - dt.timedelta(hours=2))
    worker = ("worker", "-c", "2", "--without-gossip", "--without-mingle")
    beat = ("beat", "--pidfile=", "--max-interval", "1")
    with held(), process(*beat, kind="celery") as clock, process(*worker, kind="celery") as hand:
        run = until(in_hand)
        kill(hand)
        kill(clock)
        assert not Seal.objects.exists()
    with process(*worker, kind="celery"), process(*beat, kind="celery"):
        until(lambda: JobRun.objects.filter(pk=run.pk, state=RunState.DONE).exists())
        time.sleep(3)  # whatever else is in the queue
    assert_done_once(run)
