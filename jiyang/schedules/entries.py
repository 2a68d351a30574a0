"""Beat entries of the jobs: made where missing, kept as a person changed them."""

import datetime as dt
import json

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jiyang.accounts.models import User
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.schedules.cron import Cron
from jiyang.schedules.registry import Job, jobs

START, TICK = "jiyang.schedules.tasks.start", "jiyang.schedules.tasks.tick"
TICK_NAME, TICK_SECONDS = "schedules.tick", 60
SEEDED = "系统建立："  # with the cron line that was proposed: an entry that still has it follows the code


@transaction.atomic
def seed() -> None:
    """Bring the entries in line with the code. Idempotent; an entry that a person changed stays as it is."""
    known = {entry.name: entry for entry in PeriodicTask.objects.select_related("crontab")}
    for job in jobs():
        _seed(job, known.get(job.key))
    gone = PeriodicTask.objects.filter(task=START, enabled=True).exclude(name__in=[job.key for job in jobs()])
    for entry in gone:
        entry.enabled = False
        entry.save()
    if TICK_NAME not in known:
        every, _ = IntervalSchedule.objects.get_or_create(every=TICK_SECONDS, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=TICK_NAME, task=TICK, interval=every, expire_seconds=TICK_SECONDS - 5)


def _fields(job: Job) -> dict:
    return {
        "task": START,
        "kwargs": json.dumps({"job": job.key}),
        "description": f"{SEEDED}{job.cron}",
        "crontab": _crontab(job.cron),
        "interval": None,
    }


def _seed(job: Job, entry: PeriodicTask | None) -> None:
    if entry is None:
        PeriodicTask.objects.create(name=job.key, start_time=timezone.now(), **_fields(job))
        return
    proposed = entry.description.removeprefix(SEEDED)
    is_ours = entry.task == START
    if is_ours and (proposed == job.cron or cron_of(job, entry).line != proposed):
        return
    for name, value in _fields(job).items():
        setattr(entry, name, value)
    entry.start_time = entry.start_time or timezone.now()
    entry.save()


def _crontab(line: str) -> CrontabSchedule:
    minute, hour, day, month, weekday = line.split()
    parts = {"minute": minute, "hour": hour, "day_of_month": day, "month_of_year": month, "day_of_week": weekday}
    parts["timezone"] = settings.TIME_ZONE
    return CrontabSchedule.objects.filter(**parts).first() or CrontabSchedule.objects.create(**parts)


def cron_of(job: Job, entry: PeriodicTask | None) -> Cron:
    """The cron line in force: the entry's, else the code's."""
    if entry is None or entry.crontab is None:
        return Cron(job.cron)
    row = entry.crontab
    return Cron(f"{row.minute} {row.hour} {row.day_of_month} {row.month_of_year} {row.day_of_week}")


def entries() -> dict[str, PeriodicTask]:
    """The jobs' entries by key, in one query."""
    return {entry.name: entry for entry in PeriodicTask.objects.filter(task=START).select_related("crontab")}


def next_run(job: Job, entry: PeriodicTask | None, now: dt.datetime) -> dt.datetime | None:
    """When the job runs next; None when its entry is missing or switched off."""
    return cron_of(job, entry).next(now) if entry is not None and entry.enabled else None


@transaction.atomic
def switch(job: Job, *, on: bool, by: User) -> bool:
    """Let a job run by its schedule, or not; entered in the access log. What is missed while off is not caught up."""
    entry, _ = PeriodicTask.objects.get_or_create(name=job.key, defaults=_fields(job))
    if entry.enabled != on:
        entry.enabled, entry.start_time = on, timezone.now()
        entry.save()
        note(LogKind.SCHEDULE, obj=entry, purpose=f"{job.title}{'启用' if on else '停用'}", user=by)
    return entry.enabled
