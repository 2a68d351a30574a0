"""Whom a roster lists again after an earlier one had left them out: nobody has to ask any more whether they left."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from households.models import RosterAbsence, RosterRow
from jiyang.intake.enums import RowAction
from jiyang.intake.models import Batch

WRITTEN = (RowAction.INSERT, RowAction.UPDATE)
LISTED = (*WRITTEN, RowAction.SAME, RowAction.KEPT)


def listed_again(batch: Batch) -> QuerySet[RosterAbsence]:
    """Open questions that the batch answers: it lists the person in that household, or moves them to another."""
    rows = RosterRow.objects.filter(batch=batch, person=OuterRef("person"), action__in=LISTED)
    here = rows.filter(Q(household=OuterRef("household")) | Q(action__in=WRITTEN))
    return RosterAbsence.objects.filter(Exists(here), raised=True, stays_at=None).exclude(batch=batch)


def settle(batch: Batch) -> int:
    """After the commit. The batch's own people answered by listing them, so no one is named as who looked."""
    return listed_again(batch).update(stays_at=timezone.now(), stays_reason=_reason(batch))


def reopen(batch: Batch) -> int:
    """After the undo: what this batch had answered is asked again."""
    answered = RosterAbsence.objects.filter(stays_by=None, stays_reason=_reason(batch))
    return answered.update(stays_at=None, stays_reason="")


def _reason(batch: Batch) -> str:
    return f"批次 {batch} 的名单又列入"
