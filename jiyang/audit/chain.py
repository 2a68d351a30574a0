"""The hash chain over history (DESIGN.md invariant 4): a periodic seal outside every import, and its verification.

A seal takes events of transactions that were over when it ran (`pg_snapshot_xmin`), so a slow transaction's events are
not skipped; it hashes named columns under fixed settings, so later columns and sessions do not change it (STACK.md 8).
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from jiyang.access.tables import is_event
from jiyang.audit.models import Seal

FIXED = {"timezone": "UTC", "bytea_output": "hex", "datestyle": "ISO", "extra_float_digits": "1"}
BATCHED = 50_000
OFFSET = "create or replace function kernel_xid_offset() returns bigint language sql immutable as"
HASHED = """
select encode(sha256(convert_to(concat_ws(E'\\x1f', {columns}), 'UTF8')), 'hex') from {table}
 where pgh_xid >= %s::text::xid8 and pgh_xid < %s::text::xid8 order by pgh_id
"""


@dataclass(frozen=True)
class Verdict:
    """`rows` sealed events read again, `ok`, and where the first difference lies ("" when none)."""

    rows: int
    ok: bool
    first_bad: str


def event_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if is_event(model)]


@contextmanager
def fixed_texts(cursor) -> Iterator[None]:
    """Values read as the same text in every session; the transaction's own settings come back afterwards."""
    ask = ", ".join(f"set_config('{name}', %s, true)" for name in FIXED)
    known = ", ".join(f"current_setting('{name}')" for name in FIXED)
    cursor.execute(f"select {known}")
    before = cursor.fetchone()
    cursor.execute(f"select {ask}", list(FIXED.values()))
    yield
    cursor.execute(f"select {ask}", before)


@transaction.atomic
def seal() -> int:
    """Seal what is new in every event table; returns the number of events sealed. Call inside a system scope."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(1537),"
            " pg_snapshot_xmin(pg_current_snapshot())::text::bigint + kernel_xid_offset()"
        )
        until = cursor.fetchone()[1]
        with fixed_texts(cursor):
            return sum(_seal(cursor, model, until) for model in event_models())


def continue_after_restore() -> None:
    """History that came from another cluster carries its transaction numbers; new events are numbered after them.

    For the owner, in the restoring transaction. Without it a young cluster's events would lie below the last seal and
    never be sealed.
    """
    with connection.cursor() as cursor:
        tables = [connection.ops.quote_name(model._meta.db_table) for model in event_models()]
        last = [f"select max(pgh_xid::text::bigint) as last from {table}" for table in tables]
        cursor.execute(
            f"select greatest(max(last) - pg_current_xact_id()::text::bigint + 1, 0) from ({' union all '.join(last)}"
            " union all select max(until_xid) from audit_seal) x"
        )
        offset = cursor.fetchone()[0] or 0
        cursor.execute(f"{OFFSET} 'select {int(offset)}::bigint'")


def _seal(cursor, model: type[models.Model], until: int) -> int:
    table = model._meta.db_table
    last = Seal.objects.filter(table=table).order_by("-until_xid").first()
    start, previous = (last.until_xid, bytes(last.digest)) if last else (0, b"\0" * 32)
    columns = sorted(field.column for field in model._meta.local_concrete_fields)
    rows, digest = _digest(cursor, table, columns, start, until, previous)
    if rows:
        Seal.objects.create(
            table=table, from_xid=start, until_xid=until, rows=rows, columns=columns, previous=previous, digest=digest
        )
    return rows


def _digest(cursor, table: str, columns: list[str], start: int, until: int, previous: bytes) -> tuple[int, bytes]:
    """Number and chained digest of the events of a range. Null and empty differ: a null column reads as ∅."""
    named = ", ".join(f"coalesce({connection.ops.quote_name(column)}::text, '∅')" for column in columns)
    total, rows = hashlib.sha256(previous), 0
    cursor.execute(HASHED.format(columns=named, table=connection.ops.quote_name(table)), [str(start), str(until)])
    while found := cursor.fetchmany(BATCHED):
        rows += len(found)
        for (line,) in found:
            total.update(line.encode())
    return rows, total.digest()


@transaction.atomic
def verify() -> Verdict:
    """Read every sealed event again and compare. Nothing sealed is a failure too: it proves nothing."""
    seals = list(Seal.objects.order_by("table", "until_xid"))
    with connection.cursor() as cursor, fixed_texts(cursor):
        return _verify(cursor, seals)


def _verify(cursor, seals: list[Seal]) -> Verdict:
    rows, previous = 0, {}
    for one in seals:
        before = previous.get(one.table, (0, b"\0" * 32))
        counted, digest = _digest(cursor, one.table, one.columns, one.from_xid, one.until_xid, bytes(one.previous))
        rows += counted
        if (one.from_xid, bytes(one.previous)) != before or counted != one.rows or digest != bytes(one.digest):
            return Verdict(rows, False, f"{one.table}，封存 {one.pk}（{timezone.localtime(one.at):%Y-%m-%d %H:%M}）")
        previous[one.table] = (one.until_xid, digest)
    return Verdict(rows, rows > 0, "" if rows else "没有封存的事件")
