"""Bases of every row that a ledger keeps (KERNEL.md): place, origin, version, voiding, history and scope.

What comes with them is installed after migrate from the models themselves: `jiyang.access.schema`.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from jiyang.access.tables import Scoped
from jiyang.audit.tracking import Tracked
from jiyang.ledgers.querysets import ScopedQuerySet


def place(label: str, **options) -> models.ForeignKey:
    """A part of a record's path: checked once per statement, indexed for live rows alone (both jiyang.access.schema)."""
    return models.ForeignKey(
        "regions.Region", models.PROTECT, related_name="+", editable=False, db_constraint=False, db_index=False, verbose_name=label,
        **options,
    )  # fmt: skip


class Record(Scoped, Tracked):
    """One row of a ledger. Belongs to a region; is never deleted, only voided with a reason.

    `done_by/done_on` say who acted in the field, `entered_by/entered_at` who typed it; `version` counts changes and
    guards edits (the database raises it); `origin` is the import batch that brought the row.
    """

    # what these columns point to is checked once per statement, not by a constraint for each row; place and origin are
    # indexed for live rows alone: a voided row costs no entry (both jiyang.access.schema)
    public_id = models.UUIDField("公开编号", default=uuid.uuid4, unique=True, editable=False)
    district = place("区县")
    town = place("镇街", null=True, blank=True)
    village = place("行政村", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    done_by = models.CharField("办理人", max_length=120, blank=True)
    done_on = models.DateField("办理日期", null=True, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        verbose_name="录入人",
    )
    entered_at = models.DateTimeField("录入时间", default=timezone.now, editable=False)
    origin = models.ForeignKey(
        "intake.Batch",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        verbose_name="来源批次",
    )
    voided_at = models.DateTimeField("作废时间", null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        verbose_name="作废人",
    )
    void_reason = models.CharField("作废原因", max_length=200, blank=True, editable=False)

    # field group -> fields; a field in no group is 基本信息 (the matrix grants groups to roles)
    field_groups: dict[str, tuple[str, ...]] = {}
    masked: dict[str, str] = {}  # field of a personal number -> how it is masked
    household_column: str | None = None

    objects = ScopedQuerySet.as_manager()
    all_rows = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        abstract = True
        default_manager_name = "objects"
        base_manager_name = "all_rows"
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | Q(voided_at__isnull=False) & ~Q(void_reason=""),
                name="%(app_label)s_%(class)s_void",
                violation_error_message="作废须写明时间和原因",
            )
        ]

    def place_at(self, region) -> None:
        """Give the record the path of `region` (village, town or district)."""
        self.district = region.district or region
        self.town = region if region.level == "town" else region.town
        self.village = region if region.level == "village" else None


class HouseholdRecord(Record):
    """A record that belongs to a household and follows it: the database copies the path and carries it when it moves."""

    household = models.ForeignKey(
        settings.HOUSEHOLD_MODEL, models.PROTECT, related_name="%(class)s_set", db_constraint=False, verbose_name="户"
    )
    # The path is the household's, compared by the same check.
    town = place("镇街")
    village = place("行政村")

    household_column = "household_id"

    class Meta(Record.Meta):
        abstract = True
