"""撤销 of an approved import of a ledger: asked for by one person, carried out when another agrees.

What the batch inserted is voided, what it changed gets its former values back from history, each only where nothing has
happened to the row since; the rest stays and is listed with the reason.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from jiyang.access.scope import Actor, on_behalf_of, require
from jiyang.access.tables import is_event
from jiyang.accounts.models import User
from jiyang.documents.models import Attachment
from jiyang.intake import acts
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch, Reversal
from jiyang.ledgers import registry
from jiyang.ledgers.views import message_of
from jiyang.ledgers.voiding import void

EDITED = "以后有人修改过"
OWN = {"id", "version"}


def is_known(batch: Batch) -> bool:
    """Whether the batch tells which rows it wrote: one approved before 0.8 does not."""
    return "written" in batch.columns


@transaction.atomic
def ask(*, batch: Batch, by: User, reason: str, seen: str = "") -> Reversal:
    """申请撤销 (`acts.ask_reversal`). Raises ValidationError also for a batch that does not tell its rows."""
    asked = acts.ask_reversal(batch=batch, by=by, reason=reason, seen=seen, states=[BatchState.APPROVED])
    if not is_known(batch):
        raise ValidationError("这一批入库时还没有记下写了哪些行，不能整批撤销，请在台账里逐条作废")
    return asked


@transaction.atomic
def decide(*, batch: Batch, by: User, approve: bool, reason: str = "", seen: str = "") -> Batch:
    """Another person decides on the open request (`acts.decide_reversal`); where they agree the batch is taken back."""
    asked = acts.decide_reversal(batch=batch, by=by, approve=approve, reason=reason, seen=seen)
    batch = asked.batch
    if approve:
        asked.report, asked.done_at = _take_back(batch, by, asked.reason), timezone.now()
        asked.save(update_fields=["report", "done_at"])
        batch.state = BatchState.UNDONE
        batch.save()
    return batch


def written_by(batch: Batch, actor: Actor) -> list[models.Model]:
    """The rows that an approved batch wrote and that still stand, in the actor's scope."""
    ledger = registry.get(batch.target)
    return list(ledger.rows(actor).filter(pk__in=batch.columns.get("written", [])).order_by("pk"))


def outside_of(batch: Batch) -> int:
    """How many of the rows that an approved batch wrote lie where the acting person does not reach."""
    keys = batch.columns.get("written", [])
    return len(keys) - registry.get(batch.target).model.all_rows.visible_to(require()).filter(pk__in=keys).count()


def _take_back(batch: Batch, by: User, reason: str) -> dict:
    """Void and restore what may be; {voided, restored, kept: [{pk, name, why}], gone, outside}.

    `gone` were void before, `outside` lie where the actor does not reach (a household that moved): they stay as they are.
    """
    ledger = registry.get(batch.target)
    model, keys = ledger.model, batch.columns.get("written", [])
    rows = list(model.objects.select_related(*ledger.related).select_for_update(of=("self",)).filter(pk__in=keys))
    events = _events(model, keys)
    used = _used(model, [row.pk for row in rows if row.origin_id == batch.pk])
    voided, restored, kept = [], [], []
    outside = outside_of(batch)
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
    return {
        "voided": len(voided),
        "restored": len(restored),
        "kept": kept,
        "gone": len(keys) - len(rows) - outside,
        "outside": outside,
    }


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
    """What later work refers to, also where the actor does not see it: key -> what refers to it. A query for each kind of row that can."""
    found: dict[int, str] = {}
    with on_behalf_of(require(), "撤销导入核对引用"):
        for one in model._meta.related_objects:
            if is_event(one.related_model):
                continue
            name = one.field.attname
            referring = one.related_model._default_manager.filter(**{f"{name}__in": keys}).values_list(name, flat=True)
            found |= dict.fromkeys(referring, str(one.related_model._meta.verbose_name))
        hanging = Attachment.objects.filter(subject=model._meta.label_lower, subject_id__in=keys)
        return found | dict.fromkeys(hanging.values_list("subject_id", flat=True), "附件")
