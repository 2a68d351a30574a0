"""What the register could not store: numbers that somebody else holds, values beyond a column, dates it refuses.

Each is a finding that refuses its household, so that no file can make a commit fail. `check` looks at the staged rows
alone; `settle` looks at the plan against the register, when a file is checked and again when the batch is written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from households.models import CaseRecord, Household, IncomeStatement, Person, RosterRow
from households.roster import headship, plan
from households.roster.fields import HOUSEHOLD, PERSON, Slot
from households.roster.takers import FIRST_YEAR, Taker, takers
from jiyang.access.scope import on_behalf_of, require
from jiyang.audit.history import as_under
from jiyang.intake.findings import kinds
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.normalise import Mapped

SMALL, WHOLE = 32767, 2147483647  # what smallint and integer hold
REPEATED = "select person_no from roster_stage where person_no is not null and copy_of is null group by person_no having count(*) > 1"
SAME_NUMBER = (
    f"s.person_no in (select person_no from roster_stage where person_no in ({REPEATED}) and copy_of is null group by person_no"
    " having count(distinct id_index) > 1 or count(id_index) < count(*))"
)
UNTOLD = "s.same_name > 1 and not 'id_number' = any(s.unread) and not 'person_no' = any(s.unread)"


@dataclass(frozen=True)
class Limit:
    """`code` of the finding, the `field` it points to, and the SQL condition over a staged row `s`. Asked where the file has the columns in `needs`."""

    code: str
    field: str
    when: str
    needs: tuple[str, ...]
    rows: tuple[str, ...] = ("person", "household")


def limits() -> tuple[Limit, ...]:
    """What the staged rows alone decide."""
    return (
        Limit("person_no_taken", "person_no", SAME_NUMBER, ("person_no", "id_number"), ("person",)),
        Limit("person_listed_twice", "name", UNTOLD, ("id_number",), ("person",)),
        *_limits(Household, HOUSEHOLD),
        *_limits(Person, PERSON),
        *(
            replace(limit, rows=(one.rows,))
            for one in takers()
            for limit in (*_limits(one.model, one.slots), *_years(one))
        ),
    )


def _years(taker: Taker) -> list[Limit]:
    """A year is one that was counted and has come."""
    if not taker.dated:
        return []
    outside = f"s.{taker.dated} not between {FIRST_YEAR} and {timezone.localdate().year}"
    return [Limit("year_not_counted", taker.dated, outside, (taker.dated,))]


def check(mapped: Mapped) -> list[int]:
    """Add a finding for each staged row beyond a limit; answers the rows."""
    layout, fields = mapped.header.layout, set(mapped.columns)
    asked = [one for one in limits() if fields.issuperset(one.needs) and layout.rows in one.rows]
    if not asked:
        return []
    cases = ", ".join(f"case when {one.when} then {place} end" for place, one in enumerate(asked))
    with connection.cursor() as cursor:
        cursor.execute(
            f"select s.row, array_remove(array[{cases}], null) from roster_stage s where {' or '.join(f'({one.when})' for one in asked)}"
        )
        found = cursor.fetchall()
    place = {row: index for index, row in enumerate(mapped.rows)} if found else {}
    for row, numbers in found:
        mapped.findings += [mapped.finding(asked[number].field, place[row], asked[number].code) for number in numbers]
    return [row for row, _ in found]


def _limits(model: type[models.Model], slots: tuple[Slot, ...]) -> Iterator[Limit]:
    """One for each column of the register that is narrower than what a cell may hold. Codes always fit."""
    for slot in slots:
        field = model._meta.get_field(slot.assigned[0][0].removesuffix("_id"))
        if getattr(field, "base_field", field).choices:
            continue
        if isinstance(field, models.CharField) and field.max_length:
            yield Limit("text_too_long", slot.name, f"length(s.{slot.name}) > {field.max_length}", (slot.name,))
        elif isinstance(field, ArrayField) and getattr(field.base_field, "max_length", None):
            longest = f"(select max(length(one)) from unnest(s.{slot.name}) as one)"
            yield Limit("text_too_long", slot.name, f"{longest} > {field.base_field.max_length}", (slot.name,))
        elif isinstance(field, models.IntegerField):
            most = SMALL if isinstance(field, models.PositiveSmallIntegerField | models.SmallIntegerField) else WHOLE
            yield Limit("number_too_large", slot.name, f"s.{slot.name} not between 0 and {most}", (slot.name,))


# The rows to be written with what they would write; `held` tells whether a live row other than the planned one has a number.
# A row exported here (系统编号, 系统版本) that somebody has edited since is refused, whatever it would write. What an undo has put back
# is as it was: of each part (`layout_export.version_of`) the version counts, or that history has the same values under it; of several
# incomes, whose versions are summed up, the sum alone.
SAID = """case when s.record_version ~ '^[0-9]{{1,18}}([.][0-9]{{1,18}}){{{parts}}}$'
       then string_to_array(s.record_version, '.')::bigint[] end as said"""
CLASHES = """
with w as materialized (
    select s.row, s.household_no, s.person_no, s.name, s.relation, s.id_index, s.risk_identified_on, s.risk_removed_on, s.record_id, s.record_version, {said}, p.first, p.action,
           p.household_id as hid, p.person_id as pid, p.changed
      from {source} s join roster_plan p on p.row = s.row where p.action in ('insert', 'update'))
select w.row, 'record_version', case when x.id is null or w.said is null then 'record_unknown' else 'edited_since_export' end
  from w left join households_person x on x.public_id::text = lower(w.record_id) and x.voided_at is null
  left join households_household h on h.id = x.household_id
 where (w.record_id is not null or w.record_version is not null)
   and (x.id is null or w.said is null
        or not ({person}) or not ({household})
        or w.said[3] <> coalesce((select m.id from households_membership m where m.person_id = x.id and m.until is null), 0)
        or not coalesce((select {case} from households_caserecord c where c.household_id = h.id and c.voided_at is null), w.said[4] = 0)
        or w.said[5] <> coalesce((select sum(i.version) from households_incomestatement i where {incomes}), 0)
           and not coalesce((select bool_and({income}) and count(*) = 1 from households_incomestatement i where {incomes}), false))
union all
select w.row, 'person_no', 'person_no_taken' from w join households_person x on x.person_no = w.person_no and x.voided_at is null
 where (w.action = 'insert' and w.pid is null or 'person_no' = any(w.changed)) and x.id is distinct from w.pid
   and not exists (select 1 from w f where f.pid = x.id and 'person_no' = any(f.changed))
union all
select w.row, 'id_number', 'id_taken' from w join households_person x on x.id_index = w.id_index and x.voided_at is null
 where (w.action = 'insert' and w.pid is null or 'id_number' = any(w.changed)) and x.id is distinct from w.pid
union all
select w.row, 'id_number', 'id_of_another' from w join households_person x on x.id = w.pid and x.id_index = w.id_index
 where 'household' = any(w.changed) and x.name <> w.name and (w.person_no is null or w.person_no <> x.person_no)
union all
select w.row, 'household_no', 'household_no_taken' from w
  join households_household x on x.household_no = w.household_no and x.voided_at is null where w.hid is null
union all
select row, 'name', 'person_listed_twice' from roster_plan
 where action in ('insert', 'update', 'same', 'kept')
   and person_id in (select person_id from roster_plan where action in ('insert', 'update', 'same', 'kept') and person_id is not null
                      group by person_id having count(*) > 1)
union all
select w.row, 'name', 'person_died' from w join households_membership m on m.person_id = w.pid and m.leave_reason = '死亡'
 where not exists (select 1 from households_membership o where o.person_id = m.person_id
                     and (o.until is null or (o.until, o.id) > (m.until, m.id)))
union all
select w.row, 'risk_removed_on', 'removed_before_identified' from w left join households_household h on h.id = w.hid and h.voided_at is null
 where w.first and case when w.hid is null or 'risk_removed_on' = any(w.changed) then w.risk_removed_on else h.risk_removed_on end
               < case when w.hid is null or 'risk_identified_on' = any(w.changed) then w.risk_identified_on else h.risk_identified_on end
"""
# The same of a taker's records. A row with the number of another one than it is of is no copy of that.
RECORD_CLASHES = """
with w as materialized (
    select s.row, s.record_id, s.record_version, {said}, p.action, p.taken, {of_row} as anchor, {s_key} as key, {s_apart} as apart
      from {source} s join roster_plan p on p.row = s.row where p.action in ('insert', 'update', 'same', 'kept'))
select w.row, 'record_version',
       case when x.id is null or w.said is null or w.taken is distinct from x.id then 'record_unknown' else 'edited_since_export' end
  from w left join {table} x on x.public_id::text = lower(w.record_id) and x.voided_at is null
 where w.action in ('insert', 'update') and (w.record_id is not null or w.record_version is not null)
   and (x.id is null or w.said is null or w.taken is distinct from x.id or not ({record}))
union all
select w.row, '{at}', 'record_listed_twice' from w
 where (w.anchor, w.key, w.apart) in (select anchor, key, apart from w group by 1, 2, 3 having count(*) > 1)
    or w.taken in (select taken from w where taken is not null group by 1 having count(*) > 1)
union all
select w.row, '{at}', 'record_exists' from w
  join {table} x on x.{anchor}_id = w.anchor and x.voided_at is null and {x_key} = w.key and {x_apart} = w.apart
 where w.action in ('insert', 'update') and x.id is distinct from w.taken
"""
REFUSE = """
update roster_plan p set action = 'refused', changed = '{}', before = '', first = false
 where p.action in ('insert', 'update', 'same', 'kept')
   and (p.row = any(%(rows)s) or p.household_no in (select o.household_no from roster_plan o where o.row = any(%(rows)s)))
"""


def settle(
    source: str,
    taker: Taker | None = None,
    unclear: Sequence[tuple[int, str, str]] = (),
    *,
    batch: Batch | None = None,
    asks: bool = False,
) -> list[tuple[int, str, str]]:
    """Take out of `roster_plan` the households that could not be stored; returns (row, field, code) of each reason,
    those that the plan found `unclear` first. `batch` and `asks`: see `headship.clashes`.

    Looks over the whole register: a number may be held where the actor does not see it. A refused household gives up no
    number, so it asks again until nothing more clashes.
    """
    found = list(unclear)
    told = {f"{t}_{name}": getattr(taker, name).format(t=t) for t in "sx" for name in ("key", "apart")} if taker else {}
    if taker:
        of_row, at = ("p.person_id", "id_number") if taker.of_people else ("s.village_id", "village")
        sql = RECORD_CLASHES.format(
            source=source, said=SAID.format(parts=0), record=as_under(taker.model, "x", "w.said[1]"), table=taker.table,
            anchor=taker.anchor, of_row=of_row, at=at, **told,
        )  # fmt: skip
    else:
        sql = CLASHES.format(
            source=source, said=SAID.format(parts=4), person=as_under(Person, "x", "w.said[1]"),
            household=as_under(Household, "h", "w.said[2]"), case=as_under(CaseRecord, "c", "w.said[4]"),
            income=as_under(IncomeStatement, "i", "w.said[5]"),
            incomes="i.household_id = h.id and i.kind = 'roster' and i.voided_at is null",
        ) + headship.clashes(batch, asks=asks)  # fmt: skip
    with on_behalf_of(require(), "名单导入查重"), connection.cursor() as cursor:
        clashes = found
        while True:
            if clashes:
                cursor.execute(REFUSE, {"rows": [row for row, _, _ in clashes]})
            cursor.execute(sql)
            clashes = sorted(set(cursor.fetchall()))
            if not clashes:
                return found
            found = [*found, *clashes]


def note(batch: Batch, clashes: list[tuple[int, str, str]]) -> None:
    """Keep findings of a batch that is planned anew: what others have done meanwhile.

    Of what the register says of its rows (`plan.NOTICES`) the former findings go, of others no second one comes.
    """
    found = BatchFinding.objects.filter(batch=batch)
    found.filter(code__in=plan.NOTICES)._raw_delete(found.db)
    known = set(found.values_list("row", "code"))
    clashes = [one for one in clashes if (one[0], one[2]) not in known]
    rows = RosterRow.objects.filter(batch=batch, row__in=[row for row, _, _ in clashes])
    places = {
        row: {"town_id": town, "village_id": village}
        for row, town, village in rows.values_list("row", "town", "village")
    }
    headings = dict(batch.columns["places"])
    BatchFinding.objects.bulk_create(
        BatchFinding(
            batch=batch, district_id=batch.district_id, row=row, **places[row], sheet=batch.sheet,
            field=name, column=headings.get(name, "")[:120], code=code, severity=kinds()[code].severity, message=kinds()[code].message,
            hint=kinds()[code].hint,
        )
        for row, name, code in clashes
    )  # fmt: skip
