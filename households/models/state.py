"""Derived work columns of a household (DESIGN.md section 9): stored for lists, rebuilt from the dated rows at any time."""

from django.conf import settings
from django.db import models

from households.enums import RiskTier
from jiyang.access.tables import Scoped, place_field
from jiyang.ledgers.querysets import ScopedQuerySet


class HouseholdState(Scoped):
    """户状态: head, size, tier, income and visit dates as of now. Written by `households.services.state` only."""

    household = models.OneToOneField(
        settings.HOUSEHOLD_MODEL,
        models.PROTECT,
        primary_key=True,
        related_name="state",
        db_constraint=False,
        verbose_name="户",
    )
    district = place_field("区县")
    town = place_field("镇街")
    village = place_field("行政村")
    head_name = models.CharField("户主", max_length=60, blank=True)
    head_pinyin = models.CharField("户主拼音", max_length=120, blank=True)
    helper_name = models.CharField("帮扶责任人", max_length=60, blank=True, db_default="")
    people = models.PositiveSmallIntegerField("人口", default=0)
    tier = models.CharField("类", max_length=1, choices=RiskTier, blank=True)
    income_year = models.PositiveSmallIntegerField("收入年度", null=True, blank=True)
    income_per_head = models.DecimalField("人均纯收入（元）", max_digits=12, decimal_places=2, null=True, blank=True)
    last_visit_on = models.DateField("上次入户", null=True, blank=True)
    next_visit_on = models.DateField("下次走访", null=True, blank=True)

    household_column = "household_id"
    field_groups = {"income": ("income_year", "income_per_head")}
    derived_when = "true"
    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "户状态"
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["next_visit_on", "household"], name="state_next_visit"),
            models.Index(fields=["town", "next_visit_on"], name="state_town_next_visit"),
            models.Index(fields=["village", "next_visit_on"], name="state_village_next_visit"),
        ]

    def __str__(self) -> str:
        return self.head_name
