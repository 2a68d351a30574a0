"""The preview of a batch: segments with counts, the filters, and which rows and columns a page shows."""

from functools import cached_property

from django.db.models import Count, Min, Q, QuerySet
from django.http import QueryDict

from households.models import (
    RosterAbsence,
    RosterRow,
)
from households.roster import absences
from households.roster.cells import Cells
from households.roster.feedback import FAILED
from households.roster.staging import KEPT
from jiyang.access.scope import Actor
from jiyang.intake.enums import RowAction
from jiyang.intake.findings import kinds
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers.terms import is_key
from jiyang.regions.models import Region

PAGE = 50
MOST_COLUMNS = 12
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
    ("absent", "名单未列"),
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
FIRST = ("town", "village", "year", "household_no", "name", "relation", "id_number")
HIDDEN = {"serial", "data_date", "district"}


class Preview:
    """What both people see. Reads a page of rows in a handful of queries whatever the file's size."""

    def __init__(self, batch: Batch, actor: Actor, query: QueryDict):
        self.batch, self.actor = batch, actor
        self.cells = Cells(batch, actor)
        self.segment = query.get("segment", "")
        self.after = int(query.get("after", "0")) if is_key(query.get("after", "0")) else 0
        self.town = query.get("town", "")
        self.find = query.get("q", "").strip()
        self.code = query.get("code", "")
        self.rows = self._page()
        self.more = len(self.rows) > PAGE
        self.rows = self.rows[:PAGE]
        self.columns = self._columns()
        self.lines = self.cells.lines(self.rows, self.columns, self.headings, self.found)

    @property
    def counts(self) -> list[dict]:
        """The segments with their counts; the one in the address is current."""
        total = dict(self.batch.counts)
        total[""] = self.batch.rows
        total["warned"] = self._warned().values("row").distinct().count()
        total["held"], total["faulty"] = self.held, self.faulty
        return [
            {"key": key, "label": label, "count": total.get(key, 0), "current": key == self.segment}
            for key, label in SEGMENTS
            if key in ALWAYS or total.get(key) or key == self.segment
        ]

    @cached_property
    def held(self) -> int:
        """Rows that would be written but were held back."""
        rows = RosterRow.objects.visible_to(self.actor).filter(batch=self.batch, held=True)
        return rows.filter(action__in=(RowAction.INSERT, RowAction.UPDATE)).count()

    @property
    def nothing(self) -> bool:
        """Whether the batch would write nothing at all and answer nothing that is asked."""
        return not any(self.batch.counts.get(key, 0) for key in (RowAction.INSERT, RowAction.UPDATE, "relisted"))

    @property
    def failed(self) -> int:
        """Rows that are left out until they are corrected."""
        return sum(self.batch.counts.get(action, 0) for action in FAILED)

    @cached_property
    def faulty(self) -> int:
        """Rows with an error that the register holds as well: nothing is written of them."""
        return self._faulty(RosterRow.objects.visible_to(self.actor).filter(batch=self.batch)).count()

    @staticmethod
    def _faulty(rows: QuerySet) -> QuerySet:
        return rows.filter(action=RowAction.SAME, ruled=True)

    @property
    def writing(self) -> dict[str, int]:
        """{insert, update} of what would be written now, held rows left out."""
        rows = RosterRow.objects.visible_to(self.actor).filter(batch=self.batch, held=False)
        found = dict(rows.order_by().values_list("action").annotate(Count("pk")))
        return {"insert": found.get(RowAction.INSERT, 0), "update": found.get(RowAction.UPDATE, 0)}

    @property
    def absent(self) -> list[RosterAbsence]:
        """Members whom the file does not list, a page of them."""
        rows = RosterAbsence.objects.visible_to(self.actor).filter(batch=self.batch, pk__gt=self.after)
        rows = rows.filter(town=int(self.town)) if is_key(self.town) else rows
        return list(rows.select_related("person", "household", "town", "village").order_by("pk")[:PAGE])

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
    def next_after(self) -> int | None:
        return self.rows[-1].row if self.more else None

    @property
    def towns(self) -> list[Region]:
        found = RosterRow.objects.visible_to(self.actor).filter(batch=self.batch).order_by().values("town").distinct()
        return list(Region.objects.filter(pk__in=found).order_by("code"))

    def _findings(self):
        return BatchFinding.objects.visible_to(self.actor).filter(batch=self.batch)

    def _warned(self):
        return self._findings().filter(severity="W")

    def _page(self) -> list[RosterRow]:
        rows = RosterRow.objects.visible_to(self.actor).filter(batch=self.batch, row__gt=self.after)
        if self.segment == "warned":
            rows = rows.filter(row__in=self._warned().values("row"))
        elif self.segment == "held":
            rows = rows.filter(held=True)
        elif self.segment == "faulty":
            rows = self._faulty(rows)
        elif self.segment == "absent":
            return []
        elif self.segment:
            rows = rows.filter(action=self.segment)
        if is_key(self.town):
            rows = rows.filter(town=int(self.town))
        if self.code:
            rows = rows.filter(row__in=self._findings().filter(code=self.code).values("row"))
        if is_key(self.find) and len(self.find) < 8:
            rows = rows.filter(row=int(self.find))
        elif self.find.isdigit():
            rows = rows.filter(household_no__startswith=self.find)
        elif self.find:
            rows = rows.filter(Q(name__contains=self.find) | Q(village__name__contains=self.find, name=None))
        return list(rows.select_related("town", "village").order_by("row")[: PAGE + 1])

    def _columns(self) -> list[tuple[str, str]]:
        """(field, heading) to show: the identifying ones first, then those with errors, changes or warnings, twelve in all."""
        heading = self.headings
        shown = {row.row for row in self.rows}
        self.found = {}
        for finding in self._findings().filter(row__in=shown):
            self.found.setdefault((finding.row, finding.field), []).append(finding)
        wrong = [one.field for found in self.found.values() for one in found if one.severity == "E"]
        changed = [name for row in self.rows for name in row.changed]
        lively = [*wrong, *changed, *(name for _, name in self.found)]
        order = dict.fromkeys([*FIRST, *lively, *heading])
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
