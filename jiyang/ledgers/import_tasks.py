"""Imports of ledgers that wait for a second person, in the task centre."""

from django.db.models import Exists, OuterRef

from jiyang.access.scope import Actor
from jiyang.intake import acts, targets
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch, Reversal
from jiyang.ledgers import registry
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.tasks import TaskLine, TaskSource, task_source


def register() -> None:
    """Two kinds of task for every ledger that takes imports, and the address of its batches."""
    for ledger in registry.ledgers():
        if ledger.imports:
            act = ledger.imports.act
            targets.register(targets.Target(ledger.key, f"{ledger.key}_import_batch", act, act))
            task_source(source_of(ledger))
            task_source(undo_source_of(ledger))


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


def undo_source_of(ledger) -> TaskSource:
    def rows(actor: Actor):
        found = Batch.objects.visible_to(actor).filter(target=ledger.key, state__in=acts.KIND_FROM)
        asked = Reversal.objects.filter(batch=OuterRef("pk"), state=ProposalState.SUBMITTED)
        return found.filter(
            Exists(asked.exclude(submitted_by__in=actor.barred(f"{ledger.imports.act}.check")))
        ).order_by("pk")

    def line(batch: Batch) -> TaskLine:
        return TaskLine(
            f"{acts.KIND_FROM[batch.state].label}{ledger.title} {batch}：{batch.filename}",
            ledger.url("import_batch", batch.pk),
            f"{batch.rows} 行",
            since=batch.approved_at.date(),
        )

    return TaskSource(
        f"import_undo.{ledger.key}", f"{ledger.title}导入待撤销或恢复", f"{ledger.key}_import_undo_decide", rows, line,
        url=lambda: ledger.url("import"),
    )  # fmt: skip
