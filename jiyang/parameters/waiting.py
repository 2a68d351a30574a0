"""待办: parameter changes that wait for a second person."""

from django.urls import reverse

from jiyang.parameters.models import ParameterChange
from jiyang.workflow.proposals import waiting_for
from jiyang.workflow.tasks import TaskLine, TaskSource, task_source


def rows(actor):
    return waiting_for(ParameterChange.objects.select_related("submitted_by"), actor)


def line(row: ParameterChange) -> TaskLine:
    return TaskLine(
        f"{row.title}：{row.words}", reverse("parameters:change_detail", args=[row.pk]), row.get_kind_display(),
        row.submitted_at.date(), row.since if row.kind == "value" else None, row.submitted_by.name,
    )  # fmt: skip


def late(found, today):
    """A value that should begin today or has begun, and is not activated."""
    return found.filter(kind="value", since__lte=today)


task_source(TaskSource("parameters.change", "参数待复核", "parameters:change_decide", rows, line, late))
