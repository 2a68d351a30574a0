"""The rules in force over the staged rows of one file: what they find becomes findings at cells.

The same trees as over the register, compiled over `roster_stage`: the rows themselves, and the households that they make up. A rule
with a `finding` is told by the finding's code at the cells it names, and refuses the household where that code does; every other error
or warning by its own code, at the first of its columns that the file has. Those never refuse: the national system holds such households
itself, and the register may hold an imperfect one; only a version that two people made of a rule that refuses still does (`refuses`).
What is a mere lead waits until the rows are in the register.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import connection

from households.checkup.pointing import fields_of, leaves, reads
from jiyang.intake.findings import Kind
from jiyang.intake.normalise import Mapped
from jiyang.rules import tree
from jiyang.rules.catalogue import Rule
from jiyang.rules.cells import EVERY, CellFinding
from jiyang.rules.facts import Facts, NotHeld, RuleRefused
from jiyang.rules.fields import subjects
from jiyang.rules.running import one_pass
from jiyang.rules.sql import Base, Frame, Source, statement
from jiyang.rules.versions import active

TOLD = {"error", "warning"}
ALWAYS = {"unread", "problems"}
SILENT = "no_school_reason"  # a layout without this column cannot give one: nothing was written, rather than unknown
FEW = 20  # rows; a warning at more than half of more rows tells of a column that nobody fills: it is counted, not told row by row
MEND = "核对后改正"


class Sheet:
    """One staged file as a source for the rules. `filled`: the staged columns that have values; `rows`: what a row is."""

    def __init__(self, mapped: Mapped, filled: set[str]) -> None:
        self.mapped, self.filled, self.layout = mapped, filled | ALWAYS, mapped.header.layout
        self.rows = self.layout.rows
        bases = {"person": self._people, "household": self._homes}.get(self.rows, self._plain)()
        self.source = Source("本表", bases)

    def _plain(self) -> dict[str, Base]:
        return {self.rows: Base(staged(), frozenset(self.filled), "rid", unread=True)}

    def _homes(self) -> dict[str, Base]:
        return {"household": self._households("", self.filled)}

    def _people(self) -> dict[str, Base]:
        of_home = {name for name in self.filled if self._of_household(name)}
        silent = "" if SILENT in self.layout.by_name else f", null::text as {SILENT}"
        people = staged(f"id_index as person_key, case when copy_of is null then 1 else 2 end as version{silent}")
        known = self.filled - of_home | {"household_no", SILENT}
        return {
            "person": Base(people, frozenset(known), "rid", unread=True, one="{t}.version = 1"),
            "household": self._households(" where leads", of_home | ALWAYS | {"household_no"}),
        }

    def _households(self, where: str, columns: set[str]) -> Base:
        """Households by their first row. Whoever a 监测对象信息 lists is monitored."""
        named = "category is not null or 'category:enum_unknown' = any(problems)" if "category" in columns else "true"
        known = {"monitored"} if "category" in columns or self.layout.key == "roster_c" else set()
        return Base(staged(f"({named}) as monitored", where), frozenset(columns | known), "rid", unread=True)

    def _of_household(self, name: str) -> bool:
        one = self.layout.by_name.get(name.removesuffix("_is_mobile").removesuffix("_index"))
        return one is not None and one.belongs_to == "household"


def staged(more: str = "", where: str = "") -> str:
    """The staged rows under the names by which rules know and join them."""
    return f"(select row as rid, household_no as household_key{', ' if more else ''}{more}, s.* from roster_stage s{where})"


@dataclass(frozen=True)
class Question:
    """One condition over the rows of `subject`. `code`: the finding's, empty where the rule speaks for itself; `field`: where it points.

    `every`: a household's hit is told at each of its rows.
    """

    rule: Rule
    subject: str
    code: str
    field: str
    when: tree.Node
    every: bool


def questions(rule: Rule, sheet: Sheet) -> Iterator[Question]:
    """What is asked of the file for one rule: the rule itself, or each of its findings at each of their cells."""
    for told in rule.findings or (CellFinding(""),):
        for name, condition in told.cells or ((pointed(rule, sheet), None),):
            when, subject = rule.when if condition is None else tree.All((rule.when, condition)), rule.subject.key
            if not isinstance(told.rows, str):
                if subject != sheet.rows:
                    when = tree.Parent(subjects()[sheet.rows].relations[subject], when)
                when, subject = tree.All((told.rows, when)), sheet.rows
            yield Question(rule, subject, told.code, name, when, told.rows == EVERY)


def pointed(rule: Rule, sheet: Sheet) -> str:
    """The field of the file at which a rule's hit stands: a cell that should be filled, else one that it compares, else what names the row."""
    asked = sorted(leaves(rule.when), key=lambda leaf: not (isinstance(leaf, tree.Empty) and leaf.wanted))
    names = sorted((name for leaf in asked for name in fields_of(leaf)), key=lambda name: name == "id_number")
    known = sheet.mapped.header.names
    return next((name for name in (*names, "household_no", "id_number", "village") if name in known), "")


def asks_for_all(node: tree.Node) -> bool:
    """Whether a condition can hold because somebody is missing."""
    if isinstance(node, tree.Quantified) and node.kind != "some":
        return True
    return any(map(asks_for_all, tree.children(node)))


def judge(mapped: Mapped, filled: set[str], as_of: dt.date) -> list[int]:
    """Add what the rules in force find in the staged rows to the file's findings; answers the rows with errors.

    `mapped.rules` tells what was asked, what a missing parameter kept from being asked, and which warnings are only counted.
    """
    sheet, facts, unasked = Sheet(mapped, filled), Facts(as_of), []
    asked: dict[str, list[Question]] = {}
    rules = [
        rule for rule in active() if rule.subject.key in sheet.source.bases and (rule.findings or rule.severity in TOLD)
    ]
    for rule in rules:
        try:
            for question in (found := list(questions(rule, sheet))):
                Frame(sheet.source, subjects()[question.subject], facts).sql(question.when)
        except NotHeld:
            continue
        except RuleRefused as refused:
            unasked.append({"code": rule.code, "title": rule.title, "reason": str(refused)})
            continue
        for question in found:
            asked.setdefault(question.subject, []).append(question)
    teller = Teller(sheet)
    with one_pass():
        hits = [hit for subject, group in asked.items() for hit in _hits(sheet.source, subject, group, facts)]
    refused = teller.tell(hits)
    count = len({question.rule.code for group in asked.values() for question in group})
    mapped.rules = {"asked": count, "unasked": unasked, "counted": teller.counted}
    return refused


def _hits(source: Source, subject: str, asked: list[Question], facts: Facts) -> Iterator[tuple[Question, list[int]]]:
    """Each question with the rows that it hits."""
    rows: list[list[int]] = [[] for _ in asked]
    conditions = {str(place): question.when for place, question in enumerate(asked)}
    with connection.cursor() as cursor:
        cursor.execute(statement(source, subjects()[subject], conditions, facts))
        for row, places in cursor.fetchall():
            for place in places:
                rows[place - 1].append(row)
    return zip(asked, rows, strict=True)


class Teller:
    """Turns hits into findings: those with a code of their own first, then what no other finding has cast doubt upon."""

    def __init__(self, sheet: Sheet) -> None:
        self.mapped, self.people = sheet.mapped, sheet.rows == "person"
        self.place = {row: index for index, row in enumerate(self.mapped.rows)}
        self.counted: list[dict] = []
        self.refused: set[int] = set()

    def tell(self, hits: Iterable[tuple[Question, list[int]]]) -> list[int]:
        """Rows that are refused for what was told."""
        hits = [(question, sure) for question, rows in hits if (sure := self._certain(question, rows))]
        told: set[tuple[int, str, str]] = set()
        for question, rows in hits:
            for row in self._rows(question, rows) if question.code else ():
                if (row, question.field, question.code) not in told:  # several rules may share a code
                    told.add((row, question.field, question.code))
                    self._add(question, row, question.code)
        for question, rows in hits:
            if not question.code:
                self._speak(question, rows)
        return sorted(self.refused)

    def _certain(self, question: Question, rows: list[int]) -> list[int]:
        """The rows of a hit that are not hit because somebody of the household has an unreadable 户编号: these are refused untold."""
        if not rows or not self.people or not asks_for_all(question.when):
            return rows
        sure = [row for row in rows if self._numbers[self.place[row]] not in self._incomplete]
        for row in set(rows).difference(sure):
            self.refused.update(self._home(row))
        return sure

    @cached_property
    def _incomplete(self) -> set[str]:
        """Households to which a row with an unreadable number probably belongs: a head's to the next, a member's to the one before."""
        unread = {one.line for one in self.mapped.findings if one.field == "household_no" and one.severity == "E"}
        relations = self.mapped.columns.get("relation") or [None] * len(self.mapped.rows)
        found, before, heads_wait = set(), "", False
        for row, number, relation in zip(self.mapped.rows, self._numbers, relations, strict=True) if unread else ():
            if number:
                found |= {number} if heads_wait else set()
                before, heads_wait = number, False
            elif row in unread and relation == "head":
                heads_wait = True
            elif row in unread:
                found.add(before)
        return found

    def _rows(self, question: Question, rows: list[int]) -> list[int]:
        if not (question.every and self.people):
            return rows
        return [row for hit in rows for row in self._home(hit)]

    def _speak(self, question: Question, rows: list[int]) -> None:
        """A rule's own words at the rows whose values nothing has cast doubt upon yet; what refuses is told at each."""
        rule = question.rule
        kind = Kind("E" if rule.refuses else "W", rule.title, rule.mend or MEND, rule.code)
        if rule.refuses:
            for row in rows:
                self._add(question, row, rule.code, kind)
            return
        asked = reads(question.rule.when)
        doubtless = [row for row in rows if asked.isdisjoint(self._doubts(question.rule, row))]
        if len(doubtless) * 2 > max(len(self.mapped.rows), FEW):
            self.counted.append({"code": question.rule.code, "title": question.rule.title, "rows": len(doubtless)})
            return
        for row in doubtless:
            self._add(question, row, question.rule.code, kind)

    def _doubts(self, rule: Rule, row: int) -> set[str]:
        """Fields of the row, or of its household where the rule looks at others, of which a finding was told already."""
        rows = self._home(row) if self.people and len(rule.columns) > 1 else [row]
        return set().union(*(self._told.get(one, ()) for one in rows))

    @cached_property
    def _told(self) -> dict[int, set[str]]:
        """Row → fields with an error or a warning. A row that stands twice is in doubt as a whole."""
        found: dict[int, set[str]] = {}
        for one in self.mapped.findings:
            if one.severity != "N":
                names = (one.field, *self.mapped.columns) if one.code == "row_duplicate" else (one.field, "problems")
                found.setdefault(one.line, set()).update(names)
        return found

    def _home(self, row: int) -> list[int]:
        """The rows of a row's household."""
        number = self._numbers[self.place[row]]
        return [row] if number is None else self._homes[number]

    @cached_property
    def _numbers(self) -> Sequence[str | None]:
        return self.mapped.columns.get("household_no") or [None] * len(self.mapped.rows)

    @cached_property
    def _homes(self) -> dict[str | None, list[int]]:
        found: dict[str | None, list[int]] = {}
        for number, row in zip(self._numbers, self.mapped.rows, strict=True):
            found.setdefault(number, []).append(row)
        return found

    def _add(self, question: Question, row: int, code: str, kind: Kind | None = None) -> None:
        finding = self.mapped.finding(question.field, self.place[row], code, kind=kind)
        self.mapped.findings.append(finding)
        if finding.severity == "E":
            self.refused.add(row)
