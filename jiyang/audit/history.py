"""变更记录: what changed in a record, by whom and why, read from its events (they follow the live row's scope)."""

import datetime as dt
from dataclasses import dataclass, replace

from django.db import models

from jiyang.access.scope import Actor
from jiyang.accounts.models import User

SKIPPED = {
    "id",
    "public_id",
    "version",
    "entered_at",
    "entered_by",
    "district",
    "origin",
    "voided_by",
    "household",
    "person",
}
PLACE = {"district_id", "town_id", "village_id"}
LABELS = {"insert": "登记", "update": "修改", "delete": "删除"}
MOST = 200


@dataclass(frozen=True)
class FieldChange:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Came:
    """The import batch by which a change came; no address for who may not open it."""

    name: str
    url: str


@dataclass(frozen=True)
class Change:
    """One event: `changes` holds only fields the reader's roles see, masked ones by name without values."""

    at: dt.datetime
    what: str
    subject: str
    who: str
    reason: str
    changes: list[FieldChange]
    batch: Came | None = None


def changes_of(records: list[models.Model], actor: Actor) -> list[Change]:
    """History of the given records of any tracked models, newest first, at most 200. A fixed number of queries per model."""
    from jiyang.intake.origins import came_by

    events = []
    for model in {type(record) for record in records}:
        keys = [record.pk for record in records if isinstance(record, model)]
        found = model.pgh_event_model.objects.filter(pgh_obj__in=keys).order_by("pgh_obj_id", "pgh_id")
        events += _of_model(model, list(found), actor)
    names = {user.pk: user.name for user in User.objects.filter(pk__in={event[1] for event in events if event[1]})}
    batches = came_by({event[2] for event in events if event[2]}, actor)
    changes = [
        replace(event, who=f"{names.get(user, '')}{event.who}", batch=batches.get(batch))
        for event, user, batch in events
    ]
    return sorted(changes, key=lambda change: change.at, reverse=True)[:MOST]


def _batch_of(event: models.Model) -> int | None:
    """The batch that wrote an event: noted in its context, or the origin of a row that it made."""
    return (event.pgh_context or {}).get("batch") or (
        getattr(event, "origin_id", None) if event.pgh_label == "insert" else None
    )


def _of_model(model: type[models.Model], events: list, actor: Actor) -> list[tuple[Change, int | None, int | None]]:
    from jiyang.ledgers.columns import may_see

    fields = [
        field
        for field in model._meta.concrete_fields
        if field.name not in SKIPPED
        and not isinstance(field, models.BinaryField)
        and hasattr(model.pgh_event_model, field.attname)
        and may_see(model, field.name, actor)
    ] + [
        field
        for field in model._meta.concrete_fields
        if field.name in getattr(model, "masked", {}) and may_see(model, field.name, actor)
    ]
    found, before, names = [], {}, _names(fields, events)
    for event in events:
        changes = _diff(fields, before.get(event.pgh_obj_id), event, getattr(model, "masked", {}), names)
        before[event.pgh_obj_id] = event
        context = event.pgh_context or {}
        stands_for = f"（代 {context['for']}）" if context.get("for") else ""
        who = stands_for if context.get("user") else "系统"
        change = Change(
            event.pgh_created_at,
            LABELS.get(event.pgh_label, event.pgh_label),
            str(model._meta.verbose_name),
            who,
            context.get("reason", ""),
            changes,
        )
        if changes or event.pgh_label != "update":
            found.append((change, context.get("user"), _batch_of(event)))
    return found


def _names(fields: list[models.Field], events: list) -> dict[tuple[type, int], str]:
    """What the regions and users that the events point to are called. One query for each of the two."""
    from jiyang.regions.models import Region

    wanted: dict[type, set] = {}
    for field in fields:
        if isinstance(field, models.ForeignKey) and field.related_model in {Region, User}:
            wanted.setdefault(field.related_model, set()).update(getattr(event, field.attname) for event in events)
    return {
        (model, row.pk): row.short_name if model is Region else row.name
        for model, keys in wanted.items()
        for row in model.objects.filter(pk__in=keys)
    }


def _diff(fields: list[models.Field], old, new, masked: dict, names: dict) -> list[FieldChange]:
    changes = []
    for field in dict.fromkeys(fields):
        was, now = getattr(old, field.attname, None) if old else None, getattr(new, field.attname, None)
        if was == now or (old is None and now in (None, "", [])):
            continue
        if field.name in masked:
            changes.append(FieldChange(str(field.verbose_name), "（已变更，隐去）" if old else "", "（隐去）"))
        else:
            told = [_text(field, value, names) for value in (was, now)]
            changes.append(FieldChange(str(field.verbose_name), *told))
    return changes


def _text(field: models.Field, value, names: dict) -> str:
    from jiyang.ledgers.columns import as_label, as_text

    if value in (None, "", []):
        return ""
    if isinstance(field, models.ForeignKey) and (field.related_model, value) in names:
        return names[field.related_model, value]
    words = getattr(field.model, "history_words", {}).get(field.name)
    return words(value) if words else as_text(as_label(field, value))


def former(model: type[models.Model], noted: models.QuerySet) -> models.QuerySet:
    """Rows of a model as history keeps them: `noted` names each by its key, `record`, and its version, `before`.

    Readable where their live rows are.
    """
    said = noted.filter(record=models.OuterRef("pgh_obj_id"), before=models.OuterRef("version"))
    return model.pgh_event_model.objects.filter(models.Exists(said), pgh_obj_id__in=noted.values("record"))


def as_under(model: type[models.Model], row: str, version: str, *, moved: bool = False) -> str:
    """SQL: the row (its alias) holds what it held under `version` (SQL), be it that later changes have been undone in between.

    What belongs to a household has not changed where the household has moved with it, nor what follows somebody where they have gone
    to another one; `moved`: nor has a row that has itself.
    """
    left_out = {"id", "version"} | (PLACE if moved or model.household_column == "household_id" else set())
    left_out |= {model.household_column} if model.follows else set()
    columns = sorted({field.column for field in model._meta.local_concrete_fields} - left_out)
    now, then = (", ".join(f"{alias}.{column}" for column in columns) for alias in (row, "v"))
    return (
        f"({row}.version = {version} or exists (select 1 from {model.pgh_event_model._meta.db_table} v where v.pgh_obj_id = {row}.id"
        f" and v.version = {version} and ({now}) is not distinct from ({then})))"
    )
