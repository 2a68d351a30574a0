"""Forms the GOV.UK way with Chinese wording (UI.md section 6): our own templates for form, field and group."""

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"


INCOMPLETE = "页面不完整或已过期，请刷新本页再提交"
# what may be written, and how: where the form says nothing of its own
ALLOWED: dict[type[forms.Field], dict[str, str]] = {
    forms.CharField: {"max_length": "最多 %(limit_value)s 个字，现在有 %(show_value)s 个"},
    forms.DateField: {"invalid": "不是有效的日期，请写成 2021-03-05 这样"},
    forms.IntegerField: {
        "invalid": "应为整数，如 12",
        "min_value": "不能小于 %(limit_value)s",
        "max_value": "不能大于 %(limit_value)s",
    },
    forms.DecimalField: {
        "invalid": "应为数字，如 1250.50",
        "max_digits": "数字太长，最多 %(max)s 位",
        "max_decimal_places": "最多 %(max)s 位小数",
        "max_whole_digits": "数字太大，小数点前最多 %(max)s 位",
    },
}


class KernelForm(forms.Form):
    """Base of the ledgers' forms: knows the actor (choices in scope) and, for edits, the record.

    A long form names `sections`: (title, fields) each; fields in none stand in the first. `paths` says of a field that the
    record keeps elsewhere where that is (a file's preview reads it).
    """

    sections: Sequence[tuple[str, Sequence[str]]] = ()
    paths: ClassVar[dict[str, str]] = {}

    def __init__(self, *args, actor, record=None, **kwargs):
        self.actor, self.record = actor, record
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.NumberInput):
                field.widget.attrs.setdefault("inputmode", "decimal")
            _say_what_is_allowed(field)
            field.error_messages.setdefault("required", "")
            if field.widget.is_hidden:  # nobody types it: the page that was sent is not the one that was shown
                field.error_messages |= {"required": INCOMPLETE, "invalid": INCOMPLETE}
            elif field.required and field.error_messages["required"] == forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = f"请填写{field.label}"

    def preload(self, columns: dict[str, set[str]]) -> None:
        """Many lines will pass this form (an import): read at once what they name. `columns` holds their texts by field."""

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The visible fields by section, sections without any left out."""
        placed = {name for _, names in self.sections for name in names}
        found = []
        for place, (title, names) in enumerate(self.sections):
            own = [] if place else [name for name in self.fields if name not in placed]
            shown = [self[name] for name in (*own, *names) if name in self.fields and not self[name].is_hidden]
            found += [(title, shown)] if shown else []
        return found


def _say_what_is_allowed(field: forms.Field) -> None:
    for kind, texts in ALLOWED.items():
        for code, text in texts.items() if isinstance(field, kind) else ():
            if field.error_messages.get(code) == kind.default_error_messages.get(code):
                field.error_messages[code] = text


def day_after(last: dt.date | None) -> dt.date | None:
    """The day on which something ends whose last day is `last`. Raises ValidationError for the last day of the calendar."""
    try:
        return last + dt.timedelta(days=1) if last else None
    except OverflowError:
        raise forms.ValidationError("最后一天太远，长期有效的请不填") from None


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%d", **kwargs)


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class BigChoice(forms.RadioSelect):
    """Radio buttons as large touch targets."""

    template_name = "ui/choice.html"


class BigChoices(forms.CheckboxSelectMultiple):
    """Boxes as large touch targets."""

    template_name = "ui/choice.html"


class FilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name):
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class FilesField(forms.FileField):
    """A list of uploaded files, possibly empty. What they hold is the service's to judge."""

    widget = FilesInput

    def clean(self, data, initial=None) -> list:
        return [super(FilesField, self).clean(one, initial) for one in data or [] if one]


def put_errors(form: forms.BaseForm, refused: ValidationError) -> None:
    """Put a service's refusals at their fields; those of fields that the form does not show, on top."""
    found = refused.error_dict if hasattr(refused, "error_dict") else {NON_FIELD_ERRORS: refused.error_list}
    for name, errors in found.items():
        form.add_error(name if name in form.fields else None, errors)
