"""Import of a ledger's rows from a table: one django-import-export resource for all, made from the ledger's form.

    class HelperLedger(Ledger):
        imports = Imports("helper.import", key=("town", "name", "kind"), leave_out=("username",))

The columns are the labels of the create form, every row passes that form, and the act names maker and checker in the
matrix. A row whose key is known updates it (unchanged rows are skipped), another one is new. Everything is set-based: the
choices, the rows known already and the writes are a fixed number of statements, whatever the number of lines.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import tablib
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils import timezone
from import_export import fields, instance_loaders, resources, results, widgets

from jiyang.access.scope import Actor
from jiyang.intake.cells import SEPARATORS, narrow, tidy
from jiyang.ledgers.columns import Column
from jiyang.regions.models import Region

MOST_ROWS = 2000
PLACES = ("village", "town")


@dataclass(frozen=True)
class Imports:
    """What an author says of a ledger's import.

    `act`: the act of the matrix with its maker and checker. `key`: form fields by which a line and a row are the same.
    `form`: the form of one line (the ledger's create form). `leave_out`: its fields that no file may fill. `settle(rows,
    by)`: what follows from the written rows, set-based, in the same transaction.
    """

    act: str
    key: tuple[str, ...]
    form: type[forms.BaseForm] | None = None
    leave_out: tuple[str, ...] = ()
    settle: Callable[[list[models.Model], Any], None] | None = None


class NamedChoice(forms.Field):
    """A foreign key in a file: rows are told by the names they go by; loaded once for all lines."""

    def __init__(self, source: forms.ModelChoiceField):
        super().__init__(label=source.label, required=source.required, error_messages=source.error_messages)
        self.named: dict[str, set[models.Model]] = {}
        for row in source.queryset:
            for name in names_of(row, source):
                self.named.setdefault(narrow(name), set()).add(row)

    def to_python(self, value: str) -> models.Model | None:
        if not value:
            return None
        found = self.named.get(narrow(value), set())
        if len(found) > 1:
            raise ValidationError(f"“{value}”有 {len(found)} 个同名的，请写全，如“镇街 村”，或用代码")
        if not found:
            raise ValidationError(f"没有“{value}”，或不在本人管辖范围内")
        return next(iter(found))


def names_of(row: models.Model, source: forms.ModelChoiceField) -> Iterable[str]:
    """The names by which a file may call a row of a choice."""
    if isinstance(row, Region):
        return (row.name, row.short_name, row.code, source.label_from_instance(row))
    return (str(row), source.label_from_instance(row))


class LabelWidget(widgets.Widget):
    """What the preview shows of a value: the official label, the mask of a personal number."""

    def __init__(self, column: Column):
        super().__init__()
        self.column = column

    def render(self, value: Any, obj: models.Model | None = None, **kwargs) -> str:
        return self.column.text(obj) if obj is not None else ""


class KnownRows(instance_loaders.BaseInstanceLoader):
    """The rows of the ledger that lines of the file already are, by key. One query."""

    def get_instance(self, row: dict) -> models.Model | None:
        return self.resource.known.get(self.resource.key_of(row["cleaned"]))


class LedgerResource(resources.ModelResource):
    """The shared resource: scope, the form's checks, formula-safe texts, batch of origin, one history context.

    Bad lines are refused one by one with every reason; the others go on. `settle` runs after the last write.
    """

    class Meta:
        use_bulk, batch_size = True, 500
        skip_unchanged, report_skipped, clean_model_instances = True, True, False
        skip_html_diff, store_instance, use_transactions = True, True, True
        instance_loader_class = KnownRows
        import_id_fields: tuple[str, ...] = ()
        fields: tuple[str, ...] = ()

    ledger, spec = None, None

    def __init__(self, *, actor: Actor, by, batch=None):
        super().__init__()
        self.actor, self.by, self.batch = actor, by, batch
        self.form = (self.spec.form or self.ledger.create.form)(actor=actor)
        for name in self.spec.leave_out:
            del self.form.fields[name]
        self.choices = {
            name: NamedChoice(field)
            for name, field in self.form.fields.items()
            if isinstance(field, forms.ModelChoiceField)
        }
        self.form.fields |= self.choices
        self.fields = {name: self.field_of(name) for name in self.form.fields}
        self.known: dict[tuple, models.Model] = {}
        self.seen: dict[tuple, int] = {}
        self.numbers: list[int] = []
        self.written: list[models.Model] = []

    def field_of(self, name: str) -> fields.Field:
        label = str(self.form.fields[name].label)
        path = f"{name}__name" if name in PLACES else name
        column = Column(path, label, cell="text").bind(self._meta.model)
        return fields.Field(attribute=name, column_name=label, widget=LabelWidget(column))

    @property
    def headings(self) -> dict[str, str]:
        """Heading -> field name."""
        return {str(field.label): name for name, field in self.form.fields.items()}

    def import_table(self, table, *, dry_run: bool) -> results.Result:
        """Run the lines of a file (`import_files.Table`), whose row numbers the problems tell."""
        self.numbers = table.numbers
        return self.import_data(table.dataset, dry_run=dry_run, use_transactions=True)

    def key_of(self, cleaned: dict) -> tuple:
        return tuple(getattr(cleaned.get(name), "pk", cleaned.get(name)) for name in self.spec.key)

    def before_import(self, dataset: tablib.Dataset, **kwargs) -> None:
        """Read the rows known already: those of the names that the file brings, in scope. One query."""
        rows = self._meta.model.objects.visible_to(self.actor).order_by("pk")
        if self.batch is not None and not kwargs.get("dry_run"):
            rows = rows.select_for_update(of=("self",))
        for row in rows.filter(**self.narrowed(dataset)).select_related(
            *[name for name in PLACES if name in self.form.fields]
        ):
            self.known.setdefault(self.key_of({name: getattr(row, name) for name in self.spec.key}), row)

    def narrowed(self, dataset: tablib.Dataset) -> dict[str, Any]:
        """Conditions that leave only rows whose plain key texts stand in the file."""
        found = {}
        for name in self.spec.key:
            field = self.form.fields[name]
            if type(field) is forms.CharField and field.label in dataset.headers:
                found[f"{name}__in"] = {as_sent(self.form, {name: text})[name] for text in dataset[field.label]}
        return found

    def before_import_row(self, row: dict, **kwargs) -> None:
        """Pass a line through the form. Raises ValidationError with every reason by heading."""
        form = self.bound({self.headings[heading]: text for heading, text in row.items() if heading in self.headings})
        problems: dict[str, list] = {}
        if not form.is_valid():
            labels = {name: heading for heading, name in self.headings.items()}
            for name, texts in form.errors.items():
                problems.setdefault(labels.get(name, NON_FIELD_ERRORS), []).extend(texts)
        else:
            number = self.numbers[kwargs["row_number"] - 1]
            if (first := self.seen.setdefault(self.key_of(form.cleaned_data), number)) != number:
                problems[NON_FIELD_ERRORS] = [f"与第 {first} 行重复"]
        if problems:
            raise ValidationError(problems)
        row["cleaned"] = form.cleaned_data

    def bound(self, texts: dict[str, str]) -> forms.BaseForm:
        """The form with a line's texts; choices come by their official label. One form serves all lines."""
        self.form.data, self.form.is_bound, self.form._errors = as_sent(self.form, texts), True, None
        return self.form

    def import_instance(self, instance: models.Model, row: dict, **kwargs) -> None:
        cleaned = row["cleaned"]
        place = next((cleaned[name] for name in PLACES if cleaned.get(name)), None)
        for name, value in cleaned.items():
            if name not in PLACES:
                setattr(instance, name, value)
        if place is not None and instance.pk is None:
            instance.place_at(place)
        if instance.pk is None:
            instance.entered_by, instance.origin = self.by, self.batch
            instance.done_by, instance.done_on = self.by.name, timezone.localdate()

    def skip_row(self, instance, original, row, import_validation_errors=None) -> bool:
        if original.pk is None:
            return False
        return all(getattr(instance, name) == getattr(original, name) for name in self.fields)

    def get_bulk_update_fields(self) -> list[str]:
        return [name for name in self.fields if name not in (*self.spec.key, *PLACES)]

    def after_import_row(self, row: dict, row_result, **kwargs) -> None:
        if row_result.import_type in {row_result.IMPORT_TYPE_NEW, row_result.IMPORT_TYPE_UPDATE}:
            self.written.append(row_result.instance)

    def after_import(self, dataset, result, **kwargs) -> None:
        if self.spec.settle and not kwargs.get("dry_run") and not result.has_errors():
            self.spec.settle(self.written, self.by)


def as_sent(form: forms.BaseForm, texts: dict[str, str]) -> dict[str, Any]:
    """A line's texts as the form takes them: labels of choices become codes, several go by the usual separators."""
    data: dict[str, Any] = {}
    for name, text in texts.items():
        field, kept = form.fields[name], tidy(text)
        kept = kept[1:] if kept.startswith("'") else kept  # our own exports guard formulas so
        if isinstance(field, forms.ChoiceField):
            codes = {str(label): str(code) for code, label in _pairs(field)}
            if isinstance(field, forms.MultipleChoiceField):
                data[name] = [codes.get(part, part) for part in SEPARATORS.split(kept) if part]
                continue
            kept = codes.get(kept, kept)
        elif isinstance(field, forms.RegexField | forms.IntegerField | forms.DecimalField):
            kept = narrow(kept)
        data[name] = kept
    return data


def _pairs(field: forms.ChoiceField) -> list[tuple]:
    return [
        pair
        for code, label in field.choices
        for pair in (label if isinstance(label, list | tuple) else [(code, label)])
    ]


def resource_of(ledger) -> type[LedgerResource]:
    """The resource class of a ledger that declares `imports`."""
    meta = type("Meta", (LedgerResource.Meta,), {"model": ledger.model})
    return type(
        f"{ledger.__name__}Resource", (LedgerResource,), {"Meta": meta, "ledger": ledger, "spec": ledger.imports}
    )
