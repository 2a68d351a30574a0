"""From raw rows to typed columns with findings, column by column and once per distinct value (STACK.md 10b)."""

import calendar
import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from jiyang.identifiers.idcard import EARLIEST
from jiyang.intake import dated, outside
from jiyang.intake.cells import BLANK, LONGEST_CELL, TICK, Read, all_texts, as_text, narrow, unusable
from jiyang.intake.context import Context
from jiyang.intake.dates import USUAL, date_cell, is_month, ways_of
from jiyang.intake.findings import Finding, Kind, kinds, letters
from jiyang.intake.gather import Gathered, gather
from jiyang.intake.header import Header
from jiyang.intake.layouts import PLACES, Field
from jiyang.intake.places import Place, RegionIndex
from jiyang.intake.reader import Source
from jiyang.intake.refusals import FileRefused
from jiyang.intake.values import plain_cells, reader_for

DATES = {"month", "day", "birth"}
NUMBERS = {int, float, bool}
# circles by kind: of two kinds in one file, filled and empty, one says yes and one no, and nobody can tell which
CIRCLES = dict.fromkeys("○◯〇oO⚪⭕", "empty") | dict.fromkeys("●⚫⬤", "filled") | dict.fromkeys("◉◎⊙", "ringed")
Told = Callable[
    [str, int, float], None
]  # hears the phase (read, normalise), its rows so far, and which share of it is done
LONGEST_SIGN = 8  # characters of a cell that holds a sign and blanks
MOST_NOTES = 5000  # N findings of one code in one column that are listed one by one


@dataclass
class Mapped:
    """A file after normalising: `columns[name]` holds COPY-ready texts (None = empty), one per row.

    `rows` numbers the rows of the batch: Excel's numbers for a single sheet, going on upwards over further sheets
    (`sheet_of`, `excel_row`). `places` are the regions; `raw[name]` what the cell said; `data_date` the day that the file
    speaks of, `day_from` where it does, when no column of its own does;
    `skipped` counts rows that are no data, `unlisted` the N findings beyond MOST_NOTES by (field, code).
    """

    header: Header
    rows: list[int]
    columns: dict[str, list[str | None]]
    places: list[Place]
    findings: list[Finding]
    data_date: dt.date | None
    raw: dict[str, Sequence[Any]] = field(repr=False, default_factory=dict)
    starts: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])  # per sheet: first index, offset of numbers
    skipped: Counter = field(default_factory=Counter)
    unlisted: Counter = field(default_factory=Counter)
    day_from: str = ""
    rules: dict = field(default_factory=dict)  # what the rules that were asked of the rows say of themselves
    context: Context = field(default_factory=Context)
    placed_above: list[int] = field(default_factory=list)  # rows whose place stands in a row above

    def part_of(self, index: int) -> Header:
        parts = self.header.parts or [self.header]
        return parts[bisect_right(self.starts, (index, 1 << 60)) - 1]

    def sheet_of(self, index: int) -> str:
        return self.part_of(index).sheet

    def excel_row(self, index: int) -> int:
        """The row's number on its sheet, from 1."""
        return self.rows[index] - self.starts[bisect_right(self.starts, (index, 1 << 60)) - 1][1]

    def place_of(self, name: str, index: int = 0) -> tuple[str, str] | None:
        """Heading as written and column letters of a field; None when the file has no such column."""
        part = self.part_of(index)
        for number, one in part.columns.items():
            if one.name == name:
                return part.headings[number], letters(number)
        return None

    def finding(
        self,
        name: str,
        index: int,
        code: str,
        *,
        stored: str | None = None,
        note: str = "",
        hint: str = "",
        kind: Kind | None = None,
    ) -> Finding:
        """A finding at field `name` of the row at `index`; `kind` says what a code means that is not in the list of codes."""
        heading, column = self.place_of(name, index) or ("", "")
        kind, row = kind or kinds()[code], self.excel_row(index)
        value = as_text(self.raw[name][index]) if name in self.raw else ""
        return Finding(
            sheet=self.sheet_of(index),
            row=row,
            field=name,
            column=heading,
            cell=f"{column}{row}" if column else "",
            value=value or None,
            code=code,
            severity=kind.severity,
            stored=stored,
            message=note or kind.message,
            hint=hint or kind.hint,
            line=self.rows[index],
        )

    def unlisted_counts(self) -> dict[str, int]:
        """`field code` → notes that are not listed one by one."""
        return {f"{key[0]} {key[1]}": count for key, count in self.unlisted.items() if len(key) == 2 and count}

    def note(self, name: str, indexes: Sequence[int], read: Read, hint: str = "") -> None:
        """The same finding at several rows; of mere notes (N) not more than MOST_NOTES per column and code are listed."""
        if kinds()[read.code].severity == "N":
            room = MOST_NOTES - self.unlisted.get((name, read.code, "listed"), 0)
            self.unlisted[name, read.code] += max(0, len(indexes) - room)
            indexes = indexes[: max(0, room)]
            self.unlisted[name, read.code, "listed"] += len(indexes)
        self.findings += [
            self.finding(name, index, read.code, stored=read.official, note=read.note, hint=hint) for index in indexes
        ]


def normalise(
    source: Source,
    header: Header,
    regions: RegionIndex,
    *,
    as_of: dt.date | None = None,
    filename: str = "",
    former: Context | None = None,
    progress: Told = lambda phase, rows, share: None,
) -> Mapped:
    """Typed columns of all data rows. `as_of` (default: the file's own day, else today) is the day after which a birth lies ahead.

    `former` is the context of the file of which this one brings a part. Raises FileRefused when there are no rows, or all of
    a whole file lie outside the district.
    """
    gathered = gather(source, header, partial(progress, "read"))
    data_date, day_from = _data_date(gathered, source, header, filename, former)
    source.release()
    if not gathered.rows:
        raise FileRefused("file_no_rows")
    progress("normalise", len(gathered.rows), 0)
    mapped = Mapped(
        header,
        gathered.rows,
        {},
        [],
        [],
        data_date,
        gathered.columns,
        gathered.starts,
        skipped=gathered.skipped,
        day_from=day_from,
        context=replace(former, day=data_date, day_from=day_from) if former else Context(data_date, day_from),
        placed_above=[
            gathered.rows[index]
            for (_, code, _), indexes in gathered.above.items()
            if code == "place_above"
            for index in indexes
        ],
    )
    day = as_of or data_date or dt.date.today()
    ticked = _leaves_circles_open(header, gathered)
    for one in header.columns.values():
        if one.is_value:
            mapped.columns[one.name] = _column(one, gathered.columns[one.name], day, source, mapped, ticked=ticked)
            progress("normalise", len(gathered.rows), len(mapped.columns) / len(header.columns))
    for one in header.columns.values():
        if one.begins in mapped.columns:
            _end_months(one, mapped, day)
    _tell_ahead(mapped, source)
    for (name, code, value), indexes in gathered.above.items():
        mapped.note(name, indexes, Read(None, code, value))
    mapped.places = _places(header, gathered, regions, mapped, whole=former is None)
    outside.tell(mapped, gathered.outside, source)
    return mapped


def _data_date(
    gathered: Gathered, source: Source, header: Header, filename: str, former: Context | None
) -> tuple[dt.date | None, str]:
    """The file's own day: what most rows say in 数据日期, else what its titles and names do; and where it stands.

    Rows that come back keep the day of their file.
    """
    if former and former.day:
        return former.day, former.day_from
    for cell, _ in Counter(gathered.columns.get("data_date", ())).most_common():
        if (day := _day_of(cell, source)) and EARLIEST <= day <= dt.date.today():
            return day, ""
    return (None if former else dated.told(source, header.parts or [header], filename)) or (None, "")


def _day_of(cell: Any, source: Source) -> dt.date | None:
    stored = date_cell(cell, month=False, epoch=source.epoch).stored
    return dt.date.fromisoformat(stored) if stored else None


def _tell_ahead(mapped: Mapped, source: Source) -> None:
    """A 数据日期 that lies ahead is told once."""
    cells = mapped.raw.get("data_date", ())
    ahead = {cell for cell in set(cells) if (day := _day_of(cell, source)) and day > dt.date.today()}
    if ahead:
        index = next(index for index, cell in enumerate(cells) if cell in ahead)
        mapped.note("data_date", [index], Read(None, "data_date_ahead"))


def _leaves_circles_open(header: Header, gathered: Gathered) -> bool:
    """Whether a tick says yes anywhere in the file, or circles of two kinds stand in it: then nobody can tell what a circle says."""
    signs, kinds_seen = set(TICK), set()
    for one in header.columns.values():
        if one.type not in {"yes_no", "choice"}:
            continue
        for cell in set(gathered.columns[one.name]):
            if not isinstance(cell, str):
                continue
            if not signs.isdisjoint(cell):
                return True
            if one.type == "yes_no" and (kind := _circle(cell)):
                kinds_seen.add(kind)
    return len(kinds_seen) > 1


def _circle(cell: Any) -> str:
    """The kind of circle that a cell holds and nothing else, "" for none."""
    return CIRCLES.get(narrow(cell), "") if isinstance(cell, str) and len(cell) < LONGEST_SIGN else ""


def _end_months(one: Field, mapped: Mapped, day: dt.date) -> None:
    """A month in which something begins and ends is meant to its last day, or to the day of the check."""
    begun, ended, moved = mapped.columns[one.begins], mapped.columns[one.name], {}
    for index, (first, last) in enumerate(zip(begun, ended, strict=True)):
        if first and last and last < first and last[:7] == first[:7] and is_month(mapped.raw[one.name][index]):
            end = dt.date.fromisoformat(last)
            end = end.replace(day=calendar.monthrange(end.year, end.month)[1])
            ended[index] = moved[mapped.rows[index]] = max(first, min(end, day).isoformat())
    for finding in mapped.findings if moved else ():
        if finding.field == one.name and finding.line in moved:
            finding.stored = moved[finding.line].replace("-", "")


def _column(
    one: Field, cells: Sequence[Any], day: dt.date, source: Source, mapped: Mapped, *, ticked: bool
) -> list[str | None]:
    """One column's stored texts; odd cells leave findings. Each distinct cell is read once."""
    types = set() if all_texts(cells) else set(map(type, cells))
    # 1, 1.0 and True are equal and must stay apart
    keys = (
        cells if len(types & NUMBERS) < 2 else [(type(cell), cell) if type(cell) in NUMBERS else cell for cell in cells]
    )
    distinct = dict(zip(keys, cells, strict=True))
    stored, odd = _reads(one, distinct, day, source, mapped.context, ticked)
    if stored is distinct:  # every cell is stored as it is written
        return list(cells)
    if odd:
        rows: dict[Any, list[int]] = {key: [] for key in odd}
        for index, key in enumerate(keys):
            if key in odd:
                rows[key].append(index)
        for key, read in odd.items():
            mapped.note(one.name, rows[key], read)
    return list(map(stored.__getitem__, keys))


def _reads(
    one: Field, distinct: dict[Any, Any], day: dt.date, source: Source, context: Context, ticked: bool
) -> tuple[dict, dict[Any, Read]]:
    """(distinct cell → stored text, distinct cell → what is odd about it). `context` learns what the column tells."""
    plain = plain_cells(one, distinct, day)
    if len(plain) == len(distinct):
        return distinct, {}
    if one.type in DATES and one.name not in context.ways:
        context.ways[one.name] = ways_of(distinct.values(), untyped=source.untyped)
    read_cell = reader_for(one, day, source.epoch, context.ways.get(one.name, USUAL))
    stored, odd = dict(zip(plain, plain, strict=True)), {}
    for key, cell in distinct.items():
        if key in plain:
            continue
        read = Read(None, "text_too_long") if isinstance(cell, str) and len(cell) > LONGEST_CELL else read_cell(cell)
        if one.required and (read is BLANK or read.code == "placeholder"):
            read = Read(None, one.required)
        stored[key] = read.stored
        if read.code:
            odd[key] = read
    if one.type == "yes_no" and (ticked or "t" in stored.values()):
        context.unclear.add(one.name)
    circles = [key for key in odd if _circle(key)] if one.type == "yes_no" else []
    if circles and one.name not in context.unclear:  # where no other sign says yes, a circle does
        stored |= dict.fromkeys(circles, "t")
        odd |= dict.fromkeys(circles, Read("t", "yes_no_sign", "是"))
    return stored, odd


def _places(header: Header, gathered: Gathered, regions: RegionIndex, mapped: Mapped, *, whole: bool) -> list[Place]:
    """The region of each row. A layout without places (old dumps) gives the district alone."""
    count = len(gathered.rows)
    if not gathered.columns.keys() & set(PLACES):
        return [Place(regions.district.pk)] * count
    blank = ("",) * count
    triples = list(zip(*(gathered.columns.get(name, blank) for name in PLACES), strict=True))
    found = {triple: _place(regions, triple, gathered) for triple in dict.fromkeys(triples)}
    if whole and all(place.code == "town_outside_district" for place in found.values()):
        raise FileRefused("file_wrong_district", own=regions.district.name, found=_common(triples))
    odd = {triple: place for triple, place in found.items() if place.code or place.alias}
    if odd:
        rows: dict[Any, list[int]] = {triple: [] for triple in odd}
        for index, triple in enumerate(triples):
            if triple in odd:
                rows[triple].append(index)
        for triple, place in odd.items():
            if place.code:
                mapped.note(place.field, rows[triple], Read(None, place.code, None, place.note), hint=place.hint)
            for name, code, official in place.alias:
                mapped.note(name, rows[triple], Read(None, code, official))
    return [found[triple] for triple in triples]


def _place(regions: RegionIndex, triple: tuple, gathered: Gathered) -> Place:
    """The region of the three cells; a cell that holds no value at all (#N/A) is told as that, not as an unknown name."""
    columns = gathered.columns.keys() - ({"town"} if "town" in gathered.by_sheet and not triple[1] else set())
    place = regions.resolve(*map(as_text, triple), columns=columns)
    failed = unusable(triple[PLACES.index(place.field)]) if place.code else None
    return replace(place, district=regions.district.pk, code=failed.code, hint="", note="") if failed else place


def _common(triples: Iterable[tuple]) -> str:
    (district, town, _), _ = Counter(triples).most_common(1)[0]
    return "".join(map(as_text, (district, town))) or "空白"
