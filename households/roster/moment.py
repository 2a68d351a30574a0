"""The moment of a comparison: as long as nothing has been written since, the plan that was made from it holds.

Every change of a register row takes a number for its event, whoever makes it and whatever becomes of it; where the last
numbers are the same, nothing was changed. Asked on a quiet day, it spares a commit the second comparison of the whole batch.
"""

from django.db import connection

from households.models import CaseRecord, Household, IncomeStatement, Membership, Person
from households.roster.running import day_of
from households.roster.takers import takers
from jiyang.access.scope import require
from jiyang.intake.models import Batch

COMPARED = (Household, Person, Membership, IncomeStatement, CaseRecord)
# Somebody who has taken a number and not yet committed: what they write cannot be seen yet.
WRITING = """
select exists (select from pg_locks where locktype = 'transactionid' and mode = 'ExclusiveLock' and granted
                  and pid <> pg_backend_pid())
"""


def before_comparing(batch: Batch) -> dict[str, int | None] | None:
    """The last numbers, before a comparison; None while others are writing, or where the district is not seen as a whole.

    The numbers are asked for first: whoever had one by then and is not writing any more has committed, and will be seen.
    """
    if not _seen_whole(batch):
        return None
    numbers = _last_numbers()
    with connection.cursor() as cursor:
        cursor.execute(WRITING)
        return None if cursor.fetchone()[0] else numbers


def compared(batch: Batch, numbers: dict[str, int | None] | None) -> dict:
    """What the batch keeps of its comparison; {} where that has to be made again in any case."""
    return {"day": f"{day_of(batch.data_date)}", "events": numbers} if numbers else {}


def holds(batch: Batch) -> bool:
    """Whether the plan of the batch is what a comparison would make now: same day, same reach, nothing written since."""
    return bool(batch.compared) and _seen_whole(batch) and batch.compared == compared(batch, _last_numbers())


def _seen_whole(batch: Batch) -> bool:
    return batch.district_id in require().reach.districts


def _last_numbers() -> dict[str, int | None]:
    tables = [model.pgh_event_model._meta.db_table for model in (*COMPARED, *(one.model for one in takers()))]
    with connection.cursor() as cursor:
        cursor.execute(
            "select name, pg_sequence_last_value(pg_get_serial_sequence(name, 'pgh_id')) from unnest(%s) as name",
            [tables],
        )
        return dict(cursor.fetchall())
