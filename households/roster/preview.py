"""The preview of a batch: segments with counts, pages of rows with findings and old and new values side by side."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.http import QueryDict

from households.enums import IncomeKind
from households.models import (
    CaseRecord,
    Household,
    IncomeStatement,
    Membership,
    Person,
    RosterAbsence,
    RosterRow,
    RosterTouch,
    roster_period,
)
from households.roster.feedback import FAILED
from households.roster.fields import MOVED, OWNERS, REOPENED
from households.roster.jobs import VALUE_AAD
from households.roster.running import day_of
from households.roster.staging import KEPT, aads_of
from households.roster.takers import Taker, taker_of
from jiyang.access.scope import Actor
from jiyang.audit.history import former
from jiyang.identifiers import masks
from jiyang.identifiers.encryption import decrypt
from jiyang.intake.enums import BatchState, RowAction
from jiyang.intake.findings import kinds, standard_hint
from jiyang.intake.layouts import Layout, layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers.columns import as_label, as_text, may_see
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
WRITTEN = {BatchState.APPROVED, BatchState.UNDOING, BatchState.UNDONE, BatchState.REDOING}
OF_HOME = ("incomestatement", "caserecord")  # kinds of which a household has one
MODELS = {model._meta.model_name: model for model in (Household, Person, CaseRecord, IncomeStatement)}
FIRST = ("town", "village", "year", "household_no", "name", "relation", "id_number")
AS_HELD = "有错误，与系统一致，未写入"
HIDDEN = {"serial", "data_date", "district"}


@dataclass
class Cell:
    """One cell: `new` as it will be stored, `old` from the register when it changes, findings with severity."""

    new: str
    old: str | None = None
    mark: str = ""
    messages: list[str] = field(default_factory=list)


@dataclass
class Line:
    row: int
    action: str
    label: str
    errors: int
    cells: list[Cell]
    held: bool = False
    notes: list[str] = field(default_factory=list)
    more: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # (heading, old, new) of changes that no column shows
    faults: list[tuple[str, str]] = field(default_factory=list)  # (headings, message) of errors that no column shows


class Preview:
    """What both people see. Reads a page of rows in a handful of queries whatever the file's size."""

    def __init__(self, batch: Batch, actor: Actor, query: QueryDict):
        self.batch, self.actor = batch, actor
        self.taker: Taker | None = taker_of(batch.layout) if batch.layout else None
        self.models = MODELS | ({self.taker.name: self.taker.model} if self.taker else {})
        self.owners = OWNERS | (self.taker.owners if self.taker else {})
        self.sealed = aads_of(batch.layout) if batch.layout else {}
        self.segment = query.get("segment", "")
        self.after = int(query.get("after", "0")) if is_key(query.get("after", "0")) else 0
        self.town = query.get("town", "")
        self.find = query.get("q", "").strip()
        self.code = query.get("code", "")
        self.rows = self._page()
        self.more = len(self.rows) > PAGE
        self.rows = self.rows[:PAGE]
        self.columns = self._columns()
        self.lines = self._lines()

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
        seen = [name for name in order if name in heading and self._may_see(name) and self._shown(name)]
        return [(name, heading[name]) for name in seen[:MOST_COLUMNS]]

    @cached_property
    def headings(self) -> dict[str, str]:
        """Field -> heading as the file writes it; the year that its day gives stands for a column of the file's own."""
        dated = (
            {self.taker.dated: self.layout.by_name[self.taker.dated].heading} if self.taker and self.taker.dated else {}
        )
        return {name: text for name, text in self.batch.columns["places"] if name not in HIDDEN} | dated

    @property
    def of_villages(self) -> bool:
        """Whether a row is a village, which stands by itself, not somebody of a household."""
        return self.layout.rows == "village"

    def _shown(self, name: str) -> bool:
        """A column that is only checked shows where it has findings."""
        return name in {"town", "village", *KEPT, *self.owners} or any(field == name for _, field in self.found)

    def _may_see(self, name: str) -> bool:
        owner, column = self.owners.get(name, ("person", name))
        return may_see(self.models[owner], column, self.actor)

    def _lines(self) -> list[Line]:
        before = self._register()
        return [
            Line(
                row.row, row.action, RowAction(row.action).label,
                sum(one.severity == "E" for (number, _), found in self.found.items() if number == row.row for one in found),
                [self._cell(row, name, before) for name, _ in self.columns], row.held, self._notes(row, before), self._more(row, before), self._faults(row),
            )
            for row in self.rows
        ]  # fmt: skip

    def _more(self, row: RosterRow, before: dict) -> list[tuple[str, str, str]]:
        """The row's changes in columns that the page has no room for."""
        shown = {name for name, _ in self.columns}
        names = [name for name in row.changed if name in self.headings and name not in shown and self._may_see(name)]
        return [(self.headings[name], self._old(row, name, before), self._new(row, name, [])) for name in names]

    def _faults(self, row: RosterRow) -> list[tuple[str, str]]:
        """The row's errors in columns that the page has no room for."""
        shown = {name for name, _ in self.columns}
        told: dict[str, list[str]] = {}
        for (number, name), found in self.found.items():
            for one in found:
                if number == row.row and name not in shown and one.severity == "E":
                    told.setdefault(one.message, []).append(self.headings.get(name, ""))
        return [("、".join(filter(None, names)), message) for message, names in told.items()]

    def _notes(self, row: RosterRow, before: dict) -> list[str]:
        """What happens to the row's membership and household, in words."""
        member, found = before["member"].get(row.person_id), []
        if self.taker and MOVED in row.changed:
            return ["此人已转到另一户，随人改记"]
        if row.person_id and MOVED in row.changed:
            found.append(f"由户 {member.household} 转来" if member else "重新列入")
        if REOPENED in row.changed:
            found.append("该户已核减，恢复在册")
        if row.ruled and row.action == RowAction.SAME:
            found.append(AS_HELD)
        return found

    def _register(self) -> dict[str, dict[int, Any]]:
        """What stood behind the page's changed rows, for the old values: the register's rows, or once the batch was written its before-images."""
        changed = [row for row in self.rows if row.changed]
        people = Person.objects.visible_to(self.actor).in_bulk([row.person_id for row in changed if row.person_id])
        homes = (
            Household.objects.visible_to(self.actor)
            .select_related("village")
            .in_bulk([row.household_id for row in changed if row.household_id])
        )
        members = (
            Membership.objects.visible_to(self.actor).filter(person__in=people, until=None).select_related("household")
        )
        incomes = IncomeStatement.objects.visible_to(self.actor).filter(
            household__in=homes, kind=IncomeKind.ROSTER, year=roster_period(day_of(self.batch.data_date))[0]
        )
        cases = CaseRecord.objects.visible_to(self.actor).filter(household__in=homes)
        taken = [row.taken for row in changed if row.taken] if self.taker else []
        records = self.taker.model.objects.visible_to(self.actor).in_bulk(taken) if taken else {}
        found = {
            "taken": records, "person": people, "household": homes, "member": {one.person_id: one for one in members},
            "incomestatement": {one.household_id: one for one in incomes}, "caserecord": {one.household_id: one for one in cases},
        }  # fmt: skip
        return self._as_before(found, changed) if self.batch.state in WRITTEN else found

    def _as_before(self, found: dict[str, dict[int, Any]], changed: list[RosterRow]) -> dict[str, dict[int, Any]]:
        """The same as it stood before the batch was written; what the batch did not touch stands as it was."""
        people = list(found["person"])
        moved = Membership.objects.visible_to(self.actor).filter(person__in=people).values_list("pk", flat=True)
        wanted = {
            (Person, "person"): people, (Household, "household"): list(found["household"]), (Membership, "member"): list(moved),
            (IncomeStatement, "incomestatement"): [one.pk for one in found["incomestatement"].values()],
            (CaseRecord, "caserecord"): [one.pk for one in found["caserecord"].values()],
        }  # fmt: skip
        if self.taker:
            wanted = {(self.taker.model, "taken"): list(found["taken"])}
        for (model, kind), keys in wanted.items():
            touches = RosterTouch.objects.visible_to(self.actor).filter(
                batch=self.batch, reversal=None, table=model._meta.model_name, record__in=keys
            )
            events = former(model, touches.values("before_event"))
            key = "person_id" if kind == "member" else "household_id" if kind in OF_HOME else "pgh_obj_id"
            then = {getattr(one, key): one for one in events}
            found[kind] = {
                one: record
                for one, record in found[kind].items()
                if not (kind in OF_HOME and record.origin_id == self.batch.pk)
            } | then
        return found

    def _cell(self, row: RosterRow, name: str, before: dict) -> Cell:
        findings = self.found.get((row.row, name), [])
        faults = [one for one in findings if one.severity != "N"]
        cell = Cell(self._new(row, name, findings))
        if faults:
            cell.mark = "E" if any(one.severity == "E" for one in faults) else "W"
            cell.messages = [
                one.message + (f"。{one.hint}" if one.hint and one.hint != standard_hint(one.code) else "")
                for one in faults
            ]
        if name in row.changed:
            cell.mark, cell.old = cell.mark or "changed", self._old(row, name, before)
        return cell

    def _new(self, row: RosterRow, name: str, findings: list) -> str:
        for one in findings:  # a refused cell shows what the file says
            if one.severity == "E" and one.value is not None:
                text = decrypt(one.value, VALUE_AAD)
                return self._masked(name, text)
        if name in {"town", "village"}:
            place = getattr(row, name)
            return place.short_name if place else "—"
        return self._text(name, self._staged(row, name))

    def _staged(self, row: RosterRow, name: str) -> Any:
        if name in KEPT:
            return getattr(row, name)
        value = (row.further or {}).get(name)
        if isinstance(value, float | int) and not isinstance(value, bool):
            return Decimal(str(value)) if self.layout.by_name[name].type in {"money", "decimal"} else value
        if name in self.sealed and value:
            return bytes.fromhex(value.removeprefix("\\x"))
        return value

    @cached_property
    def layout(self) -> Layout:
        return layouts()[self.batch.layout]

    def _text(self, name: str, value: Any) -> str:
        if value in (None, "", []):
            return "—"
        if name in self.sealed:
            text = decrypt(value, self.sealed[name]) if isinstance(value, bytes | memoryview) else value
            return self._masked(name, text)
        known = self.layout.by_name.get(name)
        if known and known.type == "month":  # as the file writes it: no day was ever said
            return f"{dt.date.fromisoformat(str(value)):%Y%m}"
        labels = known.official if known else {}
        if isinstance(value, list):
            return ",".join(labels.get(item, item) for item in value)
        if labels:
            return labels.get(value, value)
        return as_text(as_label(None, value))

    def _masked(self, name: str, text: str) -> str:
        if name not in self.sealed:
            return text
        return masks.mask_id(text) if name == "id_number" else masks.mask_phone(text)

    def _old(self, row: RosterRow, name: str, before: dict) -> str:
        if name == "relation":
            member = before["member"].get(row.person_id)
            return member.get_relation_display() if member else "—"
        if name == "village":
            home = before["household"].get(row.household_id)
            return home.village.short_name if home else "—"
        owner, column = self.owners[name]
        if self.taker and owner == self.taker.name:
            return self._text(name, getattr(before["taken"].get(row.taken), column, None))
        record = before[owner].get(row.person_id if owner == "person" else row.household_id)
        return self._text(name, getattr(record, column, None))
