"""What page and command show of the jobs: the entry in force, the last run, the next time."""

import datetime as dt
from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone

from jiyang.schedules.entries import cron_of, entries
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import Job, jobs

SILENT = dt.timedelta(minutes=5)  # no worker looked for so long: nothing runs


@dataclass(frozen=True)
class JobLine:
    """One job with its state. `next` is None when it is switched off."""

    job: Job
    cron: str
    words: str
    enabled: bool
    last: JobRun | None
    next: dt.datetime | None


def jobs_with_runs(now: dt.datetime) -> list[JobLine]:
    """All jobs, two queries. The last run is the newest that is not waiting."""
    known = entries()
    over = JobRun.objects.exclude(state__in=[RunState.WAITING, RunState.SKIPPED])
    last = {run.job: run for run in over.order_by("job", "-started_at", "-pk").distinct("job").select_related("region")}
    found = []
    for job in jobs():
        entry = known.get(job.key)
        cron, enabled = cron_of(job, entry), entry is not None and entry.enabled
        found.append(
            JobLine(job, cron.line, cron.words, enabled, last.get(job.key), cron.next(now) if enabled else None)
        )
    return found


def line(one: JobLine) -> dict:
    """A job for machines (DESIGN.md section 7)."""
    return {
        "job": one.job.key,
        "title": one.job.title,
        "cron": one.cron,
        "per": one.job.per,
        "period": one.job.period,
        "enabled": one.enabled,
        "last": row(one.last) if one.last else None,
        "next": timezone.localtime(one.next).isoformat() if one.next else None,
    }


def row(run: JobRun) -> dict:
    """A ledger row for machines. Times are local with offset, `seconds` of the last attempt."""
    started, finished = (
        timezone.localtime(moment).isoformat() if moment else None for moment in (run.started_at, run.finished_at)
    )
    return {
        "id": run.pk,
        "job": run.job,
        "period": run.period,
        "region": run.region.code if run.region_id else None,
        "state": run.state,
        "attempt": run.attempt,
        "started": started,
        "finished": finished,
        "seconds": run.seconds,
        "summary": run.summary,
        "error": run.error,
    }


def is_silent(now: dt.datetime) -> bool:
    """Whether no worker has looked at the ledger lately: beat or worker is down."""
    from jiyang.schedules.tasks import SEEN

    seen = cache.get(SEEN)
    return seen is None or now - seen > SILENT
