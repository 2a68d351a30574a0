"""Lists of the register as files of the official layouts: unchanged headings, text cells, re-imported they change nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db.models import Max, Prefetch, QuerySet
from django.utils import timezone
from rustpy_xlsxwriter import FastExcel

from households.enums import IncomeKind, Relation
from households.models import CaseRecord, Household, IncomeStatement, Membership, Person, roster_period
from households.roster import fields as slots
from households.roster.takers import Taker, taker_of
from jiyang.access.scope import Actor
from jiyang.intake.layouts import Field, layouts
from jiyang.intake.writing import writer_for
from jiyang.ledgers.columns import may_see
from jiyang.ledgers.export import CHUNK, FileLayout

OFFERED = ("roster_a", "roster_b", "roster_c", "roster_f")  # whose fields the register holds
PROVINCE, CITY = "山东省", "济南市"


OF_MONITORED = "roster_c"  # a layout of monitored households alone: others would be faults in it


def offered(keys: tuple[str, ...] = OFFERED) -> list[FileLayout]:
    return [FileLayout(key, _title(key), partial(write, key), numbered=True) for key in keys]


def _title(key: str) -> str:
    return layouts()[key].title + ("（只写监测对象的户）" if key == OF_MONITORED else "")


def write(key: str, path: Path, rows: QuerySet, actor: Actor, *, numbered: bool = False) -> int:
    """Write a list of people, of households with their members, or of a taker's records in layout `key`; returns the lines.

    `numbered` adds 系统编号 and 系统版本, by which an import sees what was edited since.
    """
    layout = layouts()[key]
    fields = (*layout.fields, *layout.own) if numbered else layout.fields
    taker = taker_of(key)
    lines = records_of(rows) if taker else members_of(rows, heads_only=layout.rows == "household")
    if key == OF_MONITORED:
        lines = lines.exclude(household__category="")
    dated = not taker and {"data_date", "income_per_head"} <= layout.by_name.keys()
    found = _lines(fields, lines, actor, taker, day_for(lines) if dated else timezone.localdate())
    first = next(found, None)
    headings = [one.heading for one in fields]
    if first is None:
        with xlsxwriter.Workbook(str(path)) as book:
            book.add_worksheet(layout.title[:31]).write_row(0, 0, headings)
        return 0
    seen = _Counted(chain([first], found))
    FastExcel(str(path)).sheet(layout.title[:31], iter(seen)).save()
    return seen.count


class _Counted:
    """Lines on their way into a file, and how many they were."""

    def __init__(self, lines: Iterator[dict[str, str]]):
        self.lines, self.count = lines, 0

    def __iter__(self) -> Iterator[dict[str, str]]:
        for line in self.lines:
            self.count += 1
            yield line


def members_of(rows: QuerySet, *, heads_only: bool) -> QuerySet:
    """The open memberships of the list's people, or of its households' people, household by household, the head first."""
    members = Membership.objects.present()
    if rows.model is Person:
        members = members.filter(person__in=rows.order_by().values("pk"))
    else:
        members = members.filter(household__in=rows.order_by().values("pk"))
    if heads_only:
        members = members.filter(relation=Relation.HEAD)
    incomes = IncomeStatement.objects.filter(kind=IncomeKind.ROSTER)
    return (
        members.select_related(
            "person", "household", "household__state", "household__district", "household__town", "household__village"
        )
        .prefetch_related(
            Prefetch("household__incomestatement_set", incomes, to_attr="stated"),
            Prefetch("household__caserecord_set", CaseRecord.objects.all(), to_attr="cases"),
        )
        .order_by("household__village__code", "household__household_no", "household_id", "pk")
    )


def records_of(rows: QuerySet) -> QuerySet:
    """A taker's records, person by person within their households, or village by village and year by year."""
    found = rows.model.objects.filter(pk__in=rows.order_by().values("pk"))
    if not rows.model.household_column:
        return found.select_related("district", "town", "village").order_by("village__code", "year", "pk")
    places = [f"household__{step}" for step in ("district", "town", "village")]
    return found.select_related("person", "household", *places).order_by(
        "household__village__code", "household__household_no", "household_id", "person_id", "pk"
    )


def day_for(members: QuerySet) -> dt.date:
    """The day that the file speaks of: today, or the last one of the period from which the households' newest figures are.

    A file tells one day for all its rows; incomes of other periods stay blank. Nobody in it is born later.
    """
    today = timezone.localdate()
    incomes = IncomeStatement.objects.filter(
        kind=IncomeKind.ROSTER, household__in=members.order_by().values("household")
    )
    newest = Counter(
        incomes.order_by().values("household").annotate(newest=Max("year")).values_list("newest", flat=True)
    )
    if not newest:
        return today
    year = max(newest, key=lambda one: (newest[one], one))
    day = min(today, dt.date(year + 1, 9, 30))
    return today if members.filter(person__birth_date__gt=day).exists() else day


def _lines(
    fields: tuple[Field, ...], members: QuerySet, actor: Actor, taker: Taker | None, day: dt.date
) -> Iterator[dict[str, str]]:
    getters = [(one.heading, writer_for(one), getter_of(one.name, actor, taker, day)) for one in fields]
    for number, member in enumerate(members.iterator(chunk_size=CHUNK), start=1):
        yield {heading: write(get(member, number)) for heading, write, get in getters}


def getter_of(name: str, actor: Actor, taker: Taker | None, day: dt.date) -> Callable[[Any, int], Any]:
    """How a layout's field is read from a membership, or from a taker's record, which names person and household alike.

    What the register does not hold, or the actor may not see, is blank. `day` is the one that the file speaks of.
    """
    if name == "data_date":
        return lambda member, number: day
    if taker and name in taker.owners:
        column = taker.owners[name][1]
        return (lambda row, number: getattr(row, column, None)) if may_see(taker.model, column, actor) else blank
    if name in SPECIAL:
        return OF_RECORD.get(name, SPECIAL[name]) if taker else SPECIAL[name]
    owner, column = slots.OWNERS.get(name, ("", ""))
    if not owner or not may_see(MODELS[owner], column, actor):
        return blank
    if owner == "incomestatement":
        year = roster_period(day)[0]
        return lambda member, number: getattr(_of_year(member.household.stated, year), column, None)
    return lambda member, number: getattr(RECORDS[owner](member), column, None)


def placed(row: Any) -> Any:
    """What says where a row lies: its household, or a village's record itself."""
    return getattr(row, "household", row)


def blank(member: Membership, number: int) -> None:
    return None


def _of_year(statements: list[IncomeStatement], year: int) -> IncomeStatement | None:
    """The roster's statement of the period that the file speaks of."""
    return next((one for one in statements if one.year == year), None)


MODELS = {model._meta.model_name: model for model in (Household, Person, IncomeStatement, CaseRecord)}
RECORDS: dict[str, Callable[[Membership], Any]] = {
    "person": lambda member: member.person,
    "household": lambda member: member.household,
    "caserecord": lambda member: next(iter(member.household.cases), None),
}
SPECIAL: dict[str, Callable[[Membership, int], Any]] = {
    "serial": lambda member, number: number,
    "province": lambda member, number: PROVINCE,
    "city": lambda member, number: CITY,
    "district": lambda member, number: placed(member).district.name,
    "town": lambda member, number: placed(member).town.name,
    "village": lambda member, number: placed(member).village.name,
    "household_no": lambda member, number: member.household.household_no,
    "relation": lambda member, number: member.relation,
    "stated_sex": lambda member, number: member.person.sex,
    "stated_id_kind": lambda member, number: member.person.id_kind,
    "head_name": lambda member, number: member.household.state.head_name,
    "stated_birth_date": lambda member, number: member.person.birth_date,
    "record_id": lambda member, number: member.person.public_id,
    "record_version": lambda member, number: version_of(member),
}


OF_RECORD: dict[str, Callable[[Any, int], Any]] = {
    "record_id": lambda row, number: row.public_id,
    "record_version": lambda row, number: row.version,
}


def version_of(member: Membership) -> str:
    """What an edit after the export would change: the versions of person, household, monitoring record and incomes, and which
    membership it is (`storable.CLASHES` compares the same).
    """
    home = member.household
    case, incomes = sum(one.version for one in home.cases), sum(one.version for one in home.stated)
    return f"{member.person.version}.{home.version}.{member.pk}.{case}.{incomes}"
