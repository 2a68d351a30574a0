"""Jobs of the register: take ids, act as who asked for them, call a service."""

import logging

from celery import shared_task

from households.roster import jobs
from households.services import rederive
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.intake.progress import Cancelled
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import scheduled

logger = logging.getLogger(__name__)


def _run(job, batch_id: int, user_id: int) -> None:
    try:
        with acting_as(actor_for(User.objects.get(pk=user_id), reason=f"名单批次 {batch_id}")):
            job(batch_id)
    except Cancelled:
        logger.info("roster batch %s was cancelled", batch_id)
    except Exception:
        with system_scope("名单任务失败"):
            jobs.failed(batch_id, "处理中出错，没有写入任何数据。请重试；仍然不行请联系系统管理员")
        raise


@shared_task
def check_batch(batch_id: int, user_id: int) -> None:
    _run(jobs.check, batch_id, user_id)


@shared_task
def commit_batch(batch_id: int, user_id: int) -> None:
    _run(jobs.commit, batch_id, user_id)


@shared_task
def undo_batch(batch_id: int, user_id: int) -> None:
    _run(jobs.undo_commit, batch_id, user_id)


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
