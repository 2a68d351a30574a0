"""失败的定时任务 in the task centre of those who may run them."""

from django.utils import timezone

from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from jiyang.schedules.services import address
from jiyang.workflow.tasks import TaskLine, TaskSource, task_source


def failed_runs(actor):
    return (
        JobRun.objects.known()
        .visible_to(actor)
        .filter(state=RunState.FAILED)
        .select_related("region")
        .order_by("finished_at")
    )


def line(run: JobRun) -> TaskLine:
    where = run.region.short_name if run.region_id else ""
    since = timezone.localdate(run.finished_at)
    return TaskLine(f"定时任务失败：{run.definition.title}（{run.span.words}）", address(run), where=where, since=since)


task_source(TaskSource("schedules.failed", "失败的定时任务", "schedules:job_order", failed_runs, line))
