"""Dated grants of single households: the fourth arm of scope (pairings, first secretaries, insurers' enrolments)."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jiyang.access.tables import Scoped, place_field
from jiyang.audit.tracking import Tracked


class HouseholdGrantQuerySet(models.QuerySet):
    def on(self, day: dt.date) -> "HouseholdGrantQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class HouseholdGrant(Scoped, Tracked):
    """户授权: a posting may see one household, dated [`since`, `until`). Written by services only.

    Its own policy has the three region arms and its own posting; the household arms of all other tables read it.
    """

    posting = models.ForeignKey("accounts.Posting", models.PROTECT, related_name="grants", verbose_name="岗位")
    household = models.ForeignKey(settings.HOUSEHOLD_MODEL, models.PROTECT, related_name="grants", verbose_name="户")
    district = place_field("区县")
    town = place_field("镇街")
    village = place_field("行政村")
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)

    household_column = "household_id"
    posting_column = "posting_id"
    objects = HouseholdGrantQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "户授权"
        db_table = "access_household"
        constraints = [
            models.UniqueConstraint(fields=["posting", "household", "since"], name="household_grant_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="household_grant_dates"),
        ]
        indexes = [models.Index(fields=["posting", "household"])]

    def __str__(self) -> str:
        return f"{self.posting_id} → {self.household_id}"
