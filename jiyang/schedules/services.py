"""What may happen to runs before they run: planned when due, ordered by a person, ordered again."""

import datetime as dt
from itertools import groupby

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from jiyang.access.scope import require
from jiyang.accounts.models import User
from jiyang.parameters import values
from jiyang.regions.models import Region
from jiyang.schedules import alerts
from jiyang.schedules.entries import cron_of, entries
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from jiyang.schedules.periods import Period
from jiyang.schedules.registry import Job, jobs

LATE = dt.timedelta(minutes=10)  # a run planned so long after it was due was missed
MOST_SKIPPED = 100  # rows written for periods that are not caught up
RIGHT = "schedule.run"


@transaction.atomic
def plan(now: dt.datetime, *, only: str | None = None) -> list[JobRun]:
    """Rows for every period that fell due by `now` and has none yet; returns the new waiting ones.

    Missed periods go back `schedules.catch_up_days`: each of them where the job asks for `every`, else the latest; the
    others are entered as skipped, so that the ledger has no holes. Whoever may run jobs is told of missed ones.
    """
    window = now - dt.timedelta(days=int(values.get("schedules.catch_up_days").value))
    since = dict(JobRun.objects.exclude(planned_at=None).values_list("job").annotate(Max("planned_at")))
    known, made = entries(), []
    for job in jobs():
        entry = known.get(job.key)
        if entry is None or not entry.enabled or only not in {None, job.key}:
            continue
        begin = max(filter(None, (since.get(job.key), entry.start_time)), default=now)  # switched on again: from then
        due: dict[Period, dt.datetime] = {}
        for moment in cron_of(job, entry).between(begin, now):
            due.setdefault(job.period_of(moment), moment)
        made += _enter(job, due, window, now) if due else []
    return made


def _enter(job: Job, due: dict[Period, dt.datetime], window: dt.datetime, now: dt.datetime) -> list[JobRun]:
    latest = max(due.values())
    run = {period for period, moment in due.items() if moment == latest or (job.every and moment >= window)}
    skipped = [period for period in due if period not in run][-MOST_SKIPPED:]
    wanted = {str(period): period for period in (*skipped, *sorted(run, key=str))}
    there = set(JobRun.objects.filter(job=job.key, period__in=wanted).values_list("period", "region"))
    rows = [
        JobRun(
            job=job.key,
            period=name,
            region=region,
            planned_at=due[period],
            state=RunState.WAITING if period in run else RunState.SKIPPED,
            error="" if period in run else "停机期间错过，由后面的一期代替" if not job.every else "错过太久，不再补跑",
        )
        for name, period in wanted.items()
        for region in job.regions()
        if (name, region.pk if region else None) not in there
    ]
    JobRun.objects.bulk_create(rows, ignore_conflicts=True)  # another worker may plan at the same moment
    missed = {row.period for row in rows if now - row.planned_at > LATE}
    if missed:
        alerts.missed(job, len(missed))
    waiting = [row.period for row in rows if row.state == RunState.WAITING]
    return list(JobRun.objects.filter(job=job.key, period__in=waiting, state=RunState.WAITING))


def next_waiting() -> list[JobRun]:
    """For each job and region the oldest run that waits or was left by a process that died, in order of their need."""
    rows = JobRun.objects.open().order_by("job", "region", "period", "pk")
    return [next(group) for _, group in groupby(rows, key=lambda run: (run.job, run.region_id))]


def parse_period(job: Job, text: str, *, now: dt.datetime | None = None) -> Period:
    """Raises ValidationError: badly written, or not begun yet."""
    try:
        period = Period.parse(job.period, text)
    except ValueError as wrong:
        raise ValidationError({"period": str(wrong)}) from wrong
    if period.start > timezone.localtime(now or timezone.now()).replace(tzinfo=None):
        raise ValidationError({"period": f"{period.words}还没有到，不能运行"})
    return period


def check_region(job: Job, region: Region | None) -> None:
    """Raises ValidationError when the job does not run for this region."""
    if job.per is None and region is not None:
        raise ValidationError({"region": f"{job.title}为全区统一运行，不分镇街，请不要选区划"})
    if job.per is not None and region not in job.regions():
        raise ValidationError({"region": f"{job.title}按{'镇街' if job.per == 'town' else '区县'}运行，请选择一个"})


@transaction.atomic
def order(*, job: Job, period: str, region: Region | None, by: User, reason: str) -> JobRun:
    """补跑或重跑: a person asks for a run of a period, again where it ran before. Who and why stay with the attempt.

    Raises PermissionDenied; ValidationError with every reason: no reason given, wrong period or region, already waiting
    or running.
    """
    if not require().has(RIGHT):
        raise PermissionDenied("本岗位不能运行定时任务")
    problems: dict = {} if reason.strip() else {"reason": "请写明补跑或重跑的原因"}
    wanted = None
    for check in (lambda: parse_period(job, period), lambda: check_region(job, region)):
        try:
            wanted = check() or wanted
        except ValidationError as wrong:
            problems |= wrong.message_dict
    if problems:
        raise ValidationError(problems)
    JobRun.objects.bulk_create(
        [JobRun(job=job.key, period=str(wanted), region=region, state=RunState.SKIPPED)], ignore_conflicts=True
    )
    run = JobRun.objects.select_for_update(of=("self",)).get(job=job.key, period=str(wanted), region=region)
    if run.state in {RunState.WAITING, RunState.RUNNING}:
        raise ValidationError(f"{run}{run.get_state_display()}，不能再运行一次，请等它结束")
    run.state, run.asked_by, run.asked_reason, run.interrupted, run.error = (
        RunState.WAITING,
        by,
        reason.strip()[:200],
        0,
        "",
    )
    run.save()
    return run


def address(run: JobRun) -> str:
    return reverse("schedules:job_run", args=[run.pk])
