"""Rows and forms as JSON: the same columns as the pages (`columns_for`), typed; and what their schemas say."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import QueryDict
from django.utils import timezone

from jiyang.api.errors import Refused
from jiyang.ledgers.columns import Column, as_label
from jiyang.regions.models import Region

CODED = {
    "type": ["object", "null"],
    "properties": {"code": {"type": "string"}, "label": {"type": "string"}},
    "required": ["code", "label"],
}


def has_public_id(model: type[models.Model]) -> bool:
    return any(field.name == "public_id" for field in model._meta.concrete_fields)


def key_of(row: models.Model) -> str:
    """What the API calls a row: its public id; no serial number leaves the house."""
    return str(row.public_id) if has_public_id(type(row)) else str(row.pk)


def row_of(columns: list[Column], row: models.Model, url: str) -> dict[str, Any]:
    """One row: `id`, `url`, `version` and a member for each column, named by its path."""
    return {
        "id": key_of(row),
        "url": url,
        "version": getattr(row, "version", None),
        **{column.path: value_of(column, row) for column in columns},
    }


def value_of(column: Column, row: models.Model) -> Any:
    """Choices as {code, label}, days and moments in ISO form, money as text, personal numbers masked, empty as null."""
    raw = column.raw(row)
    if raw is None or raw == "":
        return None
    if column.is_masked:
        return column.value(row)
    if isinstance(column.field, ArrayField) and column.field.base_field.choices:
        return [coded(column.field.base_field, item) for item in raw]
    if getattr(column.field, "choices", None):
        return coded(column.field, raw)
    if isinstance(raw, dt.datetime):
        return timezone.localtime(raw).isoformat()
    if isinstance(raw, dt.date):
        return raw.isoformat()
    return str(raw) if isinstance(raw, Decimal) or not isinstance(raw, str | int | bool | float | list) else raw


def coded(field: models.Field, raw: Any) -> dict[str, str]:
    return {"code": str(raw), "label": str(as_label(field, raw))}


TYPES: list[tuple[type, dict]] = [
    (models.BooleanField, {"type": ["boolean", "null"]}),
    (models.DateTimeField, {"type": ["string", "null"], "format": "date-time"}),
    (models.DateField, {"type": ["string", "null"], "format": "date"}),
    (models.DecimalField, {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$"}),
    (models.IntegerField, {"type": ["integer", "null"]}),
]


def column_schema(column: Column) -> dict:
    """JSON schema of a column's member."""
    title = {"title": column.label}
    if column.is_masked:
        return {**title, "type": ["string", "null"], "description": "按掩码输出"}
    if isinstance(column.field, ArrayField) and column.field.base_field.choices:
        return {**title, "type": ["array", "null"], "items": CODED}
    if getattr(column.field, "choices", None):
        codes = [str(code) for code, _ in column.field.flatchoices]
        return {**title, **CODED, "properties": {**CODED["properties"], "code": {"type": "string", "enum": codes}}}
    found = next((schema for kind, schema in TYPES if isinstance(column.field, kind)), {"type": ["string", "null"]})
    return {**title, **found}


def form_data(form: forms.BaseForm, sent: dict[str, Any]) -> QueryDict:
    """What a form takes, from what a program sent: rows by their public id, regions by their 12-digit code.

    Raises Refused for members the form does not have and values that are no plain ones.
    """
    problems = {name: ["没有这个字段"] for name in sent if name not in form.fields}
    data = QueryDict(mutable=True)
    for name in form.fields:
        value = sent.get(name)
        items = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(item, dict | list) for item in items):
            problems[name] = ["应为文字、数字或它们的列表"]
            continue
        data.setlist(name, [_inward(form.fields[name], item) for item in items])
    if problems:
        raise Refused(f"有 {len(problems)} 处需要改正", problems)
    return data


def _inward(field: forms.Field, item: Any) -> str:
    """A sent value as the form reads it."""
    if not isinstance(field, forms.ModelChoiceField):
        return str(item)
    lookup = {"code": item} if field.queryset.model is Region else {"public_id": item}
    try:
        found = field.queryset.filter(**lookup).values_list("pk", flat=True).first()
    except (ValueError, TypeError, forms.ValidationError):
        found = None
    return str(found or 0)  # 0: the field itself says that there is no such row


FORM_TYPES: list[tuple[type, dict]] = [
    (forms.FileField, {"type": "string", "format": "binary"}),
    (forms.BooleanField, {"type": "boolean"}),
    (forms.DateTimeField, {"type": "string", "format": "date-time"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.DecimalField, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
    (forms.IntegerField, {"type": "integer"}),
    (forms.UUIDField, {"type": "string", "format": "uuid"}),
]


def field_schema(field: forms.Field) -> dict:
    """JSON schema of a form's or a filter's field."""
    found = {
        "title": str(field.label or ""),
        **next((one for kind, one in FORM_TYPES if isinstance(field, kind)), {"type": "string"}),
    }
    if isinstance(field, forms.ModelChoiceField):
        return {
            **found,
            "description": "区划代码" if field.queryset is not None and field.queryset.model is Region else "记录的 id",
        }
    if isinstance(field, forms.ChoiceField):
        labels = {str(code): str(label) for code, label in _flat(field.choices) if code not in ("", None)}
        found |= {"enum": list(labels), "description": "；".join(f"{code} {label}" for code, label in labels.items())}
        if isinstance(field, forms.MultipleChoiceField):
            found = {"title": found["title"], "type": "array", "items": {"type": "string", "enum": list(labels)}}
    if field.help_text and "description" not in found:
        found["description"] = str(field.help_text)
    return found


def _flat(choices) -> list[tuple]:
    return [pair for choice in choices for pair in (choice[1] if isinstance(choice[1], list | tuple) else [choice])]


def form_schema(form: forms.BaseForm) -> dict:
    fields = form.fields
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: field_schema(field) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
    }
