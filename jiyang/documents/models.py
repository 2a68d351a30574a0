"""Attachments (材料附件): photos and papers of records, stored outside the web root, read through scope."""

from django.conf import settings
from django.db import models

from jiyang.access.tables import household_model, place_field
from jiyang.documents.enums import AttachmentKind
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord


class AttachmentQuerySet(ScopedQuerySet):
    def of(self, record: models.Model) -> "AttachmentQuerySet":
        """Attachments of a record; of a household also those of all its records. Newest first."""
        if isinstance(record, household_model()):
            return self.filter(household=record).order_by("-pk")
        return self.filter(subject=record._meta.label_lower, subject_id=record.pk).order_by("-pk")


class Attachment(HouseholdRecord):
    """附件 of a record: `subject` names its model (`monitoring.visit`), `subject_id` its key.

    What belongs to a household follows it; of another record it has the record's place. `sha256` is the digest of the
    stored bytes, `size` in bytes; the original name never becomes a path.
    """

    household = models.ForeignKey(
        settings.HOUSEHOLD_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="attachment_set",
        verbose_name="户",
    )
    town, village = place_field("镇街", null=True), place_field("行政村", null=True)
    subject = models.CharField("所属", max_length=60)
    subject_id = models.BigIntegerField("所属编号")
    kind = models.CharField("类别", max_length=12, choices=AttachmentKind)
    name = models.CharField("文件名", max_length=120)
    file = models.FileField("文件", upload_to="attachments/%Y/%m", max_length=200)
    mime = models.CharField("类型", max_length=80)
    size = models.PositiveIntegerField("大小（字节）")
    sha256 = models.CharField("摘要", max_length=64)

    objects = AttachmentQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "附件"
        indexes = [models.Index(fields=["subject", "subject_id"])]

    def __str__(self) -> str:
        return self.name

    def belong_to(self, record: models.Model) -> None:
        """Take the household of a household's record (or the household itself), else the record's own place."""
        self.household_id = getattr(record, record.household_column) if record.household_column else None
        self.district_id, self.town_id, self.village_id = record.district_id, record.town_id, record.village_id
