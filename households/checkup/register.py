"""The register as a source of rules: what its tables hold under the rules' names. What they do not hold, rules are refused for."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from django.db import connection
from django.db.models import Model

from households.models import Household, Person
from households.roster.fields import OWNED, Slot
from jiyang.access.scope import Actor
from jiyang.rules.live import Named
from jiyang.rules.sql import Base, Source


@dataclass(frozen=True)
class Held:
    """What the register holds of a subject.

    `sql` is a query in brackets that ends with the conditions over `h`, the row's open household, or the record of a village
    itself. It gives the column `key`, `household_key` where a row is of a household, `person_key` where it belongs to one
    person, and the place. `named(keys, actor)` says how pages call rows.
    `across` are columns that look beyond one town: a run over one town does without the rules that ask for them. `kept_in`
    is a table that may be empty: before anything was entered there, the register knows nothing of the subject.
    """

    sql: str
    key: str
    named: Callable[[Collection[int], Actor], Mapping[int, Named]]
    across: frozenset[str] = frozenset()
    kept_in: str = ""


_held: dict[str, Held] = {}
FROM = "\n  from "  # where a query's own list of columns ends; those of subqueries stand within a line


def hold(subject: str, held: Held) -> None:
    """Register what is held of a subject; later apps do so in their `rulesource`."""
    _held[subject] = held


def widen(subject: str, **columns: str) -> None:
    """Add columns of a later app to what is held of a subject: SQL over the row's open household `h`, by name."""
    one = _held[subject]
    picked, sign, rest = one.sql.partition(FROM)
    more = "".join(f", {sql} as {name}" for name, sql in columns.items())
    _held[subject] = replace(one, sql=picked + more + sign + rest)


def held() -> Mapping[str, Held]:
    return _held


def of_households() -> set[str]:
    """The subjects whose rows are households' or belong to them."""
    return {subject for subject, one in _held.items() if "household_key" in columns(one.sql)}


def subject_of(model: type[Model]) -> str | None:
    """The subject whose rows are the records of a model of villages; None where rules ask nothing of them by themselves."""
    own = set(_held) - of_households()
    return next((subject for subject in own if _held[subject].kept_in == model._meta.db_table), None)


def named(alias: str, slots: Iterable[Slot], leave: tuple[str, ...] = ()) -> str:
    """The slots of a register's table under the rules' names; empty texts and lists count as nothing."""
    found = []
    for slot in slots:
        stored = f"{alias}.{slot.assigned[0][0]}"
        if slot.name in leave:
            continue
        if slot.kind == "text":
            stored = f"nullif({stored}, '')"
        elif slot.kind == "array":
            stored = f"nullif({stored}, '{{}}')::text[]"
        found.append(f"{stored} as {slot.name}")
    return ", ".join(found)


def failed(item: str) -> str:
    """Whether the latest check of a guarantee says 不达标; NULL: never checked."""
    return (
        f"(select k.state = 'not_met' from households_guaranteecheck k where k.household_id = h.id and k.item = '{item}'"
        f" and k.voided_at is null order by k.done_on desc, k.id desc limit 1) as {item}_failed"
    )


# The newest roster statement is the one that a household's risk is judged by; 上年 is the confirmed one of the year before.
HOUSEHOLD = f"""(
select h.id as household_key, 1 as version, nullif(h.household_no, '') as household_no, {named("h", OWNED["household"], ("village",))},
       {named("c", OWNED["caserecord"])}, {named("i", OWNED["incomestatement"], ("income_per_head",))}, i.net as net_income,
       h.category <> '' as monitored, s.income_per_head, s.last_visit_on, s.next_visit_on, s.people, h.district_id, h.town_id, h.village_id,
       (select y.per_head from households_incomestatement y where y.household_id = h.id and y.kind = 'confirmed'
           and y.year = s.income_year - 1 and y.voided_at is null) as income_last_year,
       '{{}}'::text[] as problems, {failed("housing")}, {failed("water")},
       (select count(*) from households_pairing g where g.household_id = h.id and g.until is null and g.voided_at is null)::int as helpers
  from households_household h left join households_householdstate s on s.household_id = h.id
  left join households_caserecord c on c.household_id = h.id and c.voided_at is null
  left join households_incomestatement i on i.household_id = h.id and i.voided_at is null and i.kind = 'roster' and i.year = s.income_year
 where h.voided_at is null and h.closed_on is null)"""
# What could not be read was never stored; that somebody has no number is all that may be wrong with a cell.
PROBLEMS = (
    "case when p.id_number is null then array['id_number:id_empty'] when p.id_index is null then array['no_id_number']"
    " else '{}'::text[] end"
)
PERSON = f"""(
select p.id as person_key, p.household_id as household_key, nullif(p.id_kind, '') as id_kind, nullif(p.sex, '') as sex, p.birth_date,
       {named("p", OWNED["person"])}, {PROBLEMS} as problems, nullif(m.relation, '') as relation, 1 as same_id, 1 as same_id_towns
  from households_person p join households_membership m on m.person_id = p.id and m.until is null
  join households_household h on h.id = p.household_id and h.voided_at is null and h.closed_on is null
 where p.voided_at is null)"""


@cache
def columns(sql: str) -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {sql} b limit 0")
        return frozenset(one.name for one in cursor.description)


def source(town: int | None = None) -> Source:
    """The live register of the scope it is called in, or what of it lies in a town."""
    here = f" and h.town_id = {int(town)})" if town else ")"
    bases, empty = {}, _empty()
    for subject, one in _held.items():
        if one.kept_in in empty:
            continue
        known = columns(one.sql) - (one.across if town else frozenset())
        bases[subject] = Base(one.sql[:-1] + here, known, one.key)
    return Source("系统数据", bases)


def _empty() -> set[str]:
    """The tables of `kept_in` in which nothing was entered. One query."""
    tables = [one.kept_in for one in _held.values() if one.kept_in]
    asked = (f"select '{table}' where not exists (select 1 from {table} where voided_at is null)" for table in tables)
    if not tables:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(asked))
        return {table for (table,) in cursor.fetchall()}


def records(subject: str, keys: list[int]) -> list[str]:
    """Household numbers of households, names of villages, ID numbers of the people whose rows were hit."""
    if subject == "household":
        known = dict(Household.objects.filter(pk__in=keys).values_list("pk", "household_no"))
        return sorted({known.get(key) or str(key) for key in keys})
    if subject not in of_households():
        return _villages(_held[subject], keys)
    people = people_of(subject, keys) if keys else {}
    known = dict(Person.objects.filter(pk__in=people.values()).values_list("pk", "id_number"))
    return sorted({known.get(people.get(key)) or str(key) for key in keys})


def _villages(one: Held, keys: list[int]) -> list[str]:
    sql = f'select distinct v.name from {one.sql} b join regions_region v on v.id = b.village_id where b."{one.key}" = any(%s)'
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(keys)])
        return sorted(name for (name,) in cursor.fetchall())


def people_of(subject: str, keys: Collection[int]) -> dict[int, int]:
    """Key of a row -> key of the person it belongs to."""
    if subject == "person":
        return {key: key for key in keys}
    one = _held[subject]
    with connection.cursor() as cursor:
        cursor.execute(
            f'select b."{one.key}", b.person_key from {one.sql} b where b."{one.key}" = any(%s)', [list(keys)]
        )
        return dict(cursor.fetchall())
