"""What was made out about a sheet's table: its heading, its columns, and what a person corrected."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from jiyang.intake.layouts import Field, Layout, plain
from jiyang.intake.writing import WHY

PLACED = ("town", "village")  # what a sheet's name, a title or the file's name may say of all rows of a sheet
MOST_NAMED = 12  # unknown headings that a message names


@dataclass(frozen=True)
class Choice:
    """What a person corrected: layout, sheet, heading row (from 1, as Excel shows it), heading → field name.

    An empty field name in `mapping` leaves the column out. Everything empty: found by itself. Without a `sheet` all are read,
    the mapping holds for each that has the heading, and one with no heading in that row is searched for its own.
    """

    layout: str = ""
    sheet: str = ""
    header_row: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value}

    def __bool__(self) -> bool:
        return bool(self.as_dict())


@dataclass
class Header:
    """Where the data of a sheet begin and what each column is. Rows and columns count from 0.

    `score` (0–1) and `reading` say why; `ignored` are headings that a person left out; `parts` are the sheets that are
    read as one file, this one included; `apart` names sheets that were not read, with the reason, `unread` those of them
    that hold data, with their number of rows; tables on a sheet that are not read are named there by their lines; `noted` says which columns
    were read in place of others, `objected` gives headings that were not read, with the reason.
    `twins` are columns that would mean the same, none of which can be told to be the one; `theirs` are those behind a heading that
    names somebody else, with that heading. A part that `continues` another sheet
    has no heading and that sheet's columns; `town` is the town after which the sheet is named, or that its title or the file's name tells, `village` likewise by the sheet's name. A part that stands `again` is a
    further table below the first one of its sheet; `unit_above` is the unit of amounts that a line above the headings names.
    `choice` and `saved` are what a person corrected and an office's own headings, by which the headings were read.
    """

    sheet: str
    row: int
    first_data: int
    layout: Layout
    columns: dict[int, Field]
    headings: dict[int, str]
    unknown: list[str]
    missing: list[str]
    score: float
    ignored: list[str] = field(default_factory=list)
    reading: str = ""
    parts: list["Header"] = field(default_factory=list)
    apart: dict[str, str] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    continues: str = ""
    noted: list[str] = field(default_factory=list)
    objected: list[tuple[str, str]] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)
    theirs: Mapping[int, str] = field(default_factory=dict)
    town: str = ""
    village: str = ""
    again: bool = False
    unit_above: str = ""
    choice: Choice = field(default_factory=Choice, repr=False)
    saved: Mapping = field(default_factory=dict, repr=False)

    @property
    def lines(self) -> int:
        """Lines of the heading: one, or two or three where groups stand above."""
        return self.first_data - self.row

    @property
    def told(self) -> list[str]:
        """What is said of single columns; those that were not read for one reason are named together."""
        whys: dict[str, list[str]] = {}
        for heading, why in self.objected:
            whys.setdefault(why, []).append(f"“{heading}”")
        return [*self.noted, *(f"{'、'.join(names)}没有读：{why}" for why, names in whys.items())]

    @property
    def reason(self) -> str:
        """All that is said of how the file was read, and of what in it was not."""
        apart = "、".join(f"{name}（{why}）" for name, why in self.apart.items())
        return "；".join(filter(None, (self.reading, *self.told, apart and f"没有读取：{apart}")))

    @property
    def sheets(self) -> list[str]:
        return [part.sheet for part in self.parts] or [self.sheet]

    @property
    def went_back(self) -> bool:
        """Whether the sheet is one of failed rows: each says all that holds for it, and none stands where it stood."""
        return any(plain(heading) == plain(WHY) for heading in self.headings.values())

    @property
    def lacking(self) -> list[str]:
        """Headings without which the file cannot be read. A sheet named after its town or village needs no column for it."""
        known = self.names | {name for name in PLACED if getattr(self, name)}
        return [one.heading for one in self.layout.fields if one.must_exist and one.name not in known]

    @property
    def units(self) -> set[str]:
        """Headings that state another unit than the layout's."""
        return {f"{one.heading}以{one.stated_unit}计" for one in self.columns.values() if one.stated_unit}

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.columns.values()}

    def drop(self, place: int, why: str) -> None:
        """Do not read the column at `place`, and tell why."""
        heading = self.headings[place]
        self.objected.append((heading, why))
        self.unknown.append(heading)
        del self.columns[place]

    def leave_out(self, part: "Header", first: int, last: int, rows: int, why: str = "是另一张表") -> None:
        """Name lines (from 1) of the sheet of `part` as another table that was not read; `rows` of them hold data."""
        name = f"{part.sheet} 第 {first}–{last} 行"
        self.unread[name], self.apart[name] = rows, why
