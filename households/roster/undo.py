"""Taking a batch back, and taking that back in turn: what nobody has touched since gets its former values, what later
work refers to stays and is named.

The commit of a batch, its undo and every further reversal are steps; each leaves `RosterTouch` lines that point to the
history events with the values before it. Reversing a step restores these. An undo also voids what the batch had inserted.
"""

from collections.abc import Callable
from functools import partial

from django.db import connection
from django.db.models import Model

from households.models import (
    CaseRecord,
    Household,
    HouseholdState,
    IncomeStatement,
    Membership,
    Person,
    RosterAbsence,
    RosterTouch,
)
from households.roster.apply import touched
from households.roster.holding import hold
from households.roster.running import Overtaken
from households.roster.takers import Taker, of_people, taker_of
from households.services import state
from jiyang.access.tables import household_owned
from jiyang.intake.bulk import note_written, whole_batch
from jiyang.intake.enums import ReversalKind, RowAction
from jiyang.intake.models import Batch, Reversal
from jiyang.planner import planned_with

NAMED = 200  # households named one by one in the report
# what an import makes and changes; households last: their place carries the others along
MADE = (IncomeStatement, CaseRecord, Person, Household)
PATH = {"district_id", "town_id", "village_id"}
# memberships `x` that the batch began for people `p` of other origin
BEGUN = (
    "p.id = x.person_id and x.origin_id = %(batch)s and x.until is null"
    " and p.voided_at is null and p.origin_id is distinct from %(batch)s"
)
# history's event `e` with the values that the row of touch `t` had before it
BEFORE_IMAGE = "e.pgh_obj_id = t.record and e.version = t.before"
Told = Callable[[float], None]
BEFORE, AFTER = 0.15, 0.92  # shares of the time before the first row is written, and before the households' state is
TIMES = {IncomeStatement: 8, CaseRecord: 2, Person: 25, Household: 10}
Same = Callable[[str], str]  # alias of a row -> SQL: it has the key of the restored row `e`
# Natural keys that another live row may have taken meanwhile: (model, same key, condition of the restored row `e`)
KEYS: tuple[tuple[type[Model], Same, str], ...] = (
    (Household, lambda o: f"{o}.household_no = e.household_no", "e.household_no <> ''"),
    (Person, lambda o: f"{o}.id_index = e.id_index", "true"),
    (Person, lambda o: f"{o}.person_no = e.person_no", "e.person_no <> ''"),
    (IncomeStatement, lambda o: f"({o}.household_id, {o}.year, {o}.kind) = (e.household_id, e.year, e.kind)", "true"),
    (CaseRecord, lambda o: f"{o}.household_id = e.household_id", "true"),
)


def made_by(taker: Taker | None) -> tuple[type[Model], ...]:
    """The models that a batch makes and changes, in the order in which they are restored."""
    return (taker.model,) if taker else (*(one.model for one in of_people()), *MADE)


def owner_of(model: type[Model]) -> str:
    """The column of a row's owner: of what stays as a whole where one of its rows does, a household or a village."""
    return "id" if model is Household else model.household_column or "village_id"


def keys_of(taker: Taker | None) -> tuple[tuple[type[Model], Same, str], ...]:
    known = () if taker else KEYS
    return (
        *((one.model, partial(one.same, other="e"), "true") for one in ((taker,) if taker else of_people())),
        *known,
    )


def reverse(reversal: Reversal, *, by_id: int, told: Told = lambda share: None) -> dict:
    """Carry a reversal out; returns {voided, withdrawn, restored, kept: [{household, name, why}], kept_total, changed_since}.

    `told` hears between the statements about which share of the time has gone. In the caller's transaction.
    """
    batch, taker = reversal.batch, taker_of(reversal.batch.layout)
    made = made_by(taker)
    former = batch.reversals.filter(pk__lt=reversal.pk).exclude(done_at=None).order_by("-pk").first()
    values = {
        "batch": batch.pk, "by": by_id, "reversal": reversal.pk, "former": former.pk if former else None,
        "why": f"{reversal.get_kind_display()}批次 {batch}：{reversal.reason}"[:200],
    }  # fmt: skip
    undoing = reversal.kind == ReversalKind.UNDO
    with connection.cursor() as cursor:
        with whole_batch(batch.rows or 0):
            affected = _affected(cursor, made, values)
            values |= {"least": min(affected, default=0), "most": max(affected, default=0)}
            _hold(made, values, undoing=undoing)
            told(0.05)
            cursor.execute("create temp table kept (owner bigint, why text) on commit drop")
            cursor.execute("create temp table stayed (owner bigint, why text) on commit drop")
            for sql in reasons_to_keep(taker) if undoing else taken_keys(taker):
                cursor.execute(sql, values)
            cursor.execute("create index on kept (owner)")
            changed_since = sum(_changed_since(cursor, model, values) for model in made)
            turn = _turn(batch) if undoing else BEFORE
            voided = _void(cursor, made, values, _within(told, BEFORE, turn)) if undoing else {}
        # a large batch may have changed little: looked up one by one, the rest of the register is left alone
        if taker:
            restored = _restore(cursor, taker.model, keys_of(taker), values)
        else:
            restored = _restore_register(cursor, made, values, _within(told, turn, AFTER), undoing=undoing)
        kept = _report(cursor, taker)
        if restored:
            _settle_versions(cursor, made, values)
        note_written(sum(voided.values()) + restored, (*made, Membership))
        told(AFTER)
        with whole_batch(len(affected)):
            state.refresh(affected)
    return {
        "voided": voided,
        "withdrawn": sum(voided.values()),
        "restored": restored,
        "changed_since": changed_since,
        **kept,
    }


def _turn(batch: Batch) -> float:
    """The share of an undo's time after which all is void that the batch had made: its changed rows are yet to be restored."""
    added, changed = (batch.counts.get(action, 0) for action in (RowAction.INSERT, RowAction.UPDATE))
    return BEFORE + (AFTER - BEFORE) * added / (added + 2 * changed or 1)


def _before(made: tuple[type[Model], ...], model: type[Model]) -> float:
    """The share of the time that the models before this one take, of people most."""
    times = [TIMES.get(one, 1) for one in made]
    return sum(times[: made.index(model)]) / sum(times)


def _within(told: Told, low: float, high: float) -> Told:
    """Tells the shares of a part that goes from `low` to `high` of the whole."""
    return lambda share: told(low + (high - low) * share)


def _restore_register(cursor, made: tuple[type[Model], ...], values: dict, told: Told, *, undoing: bool) -> int:
    keys = keys_of(None)
    restored = _end_memberships(cursor, values) if undoing else _end_restored_memberships(cursor, values)
    for model in made[:-1]:
        told(_before(made, model))
        restored += _restore(cursor, model, keys, values)
    restored += _restore_memberships(cursor, values)
    told(_before(made, Household))
    return restored + _restore(cursor, Household, keys, values)


def reasons_to_keep(taker: Taker | None = None) -> list[str]:
    """Statements that fill `kept` with households of the batch that somebody has worked on since."""
    if taker:
        changed = f"insert into kept select x.{owner_of(taker.model)}, '{taker.model._meta.verbose_name}后来改过' from {taker.table} x"
        return [f"{changed} where x.origin_id = %(batch)s and x.voided_at is null and not {as_made(taker.model)}"]
    found = [
        f"insert into kept select p.household_id, '有{one.model._meta.verbose_name}' from households_person p join {one.table} x"
        " on x.person_id = p.id and x.voided_at is null where p.origin_id = %(batch)s and p.voided_at is null"
        for one in of_people()
    ]
    made = "select h.id from households_household h where h.origin_id = %(batch)s and h.voided_at is null"
    found.append(
        f"insert into kept select x.id, '户信息后来改过' from households_household x where x.id in ({made}) and not {as_made(Household)}"
    )
    with_their_person = {one.model for one in of_people()}  # they go back with the person whom the batch had moved
    for model in household_owned():
        if model in {HouseholdState, RosterTouch, RosterAbsence, Membership} | with_their_person:
            continue
        table, columns = model._meta.db_table, {field.column for field in model._meta.local_concrete_fields}
        live = " and voided_at is null" if "voided_at" in columns else ""
        later = "origin_id is distinct from %(batch)s" if "origin_id" in columns else "true"
        if model is Person:
            later += f" and not exists (select 1 from households_rostertouch t where {former_step(model)} and t.record = x.id)"
        found.append(
            f"insert into kept select household_id, '有{model._meta.verbose_name}' from {table} x where household_id in ({made}) and {later}{live}"
        )
        if model in MADE and model is not Household:
            found.append(
                f"insert into kept select household_id, '{model._meta.verbose_name}后来改过' from {table} x"
                f" where origin_id = %(batch)s{live} and not {as_made(model)}"
            )
    found.append(
        "insert into kept select m.household_id, '成员后来有变动' from households_membership m"
        f" join households_person p on p.id = m.person_id and p.voided_at is null where m.household_id in ({made})"
        " and m.household_id between %(least)s and %(most)s"  # spares a look through the memberships of all years
        " and case when m.origin_id = %(batch)s then m.until is not null and m.leave_reason <> '撤销导入'"
        "          else m.until is null or m.until > m.since end"
    )
    return found


def taken_keys(taker: Taker | None = None) -> list[str]:
    """Statements that fill `kept` with households whose number, or whose people's, another live row has taken meanwhile."""
    found = []
    for model, same, condition in keys_of(taker):
        table, owner = model._meta.db_table, owner_of(model)
        found.append(
            f"insert into kept select x.{owner}, '{model._meta.verbose_name}已重新录入' from households_rostertouch t"
            f" join {table} x on x.id = t.record join {table}event e on {BEFORE_IMAGE}"
            f" join {table} o on {same('o')} and o.id <> x.id and o.voided_at is null"
            f" where {former_step(model)} and x.voided_at is not null and e.voided_at is null and {condition}"
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


def as_left(model) -> str:
    """SQL: the row `x` holds what the step of touch `t` left it with, be it that later changes have been undone in between."""
    columns = [field.column for field in model._meta.local_concrete_fields if field.column not in {"id", "version"}]
    now, then = (", ".join(f"{alias}.{column}" for column in columns) for alias in ("x", "v"))
    return (
        f"(x.version = t.version or exists (select 1 from {model._meta.db_table}event v where v.pgh_obj_id = x.id"
        f" and v.version = t.version and ({now}) is not distinct from ({then})))"
    )


def former_step(model) -> str:
    """SQL over the touches `t`: those of the step that is reversed."""
    return f"t.batch_id = %(batch)s and t.reversal_id is not distinct from %(former)s and t.\"table\" = '{model._meta.model_name}'"


def _hold(made: tuple[type[Model], ...], values: dict, *, undoing: bool) -> None:
    """Lock what the reversal may change: the rows that the reversed step touched, their households and those the batch made first.

    What else the batch made is not locked but voided only as it was made (`_void`): every row of it would be written twice.
    """
    if affected_homes(made):
        hold(Household, "select household_id from affected", values)
    takers = [one for one in made if one not in MADE]
    for model in (Person, *takers, Membership, IncomeStatement, CaseRecord) if Person in made else takers:
        chosen = f"select t.record from households_rostertouch t where {former_step(model)}"
        if undoing and model is Membership:
            chosen += f" union select x.id from households_membership x, households_person p where {BEGUN}"
        hold(model, chosen, values)


def affected_homes(made: tuple[type[Model], ...]) -> str:
    """SQL: households whose state must be rebuilt, those of the rows that the reversed step touched or the batch made."""
    if not all(model is Household or model.household_column for model in made):
        return ""
    parts = [f"select t.record as household_id from households_rostertouch t where {former_step(Household)}"]
    for model in (*(one for one in made if one is not Household), Membership):
        parts.append(
            f"select x.household_id from households_rostertouch t join {model._meta.db_table} x on x.id = t.record where {former_step(model)}"
        )
        live = "" if model is Membership else " and voided_at is null"
        parts.append(f"select household_id from {model._meta.db_table} where origin_id = %(batch)s{live}")
    return " union ".join(parts)


def _affected(cursor, made: tuple[type[Model], ...], values: dict) -> list[int]:
    """Fill `affected` with those households; returns their keys."""
    homes = affected_homes(made)
    if not homes:
        return []
    with planned_with(enable_nestloop="on"):  # found by the keys of what was touched, which may be little
        cursor.execute(f"create temp table affected on commit drop as {homes}", values)
    cursor.execute("select household_id from affected")
    return [pk for (pk,) in cursor.fetchall()]


def _void(cursor, made: tuple[type[Model], ...], values: dict, told: Told) -> dict[str, int]:
    """Void the batch's own rows; a kept household keeps its people and income. Raises Overtaken."""
    found = {}
    for model in made:
        told(_before(made, model))
        table = model._meta.db_table
        own = (
            "x.origin_id = %(batch)s and x.voided_at is null"
            f" and not exists (select 1 from kept k where k.owner = x.{owner_of(model)})"
        )
        update = (
            f"update {table} x set voided_at = now(), voided_by_id = %(by)s, void_reason = %(why)s, version = x.version + 1"
            f" where {own} and {as_made(model)}"
        )
        cursor.execute(touched(model._meta.model_name, update, "%(reversal)s"), values)
        found[model._meta.model_name] = cursor.rowcount
        cursor.execute(f"select exists (select 1 from {table} x where {own})", values)
        if cursor.fetchone()[0]:  # what somebody has saved since `kept` was filled
            raise Overtaken
    return found


def _end_memberships(cursor, values: dict) -> int:
    """Memberships that the batch began for people of other origin never were in force: they end where they began."""
    update = (
        "update households_membership x set until = x.since, leave_reason = '撤销导入' from households_person p"
        f" where {BEGUN} and not exists (select 1 from kept k where k.owner = x.household_id)"
    )
    cursor.execute(touched("membership", update, "%(reversal)s"), values)
    return cursor.rowcount


def _restore(cursor, model, keys: tuple, values: dict) -> int:
    """Rows of the reversed step that nobody has changed since get the values of their before-image."""
    left = {"id", "public_id", "version"} | (set() if model is Household else PATH)
    columns = [field.column for field in model._meta.local_concrete_fields if field.column not in left]
    sets = ", ".join(f"{column} = e.{column}" for column in columns)
    table = model._meta.db_table
    _choose(cursor, model, keys, values)
    if model is Person:
        cursor.execute(FREE)
    update = f"update {table} x set {sets} from restoring t join {table}event e on {BEFORE_IMAGE} where t.record = x.id"
    step = touched(model._meta.model_name, update, "%(reversal)s", freed=model is Person)
    cursor.execute(step, values)
    return cursor.rowcount


# As at the commit: a 人编号 that goes back to a person leaves the one who had it first.
FREE = f"""
drop table if exists freed;
create temp table freed on commit drop as
select x.id, x.version
  from restoring r join households_person x on x.id = r.record
 where x.person_no <> '' and x.person_no in (select e.person_no from restoring t join households_personevent e
                                               on {BEFORE_IMAGE} where t.record <> x.id);
update households_person x set person_no = '' from freed f where f.id = x.id
"""


def _choose(cursor, model, keys: tuple, values: dict) -> None:
    """Fill `restoring` with the rows to restore: untouched since, and whose former numbers no other live row holds now."""
    table, owner = model._meta.db_table, owner_of(model)
    owner_then = "pgh_obj_id" if model is Household else owner
    cursor.execute("drop table if exists restoring")
    cursor.execute(
        "create temp table restoring on commit drop as"
        f" select t.record, t.before"
        f"   from households_rostertouch t join {table} x on x.id = t.record join {table}event e on {BEFORE_IMAGE}"
        f" where {former_step(model)} and {as_left(model)}"
        f" and not (((x.voided_at is null) <> (e.voided_at is null) or x.{owner} <> e.{owner_then})"
        f"  and exists (select 1 from kept k where k.owner = x.{owner}))",
        values,
    )
    cursor.execute("create index on restoring (record); analyze restoring")
    for owned, same, condition in keys:
        if owned is model:
            _leave_taken(cursor, table, same, condition)


def _leave_taken(cursor, table: str, same: Same, condition: str) -> None:
    """Take rows out of `restoring` whose former key another live row holds; whoever holds their key still keeps it."""
    cursor.execute(
        "drop table if exists rekeyed; create temp table rekeyed on commit drop as"
        f" select t.record as restored, e.* from restoring t join {table}event e on {BEFORE_IMAGE} join {table} x on x.id = t.record"
        f"  where e.voided_at is null and {condition} and (x.voided_at is not null or ({same('x')}) is not true);"
        " analyze rekeyed"
    )
    cursor.execute("select count(*) from rekeyed")
    (taken,) = cursor.fetchone()
    while taken:
        cursor.execute(
            f"delete from restoring r using rekeyed e, {table} o where e.restored = r.record"
            f" and {same('o')} and o.id <> r.record and o.voided_at is null"
            " and not exists (select 1 from restoring f where f.record = o.id)"
        )
        taken = cursor.rowcount


def _changed_since(cursor, model, values: dict) -> int:
    """How many touched rows somebody has edited since: they keep their present values. Their households are named in `stayed`."""
    cursor.execute(
        f"insert into stayed select x.{owner_of(model)}, '{model._meta.verbose_name}后来改过，保留现值'"
        f" from households_rostertouch t join {model._meta.db_table} x on x.id = t.record"
        f" where {former_step(model)} and x.voided_at is null and not {as_left(model)}",
        values,
    )
    return cursor.rowcount


def _end_restored_memberships(cursor, values: dict) -> int:
    """Memberships that the reversed undo had opened again end as before it, if they are still open."""
    update = (
        "update households_membership x set until = e.until, leave_reason = e.leave_reason"
        " from households_rostertouch t join households_membershipevent e on "
        f"{BEFORE_IMAGE} where {former_step(Membership)} and t.record = x.id and {as_left(Membership)} and x.until is null and e.until is not null"
    )
    cursor.execute(touched("membership", update, "%(reversal)s"), values)
    return cursor.rowcount


def _restore_memberships(cursor, values: dict) -> int:
    """Memberships that the reversed step had ended are open again, unless the person has another one now."""
    update = (
        "update households_membership x set until = null, leave_reason = e.leave_reason"
        " from households_rostertouch t join households_membershipevent e on "
        f"{BEFORE_IMAGE} where {former_step(Membership)} and t.record = x.id and {as_left(Membership)} and x.until is not null and e.until is null"
        "  and not exists (select 1 from households_membership o where o.person_id = x.person_id and o.until is null)"
    )
    cursor.execute(touched("membership", update, "%(reversal)s"), values)
    return cursor.rowcount


def _settle_versions(cursor, made: tuple[type[Model], ...], values: dict) -> None:
    """A household that moves carries its rows along and raises their versions after they were noted."""
    for model in (*made, Membership):
        cursor.execute(
            f"update households_rostertouch t set version = x.version from {model._meta.db_table} x"
            f" where t.batch_id = %(batch)s and t.reversal_id = %(reversal)s and t.\"table\" = '{model._meta.model_name}'"
            "  and t.record = x.id and t.version <> x.version",
            values,
        )


HOMES_KEPT = """
select h.household_no, coalesce(s.head_name, ''), string_agg(distinct k.why, '、' order by k.why) from {kept} k
  join households_household h on h.id = k.owner left join households_householdstate s on s.household_id = h.id
 group by h.id, s.head_name order by h.household_no"""
VILLAGES_KEPT = """
select '', t.name || ' ' || v.name, string_agg(distinct k.why, '、' order by k.why) from {kept} k
  join regions_region v on v.id = k.owner join regions_region t on t.id = v.town_id group by v.id, t.name order by v.code"""


def _report(cursor, taker: Taker | None) -> dict:
    """Which households or villages stayed, and why: for the page and the record."""
    named = HOMES_KEPT if taker is None or taker.of_people else VILLAGES_KEPT
    cursor.execute(
        named.format(kept="(table kept union all select * from stayed where owner not in (select o.owner from kept o))")
    )
    kept = [{"household": number, "name": name, "why": why} for number, name, why in cursor.fetchall()]
    return {"kept": kept[:NAMED], "kept_total": len(kept)}
