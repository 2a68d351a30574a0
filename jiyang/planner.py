"""Settings of PostgreSQL, those of its planner above all, for a block of statements."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import connection, transaction


@contextmanager
def planned_with(**settings: str) -> Iterator[None]:
    """Within the block these settings of the server hold, afterwards the former ones; blocks may stand in each other.

    Local to the transaction (one is begun where there is none): a block that raises leaves nothing behind its rollback.
    """
    with nullcontext() if connection.in_atomic_block else transaction.atomic(), connection.cursor() as cursor:
        calls = ", ".join("coalesce(current_setting(%s, true), '')" for _ in settings)
        cursor.execute(f"select {calls}", list(settings))
        former = dict(zip(settings, cursor.fetchone(), strict=True))
        _set(cursor, settings)
        yield
        _set(cursor, former)


def _set(cursor, settings: dict[str, str]) -> None:
    calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
    cursor.execute(f"select {calls}", [part for pair in settings.items() for part in pair])
