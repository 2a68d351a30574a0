"""Staging of roster imports: normalised rows with their plan, and what an approved batch changed.

Personal numbers are encrypted before they reach the database; a row's fields carry the register's names, so checks
and rules read staged and registered rows alike (DESIGN.md section 6).
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from jiyang.access.tables import Scoped, place_field
from jiyang.intake.enums import RowAction
from jiyang.ledgers.querysets import ScopedQuerySet

# a row that the register has something of: a first load has none
KNOWN = models.Q(household__isnull=False) | models.Q(person__isnull=False) | models.Q(taken__isnull=False)


class RosterRow(Scoped):
    """名单行: one row of a batch. `row` is Excel's number; `household` and `person` the register's rows it matches.

    `action` is the plan. `changed` lists the fields that it writes, `before` is the digest of their values in the register:
    another one at the commit says that somebody was there meanwhile. `held` rows wait for another time (the checker said so).
    `refused` rows have a cell that cannot be read or stored, `ruled` ones break a rule alone: a household that would change nothing
    is told so and stays as it is. `further` holds the cells that only some layouts have. `record_id` and `record_version` come from a file that was exported here. Rows of one household stand or fall
    together. Rows of an unknown place are seen by the district only.
    """

    batch = models.ForeignKey(
        "intake.Batch",
        models.CASCADE,
        related_name="roster_rows",
        db_constraint=False,
        db_index=False,
        verbose_name="批次",
    )
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    # what every scan looks at stands first in the table: a row is read as far as the last column asked for
    row = models.PositiveIntegerField("行")
    copy_of = models.PositiveIntegerField("与此行相同", null=True)
    refused = models.BooleanField("本行有错误")
    out_of_area = models.BooleanField("区外")
    action = models.CharField("计划", max_length=12, choices=RowAction, default=RowAction.INSERT)
    first = models.BooleanField("户的首行", default=False)
    household = models.ForeignKey(
        "households.Household",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="系统内的户",
    )
    person = models.ForeignKey(
        "households.Person",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="系统内的人",
    )
    changed = ArrayField(models.TextField(), verbose_name="变更字段", default=list)
    household_no = models.TextField("户编号", null=True)
    person_no = models.TextField("人编号", null=True)
    name = models.TextField("姓名", null=True)
    name_pinyin = models.TextField("姓名拼音", null=True)
    id_kind = models.TextField("证件类型", null=True)
    id_number = models.BinaryField("证件号码", null=True)
    id_index = models.BinaryField("证件索引", null=True)
    sex = models.TextField("性别", null=True)
    birth_date = models.DateField("出生日期", null=True)
    hamlet = models.TextField("自然村", null=True)
    stated_size = models.IntegerField("人数", null=True)
    relation = models.TextField("与户主关系", null=True)
    ethnic = models.TextField("民族", null=True)
    education = models.TextField("文化程度", null=True)
    school_state = models.TextField("在校生状况", null=True)
    health = ArrayField(models.TextField(), verbose_name="健康状况", null=True)
    labour = models.TextField("劳动技能", null=True)
    work_months = models.IntegerField("务工时间（月）", null=True)
    critical_illness_insured = models.BooleanField("是否参加大病保险", null=True)
    poverty_cause = models.TextField("致贫原因", null=True)
    dangerous_house = models.BooleanField("是否危房户", null=True)
    safe_water = models.BooleanField("是否解决安全饮用水", null=True)
    income_per_head = models.DecimalField("人均纯收入", max_digits=12, decimal_places=2, null=True)
    phone = models.BinaryField("户联系电话", null=True)
    phone_index = models.BinaryField("户联系电话索引", null=True)
    person_phone = models.BinaryField("人联系电话", null=True)
    person_phone_index = models.BinaryField("人联系电话索引", null=True)
    identified_on = models.DateField("首次识别时间", null=True)
    person_identified_on = models.DateField("人员识别时间", null=True)
    household_type = models.TextField("户类型", null=True)
    category = models.TextField("监测对象类别", null=True)
    risk_removed = models.BooleanField("风险是否消除", null=True)
    risk_identified_on = models.DateField("风险识别时间", null=True)
    risk_removed_on = models.DateField("风险消除时间", null=True)
    further = models.JSONField("其他列", null=True)  # the layout's columns that have none here, by name
    taken = models.BigIntegerField("系统内的记录", null=True)  # of a taker's rows: the record it is
    before = models.TextField("原值摘要", null=True)
    held = models.BooleanField("暂缓", default=False, db_default=False)
    record_id = models.TextField("系统编号", null=True)
    record_version = models.TextField("系统版本", null=True)
    ruled = models.BooleanField("不合规则", default=False, db_default=False)

    derived_when = "true"
    deletable = True
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "名单行"
        indexes = [
            models.Index(fields=["batch", "action", "row"], name="rosterrow_plan"),
            models.Index(fields=["batch"], condition=models.Q(held=True), name="rosterrow_held"),
            models.Index(fields=["batch"], condition=KNOWN, name="rosterrow_known"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.row}"


class RosterAbsence(Scoped):
    """名单未列: a member of a household of the file whom the file does not list. Nothing happens to them by itself:

    after the commit their town confirms who left and why (人员变更), or says that they stay.
    """

    batch = models.ForeignKey("intake.Batch", models.CASCADE, related_name="absences", verbose_name="批次")
    district = place_field("区县")
    town = place_field("镇街")
    village = place_field("行政村")
    household = models.ForeignKey("households.Household", models.PROTECT, related_name="+", verbose_name="户")
    person = models.ForeignKey("households.Person", models.PROTECT, related_name="absences", verbose_name="人员")
    raised = models.BooleanField("待核实", default=False)  # from the commit on, until its undo
    stays_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="核实人"
    )
    stays_at = models.DateTimeField("核实时间", null=True)
    stays_reason = models.CharField("仍在户的说明", max_length=200, blank=True)

    household_column = "household_id"
    derived_when = "true"
    deletable = True
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "名单未列人员"
        constraints = [models.UniqueConstraint(fields=["batch", "person"], name="roster_absence_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.person_id}"

    @property
    def answer(self) -> str:
        """Who said what about it, and when; empty while it is asked."""
        if not self.stays_at:
            return ""
        when = timezone.localtime(self.stays_at).strftime("%Y-%m-%d %H:%M")
        return (
            f"{self.stays_by.name} {when} 核实仍在户：{self.stays_reason}"
            if self.stays_by
            else f"{when} {self.stays_reason}"
        )


class RosterTouch(Scoped):
    """前像: a register row that a batch updated. History keeps its former values under the version `before`.

    `version` is the row's version after the batch: a different one says that somebody has edited it since.
    Rows that a batch inserted need none: they carry it as their `origin`. A reversal keeps its own (`reversal`), so that
    it can be reversed in turn.
    """

    batch = models.ForeignKey(
        "intake.Batch", models.PROTECT, related_name="touches", db_constraint=False, db_index=False, verbose_name="批次"
    )
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    reversal = models.ForeignKey(
        "intake.Reversal",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="撤销",
    )
    table = models.CharField("表", max_length=40)
    record = models.BigIntegerField("记录")
    before = models.PositiveIntegerField("入库前版本")
    version = models.PositiveIntegerField("入库后版本")

    derived_when = "true"
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "入库前像"
        indexes = [models.Index(fields=["batch", "table"])]

    def __str__(self) -> str:
        return f"{self.table} {self.record}"
