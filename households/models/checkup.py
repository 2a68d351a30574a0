"""数据体检: national exports checked against each other before they go up; the register is not touched (DESIGN.md section 7, `--over`)."""

from django.conf import settings
from django.db import models

from households.enums import CheckupState, CopyState
from jiyang.access.tables import Scoped, place_field
from jiyang.audit.tracking import Tracked
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.rules.catalogue import SEVERITIES


class Checkup(Scoped, Tracked):
    """体检: some files, one day, and what the rules found. Its place is its maker's: who works there may open it.

    `rules` says of each rule whether it ran, else why not, its hits, its unconfirmed parameters and the field groups of which its
    sentences tell; `counts` the findings by severity, and those of rows outside the maker's area, which are not kept. Files and findings go after some days.
    """

    district = models.ForeignKey("regions.Region", models.PROTECT, related_name="+", verbose_name="区县")
    town = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街"
    )
    village = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="行政村"
    )
    state = models.CharField("状态", max_length=10, choices=CheckupState, default=CheckupState.WAITING)
    as_of = models.DateField("体检日期", null=True, blank=True)
    given = models.JSONField("本次指定的参数", default=dict, blank=True)
    rules = models.JSONField("规则", default=list, blank=True)
    counts = models.JSONField("结果数", default=dict, blank=True)
    seconds = models.FloatField("用时（秒）", null=True, blank=True)
    error = models.CharField("没有完成的原因", max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField("任务开始次数", default=0, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="体检人")
    made_at = models.DateTimeField("上传时间", auto_now_add=True)
    cleared_at = models.DateTimeField("清除时间", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "数据体检"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"TJ-{self.made_at:%Y%m%d}-{self.pk:02d}" if self.made_at else "数据体检"


class CheckupFile(Scoped):
    """体检文件: one export as it was uploaded (encrypted) and how it was read; `error` says why it was not.

    `annotated`: the copy with the findings at their cells, encrypted too, made when somebody asks for it.
    """

    checkup = models.ForeignKey(Checkup, models.CASCADE, related_name="files", verbose_name="体检")
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    filename = models.CharField("文件名", max_length=200)
    file = models.FileField("原始文件（加密）", upload_to="checkup/%Y/%m", max_length=200)
    reading = models.JSONField("指定的读法", default=dict, blank=True)
    layout = models.CharField("版式", max_length=40, blank=True)
    columns = models.JSONField("列", default=dict, blank=True)
    rows = models.PositiveIntegerField("行数", null=True, blank=True)
    error = models.CharField("没有读取的原因", max_length=300, blank=True)
    annotated = models.FileField("批注表（加密）", upload_to="checkup/%Y/%m", max_length=200, blank=True)
    copy_state = models.CharField("批注表状态", max_length=8, choices=CopyState, default=CopyState.NONE, blank=True)
    copy_attempts = models.PositiveSmallIntegerField("批注表任务开始次数", default=0, editable=False)

    deletable = True
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "体检文件"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.filename


class CheckupFinding(Scoped):
    """体检问题: one row of a file of which a rule is true, or one cell that could not be read. The place is the row's.

    Who it is, what the cell said and the sentence are encrypted; a name is found as a whole by its index, a 户编号 by its beginning.
    """

    checkup = models.ForeignKey(
        Checkup, models.CASCADE, related_name="findings", db_index=False, db_constraint=False, verbose_name="体检"
    )
    file = models.ForeignKey(
        CheckupFile, models.CASCADE, related_name="findings", db_index=False, db_constraint=False, verbose_name="文件"
    )
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    line = models.PositiveIntegerField("批次行号")
    row = models.PositiveIntegerField("行")
    sheet = models.CharField("工作表", max_length=80, blank=True)
    column = models.CharField("列名", max_length=120, blank=True)
    cell = models.CharField("单元格", max_length=12, blank=True)
    value = models.BinaryField("原值（加密）", null=True)
    personal = models.BooleanField("原值要遮掩", default=False)
    group = models.CharField("原值的字段组", max_length=20, blank=True)
    household_no = models.CharField("户编号", max_length=40, blank=True)
    name = EncryptedTextField("姓名（加密）", null=True)
    name_index = models.BinaryField("姓名索引", null=True, editable=False)
    code = models.CharField("代码", max_length=40)
    severity = models.CharField("级别", max_length=8, choices=list(SEVERITIES.items()))
    title = models.CharField("问题", max_length=200)
    text = EncryptedTextField("说明（加密）", null=True)

    deletable = True
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "体检问题"
        indexes = [models.Index(fields=["checkup", "household_no", "id"], name="checkupfinding_list")]

    def __str__(self) -> str:
        return f"{self.code} {self.cell}"
