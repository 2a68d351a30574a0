"""Import of a ledger's rows from a table: one django-import-export resource for all, made from the ledger's form.

    class HelperLedger(Ledger):
        imports = Imports("helper.import", key=("town", "name", "kind"), leave_out=("username",))

The columns are the labels of the create form, every line passes that form, and the act names maker and checker in the
matrix. A line whose key is known updates that row with the columns that the file has (unchanged rows are skipped), another
one is new. Everything is set-based: the choices, the households and people that the lines name (`KernelForm.preload`), the
rows known already and the writes are a fixed number of statements, whatever the number of lines.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import tablib
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils import timezone
from import_export import fields, instance_loaders, resources, results, widgets

from jiyang.access.scope import Actor
from jiyang.access.standing import hold_households
from jiyang.intake.cells import NO, SEPARATORS, YES, narrow, tidy
from jiyang.intake.dates import date_cell, is_month
from jiyang.ledgers.columns import Column
from jiyang.ledgers.export import lines
from jiyang.regions.models import Region

MOST_ROWS = 2000
PLACES = ("village", "town")
TOWN = "镇街"  # the column that tells villages of one name apart


def assign(record: models.Model, values: dict[str, Any]) -> None:
    """Give a record these values; a region becomes its place, once."""
    for name, value in values.items():
        if name not in PLACES:
            setattr(record, name, value)
        elif record.pk is None:
            record.place_at(value)


@dataclass(frozen=True)
class Imports:
    """What an author says of a ledger's import.

    `act`: the act of the matrix with its maker and checker. `key`: the record's fields by which a line and a row are the
    same; `alike` tells of a field how its values are compared (by month, say). `by_month`: days of which a file need only tell
    the month. `form`: the form of one line (the ledger's
    create form). `leave_out`: its fields that no file may fill; uploads are left out anyway. `fill(record, values)`: gives a
    record what the form cleaned, without a query, and raises ValidationError by field: what the ledger's services use too.
    `settle(rows, by)`: what follows from the written rows, set-based, in the same transaction.
    """

    act: str
    key: tuple[str, ...]
    fill: Callable[[Any, dict[str, Any]], None] = assign
    alike: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    by_month: tuple[str, ...] = ()
    form: type[forms.BaseForm] | None = None
    leave_out: tuple[str, ...] = ()
    settle: Callable[[list[models.Model], Any], None] | None = None


@dataclass
class Checked:
    """A line that has passed the form: its values, its key, and a record filled with them; or what is wrong with it, by
    heading. `hidden` are its masked numbers by field: they are compared and never written. `as_new`: nothing is wrong but that
    no new row may be so (of a household that has left the register, say)."""

    values: dict[str, Any] = field(default_factory=dict)
    key: tuple = ()
    probe: models.Model | None = None
    problems: dict[str, list] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    as_new: bool = False


class NamedChoice(forms.Field):
    """A foreign key in a file: rows are told by the names they go by, a village also with its town (a pair); loaded once for
    all lines."""

    def __init__(self, source: forms.ModelChoiceField):
        super().__init__(label=source.label, required=source.required, error_messages=source.error_messages)
        self.named: dict[str, set[models.Model]] = {}
        rows = source.queryset
        if rows.model is Region:  # with all that placing a record asks for
            rows = rows.defer(None).select_related("district", "town")
        for row in rows:
            for name in names_of(row, source):
                self.named.setdefault(narrow(name), set()).add(row)

    def to_python(self, value: str | tuple[str, str]) -> models.Model | None:
        town, name = value if isinstance(value, tuple) else ("", value)
        if not name:
            return None
        found = self.named.get(narrow(name), set())
        if town:
            found = {one for one in found if narrow(town) in (one.town.name, one.town.short_name, one.town.code)}
        if len(found) > 1:
            raise ValidationError(
                f"“{name}”有 {len(found)} 个同名的，请写明镇街（“镇街”列，或写成“镇街 村”），或用代码"
            )
        if not found:
            raise ValidationError(f"没有“{f'{town} {name}'.strip()}”，或不在本人管辖范围内，请核对")
        return next(iter(found))


def names_of(row: models.Model, source: forms.ModelChoiceField) -> Iterable[str]:
    """The names by which a file may call a row of a choice."""
    if isinstance(row, Region):
        return (row.name, row.short_name, row.code, source.label_from_instance(row))
    return (str(row), source.label_from_instance(row))


class WrittenDay(forms.DateField):
    """A day in a file, in the notations that offices use. A month is its first day only where the record goes `by_month`."""

    def __init__(self, source: forms.DateField, *, by_month: bool):
        super().__init__(label=source.label, required=source.required, error_messages=source.error_messages)
        self.by_month = by_month

    def to_python(self, value: str) -> dt.date | None:
        read = date_cell(value, month=False)
        if read.stored and not self.by_month and is_month(value):
            raise ValidationError(f"“{value}”没有写到哪一天，请写成 2021-03-05 这样")
        if read.note:
            raise ValidationError(f"{read.note}，请写成 2021-03-05 这样")
        return super().to_python(read.stored or value)


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
        return self.resource.known.get(row["checked"].key)


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
        for name, asked in list(self.form.fields.items()):
            if name in self.spec.leave_out or isinstance(asked, forms.FileField):
                del self.form.fields[name]
            elif isinstance(asked, forms.ModelChoiceField):
                self.form.fields[name] = NamedChoice(asked)
            elif isinstance(asked, forms.DateField):
                self.form.fields[name] = WrittenDay(asked, by_month=name in self.spec.by_month)
            elif isinstance(asked, forms.ChoiceField):
                options = "、".join(options_of(asked)).replace("%", "%%")
                asked.error_messages["invalid_choice"] = f"“%(value)s”不在可填的选项中，可填：{options}"
        self.fields = {name: self.field_of(name) for name in self.form.fields}
        self.masked = [name for name, one in self.fields.items() if one.widget.column.is_masked]
        self.hidden_cells: dict[str, list[str]] = {}  # heading -> cells of masked numbers that nothing speaks against
        self.lines: list[Checked] = []
        self.known: dict[tuple, models.Model] = {}
        self.table = None
        self.written: list[models.Model] = []
        self.changed: set[str] = set()

    def field_of(self, name: str) -> fields.Field:
        label = str(self.form.fields[name].label)
        path = f"{name}__name" if name in PLACES else self.form.paths.get(name, name)
        column = Column(path, label, cell="text").bind(self._meta.model)
        return fields.Field(attribute=path, column_name=label, widget=LabelWidget(column))

    @property
    def needed(self) -> list[str]:
        """The headings that no file may lack."""
        return [str(asked.label) for asked in self.form.fields.values() if asked.required]

    @property
    def headings(self) -> dict[str, str]:
        """Heading -> field name."""
        return {str(asked.label): name for name, asked in self.form.fields.items()}

    @cached_property
    def listed(self) -> dict[str, str]:
        """Heading in the ledger's own list and export -> heading of that column here; "" for what no file fills."""
        own = {one.attribute: one.column_name for one in self.fields.values()}
        own |= {"village__short_name": own.get("village__name", "")}
        own |= {"town__name": TOWN} if "village" in self.fields else {}
        return {column.label: own.get(column.path, "") for column in self.ledger.exported(self.actor)}

    @cached_property
    def spellings(self) -> dict[str, str]:
        """What a file may call a column, without blanks -> its heading: as the template says, or as the list does."""
        said = {label: heading for label, heading in self.listed.items() if heading}
        return {narrow(label): heading for label, heading in (said | {one: one for one in self.headings}).items()}

    def import_table(self, table, *, dry_run: bool) -> results.Result:
        """Run the lines of a file (`import_files.Table`): the problems tell where they stand, its faulty cells are refused."""
        self.table = table
        return self.import_data(table.dataset, dry_run=dry_run, use_transactions=True)

    def export(self, queryset=None, **kwargs) -> tablib.Dataset:
        """The ledger's columns that the actor sees, masked and safe from formulas: what the ledger's own export writes."""
        columns = self.ledger.exported(self.actor)
        dataset = tablib.Dataset(headers=[column.label for column in columns])
        for line in lines(queryset, columns):
            dataset.append([line[column.label] for column in columns])
        return dataset

    def key_of(self, record: models.Model) -> tuple:
        columns = {name: self._meta.model._meta.get_field(name).attname for name in self.spec.key}
        return self.key_in({name: getattr(record, column) for name, column in columns.items()})

    def key_in(self, values: dict[str, Any]) -> tuple:
        """The key that these values of its fields make."""
        found = ((name, getattr(values[name], "pk", values[name])) for name in self.spec.key)
        return tuple(self.spec.alike[name](value) if name in self.spec.alike else value for name, value in found)

    def before_import(self, dataset: tablib.Dataset, **kwargs) -> None:
        """Pass every line through the form, then read the rows known already: those of the keys in the file, in scope."""
        texts = [self.sent_of(line) for line in dataset.dict]
        hidden = [self.hidden_of(line) for line in texts]
        named = [name for name, sent in (texts[0] if texts else {}).items() if isinstance(sent, str)]
        self.form.preload({name: {line.get(name, "") for line in texts} for name in named})
        first: dict[tuple, Any] = {}
        for spot, line, numbers, faults in zip(self.table.spots, texts, hidden, self.table.faults, strict=True):
            checked = self.checked(line)
            checked.hidden = numbers
            checked.problems |= {heading: [why] for heading, why in faults.items()}
            checked.as_new = checked.as_new and not faults
            if (checked.as_new or not checked.problems) and first.setdefault(checked.key, spot) != spot:
                checked.problems, checked.as_new = {NON_FIELD_ERRORS: [f"与{first[checked.key]}重复"]}, False
            self.lines.append(checked)
        rows = self._meta.model.objects.visible_to(self.actor).select_related(*self.ledger.related).order_by("pk")
        if self.batch is not None and not kwargs.get("dry_run"):
            hold_households(getattr(line.probe, "household_id", None) for line in self.lines)
            rows = rows.select_for_update(of=("self",))
        for row in rows.filter(**self.narrowed()):
            self.known.setdefault(self.key_of(row), row)
        for index, line in enumerate(self.lines):
            if line.as_new and line.key in self.known:  # `import_instance` asks again, of the row that is there
                line.problems = {}
            self.compare_hidden(index, line)

    def sent_of(self, line: dict[str, str]) -> dict[str, Any]:
        """A line of the file as the form takes it."""
        sent = as_sent(self.form, {name: line[heading] for heading, name in self.headings.items() if heading in line})
        if TOWN in line and TOWN not in self.headings:
            sent["village"] = (tidy(line[TOWN]), sent.get("village", ""))
        return sent

    def hidden_of(self, sent: dict[str, Any]) -> dict[str, str]:
        """Take the masked numbers out of a line: the form sees none."""
        return {name: sent.pop(name) for name in self.masked if "*" in narrow(sent.get(name, ""))}

    def compare_hidden(self, index: int, line: Checked) -> None:
        """A masked number stands for the one that the ledger has; where it has another one or none, the line is refused."""
        row, was_sound = self.known.get(line.key, line.probe), not line.problems
        for name, text in line.hidden.items():
            heading, column = self.fields[name].column_name, self.fields[name].widget.column
            cell, shown = self.table.cell(index, heading), column.text(row) if was_sound else ""
            if shown == narrow(text):
                self.hidden_cells.setdefault(heading, []).append(f"{self.table.spots[index].sheet} {cell}".strip())
            else:
                why = "没有读" if not was_sound else "与台账里的号码不一样" if shown else "不能写入"
                line.problems.setdefault(heading, []).append(f"{cell} 是打了星号的号码，{why}。请填全部数字")

    def narrowed(self) -> dict[str, Any]:
        """Conditions that leave only rows whose keys stand in the file."""
        keys = [one.key for one in self.lines if one.as_new or not one.problems]
        return {
            f"{name}__in": {key[place] for key in keys}
            for place, name in enumerate(self.spec.key)
            if name not in self.spec.alike
        }

    def checked(self, sent: dict[str, Any]) -> Checked:
        """Pass a line through the form, and what it holds through `fill`: every reason against it by heading."""
        form, labels = self.form, {name: heading for heading, name in self.headings.items()}
        form.data, form.is_bound, form._errors = sent, True, None  # one form serves all lines
        if not form.is_valid():
            return Checked(
                problems={labels.get(name, NON_FIELD_ERRORS): list(texts) for name, texts in form.errors.items()}
            )
        probe = self.init_instance()
        values = {name: value for name, value in form.cleaned_data.items() if self.is_said(name, sent)}
        try:
            self.spec.fill(probe, form.cleaned_data)
        except ValidationError as refused:
            is_keyed = values.keys() >= set(self.spec.key)
            return Checked(
                values, self.key_in(values) if is_keyed else (), problems=told(refused, labels), as_new=is_keyed
            )
        return Checked(values, self.key_of(probe), probe)

    def is_said(self, name: str, sent: dict[str, Any]) -> bool:
        """Whether a line says it: a column that the file does not have changes nothing."""
        return name in sent or name not in self.form.fields

    def init_instance(self, row: dict | None = None) -> models.Model:
        day = {"done_by": self.by.name, "done_on": timezone.localdate()}
        return self._meta.model(entered_by=self.by, origin=self.batch, **day)

    def before_import_row(self, row: dict, **kwargs) -> None:
        """Raises ValidationError with every reason against the line, by heading."""
        row["checked"] = self.lines[kwargs["row_number"] - 1]
        if row["checked"].problems:
            raise ValidationError(row["checked"].problems)

    def import_instance(self, instance: models.Model, row: dict, **kwargs) -> None:
        try:
            self.spec.fill(instance, row["checked"].values)
        except ValidationError as refused:
            labels = {name: heading for heading, name in self.headings.items()}
            raise ValidationError(told(refused, labels)) from refused

    def skip_row(self, instance, original, row, import_validation_errors=None) -> bool:
        if original.pk is None or import_validation_errors:
            return False
        differing = {
            one.name for one in self._meta.model._meta.concrete_fields if stored(instance, one) != stored(original, one)
        }
        self.changed |= differing
        return not differing

    def get_bulk_update_fields(self) -> list[str]:
        return sorted(self.changed)

    def after_import_row(self, row: dict, row_result, **kwargs) -> None:
        if row_result.import_type in {row_result.IMPORT_TYPE_NEW, row_result.IMPORT_TYPE_UPDATE}:
            self.written.append(row_result.instance)

    def after_import(self, dataset, result, **kwargs) -> None:
        if self.spec.settle and not kwargs.get("dry_run") and not result.has_errors():
            self.spec.settle(self.written, self.by)


def stored(record: models.Model, column: models.Field) -> Any:
    """A column's value; bytes as the database gives them do not compare."""
    value = getattr(record, column.attname)
    return bytes(value) if isinstance(value, memoryview) else value


def told(refused: ValidationError, labels: dict[str, str]) -> dict[str, list[str]]:
    """A service's refusals by the headings of the file."""
    found = refused.message_dict if hasattr(refused, "error_dict") else {NON_FIELD_ERRORS: refused.messages}
    by_heading: dict[str, list[str]] = {}
    for name, texts in found.items():
        by_heading.setdefault(labels.get(name, NON_FIELD_ERRORS), []).extend(texts)
    return by_heading


def as_sent(form: forms.BaseForm, texts: dict[str, str]) -> dict[str, Any]:
    """A line's texts as the form takes them: labels of choices become codes, several go by the usual separators."""
    data: dict[str, Any] = {}
    for name, text in texts.items():
        field, kept = form.fields[name], tidy(text)
        kept = kept[1:] if kept.startswith("'") else kept  # our own exports guard formulas so
        if isinstance(field, forms.ChoiceField):
            codes = {str(label): str(code) for code, label in _pairs(field)}
            if {"是", "否"} <= set(codes):
                codes |= dict.fromkeys(YES, codes["是"]) | dict.fromkeys(NO, codes["否"])
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


def options_of(field: forms.Field) -> list[str]:
    """The labels that may be written into a column; none where anything may."""
    return [str(label) for code, label in _pairs(field) if code not in ("", None)] if hasattr(field, "choices") else []


def resource_of(ledger) -> type[LedgerResource]:
    """The resource class of a ledger that declares `imports`."""
    meta = type("Meta", (LedgerResource.Meta,), {"model": ledger.model})
    return type(
        f"{ledger.__name__}Resource", (LedgerResource,), {"Meta": meta, "ledger": ledger, "spec": ledger.imports}
    )
