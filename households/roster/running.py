"""What the jobs of a batch share: their progress, their clock, and that only one runs at a time."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils import timezone

from jiyang.intake.progress import Progress

LOCK, CHECKUPS = 0x0517, 0x0518  # first keys of the advisory locks: batches, check-ups


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


def progress_of(batch_id: int) -> Progress:
    return Progress(f"roster:{batch_id}")


@contextmanager
def only_one(batch_id: int, lock: int = LOCK) -> Iterator[bool]:
    """One job per batch (or check-up) at a time: an advisory lock that ends with the transaction, also when the worker is killed.

    It is the batch's lease: PostgreSQL gives it up with the dead connection, so nobody waits for a time to run out.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [lock, batch_id])
            mine = cursor.fetchone()[0]
        yield mine


def at_work(batch_id: int, lock: int = LOCK) -> bool:
    """Whether some worker holds the batch now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [lock, batch_id])
        return not cursor.fetchone()[0]
