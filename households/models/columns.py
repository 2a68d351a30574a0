"""Columns as the national rosters have them: one function for each kind of cell (DOMAIN.md 1.2, `layouts/fields.yaml`).

Each takes the official heading. Empty cells: '' for texts, '{}' for lists, NULL for everything else.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jiyang.identifiers.encryption import EncryptedTextField


def words(title: str, length: int = 120) -> models.CharField:
    return models.CharField(title, max_length=length, blank=True, default="", db_default="")


def choice(title: str, codes: type[models.TextChoices]) -> models.CharField:
    return models.CharField(title, max_length=20, choices=codes, blank=True, default="", db_default="")


def several(title: str, codes: type[models.TextChoices]) -> ArrayField:
    """A multi-select. Labels outside the code list are kept as they are written."""
    base = models.CharField(max_length=60, choices=codes)
    return ArrayField(base, verbose_name=title, default=list, db_default=[], blank=True)


def flag(title: str) -> models.BooleanField:
    return models.BooleanField(title, null=True, blank=True)


def amount(title: str) -> models.DecimalField:
    """元, 亩, 平方米 or 公里, as the heading says."""
    return models.DecimalField(title, max_digits=14, decimal_places=2, null=True, blank=True)


def count(title: str) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(title, null=True, blank=True)


def phone(title: str) -> EncryptedTextField:
    return EncryptedTextField(title, null=True, blank=True)


def phone_index(title: str) -> models.BinaryField:
    return models.BinaryField(f"{title}索引", null=True, blank=True, editable=False)
