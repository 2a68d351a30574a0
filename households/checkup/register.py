"""The register as a source of rules: what its tables hold under the rules' names. What they do not hold, rules are refused for."""

from django.db import connection

from households.models import Person
from jiyang.rules.sql import Base, Source

HOUSEHOLD = """(
select h.id as household_key, 1 as version, nullif(h.household_no, '') as household_no, nullif(h.household_type, '') as household_type,
       nullif(h.category, '') as category, nullif(h.hamlet, '') as hamlet, h.phone, h.stated_size, nullif(h.poverty_cause, '') as poverty_cause,
       h.dangerous_house, h.safe_water, h.identified_on, h.risk_identified_on, h.risk_removed_on, h.risk_removed,
       h.category <> '' as monitored, s.income_per_head, s.last_visit_on, s.next_visit_on, h.district_id, h.town_id, h.village_id,
       (select count(*) from households_pairing g where g.household_id = h.id and g.until is null and g.voided_at is null)::int as helpers
  from households_household h left join households_householdstate s on s.household_id = h.id
 where h.voided_at is null and h.closed_on is null)"""
PERSON = """(
select p.id as person_key, p.household_id as household_key, nullif(p.person_no, '') as person_no, p.name, p.id_number, nullif(p.id_kind, '') as id_kind,
       nullif(p.sex, '') as sex, p.birth_date, nullif(p.ethnic, '') as ethnic, nullif(m.relation, '') as relation,
       nullif(p.education, '') as education, nullif(p.school_state, '') as school_state, nullif(p.health, '{}')::text[] as health,
       nullif(p.labour, '') as labour, p.work_months, p.critical_illness_insured, p.phone as person_phone,
       p.identified_on as person_identified_on, 1 as same_id, 1 as same_id_towns
  from households_person p join households_membership m on m.person_id = p.id and m.until is null
  join households_household h on h.id = p.household_id and h.voided_at is null and h.closed_on is null
 where p.voided_at is null)"""


def columns(sql: str) -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {sql} b limit 0")
        return frozenset(one.name for one in cursor.description)


def source() -> Source:
    """The live register of the scope it is called in."""
    return Source(
        "系统数据",
        {
            "household": Base(HOUSEHOLD, columns(HOUSEHOLD), "household_key"),
            "person": Base(PERSON, columns(PERSON), "person_key"),
        },
    )


def records(subject: str, keys: list[int]) -> list[str]:
    """Household numbers, or ID numbers, of rows that were hit."""
    from households.models import Household

    if subject == "household":
        known = dict(Household.objects.filter(pk__in=keys).values_list("pk", "household_no"))
    else:
        known = dict(Person.objects.filter(pk__in=keys).values_list("pk", "id_number"))
    return sorted({known.get(key) or str(key) for key in keys})
