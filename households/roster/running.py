"""What the jobs of a batch share: their progress, their clock, and that only one runs at a time."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from psycopg2.errors import DeadlockDetected, UniqueViolation

from jiyang.intake.models import Batch
from jiyang.intake.progress import Progress

LOCK, CHECKUPS, WRITING = 0x0517, 0x0518, 0x0519  # first keys of the advisory locks: batches, check-ups, districts
WAITING, PAUSE = "等待另一批入库", 0.5
MOST_ATTEMPTS = 5  # starts of a job that ends with its worker
TRIES = 3  # of a job that somebody's save undoes


def day_of(told: dt.date | None) -> dt.date:
    """The day for which a batch counts: `told` by its file or by who gave it; one that lies ahead, or none, is today."""
    return min(told or timezone.localdate(), timezone.localdate())


class Clock:
    """Seconds per phase, for the page and the benchmarks."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.began = self.last = time.perf_counter()

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = round(now - self.last, 3)
        self.last = now

    def total(self) -> dict[str, float]:
        return {**self.seconds, "total": round(time.perf_counter() - self.began, 3)}


def progress_of(batch_id: int, phases: Mapping[str, float] | None = None) -> Progress:
    return Progress(f"roster:{batch_id}", phases or {})


@contextmanager
def only_one(batch_id: int, lock: int = LOCK) -> Iterator[bool]:
    """One job per batch (or check-up) at a time: an advisory lock that ends with the transaction, also when the worker is killed.

    It is the batch's lease: PostgreSQL gives it up with the dead connection, so nobody waits for a time to run out.
    """
    with transaction.atomic():
        yield _taken(lock, batch_id)


# of an advisory lock with two keys; to look does not take it, so that nobody who comes at that moment finds it taken
HELD = """
select exists (select 1 from pg_locks where locktype = 'advisory' and objsubid = 2 and granted and classid = %s and objid = %s
                  and database = (select oid from pg_database where datname = current_database()))"""


def at_work(batch_id: int, lock: int = LOCK) -> bool:
    """Whether some worker holds the batch now."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [lock, batch_id])
        return cursor.fetchone()[0]


def wait_for_turn(district_id: int, progress: Progress) -> None:
    """Batches write into a district's register one after another: the next one sees all that the former wrote.

    Held until the transaction ends. Raises Cancelled.
    """
    while not _taken(WRITING, district_id):
        progress.step(WAITING)
        time.sleep(PAUSE)


def _taken(lock: int, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [lock, key])
        return cursor.fetchone()[0]


def count_start(rows: QuerySet, key: int, *, lock: int = LOCK, column: str = "attempts", **also) -> bool:
    """Count a start of a job of one of the rows in `column`, outside its transaction: everybody sees that it runs, `also` says what
    is written besides. False: it has killed its workers too often.

    A message that comes again while the job is at work, or waits for its turn, starts nothing.
    """
    if not at_work(key, lock):
        rows.filter(pk=key).update(**{column: F(column) + 1}, **also)
    return rows.model.objects.values_list(column, flat=True).get(pk=key) <= MOST_ATTEMPTS


class Overtaken(Exception):
    """Somebody saved a row between the look at it and the write: what was decided does not hold any more."""


def until_unclashed(work: Callable[[], Batch | None]) -> Batch | None:
    """`work`, all or nothing; once more where somebody has saved a row or entered a number meanwhile (now it can be seen), or
    each waited for the other.

    Raises Overtaken or the database's error after TRIES times.
    """
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return work()
        except (Overtaken, IntegrityError, OperationalError) as clash:
            passing = isinstance(clash, Overtaken) or isinstance(clash.__cause__, UniqueViolation | DeadlockDetected)
            if not left or not passing:
                raise
    raise AssertionError
