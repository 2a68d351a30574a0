"""What beat and workers do for the run ledger. Any of these may come twice or not at all: the ledger decides."""

import logging

from celery import shared_task, signals
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from jiyang.schedules import entries, running, services
from jiyang.schedules.models import JobRun

logger = logging.getLogger(__name__)
SEEN, SEEN_KEPT = "schedules:seen", 7 * 24 * 3600  # when a worker last looked
STALE = 10 * 60  # seconds after which a message is not worth running: the next look sends another


@shared_task(ignore_result=True)
def start(job: str) -> None:
    """Beat's call at the job's time: plan what is due, send what waits."""
    services.plan(timezone.now(), only=job)
    send_waiting()


@shared_task(ignore_result=True)
def tick() -> None:
    """Each minute, and when a worker starts: plan what was missed, take up what a dead process left."""
    cache.set(SEEN, timezone.now(), SEEN_KEPT)
    services.plan(timezone.now())
    send_waiting()


@shared_task(ignore_result=True, time_limit=settings.JOB_SECONDS)
def run_one(run_id: int) -> None:
    try:
        running.execute(run_id)
    except running.Busy as busy:
        logger.info("%s", busy)
        return
    except JobRun.DoesNotExist:
        logger.warning("run %s is not in the ledger", run_id)
        return
    send_waiting()  # the next period of a job that was waiting for this one


def send_waiting() -> None:
    for run in services.next_waiting():
        if not running.is_alive(run):
            run_one.apply_async([run.pk], expires=STALE)


@signals.worker_ready.connect
def look_around(**kwargs) -> None:
    tick.apply_async(expires=STALE)


@signals.beat_init.connect
def seed_entries(**kwargs) -> None:
    entries.seed()
