"""Undoing an approved batch: what nobody has touched since goes back, what later work refers to stays and is named."""

from django.db import connection

from households.models import Household, HouseholdState, IncomeStatement, Membership, Person, RosterTouch
from households.services import state
from jiyang.access.tables import household_owned
from jiyang.intake.bulk import whole_batch
from jiyang.intake.models import Batch

NAMED = 50  # households named one by one in the report
UNDONE_TABLES = (IncomeStatement, Person, Household)  # households last: their place carries the others along
PATH = {"district_id", "town_id", "village_id"}


def undo(batch: Batch, *, by_id: int, reason: str) -> dict:
    """Take `batch` back; returns {voided, restored, kept: [{household, name, why}], kept_total}. In the caller's transaction."""
    values = {"batch": batch.pk, "by": by_id, "why": f"撤销批次 {batch}：{reason}"[:200]}
    with whole_batch(batch.rows or 0), connection.cursor() as cursor:
        cursor.execute("create temp table kept (household_id bigint, why text) on commit drop")
        for sql in reasons_to_keep():
            cursor.execute(sql, values)
        cursor.execute("create index on kept (household_id)")
        affected = _affected(cursor, values)
        voided = _void(cursor, values)
        _end_memberships(cursor, values)
        restored = sum(_restore(cursor, model, values) for model in UNDONE_TABLES)
        _restore_memberships(cursor, values)
        kept = _report(cursor, values)
        state.refresh(affected)
    return {"voided": voided, "restored": restored, **kept}


def reasons_to_keep() -> list[str]:
    """Statements that fill `kept` with households of the batch that somebody has worked on since."""
    made = "select h.id from households_household h where h.origin_id = %(batch)s and h.voided_at is null"
    found = [
        f"insert into kept select x.id, '户信息后来改过' from households_household x where x.id in ({made}) and not {as_made(Household)}"
    ]
    for model in household_owned():
        if model in {HouseholdState, RosterTouch, Membership}:
            continue
        table, columns = model._meta.db_table, {field.column for field in model._meta.local_concrete_fields}
        live = " and voided_at is null" if "voided_at" in columns else ""
        later = "origin_id is distinct from %(batch)s" if "origin_id" in columns else "true"
        found.append(
            f"insert into kept select household_id, '有{model._meta.verbose_name}' from {table} where household_id in ({made}) and {later}{live}"
        )
        if model in UNDONE_TABLES and model is not Household:
            found.append(
                f"insert into kept select household_id, '{model._meta.verbose_name}后来改过' from {table} x"
                f" where household_id in ({made}) and origin_id = %(batch)s{live} and not {as_made(model)}"
            )
    return found


def as_made(model) -> str:
    """SQL: the row `x` holds what it was made with, be it that later changes have been undone in between."""
    columns = [field.column for field in model._meta.local_concrete_fields if field.column not in {"id", "version"}]
    now, then = (", ".join(f"{alias}.{column}" for column in columns) for alias in ("x", "e"))
    return (
        f"(x.version = 1 or exists (select 1 from {model._meta.db_table}event e where e.pgh_obj_id = x.id"
        f" and e.pgh_label = 'insert' and ({now}) is not distinct from ({then})))"
    )


def _affected(cursor, values: dict) -> list[int]:
    """Households whose state must be rebuilt: those not made by the batch that it touched."""
    cursor.execute(
        "select household_id from households_person where origin_id = %(batch)s"
        " union select record from households_rostertouch where batch_id = %(batch)s and \"table\" = 'household'"
        " union select p.household_id from households_rostertouch t join households_person p on p.id = t.record"
        "  where t.batch_id = %(batch)s and t.\"table\" = 'person'"
        " union select m.household_id from households_rostertouch t join households_membership m on m.id = t.record"
        "  where t.batch_id = %(batch)s and t.\"table\" = 'membership'"
        " union select i.household_id from households_incomestatement i where i.origin_id = %(batch)s"
        " union select i.household_id from households_rostertouch t join households_incomestatement i on i.id = t.record"
        "  where t.batch_id = %(batch)s and t.\"table\" = 'incomestatement'",
        values,
    )
    return [pk for (pk,) in cursor.fetchall()]


def _void(cursor, values: dict) -> dict[str, int]:
    """Void the batch's own untouched rows; a kept household keeps its people and income."""
    void = "set voided_at = now(), voided_by_id = %(by)s, void_reason = %(why)s"
    found = {}
    for model in UNDONE_TABLES:
        owner = "id" if model is Household else "household_id"
        untouched = f"not exists (select 1 from kept k where k.household_id = x.{owner}) and {as_made(model)}"
        cursor.execute(
            f"update {model._meta.db_table} x {void} where x.origin_id = %(batch)s and x.voided_at is null and {untouched}",
            values,
        )
        found[model._meta.model_name] = cursor.rowcount
    return found


def _end_memberships(cursor, values: dict) -> None:
    """Memberships that the batch began for people of other origin never were in force: they end where they began."""
    cursor.execute(
        "update households_membership m set until = m.since, leave_reason = '撤销导入' from households_person p"
        " where p.id = m.person_id and m.origin_id = %(batch)s and m.until is null and p.origin_id is distinct from %(batch)s"
        "  and exists (select 1 from households_rostertouch t where t.batch_id = %(batch)s and t.\"table\" = 'membership'"
        "   and exists (select 1 from households_membership o where o.id = t.record and o.person_id = m.person_id))",
        values,
    )


def _restore(cursor, model, values: dict) -> int:
    """Updated rows that nobody has changed since get the values of their before-image."""
    left = {"id", "public_id", "version"} | (set() if model is Household else PATH)
    columns = [field.column for field in model._meta.local_concrete_fields if field.column not in left]
    sets = ", ".join(f"{column} = e.{column}" for column in columns)
    table = model._meta.db_table
    cursor.execute(
        f"update {table} x set {sets} from households_rostertouch t join {table}event e on e.pgh_id = t.before_event"
        ' where t.batch_id = %(batch)s and t."table" = %(table)s and t.record = x.id and x.version = t.version',
        {**values, "table": model._meta.model_name},
    )
    return cursor.rowcount


def _restore_memberships(cursor, values: dict) -> None:
    cursor.execute(
        "update households_membership x set until = null, leave_reason = ''"
        " from households_rostertouch t where t.batch_id = %(batch)s and t.\"table\" = 'membership' and t.record = x.id"
        "  and not exists (select 1 from households_membership o where o.person_id = x.person_id and o.until is null)",
        values,
    )


def _report(cursor, values: dict) -> dict:
    """Which households stayed, and why: for the page and the record."""
    cursor.execute(
        "select h.household_no, coalesce(s.head_name, ''), string_agg(distinct k.why, '、' order by k.why) from kept k"
        " join households_household h on h.id = k.household_id left join households_householdstate s on s.household_id = h.id"
        " group by h.id, s.head_name order by h.household_no",
    )
    kept = [{"household": number, "name": name, "why": why} for number, name, why in cursor.fetchall()]
    stayed = "version <> t.version"
    total = 0
    for model in UNDONE_TABLES:
        cursor.execute(
            f"select count(*) from households_rostertouch t join {model._meta.db_table} x on x.id = t.record"
            f' where t.batch_id = %(batch)s and t."table" = %(table)s and x.version not in (t.version, t.version + 1) and x.{stayed}',
            {**values, "table": model._meta.model_name},
        )
        total += cursor.fetchone()[0]
    return {"kept": kept[:NAMED], "kept_total": len(kept), "changed_since": total}
