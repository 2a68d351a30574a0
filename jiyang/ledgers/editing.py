"""Two people at one record: the second sees both values and decides, nothing typed is lost (DESIGN.md invariant 10)."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from jiyang.access.standing import held
from jiyang.ledgers.columns import as_label, as_text


class Stale(ValidationError):
    """The record was changed since the page was opened; `current` is what it holds now."""

    def __init__(self, current: models.Model):
        super().__init__("打开页面以后，另一位同志修改了这条记录。下面列出不同之处，核对后可以再次保存")
        self.current = current


def claim(record: models.Model, version: int) -> models.Model:
    """The locked row for an edit that saw `version`. Raises Stale, Gone."""
    locked = held(record)
    if locked.version != version:
        raise Stale(locked)
    return locked


def differences(form: forms.BaseForm, current: models.Model) -> list[dict]:
    """Fields in which what was typed differs from what the record holds now: {label, mine, theirs} as a person reads them."""
    model, found = type(current), []
    for name, field in form.fields.items():
        if name == "version" or name not in {one.name for one in model._meta.concrete_fields}:
            continue
        column = model._meta.get_field(name)
        mine, theirs = (_read(column, value) for value in (form.cleaned_data.get(name), getattr(current, name)))
        if mine != theirs:
            found.append({"label": field.label, "mine": mine, "theirs": theirs})
    return found


def _read(column: models.Field, value) -> str:
    return "—" if value is None or value == "" else as_text(as_label(column, value))


def with_version(form: forms.BaseForm, current: models.Model):
    """The posted data again, now on top of `current`: what was typed stands, a second save is a decision."""
    data = form.data.copy()
    data[form.add_prefix("version")] = str(current.version)
    return data
