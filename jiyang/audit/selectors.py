"""What the auditor's pages ask of seals and log."""

import datetime as dt

from django.apps import apps
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from jiyang.audit.chain import event_models
from jiyang.audit.enums import LogKind
from jiyang.audit.models import AccessLog, Seal


def sealed_tables() -> list[dict]:
    """Per table with history: its name, sealed events, number of seals, last seal. Tables without a seal too. One query."""
    found = {
        row["table"]: row
        for row in Seal.objects.values("table")
        .annotate(events=Sum("rows"), seals=Count("pk"), last=Max("at"))
        .order_by()
    }
    lines = []
    for model in event_models():
        row = found.get(model._meta.db_table, {})
        tracked = model.pgh_tracked_model._meta
        lines.append(
            {
                "title": str(tracked.verbose_name), "app": str(apps.get_app_config(tracked.app_label).verbose_name),
                "events": row.get("events", 0), "seals": row.get("seals", 0), "last": row.get("last"),
            }
        )  # fmt: skip
    return sorted(lines, key=lambda line: (-line["events"], line["title"]))


def last_verification() -> AccessLog | None:
    return AccessLog.objects.filter(kind=LogKind.VERIFY).select_related("user").order_by("-at").first()


def retention() -> dict:
    """How long the log is kept by the parameter, how far back it goes, and how many lines are older. One query."""
    from jiyang.parameters import values

    kept = values.get("audit.retention_days")
    edge = timezone.now() - dt.timedelta(days=kept.value)
    return {
        "kept": kept,
        **AccessLog.objects.aggregate(lines=Count("pk"), first=Min("at"), older=Count("pk", filter=Q(at__lt=edge))),
    }
