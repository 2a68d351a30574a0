"""Jobs of the register: take ids, act as who asked for them, call a service. A batch whose worker died is taken up again."""

import logging
from collections.abc import Callable

from celery import shared_task, signals
from django.db import InterfaceError, OperationalError

from households.checkup import copies
from households.checkup import job as checkup_job
from households.enums import CheckupState
from households.roster import committing, jobs, recovery, reversing
from households.services import checkups, rederive
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.caching import DOWN
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.intake.progress import Cancelled
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import scheduled

logger = logging.getLogger(__name__)
GONE = (OperationalError, InterfaceError, *DOWN)
AGAIN = {"autoretry_for": GONE, "retry_backoff": 2, "max_retries": 10}


def _run(job: Callable[[int], Batch | None], batch_id: int, user_id: int) -> None:
    try:
        with system_scope("名单任务开始"):
            go_on = recovery.begin(batch_id)
            if not go_on:
                recovery.failed(batch_id, recovery.GIVEN_UP)
        if go_on:
            with acting_as(actor_for(User.objects.get(pk=user_id), reason="名单任务")):
                job(batch_id)
    except Cancelled as stopped:
        logger.info("roster batch %s was cancelled", batch_id)
        with system_scope("名单任务取消"):
            recovery.failed(batch_id, f"{recovery.CANCELLED}（{stopped}）" if str(stopped) else recovery.CANCELLED)
    except GONE:
        raise  # the database or the cache went away: nothing was written, the task comes again
    except Exception:
        with system_scope("名单任务失败"):
            recovery.failed(batch_id, recovery.FAILED)
        raise


@shared_task(**AGAIN)
def check_batch(batch_id: int, user_id: int) -> None:
    _run(jobs.check, batch_id, user_id)


@shared_task(**AGAIN)
def commit_batch(batch_id: int, user_id: int) -> None:
    _run(committing.commit, batch_id, user_id)


@scheduled(
    "households.state",
    cron="30 1 * * *",
    title="核对户状态",
    per="district",
    results="households:state_differences",
)
def rederive_state(run: JobRun) -> dict:
    """Rebuild derived columns of all households; what was stored differently is reported and corrected."""
    return rederive.rederive(run)


@shared_task(**AGAIN)
def reverse_batch(batch_id: int, user_id: int) -> None:
    _run(reversing.reverse, batch_id, user_id)


@shared_task(**AGAIN)
def run_checkup(checkup_id: int, user_id: int) -> None:
    try:
        with system_scope("体检任务开始"):
            go_on = checkup_job.begin(checkup_id)
            if not go_on:
                checkup_job.failed(checkup_id, checkup_job.GIVEN_UP)
        if go_on:
            with acting_as(actor_for(User.objects.get(pk=user_id), reason=f"数据体检 {checkup_id}")):
                checkup_job.run(checkup_id)
    except Cancelled:
        with system_scope("体检任务取消"):
            checkup_job.failed(checkup_id, checkup_job.CANCELLED, CheckupState.CANCELLED)
    except GONE:
        raise
    except Exception:
        with system_scope("体检任务失败"):
            checkup_job.failed(checkup_id, checkup_job.FAILED)
        raise


@shared_task(**AGAIN)
def annotate_checkup(file_id: int, user_id: int) -> None:
    try:
        with system_scope("批注表任务开始"):
            go_on = copies.begin(file_id)
            if not go_on:
                copies.failed(file_id)
        if go_on:
            with acting_as(actor_for(User.objects.get(pk=user_id), reason=f"体检批注表 {file_id}")):
                copies.make(file_id)
    except GONE:
        raise
    except Exception:
        with system_scope("批注表任务失败"):
            copies.failed(file_id)
        raise


@scheduled("households.checkup.clear", cron="50 2 * * *", title="清除到期的体检文件", per="district")
def clear_checkups(run: JobRun) -> dict:
    """Files and findings of check-ups that are older than the parameter says."""
    return {"cleared": checkups.clear_old()}


TASKS = {
    BatchState.UPLOADED: check_batch,
    BatchState.CHECKING: check_batch,
    BatchState.APPLYING: commit_batch,
    BatchState.UNDOING: reverse_batch,
    BatchState.REDOING: reverse_batch,
}


@shared_task(ignore_result=True)
def take_up_batches() -> None:
    """Give out the jobs that run nowhere. A job that is only waiting in the queue comes twice: the second finds it done."""
    with system_scope("接手中断的名单任务"):
        found = [(TASKS[batch.state], batch.pk, recovery.actor_of(batch)) for batch in recovery.orphans()]
        found += [(run_checkup, checkup.pk, checkup.made_by_id) for checkup in checkup_job.orphans()]
        found += [(annotate_checkup, one.pk, one.checkup.made_by_id) for one in copies.orphans()]
    for task, key, user_id in found:
        task.delay(key, user_id)


@signals.worker_ready.connect
def take_up_on_start(**kwargs) -> None:
    take_up_batches.delay()


@signals.beat_init.connect
def look_each_minute(sender, **kwargs) -> None:
    """Also when the queue lost its messages while the workers went on."""
    sender.app.add_periodic_task(60.0, take_up_batches.s(), name="roster.take_up")
