"""Attachments (材料附件): photos and papers of household records, stored outside the web root, read through scope."""

from django.db import models

from jiyang.documents.enums import AttachmentKind
from jiyang.ledgers.records import HouseholdRecord


class Attachment(HouseholdRecord):
    """附件 of a record of a household: `subject` names the record (`monitoring.visit`), `subject_id` its key.

    `sha256` is the digest of the stored bytes, `size` in bytes; the original name never becomes a path.
    """

    subject = models.CharField("所属", max_length=60)
    subject_id = models.BigIntegerField("所属编号")
    kind = models.CharField("类别", max_length=12, choices=AttachmentKind)
    name = models.CharField("文件名", max_length=120)
    file = models.FileField("文件", upload_to="attachments/%Y/%m", max_length=200)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("大小（字节）")
    sha256 = models.CharField("摘要", max_length=64)

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "附件"
        indexes = [models.Index(fields=["subject", "subject_id"])]

    def __str__(self) -> str:
        return self.name
