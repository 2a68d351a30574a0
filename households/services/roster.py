"""What may happen to a roster batch: upload, submit, approve by another person, return, drop, take back.

The long parts run as jobs: `households.roster.jobs`.
"""

import hashlib

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from households.models import RosterRow
from households.roster.jobs import FILE_AAD, LAYOUTS, progress_of
from jiyang.access.scope import note_stand_in, require
from jiyang.accounts.models import User
from jiyang.identifiers.encryption import encrypt_bytes
from jiyang.intake.detect import Choice
from jiyang.intake.enums import BatchState
from jiyang.intake.layouts import known_fields, layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.refusals import MENDABLE
from jiyang.intake.services import save_mapping
from jiyang.regions.enums import Level
from jiyang.regions.models import Region

TARGET = "roster"
ACT = "roster.import"


class BatchMoved(ValidationError):
    """The batch is not in the state that the act needs; somebody else was faster, or the page is old."""


def own_district() -> Region:
    """The district the actor works for. Raises PermissionDenied."""
    reach = require().reach
    found = Region.objects.at(Level.DISTRICT).filter(pk__in=reach.districts).first()
    if found is None:
        raise PermissionDenied("只有区级岗位可以导入名单")
    return found


@transaction.atomic
def upload(*, by: User, filename: str, data: bytes) -> Batch:
    """Take a file in, stored encrypted. The check follows as a job. Raises PermissionDenied."""
    _need("make")
    batch = Batch(
        district=own_district(),
        target=TARGET,
        filename=filename[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        uploaded_by=by,
    )
    batch.file.save(f"{batch.sha256[:24]}.bin", ContentFile(encrypt_bytes(data, FILE_AAD)), save=False)
    batch.save()
    progress_of(batch.pk).start()
    return batch


@transaction.atomic
def reread(*, batch: Batch, by: User, choice: Choice, remember: bool = False) -> Batch:
    """Read the file again in the way a person says, without another upload; the check follows as a job.

    `remember` keeps the headings' meaning for the office. Raises BatchMoved, ValidationError for what cannot be chosen.
    """
    _need("make")
    batch = _locked(batch, BatchState.UPLOADED, BatchState.CHECKED, BatchState.RETURNED, BatchState.REFUSED)
    if batch.state == BatchState.REFUSED and batch.error.get("code") not in MENDABLE:
        raise ValidationError("这个文件读不了，换一种读法也不行。请按提示改好文件后重新上传")
    _sensible(choice)
    if remember and choice.mapping:
        layout = choice.layout or batch.layout
        if not layout:
            raise ValidationError("要保存对应关系，请先选版式")
        save_mapping(
            by=by, district=batch.district, town=batch.town, target=TARGET, layout=layout, mapping=choice.mapping
        )
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
def submit(*, batch: Batch, by: User) -> Batch:
    """Hand a checked batch to another person. Raises BatchMoved, ValidationError when there is nothing to write."""
    _need("make")
    batch = _locked(batch, BatchState.CHECKED, BatchState.RETURNED)
    if not batch.counts.get("insert", 0) + batch.counts.get("update", 0):
        raise ValidationError("这一批没有要新增或变更的行，不需要提交")
    batch.state, batch.submitted_by, batch.submitted_at, batch.reason = BatchState.SUBMITTED, by, timezone.now(), ""
    batch.save()
    return batch


@transaction.atomic
def approve(*, batch: Batch, by: User) -> Batch:
    """A second person agrees; the commit follows as a job. Raises PermissionDenied for the maker, BatchMoved."""
    _need("check")
    batch = _locked(batch, BatchState.SUBMITTED)
    _not_the_makers(batch, by)
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPLYING, by, timezone.now()
    batch.save()
    progress_of(batch.pk).start(batch.rows)
    return batch


@transaction.atomic
def give_back(*, batch: Batch, by: User, reason: str) -> Batch:
    """退回 with a reason. Raises PermissionDenied for the maker, ValidationError without a reason, BatchMoved."""
    _need("check")
    batch = _locked(batch, BatchState.SUBMITTED)
    _not_the_makers(batch, by)
    if not reason.strip():
        raise ValidationError("请写明退回原因")
    batch.state, batch.reason, batch.submitted_by, batch.submitted_at = (
        BatchState.RETURNED,
        reason.strip()[:200],
        None,
        None,
    )
    batch.save()
    return batch


@transaction.atomic
def drop(*, batch: Batch, by: User) -> Batch:
    """放弃 before approval: the staged rows go, the batch stays on record. A running check is cancelled. Raises BatchMoved."""
    _need("make")
    progress_of(batch.pk).cancel()
    batch = _locked(batch, BatchState.UPLOADED, BatchState.CHECKED, BatchState.RETURNED, BatchState.REFUSED)
    _clear(batch)
    batch.state = BatchState.DROPPED
    batch.save()
    return batch


def _clear(batch: Batch) -> None:
    """Staged rows and findings of a batch go."""
    RosterRow.objects.filter(batch=batch)._raw_delete(RosterRow.objects.db)
    BatchFinding.objects.filter(batch=batch)._raw_delete(BatchFinding.objects.db)


@transaction.atomic
def take_back(*, batch: Batch, by: User, reason: str) -> Batch:
    """撤销 an approved batch: the undo follows as a job. Raises ValidationError without a reason, BatchMoved."""
    _need("check")
    if not reason.strip():
        raise ValidationError("请写明撤销原因")
    batch = _locked(batch, BatchState.APPROVED)
    batch.state, batch.undone_by, batch.undone_at, batch.reason = (
        BatchState.UNDOING,
        by,
        timezone.now(),
        reason.strip()[:200],
    )
    batch.save()
    progress_of(batch.pk).start(batch.rows)
    return batch


def _need(side: str) -> None:
    if not require().has(f"{ACT}.{side}"):
        raise PermissionDenied("本岗位不能上传和提交名单" if side == "make" else "本岗位不能复核名单")


def _not_the_makers(batch: Batch, by: User) -> None:
    """Maker ≠ checker, for deputies too; a deputy's check stands in history under both names."""
    if {by.pk, *require().barred(f"{ACT}.check")} & {batch.uploaded_by_id, batch.submitted_by_id}:
        raise PermissionDenied("复核人不能是上传或提交这一批的人，也不能是其代理人，请另一位同志复核")
    note_stand_in(f"{ACT}.check")


def _locked(batch: Batch, *states: str) -> Batch:
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if batch.state not in states:
        raise BatchMoved(f"这一批现在是“{batch.get_state_display()}”，不能再做这一步，请刷新页面")
    return batch
