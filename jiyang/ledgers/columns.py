"""Columns of a ledger, and the one function that says which of them an actor sees (DESIGN.md invariant 11)."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from jiyang.access.scope import Actor
from jiyang.identifiers import masks

EMPTY = "—"
MASKS: dict[str, Callable[[str], str]] = {"id": masks.mask_id, "phone": masks.mask_phone}


@dataclass
class Column:
    """One column: `path` is an attribute path in ORM form (`state__people`); label, group and kind come from the field.

    `cell` names how the table draws it: `text`, `link` (opens the row), `tier`, `due`, `date`, `money`, `number`, `tag`.
    `optional` columns hide on a phone. `sort` is the ORM path sorted by (None: not sortable; True: `path`).
    """

    path: str
    label: str = ""
    cell: str = ""
    align: str = ""
    optional: bool = False
    sort: str | bool | None = True
    model: type[models.Model] | None = field(default=None, repr=False)

    def bind(self, model: type[models.Model]) -> "Column":
        self.model = model
        if self.sort is True:
            self.sort = None if self.is_masked or self.field is None else self.path
        self.label = self.label or (str(self.field.verbose_name) if self.field is not None else self.path)
        self.cell = self.cell or self._natural_cell()
        self.align = self.align or ("right" if self.cell in {"money", "number", "date", "due"} else "left")
        return self

    @cached_property
    def owner(self) -> type[models.Model]:
        """The model that holds the last step of the path."""
        model = self.model
        for step in self.path.split("__")[:-1]:
            model = model._meta.get_field(step).related_model
        return model

    @cached_property
    def field(self) -> models.Field | None:
        """The model field at the end of the path; None for a property or an annotation."""
        name = self.path.rsplit("__", 1)[-1]
        return next((found for found in self.owner._meta.get_fields() if found.name == name), None)

    @property
    def group(self) -> str:
        """Field group of the column (the matrix grants groups to roles)."""
        name = self.path.rsplit("__", 1)[-1]
        groups = getattr(self.owner, "field_groups", {})
        return next((group for group, names in groups.items() if name in names), "basic")

    @property
    def is_masked(self) -> bool:
        return self.path.rsplit("__", 1)[-1] in getattr(self.owner, "masked", {})

    def _natural_cell(self) -> str:
        if isinstance(self.field, models.DecimalField):
            return "money"
        if isinstance(self.field, models.IntegerField) and not self.field.choices:
            return "number"
        if isinstance(self.field, models.DateField):
            return "date"
        return "text"

    def raw(self, row: Any) -> Any:
        """The stored value of a row; None where a step of the path is missing."""
        value = row
        for step in self.path.split("__"):
            value = getattr(value, step, None)
            if value is None:
                return None
        return value() if callable(value) else value

    def value(self, row: Any) -> Any:
        """What a reader sees: labels for choices, masked numbers, None for empty."""
        raw = self.raw(row)
        if raw is None or raw == "" or raw == []:
            return None
        if self.cell == "tier":
            return raw
        if self.is_masked:
            return MASKS[self.owner.masked[self.path.rsplit("__", 1)[-1]]](raw)
        return as_label(self.field, raw)

    def text(self, row: Any) -> str:
        """`value` as plain text for exports and the API."""
        value = self.value(row)
        if value is None:
            return ""
        return as_text(value)


def as_label(model_field: models.Field | None, raw: Any) -> Any:
    """The official label of a stored value."""
    if isinstance(model_field, ArrayField):
        labels = dict(model_field.base_field.flatchoices)
        return "、".join(str(labels.get(item, item)) for item in raw)
    choices = getattr(model_field, "flatchoices", None)
    if choices:
        return str(dict(choices).get(raw, raw))
    if isinstance(raw, bool):
        return "是" if raw else "否"
    return raw


def as_text(value: Any) -> str:
    """Plain text of a shown value: ISO days, two decimals."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return str(value)


def columns_for(columns: list[Column], actor: Actor) -> list[Column]:
    """The columns whose field group the matrix grants to the actor: for list, form, export, API and history alike."""
    return [column for column in columns if column.group in actor.field_groups]


def may_see(model: type[models.Model], name: str, actor: Actor) -> bool:
    """Whether the actor's roles see the field `name` of `model`."""
    groups = getattr(model, "field_groups", {})
    group = next((group for group, names in groups.items() if name in names), "basic")
    return group in actor.field_groups
