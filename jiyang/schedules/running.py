"""One run, once (DESIGN.md invariant 9): claimed, done in one transaction with its mark in the ledger, or left undone.

The lease is a database lock that the running process holds: it falls with the process, so a crashed run is taken up by
the next worker or tick at once, and a living one is never run beside. A process that lost its connection (and with it
the lock) and still comes to its end is refused by its token, and its transaction rolls back.
"""

import logging
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from jiyang.access.scope import Actor, Reach, acting_as, system_actor
from jiyang.audit.logs import without_numbers
from jiyang.parameters.values import ParameterMissing
from jiyang.schedules import alerts
from jiyang.schedules.enums import AttemptState, RunState
from jiyang.schedules.models import JobAttempt, JobRun

logger = logging.getLogger(__name__)
LOCK = 0x0518  # first key of the advisory locks of jobs
MOST_INTERRUPTIONS = 3  # a run whose process died so often in a row is left to a person
WORDS = (ValidationError, ParameterMissing)  # errors whose message is meant for people


class Busy(RuntimeError):
    """The job runs already for this region, in another process."""


class Overtaken(RuntimeError):
    """Another process has taken the run up meanwhile; nothing of this one is kept."""


def _lock_key(run: JobRun) -> list:
    return [LOCK, f"{run.job}|{run.region_id or ''}"]


@contextmanager
def _lease(run: JobRun) -> Iterator[None]:
    """Hold the job's lock for the region, across transactions, until the block or the process ends. Raises Busy."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, hashtext(%s))", _lock_key(run))
        if not cursor.fetchone()[0]:
            raise Busy(f"{run}正在另一个进程里运行")
    try:
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, hashtext(%s))", _lock_key(run))


def is_alive(run: JobRun) -> bool:
    """Whether some process holds the lease."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from pg_locks l join pg_database d on d.oid = l.database"
            " where d.datname = current_database() and l.locktype = 'advisory' and l.classid::bigint = %s"
            " and l.objid::bigint = hashtext(%s)::bigint & 4294967295)",
            _lock_key(run),
        )
        return cursor.fetchone()[0]


def execute(run_id: int) -> JobRun:
    """Run what waits or was left by a dead process; returns the ledger row as it stands then.

    A run that is over already is returned as it is. A failure is entered, told and logged, not raised. Raises Busy.
    """
    run = JobRun.objects.select_related("region").get(pk=run_id)
    if run.state not in {RunState.WAITING, RunState.RUNNING}:
        return run
    with _lease(run):
        claimed = _claim(run_id)
        if claimed is not None:
            _perform(claimed)
    return JobRun.objects.select_related("region").get(pk=run_id)


@transaction.atomic
def _claim(run_id: int) -> JobRun | None:
    run = JobRun.objects.select_for_update(of=("self",)).select_related("region").get(pk=run_id)
    now = timezone.now()
    if run.state == RunState.RUNNING:  # and its lock was free: that process is gone
        text = "进程中断，没有写入任何数据"
        run.attempts.filter(number=run.attempt).update(state=AttemptState.INTERRUPTED, finished_at=now, error=text)
        run.interrupted += 1
        if run.interrupted >= MOST_INTERRUPTIONS:
            run.state, run.token, run.finished_at = RunState.FAILED, None, now
            run.error = f"连续 {run.interrupted} 次运行到一半进程中断，不再自动运行。请查看服务日志，处理后重跑"
            run.save()
            alerts.failed(run)
            return None
    elif run.state != RunState.WAITING:
        return None
    run.state, run.token, run.attempt = RunState.RUNNING, uuid.uuid4(), run.attempt + 1
    run.started_at, run.finished_at, run.error, run.summary = now, None, "", {}
    run.save()
    JobAttempt.objects.create(
        run=run,
        number=run.attempt,
        started_at=now,
        process=f"{socket.gethostname()}:{os.getpid()}"[:80],
        asked_by_id=run.asked_by_id,
        asked_reason=run.asked_reason,
    )
    return run


def _actor(run: JobRun) -> Actor:
    """The system, named by job and region, reaching no further than the region."""
    actor = system_actor(f"定时任务 {run}")
    if run.region_id is None:
        return actor
    key = f"{run.region.level}s"
    return replace(actor, reach=Reach(**{key: (run.region_id,)}), regions=(run.region,))


def _perform(run: JobRun) -> None:
    run.progress.start()
    run.step("运行")
    try:
        with acting_as(_actor(run)):
            with connection.cursor() as cursor:  # the statement of a killed process ends with it
                cursor.execute("set local client_connection_check_interval = '2s'")
            summary = run.definition.function(run) or {}
            _finish(run, RunState.DONE, summary=summary)
    except Overtaken:
        logger.warning("run %s of %s was taken up by another process", run.pk, run.job)
    except Exception as failure:
        logger.exception("scheduled job %s failed for %s", run.job, run.period)
        with transaction.atomic():
            _finish(run, RunState.FAILED, error=explain(failure))
            alerts.failed(run)


def _finish(run: JobRun, state: RunState, *, summary: dict | None = None, error: str = "") -> None:
    """The end of the attempt, if the run is still its own. Raises Overtaken."""
    now = timezone.now()
    kept = {"state": state, "finished_at": now, "summary": summary or {}, "error": error}
    if not JobRun.objects.filter(pk=run.pk, token=run.token).update(**kept, token=None, interrupted=0):
        raise Overtaken
    run.attempts.filter(number=run.attempt).update(**kept, lines=run.lines)


def explain(failure: Exception) -> str:
    """What a person may read of an error: values of rows stay out."""
    if isinstance(failure, ValidationError):
        text = "；".join(failure.messages)
    elif isinstance(failure, WORDS):
        text = str(failure)
    elif isinstance(failure, DatabaseError):
        cause = failure.__cause__
        what = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
        text = f"数据库错误 {getattr(cause, 'pgcode', None) or ''} {what}".strip()
    else:
        text = f"{type(failure).__name__}：{(str(failure).splitlines() or [''])[0]}"
    return without_numbers(text)[:1000]
