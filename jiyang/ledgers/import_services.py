"""What may happen to an import of a ledger: upload, submit, approve by another person, return, drop.

What the checker sees and what is written come from the same resource over the same file; the commit counts the plan again
and gives the batch back where the ledger has moved on meanwhile.
"""

import hashlib
import json
from dataclasses import dataclass, field

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from jiyang.access.scope import Actor, actor_for, note_in_history, note_stand_in, require
from jiyang.accounts.models import User
from jiyang.identifiers.encryption import decrypt_bytes, encrypt_bytes
from jiyang.intake.enums import BatchState, RowAction
from jiyang.intake.models import Batch
from jiyang.ledgers.import_files import table_of
from jiyang.ledgers.importing import resource_of
from jiyang.ledgers.views import message_of

AAD = "ledger.import"
ACTIONS = {
    "new": RowAction.INSERT,
    "update": RowAction.UPDATE,
    "skip": RowAction.SAME,
    "invalid": RowAction.REFUSED,
    "error": RowAction.REFUSED,
}


@dataclass(frozen=True)
class Line:
    """One line of the file in the preview: what becomes of it, its texts, the values that change, and what is wrong."""

    row: int
    action: RowAction
    name: str
    texts: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    lines: list[Line]
    counts: dict[str, int]
    unknown: list[str]
    header_row: int

    @property
    def digest(self) -> str:
        told = [[one.row, one.action, one.changes] for one in self.lines]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def plan_of(batch: Batch, ledger, actor: Actor, *, write: bool = False) -> Plan:
    """Run the file through the ledger's resource with the maker's eyes and in their name; nothing is left behind unless
    `write`. A fixed number of queries.

    Raises ValidationError for a file that cannot be read or, when writing, for a write that failed as a whole.
    """
    with batch.file.open("rb") as stored:
        data = decrypt_bytes(stored.read(), AAD)
    resource = resource_of(ledger)(actor=actor, by=actor.user, batch=batch)
    table = table_of(data, batch.filename, resource)
    result = resource.import_table(table, dry_run=not write)
    if result.base_errors:
        raise ValidationError([f"没有写入：{_why(one.error, ledger)}" for one in result.base_errors])
    found = zip(table.numbers, result.rows, table.dataset.dict, strict=True)
    lines = [_line(resource, row, one, texts) for row, one, texts in found]
    invalid = {table.numbers[one.number - 1]: one for one in result.invalid_rows}
    lines = [_refused(line, invalid.get(line.row)) for line in lines]
    if write:
        batch.columns["written"] = [
            one.instance.pk for one in result.rows if one.import_type in {one.IMPORT_TYPE_NEW, one.IMPORT_TYPE_UPDATE}
        ]
    counts = {action.value: sum(one.action == action for one in lines) for action in RowAction}
    return Plan(lines, counts, table.unknown, table.header_row)


def _why(error: Exception, ledger) -> str:
    """Why the database took none of the lines: a row out of the maker's sight may hold the same key."""
    if not isinstance(error, IntegrityError):
        return str(error)
    try:
        return message_of(error, ledger.model)
    except IntegrityError:
        return "与已有的记录冲突，请核对后重传"


def _line(resource, row: int, result, texts: dict[str, str]) -> Line:
    action = ACTIONS[result.import_type]
    if action == RowAction.REFUSED:
        return Line(row, action, "", texts, problems=[("", str(one.error)) for one in result.errors])
    old = result.original if action == RowAction.UPDATE else None
    changes = []
    for one in resource.fields.values() if action != RowAction.SAME else ():
        column = one.widget.column
        was, now = column.text(old) if old is not None else "", column.text(result.instance)
        is_same = old is not None and column.raw(old) == column.raw(result.instance)
        if not is_same and (now or was):
            changes.append((one.column_name, was, now))
    return Line(row, action, resource.ledger.name_of(result.instance), texts, changes)


def _refused(line: Line, invalid) -> Line:
    if invalid is None:
        return line
    named = {"" if name == NON_FIELD_ERRORS else name: texts for name, texts in invalid.error_dict.items()}
    return Line(
        line.row, RowAction.REFUSED, "", line.texts,
        problems=[(name, text) for name, texts in named.items() for text in texts],
    )  # fmt: skip


def eyes_of(batch: Batch, actor: Actor) -> Actor:
    """Whose reach the lines are judged by: of a submitted batch its maker's, whoever looks at it. A checker of the district
    neither sees nor writes the lines that were refused to a town."""
    return actor_for(batch.submitted_by) if batch.submitted_by_id else actor


@transaction.atomic
def upload(*, by: User, ledger, filename: str, data: bytes) -> Batch:
    """Take a file in, stored encrypted, and count what it would do. Raises ValidationError with every reason."""
    actor = _need(ledger, "make")
    home = actor.home
    if home is None:
        raise PermissionDenied("没有管辖区划的岗位不能导入")
    batch = Batch(target=ledger.key, filename=filename[:200], sha256=hashlib.sha256(data).hexdigest(), uploaded_by=by)
    batch.district = home.district or home
    batch.town = home if home.level == "town" else home.town
    batch.village = home if home.level == "village" else None
    batch.file.save(f"{batch.sha256[:24]}.bin", ContentFile(encrypt_bytes(data, AAD)), save=False)
    batch.save()
    try:
        plan = plan_of(batch, ledger, actor)
    except ValidationError:
        batch.file.delete(save=False)
        raise
    return _counted(batch, plan, BatchState.CHECKED)


@transaction.atomic
def submit(*, batch: Batch, ledger, by: User) -> Batch:
    """Hand the batch to another person. Raises ValidationError when there is nothing to write or it has moved on."""
    actor = _need(ledger, "make")
    batch = _locked(batch, BatchState.CHECKED, BatchState.RETURNED)
    _counted(batch, plan_of(batch, ledger, actor), batch.state)
    if not batch.counts["insert"] + batch.counts["update"]:
        raise ValidationError("这一批没有要新增或变更的行，不需要提交")
    batch.state, batch.submitted_by, batch.submitted_at, batch.reason = BatchState.SUBMITTED, by, timezone.now(), ""
    batch.save()
    return batch


@transaction.atomic
def approve(*, batch: Batch, ledger, by: User) -> Batch:
    """A second person agrees: exactly what was submitted is written, or nothing.

    Raises PermissionDenied for the maker; ValidationError where the ledger has moved on since (the batch stays).
    """
    actor = _need(ledger, "check")
    batch = _locked(batch, BatchState.SUBMITTED)
    _not_the_makers(batch, ledger, by)
    maker = eyes_of(batch, actor)
    if plan_of(batch, ledger, maker).digest != batch.plan_hash:
        raise ValidationError("提交之后台账或提交人的管辖范围有了变动，与当时核对的不一致，请退回由上传人重新核对")
    note_in_history(batch=batch.pk)
    plan_of(batch, ledger, maker, write=True)
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPROVED, by, timezone.now()
    batch.save()
    return batch


@transaction.atomic
def give_back(*, batch: Batch, ledger, by: User, reason: str) -> Batch:
    """退回 with a reason. Raises PermissionDenied for the maker, ValidationError without a reason."""
    _need(ledger, "check")
    batch = _locked(batch, BatchState.SUBMITTED)
    _not_the_makers(batch, ledger, by)
    if not reason.strip():
        raise ValidationError("请写明退回原因")
    batch.state, batch.reason = BatchState.RETURNED, reason.strip()[:200]
    batch.submitted_by = batch.submitted_at = None
    batch.save()
    return batch


@transaction.atomic
def withdraw(*, batch: Batch, ledger, by: User) -> Batch:
    """撤回 by who submitted it, before it is decided. Raises PermissionDenied for anybody else."""
    _need(ledger, "make")
    batch = _locked(batch, BatchState.SUBMITTED)
    if batch.submitted_by_id != by.pk:
        raise PermissionDenied("只有提交人可以撤回")
    batch.state, batch.submitted_by, batch.submitted_at = BatchState.CHECKED, None, None
    batch.save()
    return batch


@transaction.atomic
def drop(*, batch: Batch, ledger, by: User) -> Batch:
    """放弃 before it is submitted; the batch stays on record."""
    _need(ledger, "make")
    batch = _locked(batch, BatchState.CHECKED, BatchState.RETURNED)
    batch.state = BatchState.DROPPED
    batch.save()
    return batch


def _counted(batch: Batch, plan: Plan, state: str) -> Batch:
    batch.state, batch.rows, batch.header_row = state, len(plan.lines), plan.header_row
    batch.counts, batch.plan_hash, batch.columns = plan.counts, plan.digest, {"unknown": plan.unknown}
    batch.save()
    return batch


def _need(ledger, side: str) -> Actor:
    actor = require()
    if not actor.has(f"{ledger.imports.act}.{side}"):
        raise PermissionDenied("本岗位不能上传和提交这类导入" if side == "make" else "本岗位不能复核这类导入")
    return actor


def _not_the_makers(batch: Batch, ledger, by: User) -> None:
    """Maker ≠ checker, for deputies too; a deputy's check stands in history under both names."""
    right = f"{ledger.imports.act}.check"
    if {by.pk, *require().barred(right)} & {batch.uploaded_by_id, batch.submitted_by_id}:
        raise PermissionDenied("复核人不能是上传或提交这一批的人，也不能是其代理人，请另一位同志复核")
    note_stand_in(right)


def _locked(batch: Batch, *states: BatchState) -> Batch:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state not in states:
        raise ValidationError(f"这一批现在是“{batch.get_state_display()}”，不能再这样办理，请刷新页面")
    return batch
