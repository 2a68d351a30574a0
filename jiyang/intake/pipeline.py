"""One entry from bytes to normalised columns: read → detect → normalise (KERNEL.md "Import, inside")."""

import datetime as dt
from collections.abc import Callable

from jiyang.intake.detect import detect
from jiyang.intake.layouts import Layout
from jiyang.intake.normalise import Mapped, normalise
from jiyang.intake.places import RegionIndex
from jiyang.intake.reader import FileRefused, read


def load(
    data: bytes,
    filename: str,
    *,
    layouts: list[Layout],
    regions: RegionIndex,
    as_of: dt.date | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    progress: Callable[[str, int], None] = lambda phase, done: None,
) -> Mapped:
    """Read a file whole. `header_row` (from 1, as Excel shows it) and `sheet` override what is found. Raises FileRefused."""
    source = read(data, filename)
    header = detect(source, layouts, sheet=sheet, row=header_row - 1 if header_row else None)
    rows = list(source.rows(header.sheet))
    progress("read", len(rows))
    mapped = normalise(rows, header, regions, as_of=as_of, progress=progress)
    if not mapped.rows:
        raise FileRefused("file_no_rows")
    return mapped
