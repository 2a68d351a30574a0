"""`@scheduled`: an app's function becomes a job with a beat entry, a run ledger and a page (KERNEL.md)."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.schedules.cron import Cron
from jiyang.schedules.periods import FORMATS, Period

PER = {"district": Level.DISTRICT, "town": Level.TOWN}


class UnknownJob(LookupError):
    """No app registered this job; the message lists those there are."""


@dataclass(frozen=True)
class Job:
    """定时任务. `cron` is the time the code proposes; the beat entry that a person changed wins.

    `per`: one run for the whole instance (None), each district or each town. `period` is what a run is for; with `ended`
    the one that was over when it ran (a month's figures on the 1st of the next). `every`: each missed period is caught
    up, otherwise the latest stands for those before it. `results` names a page that lists what a run found (?run=KEY).
    """

    key: str
    title: str
    cron: str
    per: str | None
    period: str
    ended: bool
    every: bool
    function: Callable
    results: str = ""

    def period_of(self, moment: dt.datetime) -> Period:
        """The period that a run due at `moment` is for."""
        found = Period.of(self.period, timezone.localtime(moment))
        return found.before if self.ended else found

    def regions(self) -> list[Region | None]:
        if self.per is None:
            return [None]
        return list(Region.objects.live().at(PER[self.per]).order_by("code"))


_jobs: dict[str, Job] = {}


def scheduled(
    key: str,
    *,
    cron: str,
    title: str,
    per: str | None = None,
    period: str = "day",
    ended: bool = False,
    every: bool = False,
    results: str = "",
) -> Callable:
    """Register a function `(run: JobRun) -> dict | None` as a job; what it returns is the run's summary.

    It runs in one transaction, in the system's scope over the run's region, and may be repeated: a killed run leaves
    nothing and is taken up again. `run.step(phase, done, total)` shows progress, `run.note(text)` keeps a line.

    Raises ValueError for a key used twice, an unknown period or region level, or a wrong cron line.
    """
    if period not in FORMATS or per not in {None, *PER}:
        raise ValueError(f"job {key}: period {period!r} or per {per!r} is unknown")
    _ = Cron(cron).fields

    def wrap(function: Callable) -> Callable:
        if key in _jobs and _jobs[key].function.__module__ != function.__module__:
            raise ValueError(f"two jobs are called {key}")
        _jobs[key] = Job(key, title, cron, per, period, ended, every, function, results)
        return function

    return wrap


def discover() -> None:
    autodiscover_modules("tasks")


def jobs() -> list[Job]:
    return sorted(_jobs.values(), key=lambda job: job.key)


def get(key: str) -> Job:
    """Raises UnknownJob."""
    try:
        return _jobs[key]
    except KeyError:
        raise UnknownJob(f"没有任务 {key}。现有：{'、'.join(sorted(_jobs))}") from None
