"""Stored figures: what a figure counted at the end of a day, kept as it was (DESIGN.md invariants 8 and 9)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jiyang.access.tables import Scoped, place_field
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.regions.enums import Level


class StoredFigureQuerySet(ScopedQuerySet):
    def of(self, region) -> "StoredFigureQuerySet":
        """Rows whose sum is the figure of a region: its own, or those of a 管区's villages. One index serves all."""
        if region.level == Level.DISTRICT:
            return self.filter(district=region, town=None, village=None)
        inside = self.filter(district=region.district_id)
        if region.level == Level.TOWN:
            return inside.filter(town=region, village=None)
        return inside.filter(village__zone=region) if region.level == Level.ZONE else inside.filter(village=region)


class StoredFigure(Scoped):
    """存数: the value of one figure (`part` empty: its total) for a district, a town or a village on a day.

    A fact of the moment it was computed: appended only, never rewritten, whatever is entered late. `run` names the run
    of the ledger that stored it. The part of rows without a class is what the total leaves.
    """

    figure = models.CharField("指标", max_length=60)
    part = models.CharField("分项", max_length=40, blank=True)
    district = place_field("区县")
    town = place_field("镇街", null=True)
    village = place_field("行政村", null=True)
    day = models.DateField("截止日")
    value = models.BigIntegerField("存数")
    computed_at = models.DateTimeField("存储时间", db_default=Now())
    run = models.CharField("运行记录", max_length=40, blank=True)

    append_only = True
    objects = models.Manager.from_queryset(StoredFigureQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "月末存数"
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["district", "day", "town", "village", "figure", "part"],
                nulls_distinct=False,
                name="stored_figure_once",
                violation_error_message="这个指标这一天已经存过数",
            ),
            models.CheckConstraint(condition=Q(village=None) | Q(town__isnull=False), name="stored_figure_place"),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.part} {self.day} {self.value}"
