"""The job after 撤销 or 恢复 was agreed to. All or nothing; may run again after a crash."""

from django.utils import timezone

from households.models import RosterAbsence
from households.roster import absences, undo
from households.roster.running import Clock, only_one, progress_of, until_unclashed, wait_for_turn
from jiyang.access.scope import note_in_history
from jiyang.access.standing import households_held
from jiyang.intake.enums import BatchState, ReversalKind
from jiyang.intake.models import Batch
from jiyang.intake.progress import Progress
from jiyang.workflow.enums import ProposalState

KINDS = {BatchState.UNDOING: ReversalKind.UNDO, BatchState.REDOING: ReversalKind.REDO}
RUNNING = {BatchState.UNDOING: BatchState.UNDONE, BatchState.REDOING: BatchState.APPROVED}


def reverse(batch_id: int) -> Batch | None:
    """Carry out the reversal that was agreed to. None when another worker is at it. Call inside the checker's scope."""
    with only_one(batch_id) as mine:
        batch = Batch.objects.get(pk=batch_id)
        if not mine or batch.state not in RUNNING:
            return None
        progress = progress_of(batch_id, {KINDS[batch.state].label: 1, "完成": 0})
        wait_for_turn(batch.district_id, progress)
        return until_unclashed(lambda: _reverse(batch_id, progress))


def _reverse(batch_id: int, progress: Progress) -> Batch | None:
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
    if batch.state not in RUNNING:
        return None
    reversal = batch.reversals.filter(state=ProposalState.APPROVED, done_at=None).order_by("-pk").first()
    progress.step(KINDS[batch.state].label, 0, batch.rows)
    clock = Clock()
    note_in_history(
        batch=batch.pk, reversal=reversal.pk, reason=f"{reversal.get_kind_display()}名单：{reversal.reason}"
    )
    with households_held():
        reversal.report = undo.reverse(reversal, by_id=reversal.decided_by_id, told=progress.part)
    clock.lap("undo")
    progress.step("完成", batch.rows, batch.rows)
    RosterAbsence.objects.filter(batch=batch).update(raised=reversal.kind == ReversalKind.REDO)
    (absences.settle if reversal.kind == ReversalKind.REDO else absences.reopen)(batch)
    reversal.done_at = timezone.now()
    reversal.save(update_fields=["report", "done_at"])
    batch.seconds = {**batch.seconds, reversal.kind: clock.total()}
    batch.state = RUNNING[batch.state]
    batch.save()
    return batch
