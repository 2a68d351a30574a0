"""What the nightly re-derivation of the household state found different from what was stored."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from jiyang.access.tables import Scoped, place_field
from jiyang.ledgers.querysets import ScopedQuerySet


class StateDifference(Scoped):
    """户状态差异: a stored work column that its dated rows do not give. Reported, then corrected.

    `run` and `attempt` are the scheduled run that found it; `field` is the column of `HouseholdState`, empty where the
    whole row was missing. Appended only.
    """

    run = models.ForeignKey("schedules.JobRun", models.PROTECT, related_name="+", verbose_name="运行记录")
    attempt = models.PositiveSmallIntegerField("第几次")
    household = models.ForeignKey(settings.HOUSEHOLD_MODEL, models.PROTECT, related_name="+", verbose_name="户")
    district = place_field("区县")
    town = place_field("镇街")
    village = place_field("行政村")
    field = models.CharField("字段", max_length=40, blank=True)
    stored = models.TextField("原值", blank=True)
    derived = models.TextField("重算值", blank=True)
    found_at = models.DateTimeField("发现时间", db_default=Now())

    household_column = "household_id"
    field_groups = {"income": ("stored", "derived")}
    derived_when = "true"
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "户状态差异"
        base_manager_name = "objects"
        indexes = [models.Index(fields=["run", "field"])]

    def __str__(self) -> str:
        return f"{self.household_id} {self.field}"

    @property
    def field_title(self) -> str:
        from households.models import HouseholdState

        return str(HouseholdState._meta.get_field(self.field).verbose_name) if self.field else "整行缺失"
