"""How each table is guarded: which arms its policy has, derived from the model (DESIGN.md invariant 1)."""

from django.apps import apps
from django.conf import settings
from django.db import models


class Scoped(models.Model):
    """A row that belongs to a place. Kernel bases (`Record`, staging rows) derive from it; its policy is made from it.

    `household_column` names the column that the household arm compares with the grants (None: no such arm);
    `posting_column` the column that opens a row to its own posting; `deletable` says whether the web role may delete
    (staging only: records are voided). `derived_when` is SQL over a row `x` ("true": always) of what a job has found or
    computed and nobody has worked on: it is no reason to leave what it refers to as it is. `follows` names the foreign key
    to whose household the row belongs, wherever that goes (a job follows its person).
    """

    household_column: str | None = None
    posting_column: str | None = None
    deletable = False
    derived_when = ""
    follows = ""

    class Meta:
        abstract = True


def place_field(title: str, *, null: bool = False) -> models.ForeignKey:
    """One step of a row's path (区县, 镇街 or 行政村) that follows another row's: neither typed nor checked again."""
    return models.ForeignKey(
        "regions.Region", models.PROTECT, related_name="+", null=null, editable=False, db_constraint=False, db_index=False,
        verbose_name=title,
    )  # fmt: skip


def is_event(model: type[models.Model]) -> bool:
    return hasattr(model, "pgh_tracked_model")


def is_scoped(model: type[models.Model]) -> bool:
    return issubclass(getattr(model, "pgh_tracked_model", model), Scoped)


def scoped_models() -> list[type[models.Model]]:
    """Every concrete scoped model and its event model."""
    return [model for model in apps.get_models(include_auto_created=True) if is_scoped(model) and not model._meta.proxy]


def household_model() -> type[models.Model]:
    return apps.get_model(settings.HOUSEHOLD_MODEL)


def household_owned() -> list[type[models.Model]]:
    """Scoped models whose path is their household's, carried along by the database when it moves."""
    return [model for model in scoped_models() if not is_event(model) and model.household_column == "household_id"]
