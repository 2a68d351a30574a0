"""Taking a batch back, and taking that back in turn: what nobody has touched since gets its former values, what later
work refers to stays and is named.

The commit of a batch, its undo and every further reversal are steps; each leaves `RosterTouch` lines that name the version
under which history has the values before it. Reversing a step restores these; what it leaves alone, `keeping` says. An undo also voids what the batch had inserted.
What a reversal leaves alone is still owed: the step after it takes these lines over (`OWED`), so that the next one of the same
kind meets them again.
"""

from collections.abc import Callable

from django.db import connection
from django.db.models import Model

from households.models import CaseRecord, Household, IncomeStatement, Membership, Person
from households.roster import undo_report
from households.roster.apply import touched
from households.roster.heads import heads_left
from households.roster.holding import hold
from households.roster.keeping import (
    BEFORE_IMAGE,
    BEGUN,
    FOLLOWING,
    HOMES_BACK,
    MOVERS,
    Same,
    as_left,
    as_made,
    former_step,
    holds_then,
    is_kept,
    keys_of,
    lives_then,
    owner_of,
    person_of,
    reasons_to_keep,
    reasons_to_stay,
    taken_keys,
)
from households.roster.running import Overtaken
from households.roster.takers import Taker, along, of_people, taker_of, takers
from households.services import state
from jiyang.audit.history import PLACE
from jiyang.intake.bulk import note_history, note_written, whole_batch
from jiyang.intake.enums import ReversalKind, RowAction
from jiyang.intake.models import Batch, Reversal
from jiyang.planner import planned_with

TEMPORARY = {
    "kept": 'owner bigint, why text, "table" text, record bigint, person bigint, whole boolean',
    "stayed": "owner bigint, why text, person bigint",
    "staying": "person bigint, why text",
    "homes_back": "record bigint, lives boolean, holds boolean",
}
# what an import makes and changes; people first: what is theirs follows; households last: their place carries the others along
MADE = (Person, IncomeStatement, CaseRecord, Household)
OWN = "x.origin_id = %(batch)s and x.voided_at is null"  # rows that the batch brought
Told = Callable[[float], None]
BEFORE, AFTER = 0.15, 0.92  # shares of the time before the first row is written, and before the households' state is
TIMES = {IncomeStatement: 8, CaseRecord: 2, Person: 25, Household: 10}


def made_by(taker: Taker | None) -> tuple[type[Model], ...]:
    """The models that a batch makes and changes, in the order in which they are restored."""
    return (taker.model,) if taker else (Person, *(one.model for one in of_people()), *MADE[1:])


def reverse(reversal: Reversal, *, by_id: int, told: Told = lambda share: None) -> dict:
    """Carry a reversal out; returns {voided, withdrawn, restored, changed_since} and which households stayed (`_report`).

    `told` hears between the statements about which share of the time has gone. In the caller's transaction.
    """
    batch, taker = reversal.batch, taker_of(reversal.batch.layout)
    made = made_by(taker)
    done = batch.reversals.filter(pk__lt=reversal.pk).exclude(done_at=None).order_by("-pk").values_list("pk", flat=True)
    former, earlier, *_ = [*done[:2], None, None]
    values = {
        "batch": batch.pk, "by": by_id, "reversal": reversal.pk, "former": former, "earlier": earlier,
        "why": f"{reversal.get_kind_display()}批次 {batch}：{reversal.reason}"[:200],
        "undoing": reversal.kind == ReversalKind.UNDO,
    }  # fmt: skip
    undoing = values["undoing"]
    with connection.cursor() as cursor:
        changed = _changed(cursor, (*made, Membership), values)
        note_history(batch.rows or 0, changed)
        with whole_batch(batch.rows or 0):
            affected = _affected(cursor, made, values)
            values |= {"least": min(affected, default=0), "most": max(affected, default=0)}
            _hold(made, values, undoing=undoing)
            told(0.05)
            _choose_what_stays(cursor, batch, changed, values, undoing=undoing)
            changed_since = sum(_changed_since(cursor, model, values) for model in made if model in changed)
            turn = _turn(batch) if undoing else BEFORE
            voided = _void(cursor, made, values, _within(told, BEFORE, turn)) if undoing else {}
        # a large batch may have changed little: looked up one by one, the rest of the register is left alone
        if taker:
            restored = _restore(cursor, taker.model, keys_of(taker), values)
            if taker.of_people and not undoing:  # their people may have moved meanwhile
                whose = f"select o.person_id from {taker.table} o where o.id in ({TOUCHED.format(name=taker.name)})"
                cursor.execute(along(whose)[taker.name], values)
        else:
            restored = _restore_register(cursor, changed, values, _within(told, turn, AFTER), undoing=undoing)
        if restored:
            _settle_versions(cursor, made, values)
        with whole_batch(batch.rows or 0):
            if former:
                cursor.execute(OWED, values)
            if restored and undoing:
                undo_report.tell_of_undone(cursor, batch, (*made, Membership), values)
        written = [one for one in (*made, Membership) if one in changed or voided.get(one._meta.model_name)]
        note_written(sum(voided.values()) + restored, written)
        told(AFTER)
        with whole_batch(len(affected)):
            state.refresh(affected)
        kept = undo_report.report(cursor, taker, values)
    return {
        "voided": voided,
        "withdrawn": sum(voided.values()),
        "restored": restored,
        "changed_since": changed_since,
        **kept,
    }


def _choose_what_stays(cursor, batch: Batch, changed: tuple[type[Model], ...], values: dict, *, undoing: bool) -> None:
    """Fill `kept` and `staying`; of the register also `restoring` with the people who go back."""
    taker = taker_of(batch.layout)
    for name, columns in TEMPORARY.items():
        cursor.execute(f"create temp table {name} ({columns}) on commit drop")
    with planned_with(enable_nestloop="on"):  # what refers to the batch is little and looked up row by row
        own = (taker.model,) if taker else MADE
        # a household that people came to whom the register knew is new as well
        added = batch.counts.get(RowAction.INSERT, 0) > 0 or Household.objects.filter(origin=batch).exists()
        for sql in reasons_to_keep(own, members=added) if undoing else taken_keys(taker):
            cursor.execute(sql, values)
        cursor.execute("create index on kept (owner)")
        if not taker:
            _choose_people(cursor, values, undoing=undoing, moved=Membership in changed)


def _changed(cursor, models: tuple[type[Model], ...], values: dict) -> tuple[type[Model], ...]:
    """Those of which the reversed step has changed rows; of no other one is there anything to restore."""
    step = 'select distinct "table" from households_rostertouch'
    cursor.execute(f"{step} where batch_id = %(batch)s and reversal_id is not distinct from %(former)s", values)
    tables = {table for (table,) in cursor.fetchall()}
    return tuple(model for model in models if model._meta.model_name in tables)


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


def _restore_register(cursor, changed: tuple[type[Model], ...], values: dict, told: Told, *, undoing: bool) -> int:
    restored = _put_back(cursor, Person, values)
    for model in changed:
        if model in (IncomeStatement, CaseRecord):
            told(_before(changed, model))
            restored += _restore(cursor, model, keys_of(None), values)
    # what is kept of them goes back with them, be it recorded since then: the step has changed nothing of it but the place
    for name, update in along(TOUCHED.format(name=Person._meta.model_name)).items():
        restored += _execute(cursor, touched(name, update, "%(reversal)s"), values)
    for update in (END_MEMBERSHIPS if undoing else END_RESTORED_MEMBERSHIPS, REOPEN_MEMBERSHIPS):
        restored += _execute(cursor, touched("membership", update, "%(reversal)s"), values)
    if Household not in changed:
        return restored
    told(_before(changed, Household))
    cursor.execute(NOT_CLOSED, values)
    _choose(cursor, Household, keys_of(None), values)
    cursor.execute(MOVED_ON)
    return restored + _put_back(cursor, Household, values)


def _execute(cursor, sql: str, values: dict) -> int:
    cursor.execute(sql, values)
    return cursor.rowcount


def _choose_people(cursor, values: dict, *, undoing: bool, moved: bool) -> None:
    """Fill `restoring` with the people who go back, `staying` with those who do not; the households in which they stay are kept.

    `moved`: the step has ended memberships, without which nobody comes from another household.
    """
    _choose(cursor, Household, keys_of(None), values)
    cursor.execute(f"{HOMES_BACK}; create index on homes_back (record); analyze homes_back")
    _choose(cursor, Person, (), values)
    cursor.execute(MOVERS.format(some=moved), values)
    for sql in reasons_to_stay(undoing=undoing):
        cursor.execute(sql, values)
    cursor.execute("create index on staying (person); analyze staying, movers")
    more = 1
    while more:
        cursor.execute(
            "delete from restoring t using movers m where m.id = t.record and m.id in (select person from staying)"
        )
        _leave_all_taken(cursor, Person, keys_of(None), values)
        more = sum(_execute(cursor, sql, values) for sql in FOLLOWING)
        if _somebody_stays(cursor):
            _, *lets = (_execute(cursor, sql, values) for sql in heads_left(undoing=undoing))
            more += sum(lets)
    cursor.execute(NOT_LIVE_AGAIN, values)


def _somebody_stays(cursor) -> bool:
    cursor.execute("select exists (table staying) or exists (select 1 from kept where not whole)")
    return cursor.fetchone()[0]


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
            chosen += f" union select x.id from households_membership x, households_person p where {BEGUN} and x.until is null"
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
        own = f"{OWN} and not {is_kept(model)}"
        update = (
            f"update {table} x set voided_at = now(), voided_by_id = %(by)s, void_reason = %(why)s, version = x.version + 1"
            f" where {own} and {as_made(model)}"
        )
        cursor.execute(touched(model._meta.model_name, update, "%(reversal)s"), values)
        found[model._meta.model_name] = cursor.rowcount
        cursor.execute(_left(model), values)
        if cursor.fetchone()[0]:  # what somebody has saved since `kept` was filled
            raise Overtaken
    return found


def _left(model: type[Model]) -> str:
    """SQL: whether a row of the batch's own stands that is not kept.

    Those that stand are found first: the planner, which expects one at once, would walk the whole register for none.
    """
    asked = ", ".join(f"x.{column}" for column in dict.fromkeys(("id", owner_of(model))))
    return (
        f"with own as materialized (select {asked} from {model._meta.db_table} x where {OWN})"
        f" select exists (select 1 from own x where not {is_kept(model)})"
    )


def _restore(cursor, model, keys: tuple, values: dict) -> int:
    """Rows of the reversed step that nobody has changed since get the values of their before-image."""
    _choose(cursor, model, keys, values)
    if model.household_column:
        cursor.execute(_cannot_live(model), values)
    return _put_back(cursor, model, values)


def _put_back(cursor, model, values: dict) -> int:
    left = {"id", "public_id", "version"} | (set() if model is Household else PLACE)
    left |= {model.household_column} if model.follows else set()  # where whom it follows is
    columns = [field.column for field in model._meta.local_concrete_fields if field.column not in left]
    sets = ", ".join(
        f"{column} = case when {STANDS} then e.{column} else x.{column} end"
        if column in PLACE
        else f"{column} = e.{column}"
        for column in columns
    )
    table = model._meta.db_table
    if model is Person:
        cursor.execute(FREE)
    # what `_void` has voided meanwhile is as before; its second touch would leave two before-images to the next step
    void = " and (x.voided_at is null or e.voided_at is null)"
    update = f"update {table} x set {sets} from restoring t join {table}event e on {BEFORE_IMAGE} where t.record = x.id{void}"
    return _execute(cursor, touched(model._meta.model_name, update, "%(reversal)s", freed=model is Person), values)


# A household that has moved since the step (`t`) keeps its place; where the step itself had written one, that is told.
STANDS = """(x.version = t.after or exists (select 1 from households_householdevent v where v.pgh_obj_id = x.id
     and v.version = t.after and v.village_id = x.village_id))"""
MOVED_ON = f"""
insert into stayed select x.id, '后来整户迁移，留在现在的村', null from restoring t join households_household x on x.id = t.record
  join households_householdevent e on {BEFORE_IMAGE}
  join households_householdevent w on w.pgh_obj_id = x.id and w.version = t.after and w.village_id <> e.village_id
 where w.village_id <> x.village_id
"""
CLOSED_OVER_MEMBERS = """
    e.closed_on is not null and x.closed_on is null and exists (
        select 1 from households_membership m join households_person p on p.id = m.person_id and p.voided_at is null
         where m.household_id = x.id and m.until is null)"""
NOT_CLOSED = f"""
insert into stayed select x.id, '户里现有成员，没有再注销', null from households_rostertouch t join households_household x on x.id = t.record
  join households_householdevent e on {BEFORE_IMAGE} where {former_step(Household)} and {CLOSED_OVER_MEMBERS}
"""
NOT_LIVE_AGAIN = f"""
insert into stayed select x.household_id, '人员没有恢复', x.id from households_rostertouch t join households_person x on x.id = t.record
  join households_personevent e on {BEFORE_IMAGE} and e.voided_at is null
 where {former_step(Person)} and x.voided_at is not null and not exists (select 1 from restoring r where r.record = x.id)
   and not {is_kept(Person)}
"""
LIVES = "exists (select 1 from households_person p where p.id = e.person_id and p.voided_at is null)"
# Memberships that the batch began for people of other origin never were in force: they end where they began.
END_MEMBERSHIPS = f"""
update households_membership x set until = x.since, leave_reason = '撤销导入' from households_person p
 where {BEGUN} and x.until is null and not exists (select 1 from staying s where s.person = p.id)
"""
OF_STEP = f"""
  from households_rostertouch t join households_membershipevent e on {BEFORE_IMAGE}
 where {former_step(Membership)} and t.record = x.id and {as_left(Membership)}
   and not exists (select 1 from staying s where s.person = x.person_id)
"""
# Those that the reversed undo had opened again end as before it, if they are still open.
END_RESTORED_MEMBERSHIPS = f"""
update households_membership x set until = e.until, leave_reason = e.leave_reason {OF_STEP} and x.until is null and e.until is not null
"""
# Those that the reversed step had ended are open again, unless the person has another one now.
REOPEN_MEMBERSHIPS = f"""
update households_membership x set until = null, leave_reason = e.leave_reason {OF_STEP} and x.until is not null and e.until is null
   and not exists (select 1 from households_membership o where o.person_id = x.person_id and o.until is null)
"""
# What the reversed step (`former`) had left alone of the one before it, and this one as well.
OWED = """
insert into households_rostertouch ("table", record, before, version, batch_id, reversal_id, district_id, town_id, village_id)
select t."table", t.record, t.before, t.version, t.batch_id, %(reversal)s, t.district_id, t.town_id, t.village_id
  from households_rostertouch t
 where t.batch_id = %(batch)s and t.reversal_id is not distinct from %(earlier)s and not exists (
    select 1 from households_rostertouch l where l.batch_id = t.batch_id and l."table" = t."table" and l.record = t.record
       and l.reversal_id in (%(former)s, %(reversal)s))
"""
# the rows of a table that the reversal has changed
TOUCHED = """select t.record from households_rostertouch t
 where t.batch_id = %(batch)s and t.reversal_id = %(reversal)s and t."table" = '{name}'"""
# As at the commit: a 人编号 that goes back to a person leaves the one who had it first.
FREE = f"""
drop table if exists freed;
create temp table freed on commit drop as
select x.id, x.version
  from restoring r join households_person x on x.id = r.record
 where x.person_no <> '' and x.person_no in (select e.person_no from restoring t join households_personevent e
                                               on {BEFORE_IMAGE} where t.rekeyed and t.record <> x.id);
update households_person x set person_no = '' from freed f where f.id = x.id
"""


def _choose(cursor, model, keys: tuple, values: dict) -> None:
    """Fill `restoring` with the rows to restore: untouched since, and whose former numbers no other live row holds now."""
    table, owner = model._meta.db_table, owner_of(model)
    owner_then = "pgh_obj_id" if model is Household else owner
    elsewhere = "" if model.follows else f" or x.{owner} <> e.{owner_then}"
    cursor.execute("drop table if exists restoring")
    cursor.execute(
        "create temp table restoring on commit drop as"
        f" select t.record, t.before, t.version as after, {_rekeyed(model)} as rekeyed"
        f"   from households_rostertouch t join {table} x on x.id = t.record join {table}event e on {BEFORE_IMAGE}"
        f" where {former_step(model)} and {as_left(model)}"
        f" and not (((x.voided_at is null) <> (e.voided_at is null){elsewhere})"
        f"  and {is_kept(model)}){_where_they_can_be(model)}",
        values,
    )
    cursor.execute("create index on restoring (record); analyze restoring")
    _leave_all_taken(cursor, model, keys, values)


def _leave_all_taken(cursor, model, keys: tuple, values: dict) -> None:
    cursor.execute("select exists (select 1 from restoring where rekeyed)")
    (rekeyed,) = cursor.fetchone()
    for owned, same, condition in keys if rekeyed else ():
        if owned is model:
            _leave_taken(cursor, model, same, condition, values)


def _cannot_live(model) -> str:
    """Statement that names rows which do not come back as what they belong to is void."""
    table, whose = model._meta.db_table, "人员" if model.follows else "所在户"
    return (
        f"insert into stayed select x.{owner_of(model)}, '{whose}已作废，{model._meta.verbose_name}没有恢复', {person_of(model)}"
        f" from households_rostertouch t join {table} x on x.id = t.record"
        f" join {table}event e on {BEFORE_IMAGE} and e.voided_at is null"
        f" where {former_step(model)} and x.voided_at is not null and not {_lives(model)}"
    )


def _rekeyed(model) -> str:
    """SQL: the row's former key is another than the one it holds now."""
    every = {one.name: one for one in takers()}
    keys = keys_of(every.get(model._meta.model_name))
    tests = [
        f"{condition} and (x.voided_at is not null or ({same('x')}) is not true)"
        for owned, same, condition in keys
        if owned is model
    ]
    return f"e.voided_at is null and ({' or '.join(tests) or 'false'})"


def _where_they_can_be(model) -> str:
    """SQL: a row comes alive again where its household, or whom it follows, lives; a household is not closed over members."""
    if model is Household:
        return f" and not ({CLOSED_OVER_MEMBERS})"
    if not model.household_column:
        return ""
    return f" and (x.voided_at is null or e.voided_at is not null or {_lives(model)})"


def _lives(model) -> str:
    """SQL: what the restored row `e` belongs to is there. Somebody who comes back is a member of a household that is not closed."""
    if model is Person:
        return holds_then("e.household_id")
    return LIVES if model.follows else lives_then("e.household_id")


def _leave_taken(cursor, model, same: Same, condition: str, values: dict) -> None:
    """Take rows out of `restoring` whose former key another live row holds, and name them; whoever holds their key still keeps it.

    A row that the batch brought and an undo is about to void holds none.
    """
    table, why = model._meta.db_table, f"{model._meta.verbose_name}的编号已是别人的，没有恢复"
    cursor.execute(
        "drop table if exists rekeyed; create temp table rekeyed on commit drop as"
        f" select t.record as restored, e.* from restoring t join {table}event e on {BEFORE_IMAGE} join {table} x on x.id = t.record"
        f"  where t.rekeyed and {condition} and (x.voided_at is not null or ({same('x')}) is not true);"
        " analyze rekeyed"
    )
    cursor.execute("select count(*) from rekeyed")
    (taken,) = cursor.fetchone()
    while taken:
        cursor.execute(
            f"with gone as (delete from restoring r using rekeyed e, {table} o where e.restored = r.record"
            f" and {same('o')} and o.id <> r.record and o.voided_at is null"
            " and not exists (select 1 from restoring f where f.record = o.id)"
            f" and not (%(undoing)s and o.origin_id is not distinct from %(batch)s and not {is_kept(model, 'o')}) returning r.record)"
            f" insert into stayed select x.{owner_of(model)}, '{why}', {person_of(model)} from gone join {table} x on x.id = gone.record",
            values,
        )
        taken = cursor.rowcount


def _changed_since(cursor, model, values: dict) -> int:
    """How many touched rows somebody has edited since: they keep their present values. `stayed` names those that `kept` does not."""
    cursor.execute(
        f"with changed as (select x.* from households_rostertouch t join {model._meta.db_table} x on x.id = t.record"
        f" where {former_step(model)} and x.voided_at is null and not {as_left(model)}),"
        f" told as (insert into stayed select x.{owner_of(model)}, '{model._meta.verbose_name}后来改过，保留现值', {person_of(model)}"
        f" from changed x where not {is_kept(model)})"
        " select count(*) from changed",
        values,
    )
    return cursor.fetchone()[0]


def _settle_versions(cursor, made: tuple[type[Model], ...], values: dict) -> None:
    """A household that moves carries its rows along and raises their versions after they were noted."""
    for model in (*made, Membership):
        cursor.execute(
            f"update households_rostertouch t set version = x.version from {model._meta.db_table} x"
            f" where t.batch_id = %(batch)s and t.reversal_id = %(reversal)s and t.\"table\" = '{model._meta.model_name}'"
            "  and t.record = x.id and t.version <> x.version",
            values,
        )
