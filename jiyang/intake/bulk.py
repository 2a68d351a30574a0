"""Planner settings for statements over a whole batch."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

FEW = 1000  # rows up to which the planner's own choice is right


@contextmanager
def whole_batch(rows: int) -> Iterator[None]:
    """Within the block large joins hash instead of looping.

    Rows written in the same transaction have no statistics yet: the planner believes the tables to be empty and picks
    nested loops, which turns a batch of 100,000 rows quadratic. Small batches keep their index look-ups.
    """
    if rows <= FEW:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off")
        yield
        cursor.execute("set local enable_nestloop = on")


def refresh_statistics(*tables: str) -> None:
    """Let the planner know what a large import wrote, rather than when autovacuum comes by."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"analyze {table}" for table in tables))
