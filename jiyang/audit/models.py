"""Event base, log of reads and exports, and the seals of the hash chain."""

import pghistory.models
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Func
from django.utils import timezone

from jiyang.audit.enums import LogKind


class XidField(models.Field):
    """PostgreSQL's 64-bit transaction id: orders events so that none of a slow transaction is skipped."""

    description = "xid8"

    def db_type(self, connection) -> str:
        return "xid8"


class CurrentXid(Func):
    function = "pg_current_xact_id"
    output_field = XidField()


class EventBase(pghistory.models.Event):
    """Base of every event model: 8-byte key and the writing transaction's id."""

    pgh_id = models.BigAutoField("事件号", primary_key=True)
    pgh_xid = XidField("事务号", db_default=CurrentXid(), editable=False)

    class Meta:
        abstract = True


class AccessLog(models.Model):
    """调阅日志: one read of full personal data, export, download, log-in, refusal or change of rights. Append-only.

    `table` and `row` name the object, `purpose` is what the reader stated. Kept as `audit.retention_days` says.
    """

    at = models.DateTimeField("时间", auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="用户", related_name="+"
    )
    kind = models.CharField("行为", max_length=16, choices=LogKind)
    table = models.CharField("对象", max_length=60, blank=True)
    row = models.BigIntegerField("对象编号", null=True, blank=True)
    columns = models.CharField("字段", max_length=200, blank=True)
    purpose = models.CharField("用途", max_length=200, blank=True)
    rows = models.PositiveIntegerField("行数", null=True, blank=True)
    address = models.GenericIPAddressField("来源地址", null=True, blank=True)
    request = models.UUIDField("请求号", null=True, blank=True)

    append_only = True

    class Meta:
        verbose_name = verbose_name_plural = "调阅日志"
        indexes = [
            models.Index(fields=["user", "-at"]),
            models.Index(fields=["table", "row"]),
            models.Index(fields=["-at"], name="access_log_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"

    @property
    def who(self) -> str:
        return self.user.name if self.user else "（未登录）"

    @property
    def subject(self) -> str:
        """The object in words: the model's Chinese name and the row's number, or the name of the refused page."""
        try:
            name = str(apps.get_model(self.table)._meta.verbose_name)
        except (LookupError, ValueError):
            name = self.table
        return f"{name} {self.row}" if self.row else name


class Seal(models.Model):
    """封存: one link of the hash chain over the events of one table.

    Covers the events of `table` whose transaction lies in [`from_xid`, `until_xid`), hashed over the named `columns`;
    `digest` is sha256(previous digest ‖ digests of the events in order). Source: STACK.md 8.
    """

    at = models.DateTimeField("封存时间", auto_now_add=True)
    table = models.CharField("事件表", max_length=80)
    from_xid = models.BigIntegerField("起始事务")
    until_xid = models.BigIntegerField("截止事务")
    rows = models.BigIntegerField("事件数")
    columns = models.JSONField("列", default=list)
    previous = models.BinaryField("上一摘要", max_length=32)
    digest = models.BinaryField("摘要", max_length=32)

    append_only = True

    class Meta:
        verbose_name = verbose_name_plural = "封存"
        constraints = [models.UniqueConstraint(fields=["table", "from_xid"], name="seal_once")]

    def __str__(self) -> str:
        return f"{self.table} {self.until_xid}"
