"""The preview of a batch: segments with counts, the filters, and which rows and columns a page shows."""

import re
from functools import cached_property

from django.db.models import Count, Min, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from households.models import (
    RosterAbsence,
    RosterRow,
)
from households.roster import absences
from households.roster.cells import Cells
from households.roster.columns import KEPT
from households.roster.feedback import FAILED
from jiyang.access.scope import Actor
from jiyang.intake.enums import RowAction
from jiyang.intake.findings import kinds
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers.paging import Cursor, Page, paginate
from jiyang.ledgers.tables import address, pager_of
from jiyang.ledgers.terms import is_key
from jiyang.regions.models import Region

MOST_COLUMNS = 12
ABSENT = "absent"
WRITTEN = (RowAction.INSERT, RowAction.UPDATE)
ROW_NAMED = re.compile(r"(.*?)\s*第?([0-9]{1,7})行?\Z")  # 4, 曲堤街道 4, 曲堤街道第4行
SEGMENTS = [
    ("", "全部"),
    (RowAction.REFUSED, "有错误"),
    (RowAction.UNKNOWN, "系统里没有"),
    ("warned", "有提醒"),
    (RowAction.UPDATE, "变更"),
    (RowAction.INSERT, "新增"),
    (RowAction.SAME, "相同"),
    ("faulty", "相同但有错误"),
    (RowAction.KEPT, "不改动"),
    (RowAction.DUPLICATE, "重复"),
    (RowAction.OUT_OF_AREA, "区外"),
    ("held", "已暂缓"),
    (ABSENT, "名单未列"),
]
ALWAYS = {"", RowAction.REFUSED, "warned", RowAction.UPDATE, RowAction.INSERT, RowAction.SAME}  # fmt: skip
BAR = (
    RowAction.INSERT,
    RowAction.UPDATE,
    RowAction.SAME,
    RowAction.KEPT,
    RowAction.DUPLICATE,
    RowAction.OUT_OF_AREA,
    RowAction.UNKNOWN,
    RowAction.REFUSED,
)
FIRST = ("town", "village", "year", "household_no", "name")
NEXT = ("relation", "id_number")
HIDDEN = {"serial", "data_date", "district"}


class Preview:
    """What both people see. Reads a page of rows in a handful of queries whatever the file's size."""

    def __init__(self, batch: Batch, actor: Actor, query: QueryDict):
        self.batch, self.actor = batch, actor
        self.here = reverse(
            "households:batch_detail", args=[batch.pk]
        )  # a refused act shows the page at its own address
        self.query = query.copy()
        self.cells = Cells(batch, actor)
        self.sheets = batch.columns.get("sheets", ())
        self.segment, self.town = query.get("segment", ""), query.get("town", "")
        self.find, self.code = query.get("q", "").strip(), query.get("code", "")
        self.pager = pager_of(self._page(Cursor.decode(query.get("cursor"))), self.query, self.here)
        self.rows = [] if self.segment == ABSENT else self.pager.page.rows
        self.columns = self._columns()
        self.lines = self.cells.lines(self.rows, self.columns, self.headings, self.found)
        for line in self.lines:
            line.sheet, line.number = self.place_of(line.row)

    def place_of(self, row: int) -> tuple[str, int]:
        """Sheet and Excel's own number of a row of the batch; the sheet only where there are several."""
        for name, offset, first, last in self.sheets:
            if first <= row <= last:
                return name if len(self.sheets) > 1 else "", row - offset
        return "", row

    @property
    def counts(self) -> list[dict]:
        """The segments with the rows that each has under the filters; the one in the address is current."""
        return [
            {
                "key": key, "label": label, "count": self.totals.get(key, 0), "current": key == self.segment,
                "url": address(self.query, self.here, segment=key, cursor=None),
            }
            for key, label in SEGMENTS
            if key in ALWAYS or self.totals.get(key) or key == self.segment
        ]  # fmt: skip

    @cached_property
    def totals(self) -> dict[str, int]:
        """Segment -> its rows under the filters."""
        if not self._filtered:
            found = {**self.batch.counts, "": self.batch.rows}
            found |= {"warned": self._warned().values("row").distinct().count()}
            return found | {"held": self.held, "faulty": self.faulty}
        rows = self._narrowed().order_by()
        found = dict(rows.values_list("action").annotate(Count("pk")))
        found |= {"": sum(found.values()), ABSENT: self._absent().count()}
        return found | {key: self._within(rows, key).count() for key in ("warned", "held", "faulty")}

    @cached_property
    def held(self) -> int:
        """Rows that would be written but were held back."""
        return self._within(self._every(), "held").count()

    @property
    def held_here(self) -> bool:
        """Whether something of the chosen town is held."""
        rows = self._every().filter(town=int(self.town)) if is_key(self.town) else self._every().none()
        return self._within(rows, "held").exists()

    @property
    def nothing(self) -> bool:
        """Whether the batch would write nothing at all and answer nothing that is asked."""
        return not any(self.batch.counts.get(key, 0) for key in (*WRITTEN, "relisted"))

    @property
    def failed(self) -> int:
        """Rows that are left out until they are corrected."""
        return sum(self.batch.counts.get(action, 0) for action in FAILED)

    @cached_property
    def faulty(self) -> int:
        """Rows with an error that the register holds as well: nothing is written of them."""
        return self._within(self._every(), "faulty").count()

    @property
    def writing(self) -> dict[str, int]:
        """{insert, update} of what would be written now, held rows left out."""
        found = dict(self._every().filter(held=False).order_by().values_list("action").annotate(Count("pk")))
        return {"insert": found.get(RowAction.INSERT, 0), "update": found.get(RowAction.UPDATE, 0)}

    @property
    def absent(self) -> list[RosterAbsence]:
        """Members whom the file does not list, a page of them."""
        return self.pager.page.rows if self.segment == ABSENT else []

    @property
    def codes(self) -> list[tuple[str, str, int]]:
        """(code, message, findings) of errors and warnings, the most frequent first: the filter by kind."""
        found = self._findings().exclude(severity="N").order_by().values_list("code")
        counted = found.annotate(text=Min("message"), n=Count("pk")).order_by("-n", "code")
        return [(code, kinds()[code].message if code in kinds() else text, n) for code, text, n in counted]

    @property
    def bar(self) -> list[dict]:
        return [{"kind": str(kind), "label": kind.label, "value": self.batch.counts.get(kind, 0)} for kind in BAR]

    @property
    def total(self) -> int:
        return self.batch.rows

    @property
    def printed(self) -> str:
        """Which rows a printed page holds, of how many."""
        page = self.pager.page
        first = (page.number - 1) * page.size + 1
        label = dict(SEGMENTS).get(self.segment, "")
        return f"{label}共 {page.total} {'人' if self.segment == ABSENT else '行'}，本页印第 {first}–{first + len(page.rows) - 1}"

    @property
    def towns(self) -> list[Region]:
        found = self._every().order_by().values("town").distinct()
        return list(Region.objects.filter(pk__in=found).order_by("code"))

    @property
    def _filtered(self) -> bool:
        return bool(is_key(self.town) or self.code or self.find)

    def _every(self) -> QuerySet[RosterRow]:
        return RosterRow.objects.visible_to(self.actor).filter(batch=self.batch)

    def _findings(self) -> QuerySet[BatchFinding]:
        return BatchFinding.objects.visible_to(self.actor).filter(batch=self.batch)

    def _warned(self) -> QuerySet[BatchFinding]:
        return self._findings().filter(severity="W")

    def _page(self, cursor: Cursor) -> Page:
        total = self.totals.get(self.segment, 0)
        if self.segment == ABSENT:
            rows = self._absent().select_related("person", "household", "town", "village")
            return paginate(rows, sort="pk", cursor=cursor, total=total)
        rows = self._within(self._narrowed(), self.segment).select_related("town", "village")
        return paginate(rows, sort="row", cursor=cursor, total=total)

    def _within(self, rows: QuerySet[RosterRow], segment: str) -> QuerySet[RosterRow]:
        if segment == "warned":
            return rows.filter(row__in=self._warned().values("row"))
        if segment == "held":
            return rows.filter(held=True, action__in=WRITTEN)
        if segment == "faulty":
            return rows.filter(action=RowAction.SAME, ruled=True)
        return rows.filter(action=segment) if segment else rows

    def _narrowed(self) -> QuerySet[RosterRow]:
        """The rows that the filters leave."""
        rows = self._every().filter(town=int(self.town)) if is_key(self.town) else self._every()
        if self.code:
            rows = rows.filter(row__in=self._findings().filter(code=self.code).values("row"))
        if not self.find:
            return rows
        if (meant := self._rows_meant()) is not None:
            return rows.filter(row__in=meant)
        if self.find.isdigit():
            return rows.filter(household_no__startswith=self.find)
        return rows.filter(Q(name__contains=self.find) | Q(village__name__contains=self.find, name=None))

    def _rows_meant(self) -> list[int] | None:
        """Rows of the batch that the search names as the page does: by Excel's number, after its sheet where it is said."""
        found = ROW_NAMED.match(self.find)
        if not found or (found[1] and found[1] not in {name for name, *_ in self.sheets}):
            return None
        sheets = [one for one in self.sheets if found[1] in ("", one[0])] or [("", 0, 0, int(found[2]))]
        return [int(found[2]) + offset for _, offset, first, last in sheets if first <= int(found[2]) + offset <= last]

    def _absent(self) -> QuerySet[RosterAbsence]:
        rows = RosterAbsence.objects.visible_to(self.actor).filter(batch=self.batch)
        return absences.narrowed(rows, town=self.town, find=self.find)

    def _columns(self) -> list[tuple[str, str]]:
        """(field, heading) to show: the identifying ones first, then those with errors, changes or warnings, twelve in all."""
        heading = self.headings
        shown = {row.row for row in self.rows}
        self.found = {}
        for finding in self._findings().filter(row__in=shown):
            self.found.setdefault((finding.row, finding.field), []).append(finding)
        wrong = [one.field for found in self.found.values() for one in found if one.severity == "E"]
        changed = [name for row in self.rows for name in row.changed]
        lively = [name for _, name in self.found]
        order = dict.fromkeys([*FIRST, *wrong, *changed, *NEXT, *lively, *heading])
        seen = [name for name in order if name in heading and self.cells.may_see(name) and self._shown(name)]
        return [(name, heading[name]) for name in seen[:MOST_COLUMNS]]

    @cached_property
    def headings(self) -> dict[str, str]:
        """Field -> heading as the file writes it; the year that its day gives stands for a column of the file's own."""
        taker = self.cells.taker
        dated = {taker.dated: self.cells.layout.by_name[taker.dated].heading} if taker and taker.dated else {}
        return {name: text for name, text in self.batch.columns["places"] if name not in HIDDEN} | dated

    @property
    def of_export(self) -> bool:
        """Whether the file lists people as they were exported here: nobody counts as missing from it."""
        return self.cells.layout.rows == "person" and absences.of_export(self.batch.columns["known"])

    @property
    def of_villages(self) -> bool:
        """Whether a row is a village, which stands by itself, not somebody of a household."""
        return self.cells.layout.rows == "village"

    def _shown(self, name: str) -> bool:
        """A column that is only checked shows where it has findings."""
        return name in {"town", "village", *KEPT, *self.cells.owners} or any(field == name for _, field in self.found)
