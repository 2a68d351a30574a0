"""By which import batch a record came, or was changed, as its pages tell it."""

from collections.abc import Collection

from django.db import models
from django.urls import reverse

from jiyang.access.scope import Actor, on_behalf_of
from jiyang.audit.history import Came
from jiyang.intake.models import Batch
from jiyang.intake.targets import target_of

_numbers: dict[int, str] = {}  # a batch's number never changes


def origin_of(record: models.Model, actor: Actor) -> Came | None:
    """The batch that brought a record, read with its `origin`: who sees the record may know the number, be the batch out of reach."""
    key = getattr(record, "origin_id", None)
    if key is None:
        return None
    return _came(record.origin, actor) if record.origin else Came(_numbers_of({key}, actor)[key], "")


def came_by(keys: Collection[int], actor: Actor) -> dict[int, Came]:
    """The same of several batches. One query where there are some."""
    reached = {one.pk: _came(one, actor) for one in Batch.objects.visible_to(actor).filter(pk__in=keys)} if keys else {}
    beyond = set(keys) - set(reached)
    return reached | {key: Came(number, "") for key, number in _numbers_of(beyond, actor).items()}


def _came(batch: Batch, actor: Actor) -> Came:
    page = target_of(batch).page
    return Came(str(batch), reverse(page, args=[batch.pk]) if actor.may_open(page) else "")


def _numbers_of(keys: Collection[int], actor: Actor) -> dict[int, str]:
    if unknown := set(keys) - set(_numbers):
        with on_behalf_of(actor, "来源批次的编号") as wide:
            found = Batch.objects.visible_to(wide).filter(pk__in=unknown)
            _numbers.update({batch.pk: str(batch) for batch in found})
    return {key: _numbers[key] for key in keys if key in _numbers}
