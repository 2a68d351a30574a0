"""What a visit found and nobody has settled yet (待核实事项): to be looked into by a day, closed with what was found."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q

from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord
from monitoring.enums import FollowUpState, Topic
from monitoring.models.visit import Visit


def open_on(day: dt.date) -> Q:
    """Raised by `day` and not settled by then."""
    return Q(done_on__lte=day) & (Q(settled_on=None) | Q(settled_on__gt=day))


class FollowUpQuerySet(ScopedQuerySet):
    def open(self) -> "FollowUpQuerySet":
        return self.filter(state=FollowUpState.OPEN)


class FollowUp(HouseholdRecord):
    """待核实事项. Raised by a visit (`done_by` on `done_on`); one open item per household and topic.

    `settled_by/settled_on` say who looked into it and when, `closed_by/closed_at` who typed it.
    """

    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="follow_ups", verbose_name="走访")
    topic = models.CharField("事项", max_length=12, choices=Topic)
    what = models.TextField("情况", max_length=1000, blank=True)
    due_on = models.DateField("办理期限")
    state = models.CharField("状态", max_length=8, choices=FollowUpState, default=FollowUpState.OPEN, editable=False)
    outcome = models.CharField("办理结果", max_length=300, blank=True)
    settled_by = models.CharField("核实人", max_length=120, blank=True)
    settled_on = models.DateField("核实日期", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="办结录入人"
    )
    closed_at = models.DateTimeField("办结录入时间", null=True, editable=False)

    objects = FollowUpQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "待核实事项"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household", "topic"],
                condition=Q(state="open", voided_at=None),
                name="followup_one_open",
                violation_error_message="这户这一项已有待核实事项",
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_on=None, closed_by=None, closed_at=None, outcome="")
                | Q(state="done", settled_on__isnull=False, closed_by__isnull=False, closed_at__isnull=False)
                & ~Q(outcome=""),
                name="followup_closed_pair",
                violation_error_message="办结须写明结果、核实人和日期",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"])]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}待核实"
