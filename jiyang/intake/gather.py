"""From the sheets of a file to one raw column per field: rows that are no data are left out (`filled` fills cells)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jiyang.intake import gone
from jiyang.intake.cells import all_texts, as_text, unvalued
from jiyang.intake.doubts import KEYS, LONG_NUMBER, doubts
from jiyang.intake.filled import fill
from jiyang.intake.header import PLACED, Header
from jiyang.intake.headings import Headings, Lines
from jiyang.intake.outside import Cells, Outside
from jiyang.intake.partitions import Partitions
from jiyang.intake.reader import Source
from jiyang.intake.units import UNIT_CELL

CHUNK = 250  # rows turned into columns at a time: few enough to stay in the processor's cache
BELOW = 3  # rows below the heading in which lines that explain it may stand
COUNTING = re.compile(
    r"^[（(\[]?(?:[第列栏]?(\d{1,3})[列栏]?|[①-⑳㉑-㉟㊱-㊿⑴-⒛]|[甲乙丙丁戊己庚辛壬癸]|[A-Z]{1,2})[)）\]]?$"
)
COUNTS = {"栏次", "列次", "列号", "序号", "编号"}  # what a line that counts the columns may begin with
HOW_TO_FILL = re.compile(
    r"^[（(]?(?:(?:非?必|选|可不|不|无[需须])填写?项?|必选|可选|文[本字][型框]?|汉字|数[值字][型]?|整数|小数|日期型?|字符[型串]?|[单多]选"
    r"|(?:手[工动]|人工|如实|直接|自行)?(?:填写|填报|录入|输入)(?:[^,，。;；]{0,16}(?:号码?|编[号码]|数字|汉字|日期|年月日?|全[称名]|名称|内容|[一二两\d]位小数))?"
    r"|下拉(?:选[择项取]|框|菜单|列表)?|选择(?:项|填写)?|点选|勾选|打[√勾]|(?:自动|系统)(?:生成|计算|带出|导出|提取)"
    r"|\d{1,2}位(?:数字?|字符|编[号码]|号码|(?:身份)?证件?号码?)?|(?:是|有|√|男|Y)[/、或|／](?:否|无|×|女|N)"
    r"|[Yy]{4}[-/.年]?[Mm]{2}(?:月|[-/.月]?[Dd]{2}日?)?|[A-Za-z]+(?:_[A-Za-z\d]+)*\d*|[*★√])(?:格式)?[)）]?$"
)  # also the columns' names in a program
EXAMPLES = {"示例", "样例", "范例", "例"}  # a whole person may follow, who is none
EXPLAINING = re.compile(r"^(?:填[写表报](?:说明|要求|示例|提示)|说明|要求|格式|示例|样例|范例|举例|例)[:：]?")


@dataclass
class Gathered:
    """Raw cells per field name; `rows` numbers the batch's rows, `starts` gives each sheet's first index and offset."""

    rows: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    starts: list[tuple[int, int]] = field(default_factory=list)
    skipped: Counter = field(default_factory=Counter)
    above: dict[tuple[str, str, str], list[int]] = field(
        default_factory=dict
    )  # (field, code, value) → rows that took it
    parts: list[Header] = field(default_factory=list)  # the tables as they were read, those below others included
    another: Header | None = None  # the table that begins where the one that is read ends
    other: list[tuple[Header, list[int], str]] = field(
        default_factory=list
    )  # lines of each table that is not read, and why
    taken: set[int] = field(default_factory=set)  # rows whose household number stands in a row above
    by_sheet: set[str] = field(
        default_factory=set
    )  # town or village: what the sheets are named after, blank for others
    outside: list[tuple[Header, Cells]] = field(default_factory=list)  # filled cells without a heading, by sheet
    partitions: Partitions = field(default_factory=Partitions)  # the years that the file holds
    doubted: list[str] = field(default_factory=list)  # what is said of titles that may be those of people who are gone
    last_left_out: int = 0  # number of the last line of the sheet that is no data

    def note(self, name: str, code: str, value: str, index: int) -> None:
        """Remember that a cell took its value from the row above."""
        self.above.setdefault((name, code, value), []).append(index)


def gather(source: Source, header: Header, told: Callable[[int, float], None] = lambda rows, share: None) -> Gathered:
    """All data rows of all parts, transposed. `told` hears how many there are so far, and about which share that is."""
    found = Gathered(columns={one.name: [] for one in header.columns.values()})
    placed: dict[str, list[str]] = {
        name: [] for name in PLACED if name not in found.columns and name in header.layout.by_name
    }
    last, ended, parts = 0, False, header.parts or [header]
    found.partitions = Partitions.of(source, parts)
    for place, part in enumerate(parts):
        height = source.height(part.sheet)

        def within(number: int, place: int = place, height: int = height) -> None:
            told(len(found.rows), (place + (min(1, number / height) if height else 0)) / len(parts))

        if part.continues and found.parts[-1].again:  # goes on with the last table of the sheet before
            part = replace(part, columns=found.parts[-1].columns, headings=found.parts[-1].headings)
        number = _sheet(source, part, found, last, within, goes_on=part.continues != "" and not ended)
        ended = found.last_left_out > number  # by a total or a signature
        last += number
        for name, said in placed.items():
            said += [getattr(part, name)] * (len(found.rows) - len(said))
    for name, said in placed.items():
        if any(said):
            found.columns[name] = said  # a sheet per town or village, named after it
            found.by_sheet.add(name)
    if found.partitions.told:
        header.noted.append(found.partitions.told)
    header.noted += found.doubted
    for part, lines, why in found.other:
        if len(lines) > 1:
            header.leave_out(part, lines[0], lines[-1], len(lines) - 1, why)
    for part in found.parts:
        if part.again:
            header.unknown += [name for name in part.unknown if name not in header.unknown]
            header.noted.append(f"“{part.sheet}”第 {part.row + 1} 行起是另一张表，按它自己的列名读")
    header.parts = found.parts
    return found


def _sheet(
    source: Source, part: Header, found: Gathered, offset: int, told: Callable[[int], None], *, goes_on: bool
) -> int:
    """Append one sheet, table by table; returns the number of its last row."""
    lines, last = Lines(source.rows(part.sheet)), 0
    while True:
        found.parts.append(part)
        found.starts.append((len(found.rows), offset))
        last = _take(source, part, lines, found, offset, told, goes_on=goes_on) or last
        if found.another is None:
            return last
        part, found.another, goes_on = found.another, None, False


def _take(
    source: Source,
    part: Header,
    lines: Lines,
    found: Gathered,
    offset: int,
    told: Callable[[int], None],
    *,
    goes_on: bool,
) -> int:
    """Append one table; returns the number of its last row."""
    first, number, found.last_left_out = len(found.rows), 0, 0
    shared = {name: _Shared() for name in found.columns}
    elsewhere = found.columns.keys() - part.names
    for numbers, rows in _chunks(_data_rows(lines, part, found)):
        across = list(zip(*rows, strict=True))
        for place, one in part.columns.items():
            found.columns[one.name].extend(shared[one.name].of(across[place]))
        for name in elsewhere:
            found.columns[name].extend([""] * len(rows))
        found.rows.extend(one + offset for one in numbers)
        number = numbers[-1]
        told(number)
    _leave_out_unvalued(source, part, found, first)
    fill(source, part, found, first, goes_on=goes_on)
    return number


def _leave_out_unvalued(source: Source, part: Header, found: Gathered, first: int) -> None:
    """Cells that hold no usable value say so, before others are filled from them."""
    cells = source.unvalued(part.sheet)
    if not cells:
        return
    offset = found.starts[-1][1]
    at = {row - offset - 1: index for index, row in enumerate(found.rows[first:], start=first)}
    for (row, place), what in cells.items():
        if row in at and place in part.columns:
            found.columns[part.columns[place].name][at[row]] = unvalued(what)


class _Shared:
    """One object per distinct text of a column, as long as they repeat: a column of 是/否 then costs nothing."""

    def __init__(self) -> None:
        self.memo: dict[str, str] | None = {}

    def of(self, cells: Sequence[Any]) -> Iterable[Any]:
        if self.memo is None or not all_texts(cells):
            return cells
        known = len(self.memo)
        shared = list(map(self.memo.setdefault, cells, cells))
        if len(self.memo) - known > 0.8 * len(cells) > 100:
            self.memo = None
        return shared


def _chunks(rows: Iterable[tuple[int, list[Any]]]) -> Iterator[tuple[list[int], list[list[Any]]]]:
    numbers: list[int] = []
    kept: list[list[Any]] = []
    for number, row in rows:
        numbers.append(number)
        kept.append(row)
        if len(kept) == CHUNK:
            yield numbers, kept
            numbers, kept = [], []
    if kept:
        yield numbers, kept


class Aside:
    """The table of another kind, or the section of people who have left or died, that is passed over."""

    def __init__(self, part: Header, found: Gathered, key: int) -> None:
        self.part, self.found, self.key = part, found, key
        self.lines: list[int] | None = None  # None: the table itself is read
        self.headings: dict[int, str] | None = None  # another table's own
        self.of_gone = False

    def begin(self, headings: dict[int, str] | None = None) -> None:
        self.lines, self.headings, self.of_gone = [], headings, headings is None
        self.found.other.append((self.part, self.lines, gone.WHY if self.of_gone else "是另一张表"))

    def see_heading(self, header: Header) -> None:
        """The table's own heading again, or that of another one."""
        if header is self.part:
            self.lines = None
        else:
            self.begin(header.headings)

    def takes(self, number: int, plainly: Any) -> bool:
        """Whether a line belongs to it. A person's number where the other table has no column does not: its last row was the one before."""
        if plainly and self.headings is not None and self.key not in self.headings:
            self.lines = None
            return False
        self.lines.append(number)
        return True

    def see_title(self, number: int, row: list[Any]) -> None:
        """A title of those who are no longer there begins their section, any other title ends it."""
        title = gone.title_of(row)
        if not title:
            return
        if gone.says(title):
            self.begin()
            return
        if gone.may_say(title):
            self.found.doubted.append(f"“{self.part.sheet}”第 {number} 行“{title}”{gone.DOUBT}")
        if self.of_gone and gone.begins_another(title):
            self.lines, self.of_gone = None, False


def _data_rows(lines: Lines, part: Header, found: Gathered) -> Iterator[tuple[int, list[Any]]]:
    """(Excel number, cells) of the rows that hold data, all of one width, up to the heading of another table."""
    width = max(part.columns) + 1
    keys = _keys(part)
    doubtful, headings = doubts(part), Headings(part, lines)
    id_at = next((place for place in keys if part.columns[place].name == "id_number"), None)
    others = [place for place in keys if place != id_at]
    outside = Outside(part)
    found.outside.append((part, outside.cells))
    of_past_year = found.partitions.judge(part)
    last, explained = 0, part.first_data + BELOW
    aside = Aside(part, found, keys[0] if id_at is None else id_at)
    for number, row in lines:
        if number <= part.first_data or not any(row):
            if number <= part.first_data:
                headings.learn(number, row)
            continue
        whole = row
        if len(row) != width:
            row = row[:width] if len(row) > width else row + [""] * (width - len(row))
        if id_at is None:
            plainly = len(keys) > 1 and as_text(row[keys[0]])[:1].isdigit() and row[keys[-1]]
        else:
            number_cell = row[id_at]
            plainly = (
                others
                and type(number_cell) is str
                and len(number_cell) > 14
                and number_cell[:15].isdigit()
                and (row[others[0]] or row[others[-1]])
            )
        if not plainly:
            aside.see_title(number, whole)
        why = _explains(row, part, id_at) if number <= explained else ""
        if not (why or plainly) and (again := headings.read(number, whole, last)):
            explained = number + BELOW
            if aside.of_gone:
                continue
            if again is not part and not again.lacking:
                found.another = again
                return
            why = "重复的表头" if again is part else ""
            aside.see_heading(again)
        if aside.lines is not None and aside.takes(number, plainly):
            found.last_left_out = number
            headings.left_out(number, whole)
            continue
        why = why or (of_past_year and of_past_year(row)) or ""
        if why := why or ("" if plainly else headings.again(whole) or doubtful(row if len(whole) <= width else whole)):
            found.skipped[why] += 1
            found.last_left_out = number
            headings.left_out(number, whole)
            continue
        outside.see(number, whole)
        last = number
        yield number, row


def _explains(row: list[Any], part: Header, id_at: int | None) -> str:
    """Why a row just below the heading is a line that explains it: columns counted (1, 2, 3 …), units, how to fill in."""
    texts = [as_text(row[place]).strip() for place in part.columns]
    filled = [text for text in texts if text]
    told = [text for text in filled if any(map(str.isalnum, text))]  # a dash counts a column that is not counted
    counts = [found for text in told if (found := COUNTING.match(text))]
    numbers = [int(found[1]) for found in counts if found[1]]
    if told and re.sub(r"\s", "", told[0]) in COUNTS:
        told = told[1:]
    is_wide = len(filled) >= max(3, len(texts) // 2)
    if is_wide and len(counts) == len(told) >= 3 and len(numbers) != 1 and numbers == sorted(set(numbers)):
        return "编号行"
    if filled and all(map(UNIT_CELL.match, filled)):
        return "单位行"
    if len(filled) >= 3 and all(map(HOW_TO_FILL.match, filled)):
        return "填写说明"
    has_number = id_at is not None and LONG_NUMBER.search(as_text(row[id_at]))
    explains = filled and EXPLAINING.match(filled[0]) and (not has_number or filled[0].rstrip(":：") in EXAMPLES)
    return "填写说明" if explains else ""


def _keys(part: Header) -> list[int]:
    """Places of the columns that tell a row of data."""
    found = [place for place, one in part.columns.items() if one.name in KEYS]
    villages = [place for place, one in part.columns.items() if one.name == "village"]
    return found or villages or list(part.columns)[:1]
