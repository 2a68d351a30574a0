"""Whom a roster does not list, and whom it lists again after an earlier one had left them out."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from households.models import Membership, RosterAbsence, RosterRow
from jiyang.access.scope import Actor
from jiyang.intake.enums import PlanMode, RowAction
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch
from jiyang.ledgers.terms import is_key

WRITTEN = (RowAction.INSERT, RowAction.UPDATE)
LISTED = (*WRITTEN, RowAction.SAME, RowAction.KEPT)


def asked(layout: str, columns: Collection[str], mode: str) -> bool:
    """Whether a file says who is missing: only a list of whole households does.

    One that only adds does not, nor do rows exported here to be edited: the list they come from may have been narrowed.
    """
    return layouts()[layout].rows == "person" and mode != PlanMode.NEW and not of_export(columns)


def of_export(columns: Collection[str]) -> bool:
    """Whether a file's rows name the records that they were exported from."""
    return "record_id" in columns


def belongs(absence: RosterAbsence) -> bool:
    """Whether the person is still of the household."""
    return Membership.objects.present().filter(person=absence.person_id, household=absence.household_id).exists()


def asked_of(actor: Actor) -> QuerySet[RosterAbsence]:
    """Members whom an approved roster did not list and who still belong to the household: somebody must say why.

    Who was left out of several rosters is asked for once.
    """
    here = Membership.objects.present().filter(person=OuterRef("person"), household=OuterRef("household"))
    rows = RosterAbsence.objects.visible_to(actor).filter(raised=True, stays_at=None)
    later = rows.filter(person=OuterRef("person"), household=OuterRef("household"), pk__gt=OuterRef("pk"))
    return (
        rows.filter(Exists(here), ~Exists(later))
        .select_related("person", "household", "town", "village")
        .order_by("pk")
    )


def narrowed(rows: QuerySet[RosterAbsence], *, town: str, find: str) -> QuerySet[RosterAbsence]:
    """Those of a town (its key as sent) whose name holds, or whose household's number begins with, what is sought."""
    rows = rows.filter(town=int(town)) if is_key(town) else rows
    return rows.filter(Q(person__name__contains=find) | Q(household__household_no__startswith=find)) if find else rows


def listed_again(batch: Batch) -> QuerySet[RosterAbsence]:
    """Open questions that the batch answers: it lists the person in that household, or moves them to another.

    A file exported here answers none: it repeats the register, nobody has looked.
    """
    if of_export(batch.columns.get("known", ())):
        return RosterAbsence.objects.none()
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


ABSENT = """
select distinct m.household_id, m.person_id, m.district_id, m.town_id, m.village_id
  from roster_plan f join households_membership m on m.household_id = f.household_id and m.until is null
  join households_person x on x.id = m.person_id and x.voided_at is null
 where f.action not in ('refused', 'out_of_area', 'duplicate')
   and not exists (select 1 from roster_plan o where o.person_id = m.person_id)
"""


def absent() -> int:
    """How many members of the file's households the file does not list."""
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from ({ABSENT}) as a")
        return cursor.fetchone()[0]


def keep_absent(batch_id: int) -> int:
    """Keep who is not listed, to be confirmed by a person after the commit; returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into households_rosterabsence (batch_id, household_id, person_id, district_id, town_id, village_id, stays_reason, raised)"
            f" select %s, a.*, '', false from ({ABSENT}) as a",
            [batch_id],
        )
        return cursor.rowcount
