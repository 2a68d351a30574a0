"""Checks of staged rows that one cell cannot decide: over the row, the household, the file and the register.

Each check is a condition over `roster_stage` (`s`), its household's aggregates (`h`) and its identity's (`i`); all run
in one pass. Sources: DOMAIN.md 1.7.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from households.enums import FEMALE_RELATIONS, MALE_RELATIONS
from jiyang.intake.layouts import Layout
from jiyang.parameters.values import get

# name in a condition -> parameter
PARAMETERS = {"pay_least": "job.pay.least", "pay_most": "job.pay.most"}


@dataclass(frozen=True)
class Check:
    """`code` of the finding, the `field` it points to, and the SQL condition that finds the row.

    It runs where the file has all columns in `needs`, and its rows are one of `rows` (empty: any).
    """

    code: str
    field: str
    when: str
    needs: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    def applies(self, layout: Layout, fields: set[str]) -> bool:
        return fields.issuperset(self.needs) and (not self.rows or layout.rows in self.rows)


def quoted(values) -> str:
    return ", ".join(f"'{value}'" for value in values)


AGE = "extract(year from age(%(as_of)s::date, s.birth_date))"
HIGH = "s.school_state like 'high%%' or s.school_state like 'vocational%%'"
TERTIARY = "s.school_state like 'college%%' or s.school_state like 'technician%%' or s.school_state like 'bachelor%%'"
EDUCATION, PEOPLE = ("education", "school_state"), ("person",)
CHECKS = (
    Check("edu_both_filled", "education", "s.education is not null and s.school_state is not null", EDUCATION),
    Check(
        "edu_both_empty",
        "education",
        "s.education is null and s.school_state is null and not s.unread && '{education,school_state}'",
        EDUCATION,
    ),
    Check("minor_with_labour", "labour", f"{AGE} < 16 and s.labour <> 'none'", ("labour",)),
    Check(
        "relation_gender_clash",
        "relation",
        f"s.sex = 'f' and s.relation in ({quoted(MALE_RELATIONS)}) or s.sex = 'm' and s.relation in ({quoted(FEMALE_RELATIONS)})",
        ("relation",),
    ),
    Check(
        "school_age_mismatch",
        "school_state",
        f"s.school_state = 'primary' and ({AGE} < 6 or {AGE} > 14) or s.school_state like 'grade%%' and ({AGE} < 12 or {AGE} > 17)"
        f" or ({HIGH}) and ({AGE} < 15 or {AGE} > 20) or ({TERTIARY}) and {AGE} < 18 or s.school_state = 'master' and {AGE} < 20"
        f" or s.school_state in ('preschool_age', 'preschool') and {AGE} >= 7 and s.health = '{{healthy}}'",
        ("school_state", "health"),
    ),
    Check(
        "disabled_without_certificate", "id_number", "'disabled' = any(s.health) and s.id_kind = 'id_card'", ("health",)
    ),
    Check(
        "removed_within_6_months",
        "risk_removed_on",
        "s.risk_removed_on >= date '2022-04-01' and s.risk_removed_on < s.risk_identified_on + interval '6 months'",
        ("risk_identified_on", "risk_removed_on"),
    ),
    Check("no_head", "relation", "h.heads = 0 and h.unrelated = 0 and s.row = h.first_row", ("relation",), PEOPLE),
    Check("two_heads", "relation", "h.heads > 1 and s.relation = 'head' and s.copy_of is null", ("relation",), PEOPLE),
    Check("size_mismatch", "stated_size", "s.stated_size <> h.people", ("stated_size",), PEOPLE),
    Check(
        "spouse_same_gender",
        "id_number",
        "s.relation = 'spouse' and h.heads = 1 and s.sex = h.head_sex",
        ("relation",),
        PEOPLE,
    ),
    Check("row_duplicate", "id_number", "s.copy_of is not null or s.row = any(%(copied)s)", ("id_number",)),
    Check(
        "person_in_two_households",
        "id_number",
        "i.people > 1 and i.names = 1 and i.households > 1",
        ("id_number",),
        PEOPLE,
    ),
    Check("id_duplicate", "id_number", "i.people > 1 and (i.names > 1 or i.households = 1)", ("id_number",), PEOPLE),
)
REGISTER_CHECKS = (
    Check(
        "person_in_register_elsewhere",
        "id_number",
        "e.household_no is distinct from s.household_no and e.id is not null",
        ("id_number",),
        ("person", "household"),
    ),
    Check(
        "person_not_in_register",
        "id_number",
        "e.id is null and s.id_index is not null",
        ("id_number",),
        ("spell", "plan"),
    ),
)

QUERY = """
with s as (select * from roster_stage),
h as (select household_no, count(*) filter (where copy_of is null) as people, min(row) as first_row,
             count(*) filter (where relation = 'head' and copy_of is null) as heads,
             count(*) filter (where relation is null) as unrelated,
             min(sex) filter (where relation = 'head') as head_sex
        from s where household_no is not null group by household_no),
i as (select id_index, count(*) as people, count(distinct name) as names, count(distinct household_no) as households
        from s where id_index is not null and copy_of is null group by id_index having count(*) > 1){register}
select s.row, array_remove(array[{cases}], null)
  from s left join h using (household_no) left join i using (id_index){join}
 where {any}
 order by s.row
"""
REGISTER = """,
e as (select p.id, p.id_index, x.household_no from households_person p
        join households_membership m on m.person_id = p.id and m.until is null
        join households_household x on x.id = m.household_id and x.voided_at is null where p.voided_at is null)"""


def run(as_of: dt.date, checks: Sequence[Check], *, with_register: bool) -> Iterator[tuple[int, Check]]:
    """Every hit of `checks` as (row, check). One query over all staged rows."""
    if not checks:
        return
    with connection.cursor() as cursor:
        cursor.execute("select array_agg(distinct copy_of) from roster_stage where copy_of is not null")
        copied = cursor.fetchone()[0] or []
        statement = QUERY.format(
            register=REGISTER if with_register else "",
            join=" left join e on e.id_index = s.id_index" if with_register else "",
            cases=", ".join(f"case when {check.when} then {place} end" for place, check in enumerate(checks)),
            any=" or ".join(f"({check.when})" for check in checks),
        )
        cursor.execute(statement, {"as_of": as_of, "copied": copied, **thresholds(checks, as_of)})
        for row, places in cursor.fetchall():
            for place in places:
                yield row, checks[place]


def thresholds(checks: Sequence[Check], as_of: dt.date) -> dict[str, Any]:
    """The parameters that the conditions name. Raises ParameterMissing."""
    named = {key: name for key, name in PARAMETERS.items() if any(f"%({key})s" in check.when for check in checks)}
    return {key: get(name, on=as_of).value for key, name in named.items()}


def refuse(rows: list[int]) -> None:
    """Mark staged rows as faulty. Their households are refused by the plan."""
    with connection.cursor() as cursor:
        cursor.execute("update roster_stage set refused = true where row = any(%s)", [rows])
