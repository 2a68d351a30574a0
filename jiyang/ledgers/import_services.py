"""What may happen to an import of a ledger besides what may to any batch (`jiyang.intake.acts`): upload, submit, approve.

What the checker sees and what is written come from the same resource over the same file; what an approval wrote is compared
with what was submitted, and undone at once where the ledger has moved on meanwhile.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from jiyang.access.scope import Actor, actor_for, note_in_history, require
from jiyang.accounts.models import User
from jiyang.audit.logs import without_numbers
from jiyang.identifiers.encryption import decrypt_bytes, encrypt_bytes
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, RowAction, Severity
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers import registry
from jiyang.ledgers.import_files import Spot, Table, table_of
from jiyang.ledgers.importing import LedgerResource, resource_of
from jiyang.ledgers.views import message_of

AAD = "ledger.import"
REFUSED = "line_refused"  # code of what stays told of a line that an approval left out
MOVED = "提交之后台账或提交人的管辖范围有了变动，与当时核对的不一致，请退回由上传人重新核对"
ACTIONS = {
    "new": RowAction.INSERT,
    "update": RowAction.UPDATE,
    "skip": RowAction.SAME,
    "invalid": RowAction.REFUSED,
    "error": RowAction.REFUSED,
}


OF_CELL = re.compile(r"(?:([A-Z]{1,3}\d+) )?(.*)", re.DOTALL)  # a reason, with the cell of which it is said


@dataclass(frozen=True)
class Line:
    """One line of the file in the preview: what becomes of it, its texts, the values that change, and what is wrong.

    `former` are the values behind the masks that would be overwritten.
    """

    spot: Spot
    action: RowAction
    name: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """What is wrong, each with all the columns, or their cells, of which it is said."""
        named: dict[str, list[str]] = {}
        for heading, text in self.problems:
            cell, said = OF_CELL.match(text).groups()
            named.setdefault(said, []).append(f"{heading} {cell or ''}".strip())
        return [("、".join(filter(None, headings)), said) for said, headings in named.items()]


@dataclass(frozen=True)
class Plan:
    """What becomes of the lines of a file (`table`). `hidden`: heading -> its cells whose masked numbers stay as they are."""

    lines: list[Line]
    counts: dict[str, int]
    table: Table
    hidden: dict[str, list[str]]

    @property
    def digest(self) -> str:
        """Of what would be written where, over what; keyed, for a number is soon guessed."""
        told = [[*one.spot, one.action, one.changes, one.former] for one in self.lines]
        return salted_hmac(AAD, json.dumps(told, ensure_ascii=False), algorithm="sha256").hexdigest()


def plan_of(batch: Batch, actor: Actor, *, write: bool = False) -> Plan:
    """Run the file through the ledger's resource with the maker's eyes and in their name; nothing is left behind unless
    `write`. A fixed number of queries.

    Raises ValidationError for a file that cannot be read or, when writing, for a write that failed as a whole.
    """
    resource, table = _opened(batch, actor)
    result = resource.import_table(table, dry_run=not write)
    if result.base_errors:
        raise ValidationError([f"没有写入：{_why(one.error, resource.ledger)}" for one in result.base_errors])
    found = zip(table.spots, result.rows, table.dataset.dict, strict=True)
    invalid = {one.number - 1: one for one in result.invalid_rows}
    lines = [
        _refused(spot, texts, invalid[index]) if index in invalid else _line(resource, spot, one, texts)
        for index, (spot, one, texts) in enumerate(found)
    ]
    if write:
        batch.columns["written"] = [
            one.instance.pk for one in result.rows if one.import_type in {one.IMPORT_TYPE_NEW, one.IMPORT_TYPE_UPDATE}
        ]
    counts = {action.value: sum(one.action == action for one in lines) for action in RowAction}
    return Plan(lines, counts, table, resource.hidden_cells)


def _opened(batch: Batch, actor: Actor) -> tuple[LedgerResource, Table]:
    with batch.file.open("rb") as stored:
        data = decrypt_bytes(stored.read(), AAD)
    resource = resource_of(registry.get(batch.target))(actor=actor, by=actor.user, batch=batch)
    return resource, table_of(data, batch.filename, resource)


def _why(error: Exception, ledger) -> str:
    """Why the database took none of the lines: a row out of the maker's sight may hold the same key."""
    if isinstance(error, ValidationError):
        return "；".join(error.messages)
    if not isinstance(error, IntegrityError):
        return str(error)
    try:
        return message_of(error, ledger.model)
    except IntegrityError:
        return "与已有的记录冲突，请核对后重传"


def _line(resource, spot: Spot, result, texts: dict[str, str]) -> Line:
    action = ACTIONS[result.import_type]
    if action == RowAction.REFUSED:
        return Line(spot, action, texts=texts, problems=[("", str(one.error)) for one in result.errors])
    old = result.original if action == RowAction.UPDATE else None
    changes, former = [], []
    for one in resource.fields.values() if action != RowAction.SAME else ():
        column = one.widget.column
        was, now = column.text(old) if old is not None else "", column.text(result.instance)
        is_same = old is not None and column.raw(old) == column.raw(result.instance)
        if not is_same and (now or was):
            changes.append((one.column_name, was, now))
            former.append(str(column.raw(old)) if old is not None else "")
    return Line(spot, action, resource.ledger.name_of(result.instance), texts, changes, former)


def _refused(spot: Spot, texts: dict[str, str], invalid) -> Line:
    problems = [
        ("" if name == NON_FIELD_ERRORS else name, text.rstrip("。"))
        for name, reasons in invalid.error_dict.items()
        for text in reasons
    ]
    return Line(spot, RowAction.REFUSED, texts=texts, problems=problems)


def eyes_of(batch: Batch, actor: Actor) -> Actor:
    """Whose reach the lines are judged by: of a submitted batch its maker's, whoever looks at it. A checker of the district
    neither sees nor writes the lines that were refused to a town."""
    return actor_for(batch.submitted_by) if batch.submitted_by_id else actor


@transaction.atomic
def upload(*, by: User, ledger, filename: str, data: bytes) -> Batch:
    """Take a file in, stored encrypted, and count what it would do. The same file of the same person that they have not
    submitted yet is the same batch. Raises ValidationError with every reason."""
    actor = acts.need(ledger.imports.act, "make")
    home = actor.home
    if home is None:
        raise PermissionDenied("没有管辖区划的岗位不能导入")
    batch = Batch(target=ledger.key, filename=filename[:200], sha256=hashlib.sha256(data).hexdigest(), uploaded_by=by)
    if again := acts.sent_before(batch, BatchState.CHECKED):
        return again
    batch.district = home.district or home
    batch.town = home if home.level == "town" else home.town
    batch.village = home if home.level == "village" else None
    batch.file.save(f"{batch.sha256[:24]}.bin", ContentFile(encrypt_bytes(data, AAD)), save=False)
    batch.save()
    try:
        plan = plan_of(batch, actor)
    except ValidationError:
        batch.file.delete(save=False)
        raise
    return _counted(batch, plan, BatchState.CHECKED)


@transaction.atomic
def submit(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """Hand the batch to another person. Raises `acts.BatchMoved`, ValidationError when there is nothing to write."""
    batch = acts.as_maker(batch, *acts.UNDECIDED, seen=seen)
    plan = plan_of(batch, require())
    acts.must_be_shown(batch, plan.digest, seen)
    _counted(batch, plan, batch.state)
    if not batch.counts["insert"] + batch.counts["update"]:
        raise ValidationError("这一批没有要新增或变更的行，不需要提交")
    return acts.hand_over(batch, by=by)


@transaction.atomic
def approve(*, batch: Batch, by: User, seen: str = "") -> Batch:
    """A second person agrees: exactly what was submitted is written, or nothing.

    Raises PermissionDenied for the maker, `acts.BatchMoved`; ValidationError where the ledger has moved on since (the batch stays).
    """
    batch = acts.as_checker(batch, by=by, seen=seen)
    acts.must_be_shown(batch, batch.plan_hash, seen)
    acts.in_turn(batch)
    note_in_history(batch=batch.pk, reason=f"导入{registry.get(batch.target).title}")
    plan = plan_of(batch, eyes_of(batch, require()), write=True)
    if plan.digest != batch.plan_hash:
        raise ValidationError(MOVED)
    _keep_refusals(batch, plan)
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPROVED, by, timezone.now()
    batch.save()
    return batch


def _keep_refusals(batch: Batch, plan: Plan) -> None:
    """What an approval leaves out stays told: the ledger moves on, and another plan would say something else."""
    place = {"district_id": batch.district_id, "town_id": batch.town_id, "village_id": batch.village_id}
    BatchFinding.objects.bulk_create(
        BatchFinding(
            batch=batch,
            **place,
            row=line.spot.row,
            sheet=line.spot.sheet,
            column=heading[:120],
            code=REFUSED,
            severity=Severity.ERROR,
            message=without_numbers(text)[:300],
        )
        for line in plan.lines
        for heading, text in line.problems
    )


def refused_lines(batch: Batch, actor: Actor, *, with_texts: bool = False) -> list[Line]:
    """The lines that an approval left out, with what was wrong then; `with_texts` reads them from the file again."""
    found: dict[Spot, list[tuple[str, str]]] = {}
    for one in BatchFinding.objects.visible_to(actor).filter(batch=batch, code=REFUSED).order_by("pk"):
        found.setdefault(Spot(one.row, one.sheet), []).append((one.column, one.message))
    texts = {}
    if with_texts:
        _, table = _opened(batch, eyes_of(batch, actor))
        texts = dict(zip(table.spots, table.dataset.dict, strict=True))
    return [
        Line(spot, RowAction.REFUSED, texts=texts.get(spot, {}), problems=problems) for spot, problems in found.items()
    ]


def _counted(batch: Batch, plan: Plan, state: str) -> Batch:
    table = plan.table
    batch.state, batch.rows, batch.header_row = state, len(plan.lines), table.header_row
    batch.sheet = "、".join(table.sheets)[:80]
    batch.counts, batch.plan_hash = plan.counts, plan.digest
    batch.columns = {"unknown": table.unknown, "derived": table.derived, "unread": table.unread, "sheets": table.sheets}
    batch.save()
    return batch
