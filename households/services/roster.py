"""What may happen to a roster batch: upload, submit, approve by another person, return, drop, take back.

The long parts run as jobs: `households.roster.jobs`, `committing` and `reversing`.
"""

import hashlib
from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg2.errors import LockNotAvailable

from households.models import RosterAbsence, RosterRow
from households.roster.committing import takes
from households.roster.jobs import FILE_AAD, LAYOUTS
from households.roster.recovery import CHECKS, RUNNING, STOPPED, doing
from households.roster.running import progress_of
from jiyang.access.scope import note_stand_in, require
from jiyang.accounts.models import User
from jiyang.identifiers.encryption import encrypt_bytes
from jiyang.intake.detect import Choice
from jiyang.intake.enums import BatchState, PlanMode, ReversalKind, RowAction
from jiyang.intake.layouts import known_fields, layouts
from jiyang.intake.models import Batch, BatchFinding, Reversal
from jiyang.intake.refusals import MENDABLE
from jiyang.intake.services import forget_headings, save_mapping
from jiyang.planner import planned_with
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.workflow import proposals
from jiyang.workflow.enums import ProposalState

TARGET = "roster"
ACT = "roster.import"
WRITTEN = (RowAction.INSERT, RowAction.UPDATE)
PATIENCE = "1s"  # how long an act waits for another one on the same batch; a job takes longer


class BatchMoved(ValidationError):
    """The batch is not in the state that the act needs, or not what the page showed; somebody else was faster, or is at it."""


def own_district() -> Region:
    """The district the actor works for. Raises PermissionDenied."""
    reach = require().reach
    found = Region.objects.at(Level.DISTRICT).filter(pk__in=reach.districts).first()
    if found is None:
        raise PermissionDenied("只有区级岗位可以导入名单")
    return found


@transaction.atomic
def upload(*, by: User, filename: str, data: bytes, mode: str = PlanMode.ALL, continues: Batch | None = None) -> Batch:
    """Take a file in, stored encrypted. The check follows as a job.

    `mode` says what may happen to what the register holds already; `continues` is the batch whose failed rows, corrected,
    this file brings: its mode counts. The same file of the same person that still waits for its check is the same batch:
    a button pressed twice makes one. Raises PermissionDenied, ValidationError.
    """
    _need("make")
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two requests at once come one after the other
    batch = Batch(
        district=own_district(),
        target=TARGET,
        filename=filename[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        mode=continues.mode if continues else PlanMode(mode),
        continues=continues,
        uploaded_by=by,
    )
    again = Batch.objects.filter(
        target=TARGET, uploaded_by=by, sha256=batch.sha256, mode=batch.mode, continues=continues, state__in=CHECKS
    ).first()
    if again:
        return again
    batch.file.save(f"{batch.sha256[:24]}.bin", ContentFile(encrypt_bytes(data, FILE_AAD)), save=False)
    batch.save()
    progress_of(batch.pk).start()
    return batch


@transaction.atomic
def reread(
    *, batch: Batch, by: User, choice: Choice, remember: bool = False, forget: Collection[str] = (), seen: str = ""
) -> Batch:
    """Read the file again in the way a person says, without another upload; the check follows as a job.

    `remember` keeps the headings' meaning for the office, `forget` ends what it has kept of some. A check that was cancelled or
    failed is taken up again by the choice it had. Raises BatchMoved, ValidationError for what cannot be chosen.
    """
    _need("make")
    batch = _locked(batch, BatchState.UPLOADED, BatchState.CHECKED, BatchState.RETURNED, BatchState.REFUSED, seen=seen)
    if is_rest(batch):
        raise ValidationError(
            f"这一批只是批次 {batch.continues} 里暂缓或被更改的户，不能把整个文件重新读一遍。这些行要改的，改好后从批次 {batch.continues} 上传"
        )
    if batch.state == BatchState.REFUSED and batch.error.get("code") not in {*MENDABLE, STOPPED}:
        raise ValidationError("这个文件读不了，换一种读法也不行。请按提示改好文件后重新上传")
    _sensible(choice)
    office = {"district": batch.district, "town": batch.town, "target": TARGET, "layout": choice.layout or batch.layout}
    if remember and choice.mapping:
        if not office["layout"]:
            raise ValidationError("要保存对应关系，请先选版式")
        save_mapping(by=by, **office, mapping=choice.mapping)
    if forget:
        forget_headings(by=by, **office, headings=forget)
    _clear(batch)
    batch.reading, batch.state = choice.as_dict(), BatchState.UPLOADED
    batch.error, batch.counts, batch.reason = {}, {}, ""
    batch.save()
    progress_of(batch.pk).start()
    return batch


def _sensible(choice: Choice) -> None:
    """Refuse with every reason what no file could be read by."""
    problems = []
    if choice.layout and choice.layout not in LAYOUTS:
        problems.append(f"没有版式 {choice.layout}")
    if choice.header_row is not None and not 1 <= choice.header_row <= 1000:
        problems.append("表头行应在第 1 到 1000 行之间")
    fields = known_fields(layouts()[key] for key in ([choice.layout] if choice.layout in LAYOUTS else LAYOUTS))
    problems += [f"没有字段 {name}" for name in sorted(set(choice.mapping.values()) - {"", *fields})]
    chosen = [name for name in choice.mapping.values() if name]
    twice = sorted({name for name in chosen if chosen.count(name) > 1})
    problems += [f"有两列都对应“{fields[name].heading}”，请只留一列" for name in twice if name in fields]
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def submit(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """Hand a checked batch to another person. Raises BatchMoved, ValidationError when there is nothing to write."""
    _need("make")
    batch = _locked(batch, BatchState.CHECKED, BatchState.RETURNED, seen=seen)
    if not takes(batch):
        raise ValidationError("这种表只作校验：户档案里没有它的位置，不能入库")
    if not any(batch.counts.get(action, 0) for action in (*WRITTEN, "relisted")):
        raise ValidationError("这一批没有要新增或变更的行，不需要提交")
    batch.state, batch.submitted_by, batch.submitted_at, batch.reason = BatchState.SUBMITTED, by, timezone.now(), ""
    batch.save()
    return batch


@transaction.atomic
def hold(
    *,
    batch: Batch,
    by: User,
    rows: Collection[int] = (),
    towns: Collection[int] = (),
    held: bool = True,
    seen: str = "",
) -> int:
    """暂缓 some households (or villages) of a submitted batch: those of the rows, or of whole towns. The rest can be approved.

    Returns the number of rows held now. `held=False` takes it back. Raises PermissionDenied for the maker, BatchMoved.
    """
    _need("check")
    batch = _locked(batch, BatchState.SUBMITTED, seen=seen)
    _not_the_makers(batch, by)
    found = RosterRow.objects.filter(batch=batch)
    chosen = found.filter(Q(row__in=rows) | Q(town__in=towns))
    homes = chosen.exclude(household_no=None).values("household_no")
    found.filter(Q(household_no__in=homes) | Q(pk__in=chosen.filter(household_no=None).values("pk"))).update(held=held)
    batch.version += 1  # a page that shows others as held is old
    batch.save(update_fields=["version"])
    return found.filter(held=True, action__in=WRITTEN).count()


@transaction.atomic
def withdraw(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """撤回 by a maker before anybody has decided: back to where it can be changed and submitted again.

    Raises PermissionDenied for who is not its maker, BatchMoved.
    """
    _need("make")
    batch = _locked(batch, BatchState.SUBMITTED, seen=seen)
    if by.pk not in {batch.uploaded_by_id, batch.submitted_by_id}:
        raise PermissionDenied("只有上传或提交这一批的人可以撤回")
    _hand_back(batch, BatchState.CHECKED, f"{by.name} {timezone.localtime():%m-%d %H:%M} 撤回了提交")
    return batch


@transaction.atomic
def approve(*, batch: Batch, by: User, reason: str = "", seen: str = "") -> Batch:
    """A second person agrees; the commit follows as a job. Households held back go to the maker with `reason`.

    Raises PermissionDenied for the maker, ValidationError, BatchMoved.
    """
    _need("check")
    batch = _locked(batch, BatchState.SUBMITTED, seen=seen)
    _not_the_makers(batch, by)
    planned = RosterRow.objects.filter(batch=batch, action__in=WRITTEN)
    held = planned.filter(held=True).count()
    if held and not reason.strip():
        raise ValidationError("有暂缓的户，请写明暂缓原因")
    if held and not planned.filter(held=False).exists():
        raise ValidationError("所有的户都已暂缓，请直接退回")
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPLYING, by, timezone.now()
    batch.reason, batch.attempts = reason.strip()[:200] if held else "", 0
    batch.save()
    progress_of(batch.pk).start(batch.rows)
    return batch


@transaction.atomic
def give_back(*, batch: Batch, by: User, reason: str, seen: str = "") -> Batch:
    """退回 with a reason. Raises PermissionDenied for the maker, ValidationError without a reason, BatchMoved."""
    _need("check")
    batch = _locked(batch, BatchState.SUBMITTED, seen=seen)
    _not_the_makers(batch, by)
    if not reason.strip():
        raise ValidationError("请写明退回原因")
    _hand_back(batch, BatchState.RETURNED, reason.strip())
    return batch


def stamp(batch: Batch) -> str:
    """What a page of the batch shows: whatever changes of it, which rows are held too, makes another version."""
    return str(batch.version)


def is_rest(batch: Batch) -> bool:
    """Whether the batch holds only those rows of another one's file that were held or overtaken."""
    return batch.continues is not None and batch.file.name == batch.continues.file.name


def _hand_back(batch: Batch, state: str, reason: str) -> None:
    """A submitted batch is its maker's again, nothing of it held."""
    batch.state, batch.reason = state, reason[:200]
    batch.submitted_by = batch.submitted_at = None
    batch.save()
    RosterRow.objects.filter(batch=batch, held=True).update(held=False)


@transaction.atomic
def cancel(*, batch: Batch, by: User, seen: str = "") -> None:
    """取消 of the job that runs: it stops at its next step and has written nothing. `seen` is what it was `doing`. Raises BatchMoved."""
    batch = Batch.objects.get(pk=batch.pk)  # not locked: the job holds it
    if batch.state not in RUNNING or seen not in ("", doing(batch)):
        raise BatchMoved(f"这一批现在是“{doing(batch)}”，没有可以取消的处理，请刷新页面")
    progress_of(batch.pk).cancel(f"{by.name} {timezone.localtime():%m-%d %H:%M} 取消")


@transaction.atomic
def drop(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """放弃 before approval: the staged rows go, the batch stays on record. A job that runs is cancelled first. Raises BatchMoved."""
    _need("make")
    batch = _locked(batch, BatchState.UPLOADED, BatchState.CHECKED, BatchState.RETURNED, BatchState.REFUSED, seen=seen)
    _clear(batch)
    batch.state = BatchState.DROPPED
    batch.save()
    return batch


def _clear(batch: Batch) -> None:
    """Staged rows and findings of a batch go."""
    for model in (RosterRow, BatchFinding, RosterAbsence):
        model.objects.filter(batch=batch)._raw_delete(model.objects.db)


@transaction.atomic
def ask_reversal(*, batch: Batch, by: User, reason: str, kind: str = "") -> Reversal:
    """申请撤销 of an approved batch, or 恢复 of one that was taken back: another person decides.

    `kind` is what the person means to ask for. Raises PermissionDenied, ValidationError (no reason, or a request is open), BatchMoved.
    """
    if not require().has(f"{Reversal.act}.make"):
        raise PermissionDenied("本岗位不能申请撤销名单")
    if not reason.strip():
        raise ValidationError("请写明原因")
    batch = _locked(batch, BatchState.APPROVED, BatchState.UNDONE)
    if open_reversal(batch):
        raise ValidationError("这一批已有一份待复核的申请")
    due = ReversalKind.UNDO if batch.state == BatchState.APPROVED else ReversalKind.REDO
    if kind and kind != due:
        raise BatchMoved(f"这一批现在是“{batch.get_state_display()}”，请刷新页面")
    return Reversal.objects.create(
        batch=batch, district_id=batch.district_id, kind=due, reason=reason.strip()[:200], submitted_by=by
    )


@transaction.atomic
def decide_reversal(*, batch: Batch, by: User, approve: bool, reason: str = "", seen: str = "") -> Batch:
    """Another person agrees to the open request (the job follows) or returns it with a reason.

    `seen` is the key of the request the person looked at. Raises PermissionDenied for who asked, ValidationError, BatchMoved.
    """
    batch = _locked(batch, BatchState.APPROVED, BatchState.UNDONE)
    asked = open_reversal(batch)
    if asked is None or seen not in ("", str(asked.pk)):
        raise BatchMoved("这份申请已经处理或撤回，请按现在的内容核对")
    proposals.decide(asked, by=by, approve=approve, reason=reason)
    if approve:
        batch.state = BatchState.UNDOING if asked.kind == ReversalKind.UNDO else BatchState.REDOING
        batch.attempts = 0
        batch.save()
        progress_of(batch.pk).start(batch.rows)
    return batch


def withdraw_reversal(*, batch: Batch, by: User, seen: str = "") -> None:
    """撤回 by who asked. `seen` as in `decide_reversal`. Raises PermissionDenied, BatchMoved."""
    asked = open_reversal(batch)
    if asked is None or seen not in ("", str(asked.pk)):
        raise BatchMoved("没有待复核的撤销或恢复申请，请刷新页面")
    proposals.withdraw(asked, by=by)


def open_reversal(batch: Batch) -> Reversal | None:
    return batch.reversals.filter(state=ProposalState.SUBMITTED).select_related("submitted_by").first()


@transaction.atomic
def stays(*, absence: RosterAbsence, by: User, reason: str) -> RosterAbsence:
    """仍在户: the roster did not list this member, but they still belong to the household. Raises ValidationError.

    It answers for every roster so far that left them out.
    """
    if not reason.strip():
        raise ValidationError("请写明核实情况")
    absence = RosterAbsence.objects.select_for_update().get(pk=absence.pk)
    absence.stays_by, absence.stays_at, absence.stays_reason = by, timezone.now(), reason.strip()[:200]
    absence.save()
    RosterAbsence.objects.filter(
        person=absence.person_id, household=absence.household_id, raised=True, stays_at=None
    ).update(stays_by=by, stays_at=absence.stays_at, stays_reason=absence.stays_reason)
    return absence


def _need(side: str) -> None:
    if not require().has(f"{ACT}.{side}"):
        raise PermissionDenied("本岗位不能上传和提交名单" if side == "make" else "本岗位不能复核名单")


def _not_the_makers(batch: Batch, by: User) -> None:
    """Maker ≠ checker, for deputies too; a deputy's check stands in history under both names."""
    if {by.pk, *require().barred(f"{ACT}.check")} & {batch.uploaded_by_id, batch.submitted_by_id}:
        raise PermissionDenied("复核人不能是上传或提交这一批的人，也不能是其代理人，请另一位同志复核")
    note_stand_in(f"{ACT}.check")


def _locked(batch: Batch, *states: str, seen: str = "") -> Batch:
    """The batch, locked for an act that needs one of these states. `seen` is the `stamp` of the page on which it was asked for.

    Raises BatchMoved, at once where a job holds the batch.
    """
    try:
        with transaction.atomic(), planned_with(lock_timeout=PATIENCE):
            batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    except OperationalError as failure:
        if isinstance(failure.__cause__, LockNotAvailable):
            raise BatchMoved("这一批正在处理，这一步没有办。请等处理完成、刷新页面后再办") from failure
        raise
    if batch.state not in states:
        raise BatchMoved(f"这一批现在是“{doing(batch)}”，不能再做这一步，请刷新页面")
    if seen not in ("", stamp(batch)):
        raise BatchMoved("打开页面以后，这一批又提交过，或重新读取、暂缓的户有变化，请按现在的内容核对后再办")
    return batch
