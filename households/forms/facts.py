"""Forms over the rosters' columns: their fields are made from the models' (heading, code list, kind)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.forms.models import fields_for_model

from households.forms.fields import OfHousehold, yes_no
from households.models import CaseRecord, Person
from households.models.conditions import Entitlements, Occupation, names_of
from households.models.household import RISKS
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.columns import may_see
from jiyang.ui.forms import BigChoices, DayInput, KernelForm


def with_facts(model: type[models.Model], *names: str) -> Callable[[type[forms.BaseForm]], type[forms.BaseForm]]:
    """Class decorator: a field for each of these columns, after the form's own."""

    def add(form: type[forms.BaseForm]) -> type[forms.BaseForm]:
        form.base_fields = {
            **form.base_fields,
            **fields_for_model(model, fields=names, formfield_callback=form_field),
        }
        return form

    return add


def form_field(column: models.Field, **kwargs: Any) -> forms.Field:
    """How a column is asked for: multi-selects as boxes, 是/否 with 未填, telephones by their shape."""
    if isinstance(column, ArrayField):
        return forms.MultipleChoiceField(
            label=column.verbose_name,
            choices=column.base_field.flatchoices,
            required=False,
            widget=BigChoices,
        )
    if isinstance(column, models.BooleanField):
        return yes_no(column.verbose_name)
    if isinstance(column, EncryptedTextField):
        return forms.RegexField(
            r"^[0-9]{11}$", label=column.verbose_name, required=False, error_messages={"invalid": "电话应为 11 位数字"}
        )
    if column.choices:
        return forms.ChoiceField(
            label=column.verbose_name, choices=[("", "未填"), *column.flatchoices], required=not column.blank
        )
    if isinstance(column, models.DateField):
        kwargs["widget"] = DayInput
    if isinstance(column, models.DecimalField | models.IntegerField):
        kwargs["min_value"] = 0
    if isinstance(column, models.IntegerField):  # a form's field does not know what the column can hold
        kwargs["max_value"] = connection.ops.integer_field_range(column.get_internal_type())[1]
    return column.formfield(**kwargs)


class FactsForm(KernelForm):
    """An edit of such columns, guarded by the version the officer saw; columns the actor may not see are left out."""

    model: type[models.Model]
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, record: models.Model, **kwargs):
        initial = {name: getattr(record, name) for name in self.base_fields}
        super().__init__(*args, record=record, initial=initial, **kwargs)
        keep_visible(self, type(record))
        for name, field in self.fields.items():
            if isinstance(field, forms.MultipleChoiceField):  # labels outside the list stay as they are
                field.choices += [(one, one) for one in initial[name] if one not in dict(field.choices)]


def of_model(model: type[models.Model]) -> list[str]:
    return [field.name for field in model._meta.local_fields if field.editable]


def keep_visible(form: forms.BaseForm, model: type[models.Model]) -> None:
    """Drop the fields whose group the actor does not see."""
    for name in list(form.fields):
        if not may_see(model, name, form.actor):
            del form.fields[name]


CASE_SECTIONS = (
    ("致贫返贫风险", (*RISKS, "disaster_kind", "other_remark", "dropout_problem", "uninsured_problem")),
    ("帮扶措施", ("development_state", *(name for name in of_model(CaseRecord) if name.startswith("measure_")))),
    ("风险消除", ("removal_way", *(name for name in of_model(CaseRecord) if name.startswith("after_")))),
    ("联系人", ("collector", "collector_phone", "monitor_contact", "monitor_contact_phone")),
)
CASE = tuple(name for _, names in CASE_SECTIONS for name in names)
PERSON_SECTIONS = (
    ("基本情况", ("ethnic", "phone", "identified_on", "political_status", "speaks_mandarin")),
    ("教育", ("education", "school_state", "no_school_reason")),
    ("健康、参保和救助", ("health", "critical_illness_insured", *names_of(Entitlements)[3:])),
    ("劳动和务工", ("labour", "work_months", *names_of(Occupation))),
)
PERSON = tuple(dict.fromkeys(name for _, names in PERSON_SECTIONS for name in names))


@with_facts(CaseRecord, *CASE)
class CaseForm(OfHousehold):
    """登记监测信息."""

    sections = (("户", ("household_no",)), *CASE_SECTIONS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        keep_visible(self, CaseRecord)


@with_facts(CaseRecord, *CASE)
class CaseEditForm(FactsForm):
    """修改监测信息."""

    sections = CASE_SECTIONS


@with_facts(Person, *PERSON)
class PersonEditForm(FactsForm):
    """修改人员情况: what is neither identity nor membership; those are changes of two people (人员变更)."""

    sections = PERSON_SECTIONS
