"""The staged rows with their plan, kept between check and commit; what `RosterRow` has no column for waits in its JSON."""

from django.db import connection

from households.roster.columns import KEPT, PERSONAL, index_of
from households.roster.fields import OWNED
from households.roster.takers import taker_of
from jiyang.intake.bulk import analyze
from jiyang.intake.layouts import Layout

PLANNED = {"household_id", "person_id", "taken", "first", "action", "changed", "before"}
OWN = {"id", "batch_id", "held", "further"}


def further(layout: Layout) -> dict[str, str]:
    """Staged columns of a layout that the register takes and `RosterRow` has no column for: name → SQL type."""
    found, taker = {}, taker_of(layout.key)
    for slot in taker.slots if taker else (slot for slots in OWNED.values() for slot in slots):
        one = layout.by_name.get(slot.name)
        if one and one.is_value and one.name not in KEPT:
            found[one.name] = one.sql_type
            if one.type in PERSONAL:
                found[index_of(one.name)] = "bytea"
            if taker and one.type == "phone":
                found[f"{one.name}_is_mobile"] = "boolean"
    return found


def kept(layout: Layout, condition: str) -> str:
    """SQL of a subquery: the kept rows that meet `condition` (over `r`), with the same columns as when they were staged."""
    columns = ", ".join(f"{name} {kind}" for name, kind in further(layout).items())
    if not columns:
        return f"(select * from households_rosterrow r where {condition})"
    more = f"left join lateral jsonb_to_record(r.further) as f({columns}) on true"
    return f"(select r.*, f.* from households_rosterrow r {more} where {condition})"


def keep(batch_id: int, layout: Layout) -> None:
    """Keep the staged rows with their plan for preview and approval."""
    staged = [f'"{column}"' for column in sorted(KEPT - PLANNED - OWN)]
    more = ", ".join(f"s.{name}" for name in further(layout))
    more = f"(select jsonb_strip_nulls(to_jsonb(f)) from (select {more}) f)" if more else "null"
    planned = [f'"{column}"' for column in sorted(PLANNED)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into households_rosterrow (batch_id, held, further, {', '.join([*staged, *planned])})"
            f" select %s, false, {more}, {', '.join(f's.{one}' for one in staged)}, {', '.join(f'p.{one}' for one in planned)}"
            "   from roster_stage s join roster_plan p using (row)",
            [batch_id],
        )
    # without statistics the commit would loop over these rows once for each of them
    looked_at = (
        "batch_id",
        "row",
        "household_no",
        "id_index",
        "person_no",
        "action",
        "household_id",
        "person_id",
        "taken",
    )
    analyze("households_rosterrow", *looked_at)
