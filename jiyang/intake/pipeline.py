"""One entry from bytes to normalised columns: read → detect → normalise (KERNEL.md "Import, inside")."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from jiyang.intake import dated, veiled
from jiyang.intake.cells import as_text
from jiyang.intake.context import Context
from jiyang.intake.detect import detect, heading_at
from jiyang.intake.header import Choice, Header
from jiyang.intake.layouts import Layout
from jiyang.intake.matching import texts_of
from jiyang.intake.normalise import Mapped, Told, normalise
from jiyang.intake.places import RegionIndex
from jiyang.intake.reader import Source, read, stem_of

MOST_IN_TITLE = 4  # cells of a line above the headings that is a title, and no table's


def load(
    data: bytes,
    filename: str,
    *,
    layouts: Sequence[Layout],
    regions: RegionIndex,
    as_of: dt.date | None = None,
    choice: Choice | None = None,
    saved: Mapping[str, Mapping[str, str]] | None = None,
    former: Context | None = None,
    progress: Told = lambda phase, rows, share: None,
) -> Mapped:
    """Read a file whole. `choice` is what a person corrected, `saved` an office's own headings.

    `former` is what the file told of whose rows this one brings a part. Raises FileRefused.
    """
    source = read(data, filename)
    towns = regions.towns_named(source.sheets)
    told = partial(_told, source, regions, filename)
    header = detect(source, layouts, choice, saved, towns, partial(veiled.columns, data), told)
    return normalise(source, header, regions, as_of=as_of, filename=filename, former=former, progress=progress)


def _told(source: Source, regions: RegionIndex, filename: str, header: Header, name: str) -> tuple[str, str]:
    """The day or the one town that the lines above a heading or else the file's name tell, or the village that the sheet is named after.

    With where it is told; "" for none.
    """
    if name == "data_date":
        day, where = dated.told(source, [header], filename) or ("", "")
        return str(day), where
    if name == "village":
        return regions.village_named(header.sheet), "工作表名"
    titles = (texts_of(row).values() for row in islice(source.rows(header.sheet), header.row))
    above = " ".join(text for texts in titles if len(texts) <= MOST_IN_TITLE for text in texts)
    return next(
        (
            (town, f"{where}的“{town}”")
            for where, text in (("表头上方", above), ("文件名", stem_of(filename)))
            if (town := regions.town_told(text))
        ),
        ("", ""),
    )


@dataclass(frozen=True)
class Outline:
    """A file as a person sees it who looks for the heading row: its sheets, and the first rows of one as texts."""

    sheets: list[str]
    hidden: list[str]
    sheet: str
    top: list[list[str]]
    header: Header | None = None  # how the row that was asked for reads as a heading


def outline(
    data: bytes,
    filename: str,
    *,
    sheet: str = "",
    rows: int = 20,
    heading: tuple[int, Layout, Mapping[str, str]] | None = None,
) -> Outline:
    """The first `rows` rows of a sheet (default: the first), and how a `heading` (row from 1, layout, saved mapping) reads.

    Personal data: never stored. Raises FileRefused.
    """
    source = read(data, filename)
    shown = sheet if sheet in source.sheets else source.sheets[0]
    top = [[as_text(cell) for cell in row] for row in islice(source.rows(shown), rows)]
    header = heading_at(source, shown, *heading) if heading else None
    return Outline(source.sheets, sorted(source.hidden), shown, top, header)
