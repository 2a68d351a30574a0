"""The cells of a batch's preview: what a row will store, what the register holds instead, and what is wrong, side by side."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import reverse

from households.enums import IncomeKind
from households.models import (
    CaseRecord,
    Household,
    IncomeStatement,
    Membership,
    Person,
    RosterRow,
    RosterTouch,
    roster_period,
)
from households.roster.columns import KEPT, aads_of
from households.roster.fields import MOVED, OWNERS, REOPENED
from households.roster.jobs import VALUE_AAD
from households.roster.running import day_of
from households.roster.takers import Taker, taker_of
from jiyang.access.scope import Actor
from jiyang.audit.history import former
from jiyang.identifiers import masks
from jiyang.identifiers.encryption import decrypt
from jiyang.intake.cells import DIGITS_LOST
from jiyang.intake.enums import BatchState, RowAction
from jiyang.intake.findings import standard_hint
from jiyang.intake.layouts import Layout, layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers.columns import as_label, as_text, may_see

WRITTEN = {BatchState.APPROVED, BatchState.UNDOING, BatchState.UNDONE, BatchState.REDOING}
PLANNED = {RowAction.INSERT, RowAction.UPDATE}
OF_HOME = ("incomestatement", "caserecord")  # kinds of which a household has one
ADDED = (*OF_HOME, "member")  # kinds of which the batch may have added the one that stands
MODELS = {model._meta.model_name: model for model in (Household, Person, CaseRecord, IncomeStatement)}
LOST = {"id_as_number", "number_as_number"}  # what the cell holds is not what somebody wrote
LEAD = ("name", "household_no", "village")  # what names a row, the first of them that is shown
AS_HELD = "有错误，与系统一致，未写入"
STAYS_CLOSED = "该户已核减，这种导入方式不恢复在册；要恢复的，请选“全部更新”"


@dataclass
class Cell:
    """One cell: `new` as it will be stored, `old` from the register when it changes, findings with severity; `url` of the household.

    `heading` is its column's, `lead` whether it names the row: on a phone a row is a card.
    """

    new: str
    heading: str = ""
    lead: bool = False
    old: str | None = None
    url: str = ""
    mark: str = ""
    messages: list[str] = field(default_factory=list)


@dataclass
class Line:
    """A row of the page; `sheet` (where there are several) and `number` say where it stands in the file."""

    row: int
    action: str
    label: str
    errors: int
    cells: list[Cell]
    held: bool = False
    sheet: str = ""
    number: int = 0
    notes: list[str] = field(default_factory=list)
    more: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # (heading, old, new) of changes that no column shows
    apart: list[tuple[str, str, str]] = field(default_factory=list)  # the same of a row that is left as it is
    faults: list[tuple[str, str]] = field(default_factory=list)  # (headings, message) of errors that no column shows


class Cells:
    """Reads the register for a page of rows in a handful of queries, and shows each as the actor may see it."""

    def __init__(self, batch: Batch, actor: Actor):
        self.batch, self.actor = batch, actor
        self.taker: Taker | None = taker_of(batch.layout) if batch.layout else None
        self.models = MODELS | ({self.taker.name: self.taker.model} if self.taker else {})
        self.owners = OWNERS | (self.taker.owners if self.taker else {})
        self.sealed = aads_of(batch.layout) if batch.layout else {}

    def may_see(self, name: str) -> bool:
        owner, column = self.owners.get(name, ("person", name))
        return may_see(self.models[owner], column, self.actor)

    def lines(
        self,
        rows: list[RosterRow],
        columns: list[tuple[str, str]],
        headings: dict[str, str],
        found: dict[tuple[int, str], list[BatchFinding]],
    ) -> list[Line]:
        """Of a page of rows, with its `columns` (field, heading), all the file's `headings` and what was `found` at (row, field)."""
        self.rows, self.columns, self.headings, self.found = rows, columns, headings, found
        shown = {name for name, _ in columns}
        self.lead = next((name for name in LEAD if name in shown), "")
        before, self.homes = self._register(), self._homes()
        return [
            Line(
                row.row, row.action, RowAction(row.action).label,
                sum(one.severity == "E" for (number, _), found in self.found.items() if number == row.row for one in found),
                [self._cell(row, name, before) for name, _ in self.columns], row.held and row.action in PLANNED,
                notes=self._notes(row, before), more=self._more(row, before), apart=self._apart(row, before), faults=self._faults(row),
            )
            for row in self.rows
        ]  # fmt: skip

    def _more(self, row: RosterRow, before: dict) -> list[tuple[str, str, str]]:
        """The row's changes in columns that the page has no room for."""
        shown = {name for name, _ in self.columns}
        names = [name for name in row.changed if name in self.headings and name not in shown and self.may_see(name)]
        return [(self.headings[name], self._old(row, name, before), self._new(row, name, [])) for name in names]

    def _apart(self, row: RosterRow, before: dict) -> list[tuple[str, str, str]]:
        """Where a row that is left as it is differs from the register, in columns that the page has no room for."""
        if row.action != RowAction.KEPT:
            return []
        shown = {name for name, _ in self.columns}
        names = [name for name in self.headings if name not in shown and self.may_see(name)]
        values = [(self.headings[one], self._held(row, one, before), self._new(row, one, [])) for one in names]
        return [(heading, old, new) for heading, old, new in values if old not in ("", new)]

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
        elif (home := before["household"].get(row.household_id)) and home.closed_on:
            found.append(STAYS_CLOSED)
        if row.ruled and row.action == RowAction.SAME:
            found.append(AS_HELD)
        return found

    def _homes(self) -> dict[str, int]:
        """Number -> key of the page's households that the register holds now."""
        numbers = {row.household_no for row in self.rows if row.household_no}
        live = Household.objects.visible_to(self.actor).filter(household_no__in=numbers, voided_at=None)
        return dict(live.values_list("household_no", "pk"))

    def _register(self) -> dict[str, dict[int, Any]]:
        """What stood behind the page's changed rows, for the old values: the register's rows, or once the batch was written its before-images."""
        changed = [row for row in self.rows if row.changed or row.action == RowAction.KEPT]
        people = Person.objects.visible_to(self.actor).in_bulk([row.person_id for row in changed if row.person_id])
        homes = (
            Household.objects.visible_to(self.actor)
            .select_related("town", "village")
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
            events = former(model, touches)
            key = "person_id" if kind == "member" else "household_id" if kind in OF_HOME else "pgh_obj_id"
            then = {getattr(one, key): one for one in events}
            found[kind] = {
                one: record
                for one, record in found[kind].items()
                if not (kind in ADDED and record.origin_id == self.batch.pk)
            } | then
        return found

    def _cell(self, row: RosterRow, name: str, before: dict) -> Cell:
        findings = self.found.get((row.row, name), [])
        faults = [one for one in findings if one.severity != "N"]
        cell = Cell(self._new(row, name, findings), heading=self.headings[name], lead=name == self.lead)
        if faults:
            cell.mark = "E" if any(one.severity == "E" for one in faults) else "W"
            cell.messages = [
                one.message + (f"。{one.hint}" if one.hint and one.hint != standard_hint(one.code) else "")
                for one in faults
            ]
        moved = name == "town" and "village" in row.changed and self._old(row, name, before) != cell.new
        if name in row.changed or moved:
            cell.mark, cell.old = cell.mark or "changed", self._old(row, name, before)
            if name in self.sealed and cell.old == cell.new:
                cell.messages.append("隐去的几位不同")
        elif row.action == RowAction.KEPT and (held := self._held(row, name, before)) not in ("", cell.new):
            cell.mark = cell.mark or "kept"
            cell.messages.append(f"系统里是“{held}”")
        if name == "household_no" and row.household_no in self.homes:
            cell.url = reverse("households:household_detail", args=[self.homes[row.household_no]])
        return cell

    def _held(self, row: RosterRow, name: str, before: dict) -> str:
        """What the register holds in place of a cell that is left as it is; "" for what it has no column for."""
        if name not in self.owners and name not in {"town", "village", "relation"}:
            return ""
        return self._old(row, name, before)

    def _new(self, row: RosterRow, name: str, findings: list) -> str:
        for one in findings:  # a refused cell shows what the file says
            if one.severity == "E" and one.value is not None:
                text = decrypt(one.value, VALUE_AAD)
                return DIGITS_LOST.shown if one.code in LOST else self._masked(name, text)
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
        if name in {"town", "village"}:
            home = before["household"].get(row.household_id)
            return getattr(home, name).short_name if home else "—"
        owner, column = self.owners[name]
        if self.taker and owner == self.taker.name:
            return self._text(name, getattr(before["taken"].get(row.taken), column, None))
        record = before[owner].get(row.person_id if owner == "person" else row.household_id)
        return self._text(name, getattr(record, column, None))
