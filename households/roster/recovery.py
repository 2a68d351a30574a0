"""When a job of a batch did not end well: what the batch goes back to, and who takes it up again."""

from django.db import transaction
from django.db.models import Case, F, Value, When

from households.roster.running import at_work, count_start
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.workflow.enums import ProposalState

STOPPED = "failed"  # code of a check that was cancelled or went wrong: it can be taken up again
CHECKS = (BatchState.UPLOADED, BatchState.CHECKING)
REVERSES = (BatchState.UNDOING, BatchState.REDOING)
RUNNING = (*CHECKS, BatchState.APPLYING, *REVERSES)
FAILED = "处理中出错，没有写入任何数据。请重试；仍然不行请联系系统管理员"
CANCELLED = "处理已取消，没有写入任何数据"
GIVEN_UP = "这一批反复中断，已停止处理，没有写入任何数据。请联系系统管理员查看服务器内存和日志"


def begin(batch_id: int) -> bool:
    """Count a start of the batch's job. False: it has killed its workers too often."""
    checking = Case(When(state=BatchState.UPLOADED, then=Value(BatchState.CHECKING)), default=F("state"))
    return count_start(Batch.objects.filter(state__in=RUNNING), batch_id, state=checking)


def failed(batch_id: int, message: str) -> None:
    """A job ended with an error or was cancelled: nothing was written; the batch goes back to where a person can act."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
        if batch.state not in RUNNING:
            return
        if batch.state in CHECKS:
            batch.state, batch.error = BatchState.REFUSED, {"code": STOPPED, "message": message}
        elif batch.state == BatchState.APPLYING:
            batch.state = BatchState.SUBMITTED
            batch.reason = f"{message}。{batch.approved_by.name} 同意过，须重新复核"[:200]
            batch.approved_by = batch.approved_at = None
        else:
            batch.state = BatchState.APPROVED if batch.state == BatchState.UNDOING else BatchState.UNDONE
            batch.reversals.filter(state=ProposalState.APPROVED, done_at=None).update(
                state=ProposalState.RETURNED, decision_reason=message
            )
        batch.attempts = 0
        batch.save()


def orphans() -> list[Batch]:
    """Batches whose job runs nowhere: its worker died, or the queue forgot it. Call in the system's scope."""
    return [batch for batch in Batch.objects.filter(target="roster", state__in=RUNNING) if not at_work(batch.pk)]


def actor_of(batch: Batch) -> int:
    """For whom the batch's present job acts."""
    if batch.state in CHECKS:
        return batch.uploaded_by_id
    if batch.state == BatchState.APPLYING:
        return batch.approved_by_id
    return batch.reversals.filter(state=ProposalState.APPROVED, done_at=None).latest("pk").decided_by_id
