"""Planner settings for statements over a whole batch."""

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice

from django.db import DatabaseError, connection
from django.db.models import Model, UniqueConstraint

from jiyang.planner import planned_with

CHUNK = 2000  # rows that COPY gets at a time
JOINED = "64MB"  # what a join of a whole batch may take: 50,000 people before and after
FEW = 1000  # rows up to which the planner's own choice is right
LIVE = {"voided_at", "until"}  # columns that tell whether a row holds


def whole_batch(rows: int) -> AbstractContextManager[None]:
    """Within the block large joins hash instead of looping, and in memory.

    Rows written in the same transaction have no statistics yet: the planner believes the tables to be empty and picks
    nested loops, which turns a batch of 100,000 rows quadratic. Small batches keep their index look-ups. History joins
    the rows before and after: with the usual memory it would write them to disk, a sixth of an undo. The other processors
    are left to those who work meanwhile.
    """
    if rows <= FEW:
        return nullcontext()
    return planned_with(enable_nestloop="off", work_mem=JOINED, max_parallel_workers_per_gather="0")


@contextmanager
def many_objects() -> Iterator[None]:
    """Within the block Python does not look for cycles: a file's cells are millions of objects, and none is in one."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def refresh_statistics(*tables: str) -> None:
    """Let the planner know what a large import wrote, rather than when autovacuum comes by."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"analyze {table}" for table in tables))


def note_written(rows: int, models: Iterable[type[Model]]) -> None:
    """The planner knows at once what a large batch wrote into the tables of `models`: an undo, or the next batch, may follow
    before autovacuum comes by. Ten milliseconds a table."""
    for model in models if rows > FEW else ():
        analyze(model._meta.db_table, *map(connection.ops.quote_name, _looked_up(model)))


def note_history(rows: int, models: Iterable[type[Model]]) -> None:
    """The planner knows the history of `models` before a large undo looks up in it what was."""
    for model in models if rows > FEW else ():
        analyze(model.pgh_event_model._meta.db_table, "pgh_obj_id", "version", "pgh_label")


def _looked_up(model: type[Model]) -> list[str]:
    """Columns by which rows are found: keys, references, whatever is unique, and what tells live rows."""
    unique = {name for one in model._meta.constraints if isinstance(one, UniqueConstraint) for name in one.fields}
    return [
        field.column
        for field in model._meta.local_concrete_fields
        if field.unique or field.is_relation or field.name in unique | LIVE
    ]


def analyze(table: str, *columns: str) -> None:
    """Statistics of the columns that joins look at, from a sample of 3,000 rows: a tenth of the usual one tells as much."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"set local default_statistics_target = 10; analyze {table} ({', '.join(columns)});"
            " set local default_statistics_target to default"
        )


def copy(table: str, columns: Mapping[str, Sequence[str]], told: Callable[[int], None] = lambda done: None) -> None:
    """COPY texts into a table. `told` hears how many rows have gone; what it raises ends the COPY."""
    listed, lines = ", ".join(f'"{name}"' for name in columns), Lines(columns.values(), told)
    with connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(f"copy {table} ({listed}) from stdin", lines, 1 << 18)
        except DatabaseError as failure:
            raise lines.failure or failure from None


class Lines:
    """Columns of COPY texts as the file that COPY reads from, made chunk by chunk: the whole would take its size again."""

    def __init__(self, columns: Iterable[Sequence[str]], told: Callable[[int], None]) -> None:
        self.rows = zip(*columns, strict=True)
        self.left = io.BytesIO()
        self.told, self.done = told, 0
        self.failure: Exception | None = None  # the driver makes its own of whatever is raised within `read`

    def read(self, size: int) -> bytes:
        piece = self.left.read(size)
        if not piece:
            text = "".join("\t".join(row) + "\n" for row in islice(self.rows, CHUNK))
            self.done += CHUNK
            self._tell()
            self.left = io.BytesIO(text.encode())
            piece = self.left.read(size)
        return piece

    def _tell(self) -> None:
        try:
            self.told(self.done)
        except Exception as failure:
            self.failure = failure
            raise


def batches(items: Iterable, size: int) -> Iterator[list]:
    """The items in lists of at most `size`."""
    found = iter(items)
    while some := list(islice(found, size)):
        yield some
