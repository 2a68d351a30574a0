"""Imports of ledgers that wait for a second person, in the task centre."""

from jiyang.access.scope import Actor
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.ledgers import registry
from jiyang.workflow.tasks import TaskLine, TaskSource, task_source


def register() -> None:
    """One kind of task for every ledger that takes imports."""
    for ledger in registry.ledgers():
        if ledger.imports:
            task_source(source_of(ledger))


def source_of(ledger) -> TaskSource:
    def rows(actor: Actor):
        found = Batch.objects.visible_to(actor).filter(target=ledger.key, state=BatchState.SUBMITTED)
        barred = actor.barred(f"{ledger.imports.act}.check")
        return found.exclude(uploaded_by__in=barred).exclude(submitted_by__in=barred).order_by("submitted_at")

    def line(batch: Batch) -> TaskLine:
        url = ledger.url("import_batch", batch.pk)
        return TaskLine(
            f"{ledger.title} {batch}：{batch.filename}", url, f"{batch.rows} 行", since=batch.submitted_at.date()
        )

    return TaskSource(
        f"import.{ledger.key}", f"{ledger.title}导入待复核", f"{ledger.key}_import_approve", rows, line,
        url=lambda: ledger.url("import"),
    )  # fmt: skip
