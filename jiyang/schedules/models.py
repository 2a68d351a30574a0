"""The run ledger (DESIGN.md invariant 9): one row for each job, period and region, with every attempt at it."""

from functools import cached_property

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from jiyang.intake.progress import Progress
from jiyang.schedules.enums import AttemptState, RunState
from jiyang.schedules.periods import Period

MOST_LINES = 500


class JobRunQuerySet(models.QuerySet):
    def visible_to(self, actor) -> "JobRunQuerySet":
        """Runs for the whole instance, and those for regions at or below the actor's postings."""
        if actor.is_system:
            return self
        reach = actor.reach
        inside = Q(region__in=[*reach.districts, *reach.towns]) | Q(region__district__in=reach.districts)
        return self.filter(Q(region=None) | inside)

    def known(self) -> "JobRunQuerySet":
        """Runs of jobs that the code still has: an older version's stay in the table, readable by its version."""
        from jiyang.schedules import registry

        return self.filter(job__in=[job.key for job in registry.jobs()])

    def open(self) -> "JobRunQuerySet":
        return self.known().filter(state__in=[RunState.WAITING, RunState.RUNNING])


class JobRun(models.Model):
    """运行记录: what a job did for a period and a region. Names no person; `summary` holds numbers.

    `planned_at` is when it was due (None: ordered by a person for another period). `token` is the running attempt's: an
    attempt that lost it cannot finish. Written by `jiyang.schedules.services` and `.running` only.
    """

    job = models.CharField("任务", max_length=80)
    period = models.CharField("期", max_length=20)
    region = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区划"
    )
    state = models.CharField("状态", max_length=10, choices=RunState, default=RunState.WAITING)
    planned_at = models.DateTimeField("应运行时间", null=True, blank=True)
    attempt = models.PositiveSmallIntegerField("第几次", default=0)
    interrupted = models.PositiveSmallIntegerField("连续中断次数", default=0)
    token = models.UUIDField("运行标识", null=True, blank=True)
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)
    summary = models.JSONField("结果", default=dict, blank=True, encoder=DjangoJSONEncoder)
    error = models.TextField("失败原因", blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="要求运行的人"
    )
    asked_reason = models.CharField("要求运行的原因", max_length=200, blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "运行记录"
        constraints = [
            models.UniqueConstraint(fields=["job", "period", "region"], nulls_distinct=False, name="job_run_once"),
            models.CheckConstraint(
                condition=Q(state=RunState.RUNNING, token__isnull=False) | ~Q(state=RunState.RUNNING) & Q(token=None),
                name="job_run_token",
            ),
            models.CheckConstraint(
                condition=Q(asked_by=None, asked_reason="") | Q(asked_by__isnull=False) & ~Q(asked_reason=""),
                name="job_run_asked",
                violation_error_message="补跑、重跑须写明原因",
            ),
        ]
        indexes = [models.Index(fields=["state", "job"]), models.Index(fields=["job", "-planned_at"])]

    def __str__(self) -> str:
        return f"{self.definition.title} {self.for_words}"

    @cached_property
    def definition(self):
        from jiyang.schedules import registry

        return registry.get(self.job)

    @cached_property
    def span(self) -> Period:
        """The period with its first and last day."""
        return Period.parse(self.definition.period, self.period)

    @property
    def for_words(self) -> str:
        where = f" {self.region.short_name}" if self.region_id else ""
        return f"{self.span.words}{where}"

    @property
    def seconds(self) -> float | None:
        if not self.started_at or not self.finished_at:
            return None
        return round((self.finished_at - self.started_at).total_seconds(), 1)

    @cached_property
    def progress(self) -> Progress:
        """Seen while the run's transaction is open: it is kept outside the database."""
        return Progress(f"job:{self.pk}:{self.attempt}")

    @cached_property
    def lines(self) -> list[str]:
        return []

    def step(self, phase: str, done: int = 0, total: int = 0) -> None:
        """Say where the running job is."""
        self.progress.step(phase, done, total)

    def note(self, text: str) -> None:
        """Keep a line of the attempt's log; no personal data."""
        if len(self.lines) < MOST_LINES:
            self.lines.append(text)


class JobAttempt(models.Model):
    """运行尝试: one attempt at a run; `asked_by` when a person ordered it, with the reason."""

    run = models.ForeignKey(JobRun, models.PROTECT, related_name="attempts", verbose_name="运行记录")
    number = models.PositiveSmallIntegerField("第几次")
    state = models.CharField("状态", max_length=12, choices=AttemptState, default=AttemptState.RUNNING)
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)
    process = models.CharField("运行进程", max_length=80, blank=True)
    lines = models.JSONField("过程", default=list, blank=True)
    summary = models.JSONField("结果", default=dict, blank=True, encoder=DjangoJSONEncoder)
    error = models.TextField("失败原因", blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="要求运行的人"
    )
    asked_reason = models.CharField("要求运行的原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "运行尝试"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="job_attempt_once")]

    def __str__(self) -> str:
        return f"{self.run_id} #{self.number}"
