"""One valid row of any scoped model, made from its fields: what generated tests need, so that a new app is covered unasked."""

import datetime as dt
import itertools
import uuid
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from households.models import Household
from jiyang.accounts.models import Posting, User
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.records import Record
from jiyang.regions.models import Region

DAY = dt.date(2021, 2, 1)
NUMBERS = itertools.count(1)
VALUES = [
    (models.UUIDField, uuid.uuid4),
    (EncryptedTextField, lambda: "文字"),
    (models.BinaryField, lambda: b"x"),
    (models.DateTimeField, timezone.now),
    (models.DecimalField, lambda: Decimal(1)),
    (models.IntegerField, lambda: 1),
    (models.BooleanField, lambda: False),
    (models.JSONField, dict),
    (ArrayField, list),
]


def any_row(model: type[models.Model], home: Household, by: User) -> models.Model:
    """A live row of `model` in the place of `home`: the household's own where there is one, else a dull new one.

    Call inside a scope that reaches the place.
    """
    if model is Household:
        return home
    if getattr(model, "household_column", None) == "household_id" and (
        known := model._base_manager.filter(household=home).first()
    ):
        return known
    made = model()
    for field in model._meta.concrete_fields:
        if not (field.primary_key or field.has_default() or field.null or getattr(field, "auto_now_add", False)):
            fill(made, field, home, by)
    if getattr(model, "household_column", None) == "household_id":
        made.household = home
    if isinstance(made, Record) or hasattr(made, "district_id"):
        made.district_id, made.town_id, made.village_id = home.district_id, home.town_id, home.village_id
    return saved(made, home, by)


def saved(made: models.Model, home: Household, by: User) -> models.Model:
    """Save a row; where a check refuses it, the empty fields that the check names are filled, once for each check."""
    checks = {one.name: one for one in made._meta.constraints if isinstance(one, models.CheckConstraint)}
    for _ in range(len(checks) + 1):
        try:
            with transaction.atomic():
                made.save()
            return made
        except IntegrityError as refused:
            name = refused.__cause__.diag.constraint_name
            check = checks.pop(name, None)
            if check is None:
                raise
            for field in named_in(check, made):
                if getattr(made, field.attname) in (None, ""):
                    fill(made, field, home, by, blank=True)
    raise AssertionError(f"no valid row of {made._meta.label}")


def named_in(check: models.CheckConstraint, made: models.Model) -> list[models.Field]:
    text = str(check.condition)
    return [field for field in made._meta.concrete_fields if f"'{field.name}" in text or f"F({field.name})" in text]


def in_a_key(made: models.Model, field: models.Field) -> bool:
    """Whether the field tells rows apart: several rows of one place take different numbers."""
    return any(field.name in one.fields for one in made._meta.constraints if isinstance(one, models.UniqueConstraint))


def fill(made: models.Model, field: models.Field, home: Household, by: User, *, blank: bool = False) -> None:
    if isinstance(field, models.ForeignKey):
        target = field.related_model
        if target is Region:
            value = home.village
        elif target is User:
            value = by
        elif target is Posting:
            value = by.postings.first()
        else:
            value = any_row(target, home, by)
        setattr(made, field.name, value)
    elif field.choices:
        setattr(made, field.name, field.choices[0][0])
    elif isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
        day = DAY + dt.timedelta(days=made._meta.concrete_fields.index(field))  # what begins comes before what ends
        setattr(made, field.name, day)
    elif isinstance(field, models.IntegerField) and in_a_key(made, field):
        setattr(made, field.name, next(NUMBERS))
    elif blank or not field.blank:
        setattr(
            made,
            field.name,
            next((value() for kind, value in VALUES if isinstance(field, kind)), str(uuid.uuid4())[: field.max_length]),
        )
