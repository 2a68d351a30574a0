"""待办: versions of rules that wait for a second person, and stored rules that cannot run any more."""

import datetime as dt

from django.db.models import QuerySet
from django.urls import reverse

from jiyang.access.scope import Actor
from jiyang.rules.models import RuleVersion
from jiyang.rules.versions import broken
from jiyang.workflow.proposals import waiting_for
from jiyang.workflow.tasks import TaskLine, TaskSource, task_source


def _url(version: RuleVersion) -> str:
    return reverse("rules:version_detail", args=[version.pk])


def _waiting(actor: Actor) -> QuerySet:
    return waiting_for(RuleVersion.objects.select_related("submitted_by"), actor)


def _version(version: RuleVersion) -> TaskLine:
    title = f"{version.get_kind_display()}：{version}"
    return TaskLine(
        title, _url(version), "", version.submitted_at.date(), version.valid_from, version.submitted_by.name
    )


def _late(found: QuerySet, today: dt.date) -> QuerySet:
    """Those that should have begun before today."""
    return found.filter(valid_from__lt=today)


def _disabled(actor: Actor) -> QuerySet:
    """Whoever may build rules can mend them; their maker may have left."""
    return RuleVersion.objects.filter(pk__in=[one.version.pk for one in broken()]).order_by("code")


def _broken(version: RuleVersion) -> TaskLine:
    return TaskLine(f"规则不能运行：{version}", _url(version), "已停下，其他规则照常", version.valid_from)


task_source(TaskSource("rules.version", "规则待复核", "rules:version_decide", _waiting, _version, _late))
task_source(TaskSource("rules.broken", "规则失效待修", "rules:version_withdraw", _disabled, _broken))
