"""撤销 of an approved import of a ledger: asked for by one person, carried out when another agrees.

What the batch inserted is voided, what it changed gets its former values back from history, each only where nothing has
happened to the row since; the rest stays and is listed with the reason.
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from jiyang.access.scope import Actor, require
from jiyang.access.tables import is_event
from jiyang.accounts.models import User
from jiyang.documents.models import Attachment
from jiyang.intake.enums import BatchState, ReversalKind
from jiyang.intake.models import Batch, Reversal
from jiyang.ledgers.views import message_of
from jiyang.ledgers.voiding import void
from jiyang.workflow import proposals
from jiyang.workflow.enums import ProposalState

EDITED, GONE = "以后有人修改过", "已经作废"
OWN = {"id", "version"}


def is_known(batch: Batch) -> bool:
    """Whether the batch tells which rows it wrote: one approved before 0.8 does not."""
    return "written" in batch.columns


def open_request(batch: Batch) -> Reversal | None:
    return batch.reversals.filter(state=ProposalState.SUBMITTED).select_related("submitted_by", "batch").first()


@transaction.atomic
def ask(*, batch: Batch, ledger, by: User, reason: str) -> Reversal:
    """申请撤销. Raises PermissionDenied; ValidationError: no reason, another state, or asked for already."""
    if not require().has(f"{ledger.imports.act}.make"):
        raise PermissionDenied("本岗位不能申请撤销这类导入")
    if not reason.strip():
        raise ValidationError("请写明撤销原因")
    batch = _locked(batch)
    if not is_known(batch):
        raise ValidationError("这一批入库时还没有记下写了哪些行，不能整批撤销，请在台账里逐条作废")
    if open_request(batch):
        raise ValidationError("这一批已有一份待复核的撤销申请")
    place = {"district_id": batch.district_id, "town_id": batch.town_id, "village_id": batch.village_id}
    return Reversal.objects.create(
        batch=batch, kind=ReversalKind.UNDO, reason=reason.strip()[:200], submitted_by=by, **place
    )


@transaction.atomic
def withdraw(*, batch: Batch, ledger, by: User) -> None:
    """撤回 by who asked. Raises PermissionDenied, ValidationError."""
    proposals.withdraw(_asked(_locked(batch)), by=by)


@transaction.atomic
def decide(*, batch: Batch, ledger, by: User, approve: bool, reason: str = "") -> Batch:
    """Another person agrees, and the batch is taken back, or returns the request with a reason.

    Raises PermissionDenied for who asked; ValidationError.
    """
    batch = _locked(batch)
    asked = proposals.decide(_asked(batch), by=by, approve=approve, reason=reason)
    if approve:
        asked.report, asked.done_at = _take_back(batch, ledger, by, asked.reason), timezone.now()
        asked.save(update_fields=["report", "done_at"])
        batch.state = BatchState.UNDONE
        batch.save()
    return batch


def _locked(batch: Batch) -> Batch:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state != BatchState.APPROVED:
        raise ValidationError(f"这一批现在是“{batch.get_state_display()}”，不能再这样办理，请刷新页面")
    return batch


def _asked(batch: Batch) -> Reversal:
    if (asked := open_request(batch)) is None:
        raise ValidationError("这份申请已经处理或撤回，请刷新页面")
    return asked


def written_by(batch: Batch, ledger, actor: Actor) -> list[models.Model]:
    """The rows that an approved batch wrote and that still stand, in the actor's scope."""
    return list(ledger.rows(actor).filter(pk__in=batch.columns.get("written", [])).order_by("pk"))


def _take_back(batch: Batch, ledger, by: User, reason: str) -> dict:
    """Void and restore what may be; {voided, restored, kept: [{pk, name, why}]}."""
    model, keys = ledger.model, batch.columns.get("written", [])
    rows = list(model.objects.select_related(*ledger.related).select_for_update(of=("self",)).filter(pk__in=keys))
    events = _events(model, keys)
    used = _used(model, [row.pk for row in rows if row.origin_id == batch.pk])
    voided, restored, kept, gone = [], [], [], len(keys) - len(rows)
    for row in rows:
        own = [place for place, one in enumerate(events[row.pk]) if (one.pgh_context or {}).get("batch") == batch.pk]
        if not own or own[-1] != len(events[row.pk]) - 1:
            kept.append({"pk": row.pk, "name": ledger.name_of(row), "why": EDITED})
        elif row.pk in used:
            kept.append({"pk": row.pk, "name": ledger.name_of(row), "why": f"已有{used[row.pk]}"})
        elif own[0] == 0:
            voided.append(row.pk)
        else:
            restored.append(_former(row, events[row.pk][own[0] - 1]))
    try:
        with transaction.atomic():
            if voided:
                void(rows=model.objects.filter(pk__in=voided), by=by, reason=f"撤销导入 {batch}：{reason}")
            if restored:
                model.objects.bulk_update(restored, [one.name for one in _columns(model)], batch_size=500)
    except IntegrityError as clash:
        raise ValidationError(f"没有撤销：{message_of(clash, model)}") from clash
    return {"voided": len(voided), "restored": len(restored), "kept": kept, "gone": gone}


def _events(model: type[models.Model], keys: list[int]) -> dict[int, list]:
    """The history of the rows, oldest first. One query."""
    found: dict[int, list] = {key: [] for key in keys}
    for event in model.pgh_event_model.objects.filter(pgh_obj__in=keys).order_by("pgh_id"):
        found[event.pgh_obj_id].append(event)
    return found


def _columns(model: type[models.Model]) -> list[models.Field]:
    known = {one.attname for one in model.pgh_event_model._meta.concrete_fields}
    return [one for one in model._meta.concrete_fields if one.name not in OWN and one.attname in known]


def _former(row: models.Model, event: models.Model) -> models.Model:
    for column in _columns(type(row)):
        setattr(row, column.attname, getattr(event, column.attname))
    return row


def _used(model: type[models.Model], keys: list[int]) -> dict[int, str]:
    """What later work refers to: key -> what refers to it. A query for each kind of row that can."""
    found: dict[int, str] = {}
    for one in model._meta.related_objects:
        if is_event(one.related_model):
            continue
        name = one.field.attname
        referring = one.related_model._default_manager.filter(**{f"{name}__in": keys}).values_list(name, flat=True)
        found |= dict.fromkeys(referring, str(one.related_model._meta.verbose_name))
    hanging = Attachment.objects.filter(subject=model._meta.label_lower, subject_id__in=keys)
    return found | dict.fromkeys(hanging.values_list("subject_id", flat=True), "附件")
