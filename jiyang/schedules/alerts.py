"""Telling those who may run jobs that one failed or was missed."""

from django.urls import reverse
from django.utils import timezone

from jiyang.accounts.models import User
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import Job
from jiyang.workflow.notices import holders, notify


def _readers(region: Region | None = None) -> set[User]:
    today = timezone.localdate()
    places = [region] if region else Region.objects.live().at(Level.DISTRICT)
    return {user for place in places for user in holders("schedule.run", place, today)}


def failed(run: JobRun) -> None:
    notify(_readers(run.region), f"定时任务失败：{run}，请查看原因后重跑", reverse("schedules:job_run", args=[run.pk]))


def missed(job: Job, count: int) -> None:
    url = f"{reverse('schedules:job_list')}?job={job.key}"
    notify(_readers(), f"定时任务“{job.title}”错过 {count} 期，已安排补跑", url)
