"""撤销 of an approved import of a ledger, and 恢复 of one that was taken back: asked for by one person, carried out when
another agrees.

The import and each reversal are steps that history tells by the batch and the reversal in its context. Reversing the last step
of a row gives it back the values from before that step, or voids what the import had inserted, each only where the row holds
what the step left; the rest stays and is listed with the reason.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from jiyang.access.scope import Actor, note_in_history, on_behalf_of, require
from jiyang.access.standing import hold_households
from jiyang.access.tables import household_owned, is_event
from jiyang.accounts.models import User
from jiyang.documents.models import Attachment
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, ReversalKind
from jiyang.intake.models import Batch, Reversal
from jiyang.ledgers import registry
from jiyang.ledgers.importing import resource_of, stored
from jiyang.ledgers.records import Record
from jiyang.ledgers.views import message_of
from jiyang.ledgers.voiding import void

EDITED, TAKEN = "以后有人修改过", "同样的记录已重新录入"
OWN = {"id", "version"}


def is_known(batch: Batch) -> bool:
    """Whether the batch tells which rows it wrote: one approved before 0.8 does not."""
    return "written" in batch.columns


@transaction.atomic
def ask(*, batch: Batch, by: User, reason: str, seen: str = "") -> Reversal:
    """申请撤销或恢复 (`acts.ask_reversal`). Raises ValidationError also for a batch that does not tell its rows."""
    asked = acts.ask_reversal(batch=batch, by=by, reason=reason, seen=seen)
    if not is_known(batch):
        raise ValidationError("这一批入库时还没有记下写了哪些行，不能整批撤销，请在台账里逐条作废")
    return asked


@transaction.atomic
def decide(*, batch: Batch, by: User, approve: bool, reason: str = "", seen: str = "") -> Batch:
    """Another person decides on the open request (`acts.decide_reversal`); where they agree it is carried out."""
    asked = acts.decide_reversal(batch=batch, by=by, approve=approve, reason=reason, seen=seen)
    batch = asked.batch
    if approve:
        acts.in_turn(batch)
        asked.report, asked.done_at = _reverse(asked, by), timezone.now()
        asked.save(update_fields=["report", "done_at"])
        batch.state = BatchState.UNDONE if asked.kind == ReversalKind.UNDO else BatchState.APPROVED
        batch.save()
    return batch


def written_by(batch: Batch, actor: Actor) -> list[models.Model]:
    """The rows that an approved batch wrote and that still stand, in the actor's scope."""
    ledger = registry.get(batch.target)
    return list(ledger.rows(actor).filter(pk__in=batch.columns.get("written", [])).order_by("pk"))


def outside_of(batch: Batch) -> int:
    """How many of the rows that an approved batch wrote lie where the acting person does not reach."""
    keys = batch.columns.get("written", [])
    return len(keys) - _in_reach(registry.get(batch.target).model, keys).count()


def _in_reach(model: type[models.Model], keys: list[int]) -> models.QuerySet:
    """The rows that the actor reaches, live or void: they, and whom they follow, who may have left a void row behind."""
    rows = model.all_rows.visible_to(require()).filter(pk__in=keys)
    if not model.follows:
        return rows
    owner = model._meta.get_field(model.follows)
    return rows.filter(**{f"{owner.name}__in": owner.related_model.all_rows.all()})


def _reverse(asked: Reversal, by: User) -> dict:
    """Void and restore what may be; {voided, restored, kept: [{pk, name, why}], gone, outside}.

    `gone` were void before an undo, `outside` lie where the actor does not reach (a household that moved): they stay as they are.
    """
    batch, undoing = asked.batch, asked.kind == ReversalKind.UNDO
    ledger = registry.get(batch.target)
    model, keys = ledger.model, batch.columns.get("written", [])
    if model in household_owned():
        hold_households(_homes(model, keys))
    found = _in_reach(model, keys).select_related(*ledger.related).select_for_update(of=("self",)).order_by("pk")
    rows = [row for row in found if row.voided_at is None or not undoing]
    events, kept, going = _events(model, keys), [], []
    used = _used(model, [row.pk for row in rows]) if undoing else {}
    undos = {one.pk for one in batch.reversals.all() if one.kind == ReversalKind.UNDO}
    for row in rows:
        history = events[row.pk]
        step, begin, end = _last_step(history, batch)
        if (step in undos) == undoing:  # there is nothing to reverse
            continue
        former = history[begin - 1] if begin else None
        if not _same(model, history[-1], history[end]):
            kept.append((row, EDITED))
        elif (former is None or former.voided_at) and row.pk in used:
            kept.append((row, f"已有{used[row.pk]}"))
        else:
            going.append((row, former))
    if undoing:
        told = _of_undone(events, going, batch)
    else:
        (going, stay), told = _that_can_live(ledger, going), []
        kept += stay
    note_in_history(
        batch=batch.pk, reversal=asked.pk, reason=f"{asked.get_kind_display()}导入{ledger.title}：{asked.reason}"
    )
    voided = [row.pk for row, former in going if former is None or former.voided_at]
    restored = [_former(row, former) for row, former in going if former and not former.voided_at]
    try:
        with transaction.atomic():
            if voided:
                void(rows=model.objects.filter(pk__in=voided), by=by, reason=f"撤销导入 {batch}：{asked.reason}")
            if restored:
                names = [one.name for one in _columns(model)] + (["household"] if model.follows else [])
                model.all_rows.bulk_update(restored, names, batch_size=500)
    except IntegrityError as clash:
        raise ValidationError(f"没有{asked.get_kind_display()}：{message_of(clash, model)}") from clash
    return {
        "voided": len(voided),
        "restored": len(restored),
        "kept": [{"pk": row.pk, "name": ledger.name_of(row), "why": why} for row, why in (*kept, *told)],
        "gone": len(found) - len(rows),
        "outside": len(keys) - len(found),
    }


def _last_step(history: list, batch: Batch) -> tuple[int | None, int, int]:
    """Of the batch's last step that wrote the row: the reversal (None: the import), the places of its first and last event."""
    told = [one.pgh_context or {} for one in history]
    own = [place for place, context in enumerate(told) if context.get("batch") == batch.pk]
    step = told[own[-1]].get("reversal")
    return step, next(place for place in own if told[place].get("reversal") == step), own[-1]


def _of_undone(events: dict[int, list], going: list[tuple], batch: Batch) -> list[tuple]:
    """Rows that get back what another batch wrote which was taken back when this one stood in its way, with that batch named."""
    wrote: dict[int, dict] = {}
    for row, former in going:
        if former and not former.voided_at:
            history = events[row.pk]
            place = history.index(former)
            while place and history[place - 1].voided_at is None and _same(type(row), history[place - 1], former):
                place -= 1
            wrote[row.pk] = history[place].pgh_context or {}
    others = {context["batch"] for context in wrote.values() if "batch" in context} - {batch.pk}
    with on_behalf_of(require(), "撤销导入核对原值的来源"):  # a roster is the district's
        undone = {one.pk: str(one) for one in Batch.objects.filter(pk__in=others, state=BatchState.UNDONE)}
        undos = set(Reversal.objects.filter(batch__in=undone, kind=ReversalKind.UNDO).values_list("pk", flat=True))
    return [
        (row, acts.STILL_THERE.format(undone[context["batch"]]))
        for row, _ in going
        if (context := wrote.get(row.pk, {})).get("batch") in undone and context.get("reversal") not in undos
    ]


def _that_can_live(ledger, going: list[tuple]) -> tuple[list[tuple], list[tuple]]:
    """Of rows with their former values: those that can live again, and the others with the reason. A query for each kind of
    record that they belong to, and one for those of the same key."""
    model, imports, again = ledger.model, ledger.imports, [row for row, _ in going if row.voided_at]
    _bring_along(model, again)
    why: dict[int, str] = {}
    for field in model._meta.concrete_fields:
        if field.is_relation and issubclass(field.related_model, Record):
            owners = {getattr(row, field.attname) for row in again} - {None}
            owners -= set(field.related_model.objects.filter(pk__in=owners).values_list("pk", flat=True))
            why |= {row.pk: f"{field.verbose_name}已作废" for row in again if getattr(row, field.attname) in owners}
    resource = resource_of(ledger)(actor=require(), by=require().user)
    columns = {name: model._meta.get_field(name).attname for name in imports.key if name not in imports.alike}
    named = {f"{name}__in": {getattr(row, column) for row in again} for name, column in columns.items()}
    taken = {resource.key_of(row) for row in model.objects.filter(**named)} if again else set()
    why |= {row.pk: TAKEN for row in again if resource.key_of(row) in taken}
    return [one for one in going if one[0].pk not in why], [(row, why[row.pk]) for row, _ in going if row.pk in why]


def _homes(model: type[models.Model], keys: list[int]) -> set[int]:
    """The households of the rows, and those where whom they follow is now."""
    rows = model.all_rows.filter(pk__in=keys)
    homes = set(rows.values_list("household", flat=True))
    return homes | (set(rows.values_list(f"{model.follows}__household", flat=True)) if model.follows else set())


def _bring_along(model: type[models.Model], again: list[models.Model]) -> None:
    """Rows that come to life belong where whom they follow is now: as long as they were void, nothing moved them."""
    if model.follows and again:
        owner = model._meta.get_field(model.follows)
        named = owner.related_model.objects.filter(pk__in={getattr(row, owner.attname) for row in again}).order_by("pk")
        homes = dict(named.select_for_update(of=("self",), no_key=True).values_list("pk", "household_id"))
        for row in again:
            row.household_id = homes.get(getattr(row, owner.attname), row.household_id)


def _events(model: type[models.Model], keys: list[int]) -> dict[int, list]:
    """The history of the rows, oldest first. One query."""
    found: dict[int, list] = {key: [] for key in keys}
    for event in model.pgh_event_model.objects.filter(pgh_obj__in=keys).order_by("pgh_id"):
        found[event.pgh_obj_id].append(event)
    return found


def _columns(model: type[models.Model]) -> list[models.Field]:
    """What a row holds. The place of a household's row is its household's, the household of one that follows somebody is
    theirs: a move is no change of the row, nor undone."""
    known = {one.attname for one in model.pgh_event_model._meta.concrete_fields}
    left = OWN | ({"district", "town", "village"} if model.household_column == "household_id" else set())
    left |= {"household"} if model.follows else set()
    return [one for one in model._meta.concrete_fields if one.name not in left and one.attname in known]


def _same(model: type[models.Model], one: models.Model, other: models.Model) -> bool:
    return all(stored(one, column) == stored(other, column) for column in _columns(model))


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
