"""The plan of a staged roster: one action per row, and which fields differ from the register. One pass, set-based.

`roster_plan` (a temporary table) holds the staged rows with `household_id`, `person_id`, `first`, `action`, `changed`.
"""

import hashlib

from django.db import connection

from households.models import RosterRow
from jiyang.intake.bulk import whole_batch
from jiyang.intake.enums import RowAction

PLANNED = {"household_id", "person_id", "first", "action", "changed"}
# register column -> expression over the staged row `s`; texts are stored as '' where the roster has nothing
PERSON = {
    "person_no": "coalesce(s.person_no, '')", "name": "s.name", "id_index": "s.id_index", "ethnic": "coalesce(s.ethnic, '')",
    "education": "coalesce(s.education, '')", "school_state": "coalesce(s.school_state, '')", "health": "coalesce(s.health, '{}')::varchar[]",
    "labour": "coalesce(s.labour, '')", "work_months": "s.work_months", "critical_illness_insured": "s.critical_illness_insured",
    "phone_index": "s.person_phone_index", "identified_on": "s.person_identified_on",
}  # fmt: skip
HOUSEHOLD = {
    "village_id": "s.village_id", "hamlet": "coalesce(s.hamlet, '')", "stated_size": "s.stated_size",
    "poverty_cause": "coalesce(s.poverty_cause, '')", "dangerous_house": "s.dangerous_house", "safe_water": "s.safe_water",
    "phone_index": "s.phone_index", "identified_on": "s.identified_on", "household_type": "coalesce(s.household_type, '')",
    "category": "coalesce(s.category, '')", "risk_removed": "s.risk_removed", "risk_identified_on": "s.risk_identified_on",
    "risk_removed_on": "s.risk_removed_on",
}  # fmt: skip
# staged field that a register column is compared for, where the names differ
PERSON_FILE = {"phone_index": "person_phone", "identified_on": "person_identified_on", "id_index": "id_number"}
HOUSEHOLD_FILE = {"phone_index": "phone", "village_id": "village"}

PLAN = """
create temp table roster_plan on commit drop as
with s as (select *, bool_or(refused) over w as household_refused, bool_or(out_of_area) over w as household_outside,
                  min(row) over w as first_row
             from roster_stage window w as (partition by coalesce(household_no, 'row ' || row))),
k as (select s.row, h.id as hid, coalesce(p.id, q.id) as pid
        from s left join households_household h on h.household_no = s.household_no and h.voided_at is null and {register}
        left join households_person p on p.id_index = s.id_index and p.voided_at is null and {register}
        left join households_person q on q.person_no = s.person_no and q.voided_at is null and p.id is null and {register})
select {base}, k.hid as household_id, k.pid as person_id, s.row = s.first_row as first,
       case when s.household_outside then 'out_of_area'
            when s.household_refused and s.copy_of is not null then 'duplicate'
            when s.household_refused then 'refused'
            when k.hid is null or k.pid is null then 'insert'
            when {differs} then 'update' else 'same' end as action,
       case when k.hid is null or k.pid is null then array[]::text[] else array_remove(array[{changes}], null) end as changed
  from s join k using (row)
  left join households_household h on h.id = k.hid
  left join households_person p on p.id = k.pid
  left join households_membership m on m.person_id = k.pid and m.until is null
  left join households_incomestatement i on s.first_row = s.row and i.household_id = k.hid and i.kind = 'roster'
        and i.year = %(year)s and i.voided_at is null
"""


def make(fields: set[str], year: int, *, rows: int, with_register: bool) -> None:
    """Plan the staged rows against the register. `fields` are the columns that the file has: others are left alone."""
    base = ", ".join(f's."{column}"' for column in base_columns())
    cases = [f"case when {test} then '{label}' end" for label, test in comparisons(fields)]
    differs = " or ".join(test for _, test in comparisons(fields)) or "false"
    sql = PLAN.format(
        register="true" if with_register else "false", base=base, differs=differs, changes=", ".join(cases)
    )
    with whole_batch(rows), connection.cursor() as cursor:
        cursor.execute(sql, {"year": year})
        cursor.execute("analyze roster_plan (household_no, household_id, person_id)")


def base_columns() -> list[str]:
    return [
        field.column
        for field in RosterRow._meta.local_concrete_fields
        if field.column not in {"id", "batch_id", *PLANNED}
    ]


def comparisons(fields: set[str]) -> list[tuple[str, str]]:
    """(label, SQL) per compared column; the label is the staged field's name."""
    found = [
        (PERSON_FILE.get(column, column), f"p.{column} is distinct from {value}")
        for column, value in PERSON.items()
        if PERSON_FILE.get(column, column) in fields
    ]
    found += [
        (HOUSEHOLD_FILE.get(column, column), f"h.{column} is distinct from {value}")
        for column, value in HOUSEHOLD.items()
        if HOUSEHOLD_FILE.get(column, column) in fields
    ]
    if "relation" in fields:  # a roster of people; others say nothing about who belongs where
        found.append(("relation", "m.relation is distinct from coalesce(s.relation, '')"))
        found.append(("household", "m.household_id is distinct from k.hid"))
    if "income_per_head" in fields:
        found.append(
            (
                "income_per_head",
                "(s.row = s.first_row and s.income_per_head is not null and i.per_head is distinct from s.income_per_head)",
            )
        )
    return found


def counts() -> dict[str, int]:
    """Rows per action, zeros included."""
    with connection.cursor() as cursor:
        cursor.execute("select action, count(*) from roster_plan group by action")
        found = dict(cursor.fetchall())
    return {action: found.get(action, 0) for action in RowAction.values}


def digest() -> str:
    """Fingerprint of the plan: what the checker saw is what is committed, or the commit is refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(string_agg(md5(row(row, action, household_id, person_id, changed)::text), '' order by row), '') from roster_plan"
        )
        return hashlib.sha256(cursor.fetchone()[0].encode()).hexdigest()
