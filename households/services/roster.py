"""What may happen to a roster batch besides what may to any (`jiyang.intake.acts`): read again, hold, cancel; what its acts add.

The long parts run as jobs: `households.roster.jobs`, `committing` and `reversing`.
"""

import hashlib
from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from households.models import RosterAbsence, RosterRow
from households.roster import absences
from households.roster.committing import takes
from households.roster.jobs import FILE_AAD, LAYOUTS
from households.roster.recovery import CHECKS, RUNNING, STOPPED
from households.roster.running import progress_of
from jiyang.access.scope import require
from jiyang.accounts.models import User
from jiyang.identifiers.encryption import encrypt_bytes
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, PlanMode, ReversalKind, RowAction
from jiyang.intake.header import Choice
from jiyang.intake.layouts import known_fields, layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.refusals import MENDABLE
from jiyang.intake.services import forget_headings, save_mapping
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.workflow.reasons import given

TARGET = "roster"
ACT = "roster.import"
WRITTEN = (RowAction.INSERT, RowAction.UPDATE)
OPEN = (BatchState.UPLOADED, *acts.UNDECIDED, BatchState.REFUSED)
CHAIN = """
with recursive above as (
    select id, continues_id from intake_batch where id = %s
    union all select b.id, b.continues_id from intake_batch b join above on b.id = above.continues_id),
chain as (
    select id from above where continues_id is null
    union all select b.id from intake_batch b join chain on b.continues_id = chain.id)
select id from chain"""


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
    acts.need(ACT, "make")
    batch = Batch(
        district=own_district(),
        reading=_reading(continues) if continues else {},
        target=TARGET,
        filename=filename[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        mode=continues.mode if continues else PlanMode(mode),
        continues=continues,
        uploaded_by=by,
    )
    if again := acts.sent_before(batch, *CHECKS):
        return again
    batch.file.save(f"{batch.sha256[:24]}.bin", ContentFile(encrypt_bytes(data, FILE_AAD)), save=False)
    batch.save()
    progress_of(batch.pk).start()
    return batch


def _reading(continues: Batch) -> dict:
    """What a person corrected about the file whose rows come back; what went back has none but the sheets that were read."""
    return {name: said for name, said in continues.reading.items() if name != "sheet"}


@transaction.atomic
def reread(
    *, batch: Batch, by: User, choice: Choice, remember: bool = False, forget: Collection[str] = (), seen: str = ""
) -> Batch:
    """Read the file again in the way a person says, without another upload; the check follows as a job.

    `remember` keeps the headings' meaning for the office, `forget` ends what it has kept of some. A check that was cancelled or
    failed is taken up again by the choice it had. Raises `acts.BatchMoved`, ValidationError for what cannot be chosen.
    """
    batch = acts.as_maker(batch, *OPEN, seen=seen)
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
    """Hand a checked batch to another person. Raises `acts.BatchMoved`, ValidationError when there is nothing to write."""
    batch = acts.as_maker(batch, *acts.UNDECIDED, seen=seen)
    if not takes(batch):
        raise ValidationError("这种表只作校验：户档案里没有它的位置，不能入库")
    if not any(batch.counts.get(action, 0) for action in (*WRITTEN, "relisted")):
        raise ValidationError("这一批没有要新增或变更的行，不需要提交")
    return acts.hand_over(batch, by=by)


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
    batch = acts.as_checker(batch, by=by, seen=seen)
    found = RosterRow.objects.filter(batch=batch)
    chosen = found.filter(Q(row__in=rows) | Q(town__in=towns))
    homes = chosen.exclude(household_no=None).values("household_no")
    found.filter(Q(household_no__in=homes) | Q(pk__in=chosen.filter(household_no=None).values("pk"))).update(held=held)
    batch.version += 1  # a page that shows others as held is old
    batch.save(update_fields=["version"])
    return found.filter(held=True, action__in=WRITTEN).count()


@transaction.atomic
def withdraw(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """撤回 by a maker (`acts.withdraw`); nothing of the batch is held any longer."""
    return _released(acts.withdraw(batch=batch, by=by, seen=seen))


@transaction.atomic
def approve(*, batch: Batch, by: User, reason: str = "", seen: str = "") -> Batch:
    """A second person agrees; the commit follows as a job. Households held back go to the maker with `reason`.

    Raises PermissionDenied for the maker, ValidationError, BatchMoved.
    """
    batch = acts.as_checker(batch, by=by, seen=seen)
    planned = RosterRow.objects.filter(batch=batch, action__in=WRITTEN)
    held = planned.filter(held=True).count()
    reason = given(reason, missing="有暂缓的户，请写明暂缓原因") if held else ""
    if held and not planned.filter(held=False).exists():
        raise ValidationError("所有的户都已暂缓，请直接退回")
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPLYING, by, timezone.now()
    batch.reason, batch.attempts = reason, 0
    batch.save()
    progress_of(batch.pk).start(batch.rows)
    return batch


@transaction.atomic
def give_back(*, batch: Batch, by: User, reason: str, seen: str = "") -> Batch:
    """退回 with a reason (`acts.give_back`); nothing of the batch is held any longer."""
    return _released(acts.give_back(batch=batch, by=by, reason=reason, seen=seen))


def _released(batch: Batch) -> Batch:
    RosterRow.objects.filter(batch=batch, held=True).update(held=False)
    return batch


def is_rest(batch: Batch) -> bool:
    """Whether the batch holds only those rows of another one's file that were held or overtaken."""
    return batch.continues is not None and batch.file.name == batch.continues.file.name


def chain_of(batch: Batch) -> RawSQL:
    """The keys of all batches that bring rows of one file: the first one and whatever continues it, in any number of steps."""
    return RawSQL(CHAIN, [batch.pk])


@transaction.atomic
def cancel(*, batch: Batch, by: User, seen: str = "") -> None:
    """取消 of the job that runs: it stops at its next step and has written nothing. `seen` is what it was `doing`. Raises `acts.BatchMoved`."""
    batch = Batch.objects.get(pk=batch.pk)  # not locked: the job holds it
    if batch.state not in RUNNING or seen not in ("", batch.doing):
        raise acts.BatchMoved(f"这一批现在是“{batch.doing}”，没有可以取消的处理，请刷新页面")
    progress_of(batch.pk).cancel(f"{by.name} {timezone.localtime():%m-%d %H:%M} 取消")


@transaction.atomic
def drop(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """放弃 before approval (`acts.drop`): the staged rows go too. A job that runs is cancelled first."""
    batch = acts.drop(batch=batch, by=by, seen=seen, states=OPEN)
    _clear(batch)
    return batch


def _clear(batch: Batch) -> None:
    """Staged rows and findings of a batch go."""
    for model in (RosterRow, BatchFinding, RosterAbsence):
        model.objects.filter(batch=batch)._raw_delete(model.objects.db)


@transaction.atomic
def decide_reversal(*, batch: Batch, by: User, approve: bool, reason: str = "", seen: str = "") -> Batch:
    """Another person decides on the open request (`acts.decide_reversal`); the job follows where they agree."""
    asked = acts.decide_reversal(batch=batch, by=by, approve=approve, reason=reason, seen=seen)
    batch = asked.batch
    if approve:
        batch.state = BatchState.UNDOING if asked.kind == ReversalKind.UNDO else BatchState.REDOING
        batch.attempts = 0
        batch.save()
        progress_of(batch.pk).start(batch.rows)
    return batch


@transaction.atomic
def stays(*, absence: RosterAbsence, by: User, reason: str) -> RosterAbsence:
    """仍在户: the roster did not list this member, but they still belong to the household. Raises ValidationError.

    It answers for every roster so far that left them out, once: a later answer is refused with the first one.
    """
    reason = given(reason, missing="请写明核实情况")
    absence = RosterAbsence.objects.select_for_update().get(pk=absence.pk)
    if absence.answer:
        raise ValidationError(f"已有核实结果，这次没有保存。{absence.answer}")
    if not absences.belongs(absence):
        raise ValidationError(f"{absence.person.name}已不在这一户，不需再核实")
    absence.stays_by, absence.stays_at, absence.stays_reason = by, timezone.now(), reason
    absence.save()
    RosterAbsence.objects.filter(
        person=absence.person_id, household=absence.household_id, raised=True, stays_at=None
    ).update(stays_by=by, stays_at=absence.stays_at, stays_reason=absence.stays_reason)
    return absence
