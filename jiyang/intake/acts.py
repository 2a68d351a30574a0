"""What people do with a batch, whatever it is imported into: submit, withdraw, return, drop, ask for its undo and decide on it.

Each act locks the batch, asks for its state and counts for what its page showed: `seen` is the `stamp` that the page was made
with (of a request for an undo its key), "" where there was no page. What a target adds (checks before a submission, the writing
itself) stands in its own services: they begin with `as_maker` or `as_checker`.
"""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg2.errors import LockNotAvailable

from jiyang.access.scope import Actor, note_stand_in, require
from jiyang.accounts.models import User
from jiyang.intake import targets
from jiyang.intake.enums import BatchState, ReversalKind
from jiyang.intake.models import Batch, Reversal
from jiyang.planner import planned_with
from jiyang.workflow import proposals
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.reasons import given

TURN = 0x051B  # first key of the advisory locks
PATIENCE = "1s"  # how long an act waits for another one on the same batch; a job takes longer
# of what an undo gives back: it comes from a batch that was taken back when this one stood in its way
STILL_THERE = "现值是已撤销的批次 {} 写入的，要改回请恢复该批次后再撤销"
UNDECIDED = (BatchState.CHECKED, BatchState.RETURNED)
KIND_FROM = {BatchState.APPROVED: ReversalKind.UNDO, BatchState.UNDONE: ReversalKind.REDO}


class BatchMoved(ValidationError):
    """The batch is not in the state that the act needs, or not what the page showed; somebody else was faster, or is at it."""


def stamp(batch: Batch, plan: str = "") -> str:
    """What a page of the batch shows: any change of the batch makes another one; so does another `plan` (a digest), where the
    page works out anew what would be written."""
    return f"{batch.version}-{plan}" if plan else str(batch.version)


def must_be_shown(batch: Batch, plan: str, seen: str) -> None:
    """Raises BatchMoved where the page showed another plan."""
    if seen not in ("", stamp(batch, plan)):
        raise BatchMoved("打开页面以后，要写入的内容有了变动，请按现在的内容核对后再办")


def need(act: str, side: str) -> Actor:
    """The actor, who holds this side of an import's act. Raises PermissionDenied."""
    actor = require()
    if not actor.has(f"{act}.{side}"):
        raise PermissionDenied("本岗位不能上传和提交这类导入" if side == "make" else "本岗位不能复核这类导入")
    return actor


def sent_before(batch: Batch, *states: str) -> Batch | None:
    """The batch of the same file of the same person that is still in one of `states`: a button pressed twice makes one.
    Two requests at once come one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=batch.uploaded_by_id)
    same = {name: getattr(batch, name) for name in ("target", "uploaded_by", "sha256", "mode", "continues")}
    return Batch.objects.filter(**same, state__in=states).first()


def as_maker(batch: Batch, *states: str, seen: str) -> Batch:
    """The batch, locked for an act of its makers' side. Raises PermissionDenied, BatchMoved."""
    need(targets.target_of(batch).act, "make")
    return locked(batch, *states, seen=seen)


def as_checker(batch: Batch, *, by: User, seen: str) -> Batch:
    """The submitted batch, locked for its checker: maker ≠ checker, for deputies too; a deputy's check stands in history
    under both names. Raises PermissionDenied, BatchMoved."""
    act = targets.target_of(batch).act
    actor = need(act, "check")
    batch = locked(batch, BatchState.SUBMITTED, seen=seen)
    if {by.pk, *actor.barred(f"{act}.check")} & makers(batch):
        raise PermissionDenied("复核人不能是上传或提交这一批的人，也不能是其代理人，请另一位同志复核")
    note_stand_in(f"{act}.check")
    return batch


def makers(batch: Batch) -> set[int]:
    return {batch.uploaded_by_id, batch.submitted_by_id} - {None}


def locked(batch: Batch, *states: str, seen: str = "") -> Batch:
    """The batch, locked for an act that needs one of these states. Raises BatchMoved, at once where a job holds the batch."""
    try:
        with transaction.atomic(), planned_with(lock_timeout=PATIENCE):
            batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    except OperationalError as failure:
        if isinstance(failure.__cause__, LockNotAvailable):
            raise BatchMoved("这一批正在处理，这一步没有办。请等处理完成、刷新页面后再办") from failure
        raise
    if batch.state not in states:
        raise BatchMoved(f"这一批现在是“{batch.doing}”，不能再做这一步，请刷新页面")
    if seen.partition("-")[0] not in ("", stamp(batch)):
        raise BatchMoved("打开页面以后，这一批又提交过或有别的变化，请按现在的内容核对后再办")
    return batch


def in_turn(batch: Batch) -> None:
    """Batches of one target are written into a district's rows one after another: the later one sees what the former wrote."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [TURN, f"{batch.district_id} {batch.target}"])


def hand_over(batch: Batch, *, by: User) -> Batch:
    """A locked batch waits for another person from here on."""
    batch.state, batch.submitted_by, batch.submitted_at, batch.reason = BatchState.SUBMITTED, by, timezone.now(), ""
    batch.save()
    return batch


@transaction.atomic
def withdraw(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """撤回 by a maker before anybody has decided: back to where it can be changed and submitted again.

    Raises PermissionDenied for who is not its maker, BatchMoved.
    """
    batch = as_maker(batch, BatchState.SUBMITTED, seen=seen)
    if by.pk not in makers(batch):
        raise PermissionDenied("只有上传或提交这一批的人可以撤回")
    return _hand_back(batch, BatchState.CHECKED, f"{by.name} {timezone.localtime():%m-%d %H:%M} 撤回了提交")


@transaction.atomic
def give_back(*, batch: Batch, by: User, reason: str, seen: str = "") -> Batch:
    """退回 with a reason. Raises PermissionDenied for the maker, ValidationError without a reason or for one too long, BatchMoved."""
    batch = as_checker(batch, by=by, seen=seen)
    return _hand_back(batch, BatchState.RETURNED, given(reason, missing="请写明退回原因"))


def _hand_back(batch: Batch, state: str, reason: str) -> Batch:
    batch.state, batch.reason = state, reason
    batch.submitted_by = batch.submitted_at = None
    batch.save()
    return batch


@transaction.atomic
def drop(*, batch: Batch, by: User, seen: str = "", states: Collection[str] = UNDECIDED) -> Batch:
    """放弃 before it is submitted; the batch stays on record. Raises PermissionDenied, BatchMoved."""
    batch = as_maker(batch, *states, seen=seen)
    batch.state = BatchState.DROPPED
    batch.save()
    return batch


@transaction.atomic
def ask_reversal(*, batch: Batch, by: User, reason: str, seen: str = "") -> Reversal:
    """申请撤销 of an approved batch, or 恢复 of one that was taken back: another person decides.

    `seen` is the kind that the page offered. Raises PermissionDenied, ValidationError (no reason or one too long, or a request is open),
    BatchMoved.
    """
    if not require().has(f"{targets.target_of(batch).undo_act}.make"):
        raise PermissionDenied("本岗位不能申请撤销这类导入")
    reason = given(reason, missing="请写明原因")
    batch = locked(batch, *KIND_FROM)
    if open_reversal(batch):
        raise ValidationError("这一批已有一份待复核的申请")
    due = KIND_FROM[batch.state]
    if seen not in ("", due):
        raise BatchMoved(f"这一批现在是“{batch.doing}”，请刷新页面")
    place = {"district_id": batch.district_id, "town_id": batch.town_id, "village_id": batch.village_id}
    return Reversal.objects.create(batch=batch, kind=due, reason=reason, submitted_by=by, **place)


@transaction.atomic
def decide_reversal(*, batch: Batch, by: User, approve: bool, reason: str = "", seen: str = "") -> Reversal:
    """Another person agrees to the open request (its effect on the locked `batch` is the caller's) or returns it with a reason.

    `seen` is the key of the request the person looked at. Raises PermissionDenied for who asked, ValidationError, BatchMoved.
    """
    batch = locked(batch, *KIND_FROM)
    decided = proposals.decide(_asked(batch, seen), by=by, approve=approve, reason=reason)
    decided.batch = batch
    return decided


@transaction.atomic
def withdraw_reversal(*, batch: Batch, by: User, seen: str = "") -> None:
    """撤回 by who asked. `seen` as in `decide_reversal`. Raises PermissionDenied, BatchMoved."""
    proposals.withdraw(_asked(batch, seen), by=by)


def open_reversal(batch: Batch) -> Reversal | None:
    return batch.reversals.filter(state=ProposalState.SUBMITTED).select_related("submitted_by").first()


def _asked(batch: Batch, seen: str) -> Reversal:
    asked = open_reversal(batch)
    if asked is None or seen not in ("", str(asked.pk)):
        raise BatchMoved("这份申请已经处理或撤回，请按现在的内容核对")
    return asked
