"""History that cannot be forgotten: every model below `Tracked` gets an append-only event table and its triggers.

The triggers write one event per changed row on statement level, whatever code path changed it (DESIGN.md invariant 4).
Who and why come from the settings that `jiyang.access.scope` puts on the transaction.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import pghistory
from django.apps import apps
from django.db import models
from django.db.models.signals import class_prepared

from jiyang.access.tables import Scoped


class Tracked(models.Model):
    """A model with history. Subclassing is all there is to do: `Model.pgh_event_model` is the event model.

    `history_words` says how the pages of history read out a field's stored value, where its choices do not.
    """

    untracked_fields: tuple[str, ...] = ()
    deletable = False  # by the web role: what has a history is ended, closed or voided
    history_words: ClassVar[dict[str, Callable[[Any], str]]] = {}

    class Meta:
        abstract = True


def changed(model: type[Tracked]) -> pghistory.Condition:
    """When an updated row has changed: a scoped one's version is raised with every change (`jiyang.access.schema`).

    One number compared instead of whole rows, of which a large undo has fifty thousand before and after.
    """
    versioned = issubclass(model, Scoped) and any(field.name == "version" for field in model._meta.fields)
    return pghistory.AnyChange("version") if versioned and not model.untracked_fields else pghistory.AnyChange()


def track(sender: type[models.Model], **kwargs) -> None:
    is_real = sender._meta.apps is apps and not sender._meta.abstract and not sender._meta.proxy
    if is_real and issubclass(sender, Tracked):
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(condition=changed(sender)),
            pghistory.DeleteEvent(),
            exclude=list(sender.untracked_fields) or None,
            context_id_field=None,
            model_name=f"{sender.__name__}Event",
            meta={"verbose_name": f"{sender._meta.verbose_name}变更"},
        )(sender)


class_prepared.connect(track, dispatch_uid="jiyang.audit.track")
