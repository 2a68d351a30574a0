"""The plan of a staged roster: one action per row, and which fields it writes. One pass, set-based.

`roster_plan` (a temporary table) holds for each staged row its `household_no`, `household_id`, `person_id`, `first`, `action`,
`changed` and `before`. Preview and commit share it: the commit makes it anew for the rows that are to be written and compares.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db import connection

from households.roster import namesakes
from households.roster.fields import CASE, HOUSEHOLD, INCOME, MOVED, PERSON, RELATION, REOPENED, Slot, of_file
from households.roster.takers import Taker
from jiyang.intake.bulk import analyze
from jiyang.intake.enums import PlanMode, RowAction

BY_NAME = """(select min(n.id) from households_person n where n.household_id = h.id and n.name = s.name
               and n.id_index is null and n.voided_at is null{further} having count(*) = 1)"""
PERSON_OF_ROW = "coalesce({record}a.id, b.id, case {named}when h.id is not null then " + BY_NAME.format(
    further=" and (n.person_no = '' or s.person_no is null)"
    " and (s.id_index is null or n.birth_date is null or n.birth_date = s.birth_date)"
) + " end)"  # fmt: skip
CONTRACT = (
    RowAction.INSERT,
    RowAction.UPDATE,
    RowAction.SAME,
    RowAction.DUPLICATE,
    RowAction.REFUSED,
    RowAction.OUT_OF_AREA,
)
ABSENT = "(pid is null and closed and hid is not null)"  # somebody new in a household that has left the register
# What is new of somebody who has died or left (`closed`, see `GONE`). What the ledger has of them may stand in a file as it is.
PAST = "(closed and (taken is null or changed <> '{}' or otherwise))"
# A rule that a household breaks refuses it only if something of it would change: what the register holds already, it may hold.
# A person is known by the system's own number (a file exported here), by ID number, by 人编号, else, without an ID number so
# far, by name in the household. A 人编号 whose holder has another ID number and another name, or stands in the file
# themself, is somebody else's.
TOP = "coalesce(g.top = s.row, true)"  # the household's first row of the file
PLAN = """
create temp table roster_plan on commit drop as
with g as materialized (
    select household_no, bool_or(refused) as refused, bool_or(ruled) as ruled, bool_or(out_of_area) as outside, min(row) as top
      from {source} s where household_no is not null group by household_no),{matched}
c as (
    select s.row, s.household_no, s.copy_of, {home} as hid, {taken} as taken, {closed} as closed,
           p.id as pid, coalesce(g.outside, s.out_of_area) as outside, coalesce(g.refused, s.refused) as refused,
           coalesce(g.ruled, s.ruled) as ruled, {otherwise} as otherwise, {homeless} as homeless,
           case when {unknown} then '{{}}'::text[] else array_remove(array[{labels}], null) end as changed,
           case when {unknown} then '' else array_to_string(array[{befores}], '|') end as before
      from {source} s
      left join g on g.household_no = s.household_no
      {at_home} and h.voided_at is null and {register}{by_record}{by_number}{by_name}
      left join households_person p on p.id = {person} and p.voided_at is null
      left join households_membership m on m.person_id = p.id and m.until is null
      left join households_incomestatement i on {top} and i.household_id = h.id and i.kind = 'roster'
           and i.year = %(year)s and i.voided_at is null{further}
    offset 0),  -- what follows reads the comparisons, it does not make them again
d as (
    select row, household_no, hid, pid, taken, ruled, case when refused or outside or {absent} then '{{}}' else changed end as changed,
           case when refused or outside or {absent} or before = '' then '' else md5(before) end as before,
           case when outside then 'out_of_area'
                when refused and copy_of is not null then 'duplicate'
                when refused then 'refused'{decided}
                when pid is null and ({may_insert}) then 'insert'
                when {absent} then 'kept'
                when changed <> '{{}}' then 'update'
                when otherwise then 'kept' else 'same' end as action
      from c),
e as (
    select d.*, ruled and action in ('insert', 'update', 'same', 'kept') and not bool_and(action = 'same') over home as stopped,
           row = min(row) filter (where action in ('insert', 'update')) over home as lead
      from d window home as (partition by coalesce(household_no, 'row ' || row)))
select row, household_no, hid as household_id, pid as person_id, taken,
       coalesce(not stopped and action in ('insert', 'update') and lead, false) as first,
       case when stopped then 'refused' else action end as action, case when stopped then '{{}}' else changed end as changed,
       case when stopped then '' else before end as before
  from e
"""
BY_NUMBER = """
      left join households_person a on a.id_index = s.id_index and a.voided_at is null and {register}
      left join households_person b on b.person_no = s.person_no and b.person_no <> '' and b.voided_at is null and a.id is null and {register}
           and (s.id_index is null or b.id_index is null or b.name = s.name)
           and (b.id_index is null or b.id_index not in (select o.id_index from {source} o where o.id_index is not null))"""
# People of one name in one household are told apart beforehand (`namesakes`).
OF_NAMESAKE = "when u.row is not null then u.person "
NAMESAKES = """
      left join unnest(%(rows)s::integer[], %(people)s::bigint[]) as u(row, person) on u.row = s.row"""
BY_RECORD = """
      left join households_person r on r.public_id::text = s.record_id and r.voided_at is null"""
BY_HOME_NO = "left join households_household h on h.household_no = s.household_no and h.household_no <> ''"  # as its index has it
# A row exported here whose household has no 户编号 yet is of the household in which the person of its 系统编号 is.
UNNUMBERED = """
select s.row, o.id from {source} s
  join households_person r on r.public_id::text = s.record_id and r.voided_at is null
  join households_membership m on m.person_id = r.id and m.until is null
  join households_household o on o.id = m.household_id and o.household_no = '' and o.voided_at is null
 where s.household_no is null and s.record_id is not null"""
BY_PERSON = """left join unnest(%(homeless)s::integer[], %(homes)s::bigint[]) as z(row, home) on z.row = s.row
      left join households_household h on coalesce(nullif(h.household_no, ''), 'of ' || h.id) = coalesce(s.household_no, 'of ' || z.home)"""
CASES = """
      left join households_caserecord c on {top} and c.household_id = h.id and c.voided_at is null"""

# Which record of the taker's ledger each row is. `peers` are all rows of the file: what the others of an anchor are decides, be
# it that only some are planned. `h` is not asked: a person's record belongs where the person is.
MATCHED = """
t as materialized (
    select s.row, {of_row} as anchor, {s_key} as key, {s_apart} as apart, count(*) over (partition by {of_row}, {s_key}) as times, {record} as record
      from {peers} s{known}
     where not s.refused and s.copy_of is null),
n as materialized (
    select n.id, n.public_id::text as record, n.{anchor}_id as anchor, {n_key} as key, {n_apart} as apart,
           count(*) over (partition by n.{anchor}_id, {n_key}) as times
      from {table} n where n.voided_at is null and n.{anchor}_id in (select anchor from t)),
matched as materialized (
    select t.row, coalesce(min(n.id) filter (where n.record = t.record), min(n.id)) as id from t join n on n.anchor = t.anchor
     where n.record = t.record or n.key = t.key and (n.apart = t.apart or t.times = 1 and n.times = 1) group by 1),"""
OF_TAKER = """
      left join matched x on x.row = s.row left join {table} k on k.id = x.id"""
DECIDED = f"""
                when homeless then case when ruled then 'refused' else 'unknown' end
                when taken is null and not {PAST} then 'insert'"""


# Whose record a row is: by ID number, by the record that was exported here; who has no ID number, and none in the register,
# by 人编号, else by name in the household.
PERSON_OF_RECORD = (
    "coalesce(a.id, {record}case when s.id_index is null then coalesce(b.id, case when h.id is not null then "
    + BY_NAME.format(further="")
    + " end) end)"
)
BY_NUMBERS = """
      left join households_person a on a.id_index = s.id_index and a.voided_at is null
      left join households_person b on b.person_no = s.person_no and b.person_no <> '' and b.voided_at is null
           and s.id_index is null and b.id_index is null and b.name = s.name"""
AT_HOME = """
      left join households_household h on h.household_no = s.household_no and h.voided_at is null"""
BY_OWN_NUMBER = """
      left join {table} r on r.public_id::text = lower(s.record_id) and r.voided_at is null"""
# Whoever belongs to no household any more gets nothing new; the record itself (系统编号) may still be changed: their last job ended.
GONE = "m.id is null and (k.id is null or k.public_id::text is distinct from lower(s.record_id))"
# Of each anchor: the household of its record, when the row is of none, and when its anchor gets no new ones.
ANCHORS = {
    "person": ("coalesce(m.household_id, k.household_id)", "p.id is null", GONE),
    "village": ("null::bigint", "s.village_id is null", "false"),
}  # fmt: skip


# Whoever belongs to no household is not where the row says, be that household new or the one they left. Blanks are filled with
# a membership too, but not in a household that has left the register, and nobody is taken out of another one.
AWAY = "m.id is null or m.household_id is distinct from h.id"
JOINS = "(m.id is null and h.closed_on is null)"
UNSAID = "(m.household_id = h.id and m.relation = '')"


@dataclass(frozen=True)
class Compared:
    """One comparison of the plan: the label of the field, the SQL test that it changes, its value before as text."""

    label: str
    differs: str
    old: str
    blank: str
    filled: str

    def test(self, mode: str) -> str:
        if mode == PlanMode.BLANKS:
            return f"({self.differs} and {self.blank} and {self.filled})"
        return f"({self.differs})" if mode == PlanMode.ALL else "false"


def make(
    fields: set[str],
    year: int,
    *,
    with_register: bool,
    mode: str = PlanMode.ALL,
    source: str = "roster_stage",
    people: bool = True,
    taker: Taker | None = None,
    peers: str = "",
) -> list[tuple[int, str, str]]:
    """Plan the rows of `source` against the register. `fields` are the columns that the file has: others are left alone.

    `mode` says what may happen to what the register holds already (PlanMode). A file of households (not `people`) brings
    known ones up to date and adds nobody; so does that of a `taker`, whose records are compared. `peers` are all rows of the
    file: whose row each is, the others decide with it. Returns (row, field, code) of rows that may be one person as well as another.
    """
    people, peers = people and taker is None, peers or source
    home, homeless, closed = ANCHORS[taker.anchor] if taker else ("h.id", "false", "h.closed_on is not null")
    compared = of_taker(taker, fields) if taker else comparisons(fields, people=people)
    tests = [(one, one.test(mode)) for one in compared if one.test(mode) != "false"]
    anything = " or ".join(one.differs for one in compared)
    by_record = people and "record_id" in fields and with_register
    record, joins = ("r.id, ", BY_RECORD) if by_record else ("", "")
    anchor, known = anchor_of(taker, fields) if taker else ("null::bigint", "")
    register = "true" if with_register else "false"
    homes = _unnumbered(source) if not taker and "record_id" in fields and with_register else {}
    named, unclear = {}, []
    if people and with_register:
        named, unclear = namesakes.match(
            peers, f"coalesce({record}a.id, b.id)", joins + BY_NUMBER.format(register=register, source=peers)
        )
    sql = PLAN.format(
        source=source,
        top=TOP,
        register=register,
        at_home=BY_PERSON if homes else BY_HOME_NO,
        by_record=joins,
        by_number=known if taker else BY_NUMBER.format(register=register, source=source),
        by_name=NAMESAKES if named else "",
        person=PERSON_OF_ROW.format(record=record, named=OF_NAMESAKE if named else "") if people else anchor if taker and taker.of_people else "null::bigint",
        further=OF_TAKER.format(table=taker.table) if taker else CASES.format(top=TOP) if of_file(CASE, fields) else "",
        matched=matching(taker, fields, peers) if taker else "",
        home=home,
        homeless=homeless,
        closed=closed,
        unknown="k.id is null" if taker else "h.id is null and p.id is null",
        taken="k.id" if taker else "null::bigint",
        decided=DECIDED if taker else "",
        may_insert="false" if not people else "true" if mode == PlanMode.ALL else f"not {ABSENT}",
        absent=PAST if taker else ABSENT if people and mode != PlanMode.ALL else "false",
        otherwise=_otherwise(anything, mode, people=people, taker=taker),
        labels=", ".join(f"case when {test} then '{one.label}' end" for one, test in tests) or "null",
        befores=", ".join(f"case when {test} then '{one.label}=' || coalesce({one.old}::text, '') end" for one, test in tests)
        or "null",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "year": year, "rows": list(named), "people": list(named.values()),
                "homeless": list(homes), "homes": list(homes.values()),
            },
        )  # fmt: skip
        cursor.execute("create unique index on roster_plan (row)")
    analyze("roster_plan", "row")
    return [(row, "name", "person_unclear") for row in unclear]


def _unnumbered(source: str) -> dict[int, int]:
    """Row → household of the rows exported here whose household has no number."""
    with connection.cursor() as cursor:
        cursor.execute(UNNUMBERED.format(source=source))
        return dict(cursor.fetchall())


# A row stands with its household: what is wrong with one may lie in another.
EXACT = """
select row from (
    select s.row, bool_and(t.action = 'same' and s.record_id is not null and not ({emptied}))
           over (partition by coalesce(t.household_id::text, 'row ' || s.row)) as exact
      from roster_stage s join roster_plan t on t.row = s.row
      left join households_household h on h.id = t.household_id
      left join households_person p on p.id = t.person_id
      left join households_membership m on m.person_id = p.id and m.until is null
      left join households_incomestatement i on i.household_id = h.id and i.kind = 'roster' and i.year = %(year)s and i.voided_at is null{further}) x
 where exact and row = any(%(rows)s)"""


def exact(rows: Collection[int], fields: set[str], year: int, *, people: bool, taker: Taker | None) -> set[int]:
    """Those of the rows that were exported here and say of their whole household what the register holds, and that alone.

    A row that is the same may leave out what the register has: an empty cell does not empty everything.
    """
    compared = of_taker(taker, fields) if taker else comparisons(fields, people=people)
    sql = EXACT.format(
        emptied=" or ".join(f"not ({one.filled}) and not ({one.blank})" for one in compared),
        further=f" left join {taker.table} k on k.id = t.taken" if taker else CASES.format(top="true"),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"year": year, "rows": list(rows)})
        return {row for (row,) in cursor.fetchall()}


def as_kept(batch_id: int) -> str:
    """SQL of the plan of a batch's kept rows as it was made, in place of `roster_plan`."""
    return f"(select * from households_rosterrow where batch_id = {int(batch_id)})"


def comparisons(fields: set[str], *, people: bool = True) -> list[Compared]:
    """What is compared, in the order in which changes are listed. A row without its counterpart compares nothing."""
    found = [_compared("p", "p.id is not null", slot) for slot in of_file(PERSON, fields)] if people else []
    found += [_compared("h", "h.id is not null", slot) for slot in of_file(HOUSEHOLD, fields)]
    if people and RELATION.name in fields:
        found.append(replace(_compared("m", "p.id is not null", RELATION), blank=f"({JOINS} or {UNSAID})"))
        found.append(Compared(MOVED, f"p.id is not null and ({AWAY})", "m.household_id", JOINS, "true"))
        found.append(Compared(REOPENED, "h.closed_on is not null", "h.closed_on", "false", "true"))
    found += [_compared("i", f"h.id is not null and {TOP}", slot) for slot in of_file(INCOME, fields)]
    found += [_compared("c", f"h.id is not null and {TOP}", slot) for slot in of_file(CASE, fields)]
    return found


def _otherwise(anything: str, mode: str, *, people: bool, taker: Taker | None) -> str:
    """SQL: the row says something else than the register, and the mode lets it stay."""
    if not people and not taker:
        return f"h.id is null or {anything}"
    if mode == PlanMode.ALL:
        return "false"
    return anything if taker else f"h.id is null or p.id is null or {anything}"


def of_taker(taker: Taker, fields: set[str]) -> list[Compared]:
    """The comparisons of a taker's records; one whose person has moved since moves along."""
    known = "k.id is not null"
    found = [_compared("k", known, slot) for slot in of_file(taker.slots, fields)]
    if not taker.of_people:
        return found
    return [*found, Compared(MOVED, f"{known} and m.household_id <> k.household_id", "k.household_id", "false", "true")]


def matching(taker: Taker, fields: set[str], peers: str) -> str:
    told = {f"{t}_{name}": sql.format(t=t) for t in "sn" for name, sql in (("key", taker.key), ("apart", taker.apart))}
    record = "lower(s.record_id)" if "record_id" in fields else "null::text"
    of_row, known = anchor_of(taker, fields)
    at_home = AT_HOME if taker.of_people else ""
    return MATCHED.format(table=taker.table, peers=peers, record=record, anchor=taker.anchor, of_row=of_row, known=known + at_home, **told)  # fmt: skip


def anchor_of(taker: Taker, fields: set[str]) -> tuple[str, str]:
    """SQL: what a staged row `s` is of, and the joins beside its household's that find it."""
    if not taker.of_people:
        return "s.village_id", ""
    if "record_id" not in fields:
        return PERSON_OF_RECORD.format(record=""), BY_NUMBERS
    return PERSON_OF_RECORD.format(record="r.person_id, "), BY_NUMBERS + BY_OWN_NUMBER.format(table=taker.table)


def _compared(alias: str, known: str, slot: Slot) -> Compared:
    old = slot.old(alias)
    differs = f"{known} and {old} is distinct from {slot.value}"
    if not slot.erases:
        differs += f" and {slot.filled}"
    return Compared(slot.name, differs, old, slot.blank.format(alias=alias), slot.filled)


def counts(source: str = "roster_plan") -> dict[str, int]:
    """Rows per action: those of the contract always, further ones where there are some."""
    with connection.cursor() as cursor:
        cursor.execute(f"select action, count(*) from {source} group by action")
        found = dict(cursor.fetchall())
    return {str(action): found.pop(action, 0) for action in CONTRACT} | found


# Rows whose household, or whose person, the register does not know, or that it knows in another household; what is not taken of
# somebody who is in none any more, with what has become of them.
OF_NOBODY = """
select p.row, 'id_number', case when p.person_id is null then 'person_not_in_register' when m.leave_reason = '死亡' then 'record_of_dead'
       when h.closed_on is not null then 'record_of_closed' else 'record_of_gone' end
  from roster_plan p join {source} s on s.row = p.row
  left join households_person x on x.id = p.person_id left join households_household h on h.id = x.household_id
  left join lateral (select o.until, o.leave_reason from households_membership o where o.person_id = x.id
                      order by o.until is null desc, o.until desc, o.id desc limit 1) m on true
 where case when p.person_id is null then p.action = 'unknown' or s.id_index is not null
            else m.until is not null and (p.action = 'kept' or p.action = 'refused' and p.taken is null) end"""
NOTICED = {
    "household": "select row, 'household_no', 'household_not_in_register' from roster_plan where household_id is null and action = 'kept'",
    "person": """
select p.row, 'id_number', 'person_in_register_elsewhere' from roster_plan p join {source} s on s.row = p.row
  join households_person x on x.id_index = s.id_index and x.voided_at is null
  join households_membership m on m.person_id = x.id and m.until is null
  join households_household h on h.id = m.household_id and h.voided_at is null
 where h.id is distinct from p.household_id""",
    "spell": OF_NOBODY,
    "plan": OF_NOBODY,
}
NOTICES = (
    "household_not_in_register", "person_in_register_elsewhere", "person_not_in_register",
    "record_of_dead", "record_of_closed", "record_of_gone",
)  # fmt: skip


ELSEWHERE = """
select row, 'village', 'place_above_moves' from roster_plan
 where row = any(%s) and first and household_id is not null and 'village' = any(changed)"""


def moved(rows: Collection[int]) -> list[tuple[int, str, str]]:
    """(row, field, code) of those rows, whose place stands in a row above, that move a household of the register to another village."""
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ELSEWHERE + " order by 1", [list(rows)])
        return cursor.fetchall()


def noticed(rows: str, source: str = "roster_stage") -> list[tuple[int, str, str]]:
    """(row, field, code of `NOTICES`) of what the register says of a file's rows (`rows`: what they are) beside what the plan does with them."""
    if rows not in NOTICED:
        return []
    with connection.cursor() as cursor:
        cursor.execute(NOTICED[rows].format(source=source) + " order by 1")
        return cursor.fetchall()
