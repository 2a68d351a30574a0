"""`rules run` over a seeded register says what plain SQL, written from the catalogue's text alone, says."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from jiyang.access.scope import system_scope

pytestmark = pytest.mark.django_db
HOMES = "households_household h where h.voided_at is null and h.closed_on is null"
PEOPLE = (
    "households_person p join households_membership m on m.person_id = p.id and m.until is null"
    " join households_household h on h.id = p.household_id and h.closed_on is null and h.voided_at is null where p.voided_at is null"
)
AGE = "extract(year from age(date '2025-06-30', p.birth_date))"
INCOME = "(select s.income_per_head from households_householdstate s where s.household_id = h.id)"


def members(condition: str) -> str:
    return (
        "(select count(*) from households_person p join households_membership m on m.person_id = p.id and m.until is null"
        f" where p.household_id = h.id and p.voided_at is null and {condition})"
    )


# code → (of households or of people, condition): boolean, empty, none, count, parameter by year, number, day, age, choice, list, some, share, every
PLAIN = {
    "HOUSE": (HOMES, "h.dangerous_house"),
    "3_02_002": (HOMES, "h.safe_water is null"),
    "3_02_011": (HOMES, f"{members('true')} > 0 and {members(chr(39) + 'head' + chr(39) + ' = m.relation')} = 0"),
    "3_02_012": (HOMES, f"{members(chr(39) + 'head' + chr(39) + ' = m.relation')} > 1"),
    "INC_LOW": (HOMES, f"{INCOME} < 7300"),
    "3_11_010": (HOMES, f"{INCOME} < 4000"),
    "1_02_006": (HOMES, f"{INCOME} < 7300 and h.household_type = 'lifted' and h.category = ''"),
    "STALE": (HOMES, "exists (select 1 from households_householdstate s where s.household_id = h.id and s.next_visit_on < date '2025-06-30')"),
    "1_02_003": (HOMES, f"h.category = '' and {members('p.critical_illness_insured is false')} > 0"),
    "2_01_002": (PEOPLE, "p.health = '{}'"),
    "2_01_006": (PEOPLE, "p.critical_illness_insured is null"),
    "2_01_011": (PEOPLE, f"{AGE} < 16 and p.labour not in ('none', '')"),
    "2_12_005": (PEOPLE, f"{AGE} >= 60 and p.labour in ('ordinary', 'skilled')"),
    "5_17_002": (PEOPLE, f"p.school_state = 'primary' and ({AGE} < 6 or {AGE} > 14)"),
    "5_12_009": (PEOPLE, "p.health && array['chronic', 'serious', 'disabled']::varchar[] and p.labour in ('ordinary', 'skilled')"),
}  # fmt: skip
FAULTS = (
    "update households_household set dangerous_house = (id % 7 = 0), safe_water = case when id % 11 > 0 then true end",
    "update households_household set category = '' where id % 3 = 0",
    "update households_householdstate set income_per_head = case when household_id % 7 > 0 then 3900 + 50 * (household_id % 80) end,"
    " next_visit_on = date '2025-06-28' + (household_id % 5)::int",
    "update households_membership set relation = 'other' where relation = 'head' and household_id % 13 = 0",
    "update households_membership set relation = 'head' where relation = 'spouse' and household_id % 17 = 0",
    "update households_person set critical_illness_insured = case id % 9 when 0 then null when 1 then false else true end",
    "update households_person set health = case id % 10 when 0 then '{}' when 1 then '{serious,chronic}' else health end::varchar[],"
    " labour = case id % 8 when 0 then '' when 1 then 'ordinary' else labour end",
    "update households_person set school_state = 'primary' where id % 6 = 0",
)


def answer() -> dict[str, dict]:
    out = StringIO()
    codes = [part for code in PLAIN for part in ("--code", code)]
    call_command("rules", "run", "--json", "--as-of", "2025-06-30", "--param", "income_line.monitoring.2025=7300", *codes, stdout=out)  # fmt: skip
    return {rule["code"]: rule for rule in json.loads(out.getvalue())["rules"]}


def test_totals_over_the_seeded_register_are_those_of_plain_sql():
    call_command("seed", "--persons", "600", "--json", stdout=StringIO())
    with system_scope("测试"), connection.cursor() as cursor:
        for fault in FAULTS:
            cursor.execute(fault)
        plain = {}
        for code, (table, condition) in PLAIN.items():
            cursor.execute(f"select count(*) from {table} and ({condition})")
            plain[code] = cursor.fetchone()[0]
        cursor.execute(f"select count(*) from {HOMES}")
        everybody = cursor.fetchone()[0]
    found = answer()
    assert {code: rule["hits"] for code, rule in found.items() if code in PLAIN} == plain
    assert all(0 < count < everybody for code, count in plain.items() if PLAIN[code][0] == HOMES), plain
    assert all(plain.values())
