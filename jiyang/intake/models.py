"""Import batches of every target: the file, who did what with it, and its state (DESIGN.md section 3)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from jiyang.access.tables import Scoped, place_field
from jiyang.audit.tracking import Tracked
from jiyang.intake import targets
from jiyang.intake.enums import AGREED, BatchState, PlanMode, ReversalKind, Severity
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import Proposal


class Batch(Scoped, Tracked):
    """导入批次: one file on its way into the register, approved by another person than its maker.

    `counts` is the plan ({insert, update, same, duplicate, refused, out_of_area, …} rows). `continues` is the batch whose
    failed, held or overtaken rows this one carries on. `attempts` counts the starts of its present job: a batch that
    keeps killing its worker is given up. The file itself is stored encrypted (`file`).
    """

    district = models.ForeignKey("regions.Region", models.PROTECT, related_name="+", verbose_name="区县")
    town = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街"
    )
    village = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="村"
    )
    target = models.CharField("目标", max_length=40, default="roster")
    filename = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("文件摘要", max_length=64)
    file = models.FileField("原始文件（加密）", upload_to="intake/%Y/%m", max_length=200)
    mode = models.CharField("更新方式", max_length=8, choices=PlanMode, default=PlanMode.ALL)
    continues = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="continuations", verbose_name="接续的批次"
    )
    attempts = models.PositiveSmallIntegerField("任务开始次数", default=0, editable=False)
    state = models.CharField("状态", max_length=12, choices=BatchState, default=BatchState.UPLOADED)
    reading = models.JSONField("指定的读法", default=dict, blank=True)  # a `header.Choice`; empty: found by itself
    layout = models.CharField("版式", max_length=40, blank=True)
    sheet = models.CharField("工作表", max_length=80, blank=True)
    header_row = models.PositiveIntegerField("表头行", null=True, blank=True)
    data_date = models.DateField("数据日期", null=True, blank=True)
    rows = models.PositiveIntegerField("行数", null=True, blank=True)
    columns = models.JSONField("列", default=dict, blank=True)
    counts = models.JSONField("计划", default=dict, blank=True)
    seconds = models.JSONField("用时（秒）", default=dict, blank=True)
    compared = models.JSONField("比对时刻", default=dict, blank=True, editable=False)  # of a plan that may still hold
    plan_hash = models.CharField("计划摘要", max_length=64, blank=True)
    error = models.JSONField("无法读取的原因", default=dict, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="提交人"
    )
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="复核人"
    )
    approved_at = models.DateTimeField("入库时间", null=True, blank=True)
    reason = models.CharField("退回或暂缓原因", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "导入批次"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | (~Q(approved_by=F("submitted_by")) & ~Q(approved_by=F("uploaded_by"))),
                name="batch_two_people",
                violation_error_message="复核人不能是上传人或提交人",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, submitted_by__isnull=False),
                name="batch_approved_after_submitted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AGREED, approved_by__isnull=False, approved_at__isnull=False)
                | ~Q(state__in=AGREED) & Q(approved_by=None),
                name="batch_approved_by_somebody",
                violation_error_message="入库的批次须有复核人和时间，没有入库的不能有",
            ),
        ]

    def __str__(self) -> str:
        day = self.uploaded_at and timezone.localdate(self.uploaded_at)
        return f"IM-{day:%Y%m%d}-{self.pk:02d}" if day else self.filename

    @property
    def doing(self) -> str:
        """What is being done with the batch, or what it waits for."""
        return BatchState.CHECKING.label if self.state == BatchState.UPLOADED else self.get_state_display()


class Reversal(Proposal, Scoped, Tracked):
    """撤销或恢复 of an approved batch: asked for by one person, agreed to by another, and itself to be reversed.

    `report` says what went back, and what was kept and why.
    """

    act = "roster.undo"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="reversals", verbose_name="批次")
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    kind = models.CharField("类别", max_length=4, choices=ReversalKind)
    reason = models.CharField("原因", max_length=200)
    report = models.JSONField("结果", default=dict, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "批次撤销"
        ordering = ["pk"]
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["batch"],
                condition=Q(state=ProposalState.SUBMITTED),
                name="reversal_one_open",
                violation_error_message="这一批已有一份待复核的撤销申请",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.batch_id}"

    def act_of(self) -> str:
        """Of a ledger's batch: who imports into the ledger also takes back."""
        return targets.target_of(self.batch).undo_act


class BatchFinding(Scoped):
    """导入问题: one fault of one cell (or row, or household) of a batch, with what to do about it.

    `row` is the batch's row number; `sheet` and `cell` say where it stands in the file.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="findings", verbose_name="批次")
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    row = models.PositiveIntegerField("行")
    sheet = models.CharField("工作表", max_length=80, blank=True)
    field = models.CharField("字段", max_length=60, blank=True)
    column = models.CharField("列名", max_length=120, blank=True)
    cell = models.CharField("单元格", max_length=12, blank=True)
    value = models.BinaryField("原值（加密）", null=True)
    stored = models.BinaryField("存入值（加密）", null=True)
    code = models.CharField("代码", max_length=40)
    severity = models.CharField("级别", max_length=1, choices=Severity)
    message = models.CharField("说明", max_length=300)
    hint = models.CharField("怎么改", max_length=300, blank=True)

    deletable = True
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "导入问题"
        indexes = [models.Index(fields=["batch", "row"])]

    def __str__(self) -> str:
        return f"{self.cell} {self.code}"


class SavedMapping(Scoped, Tracked):
    """对应关系: what an office's own heading means in a layout. An empty `field` leaves the column out.

    `heading` is in compared form (`layouts.plain`). A mapping is never deleted: it ends (`ended_at`).
    """

    district = models.ForeignKey("regions.Region", models.PROTECT, related_name="+", verbose_name="区县")
    town = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街"
    )
    village = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name="村"
    )
    target = models.CharField("目标", max_length=40)
    layout = models.CharField("版式", max_length=40)
    heading = models.CharField("列名", max_length=120)
    field = models.CharField("字段", max_length=60, blank=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="保存人")
    saved_at = models.DateTimeField("保存时间", auto_now=True)
    ended_at = models.DateTimeField("停用时间", null=True, blank=True)

    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "对应关系"
        ordering = ["layout", "heading"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "town", "target", "layout", "heading"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="savedmapping_live",
                violation_error_message="这个列名已有对应关系",
            )
        ]

    def __str__(self) -> str:
        return f"{self.heading} → {self.field or '不导入'}"
