"""The job after an approval: what was agreed to is written; what somebody overtook or held back waits in a continuation.

All or nothing; may run again after a crash.
"""

from collections.abc import Sequence

from django.db import connection

from households.models import Membership, RosterAbsence, RosterRow, RosterTouch, roster_period
from households.roster import absences, apply, kept_rows, moment, plan, storable
from households.roster.holding import hold_planned
from households.roster.running import Clock, day_of, only_one, progress_of, until_unclashed, wait_for_turn
from households.roster.takers import taker_of
from households.roster.undo import made_by
from jiyang.access.scope import note_in_history
from jiyang.access.standing import households_held
from jiyang.intake.bulk import note_written, whole_batch
from jiyang.intake.enums import BatchState
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch
from jiyang.intake.progress import Progress

STALE = "提交以后系统数据有变化，已重新比对，请核对后再提交"
TIED = "其余的户与暂缓的户有牵连（如互换编号），须一起入库"
# the phases of a commit with their shares of its time
COMMIT = {"核对计划": 15, "写入系统": 75, "更新户状态": 10, "重新比对": 0, "完成": 0}
TO_WRITE = "r.action in ('insert', 'update') and not r.held"
# What stands or falls together: a household's rows, or a row that is of no household.
UNIT = "coalesce(s.household_no, 'row ' || s.row)"
OTHERWISE = """(p.action, p.household_id, p.person_id, p.taken, p.changed, p.before)
       is distinct from (s.action, s.household_id, s.person_id, s.taken, s.changed, s.before)"""
COMPARED = f"""
  from households_rosterrow s left join roster_plan p on p.row = s.row
 where s.batch_id = %(batch)s and s.action in ('insert', 'update') and {OTHERWISE}
"""
CHANGED = f"select exists (select 1 {COMPARED})"
OVERTAKEN = f"""
insert into overtaken select distinct {UNIT} as unit {COMPARED} and not s.held on conflict do nothing
"""


# rows that were agreed to and cannot be written, and rows that were held
UNWRITTEN = f"""
select count(*) filter (where s.action in ('insert', 'update') and {UNIT} in (select unit from overtaken)),
       count(*) filter (where s.held) from households_rosterrow s where s.batch_id = %(batch)s
"""


def commit(batch_id: int) -> Batch | None:
    """Write an approved batch. None when another worker is at it. Call inside the approver's scope.

    Households of which a value has changed since the plan was made are not written: they wait, planned anew, in a
    continuation of the batch, as do those that the checker held back.
    """
    progress = progress_of(batch_id, COMMIT)
    with only_one(batch_id) as mine:
        batch = Batch.objects.get(pk=batch_id)
        if not mine or batch.state != BatchState.APPLYING:
            return None
        wait_for_turn(batch.district_id, progress)
        return until_unclashed(lambda: _commit(batch_id, progress))


def _commit(batch_id: int, progress: Progress) -> Batch | None:
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
    if batch.state != BatchState.APPLYING:
        return None
    with whole_batch(batch.rows or 0), households_held():
        return _write(batch, progress)


def _write(batch: Batch, progress: Progress) -> Batch:
    clock = Clock()
    progress.step("核对计划", 0, batch.rows)
    hold_planned(batch)
    clock.lap("hold")
    held = RosterRow.objects.filter(batch=batch, held=True).exists()
    if moment.holds(batch) and not held:
        planned, overtaken = plan.as_kept(batch.pk), 0
    else:
        source = rows_of(batch, TO_WRITE)
        _plan(batch, source)
        planned, overtaken = "roster_plan", _set_aside(batch, source)
    clock.lap("replan")
    if not _anything_left(planned) and (overtaken or not absences.listed_again(batch).exists()):
        return _back(batch)
    progress.step("写入系统", 0, batch.rows)
    note_in_history(batch=batch.pk, reason="名单入库")
    written = apply.commit(
        batch,
        by_id=batch.approved_by_id,
        who=batch.submitted_by.name,
        fields=fields_of(batch),
        day=day_of(batch.data_date),
        source=rows_of(batch),
        planned=planned,
        people=of_people(batch),
        taker=taker_of(batch.layout),
        told=progress.part,
    )
    note_written(batch.rows or 0, (*made_by(taker_of(batch.layout)), Membership, RosterTouch))
    progress.step("更新户状态", 0, batch.rows)
    apply.refresh(batch)
    clock.lap("write")
    if overtaken or held:
        progress.step("重新比对", 0, batch.rows)
        _continue(batch)
        clock.lap("rest")
    RosterAbsence.objects.filter(batch=batch).update(raised=True)
    absences.settle(batch)
    progress.step("完成", batch.rows, batch.rows)
    batch.state = BatchState.APPROVED
    batch.seconds = {**batch.seconds, "commit": clock.total(), "written": written}
    batch.save()
    return batch


def fields_of(batch: Batch) -> set[str]:
    """The staged fields that the batch's file has."""
    return set(batch.columns["known"]) | set(batch.columns.get("place", ["village"]))


def of_people(batch: Batch) -> bool:
    """Whether the batch's rows are people; else they are households."""
    return layouts()[batch.layout].rows == "person"


def rows_of(batch: Batch, condition: str = "true") -> str:
    """SQL of a subquery: the batch's kept rows that meet `condition` (over `r`)."""
    return kept_rows.kept(layouts()[batch.layout], f"r.batch_id = {int(batch.pk)} and {condition}")


def _plan(batch: Batch, source: str) -> list[tuple[int, str, str]]:
    """Plan rows of the batch anew; returns what could not be stored meanwhile, as (row, field, code)."""
    day = day_of(batch.data_date)
    unclear = plan.make(
        fields_of(batch),
        roster_period(day)[0],
        with_register=True,
        mode=batch.mode,
        source=source,
        people=of_people(batch),
        taker=taker_of(batch.layout),
        peers=rows_of(batch),
    )
    return _settle(batch, source, unclear)


def _settle(batch: Batch, source: str, unclear: Sequence[tuple[int, str, str]] = ()) -> list[tuple[int, str, str]]:
    asks = absences.asked(batch.layout, batch.columns["known"], batch.mode)
    return storable.settle(source, taker_of(batch.layout), unclear, batch=batch, asks=asks)


def _set_aside(batch: Batch, source: str) -> int:
    """Take households out of the plan that were overtaken, and what goes only together with them; returns their number."""
    total = 0
    with connection.cursor() as cursor:
        cursor.execute("create temp table overtaken (unit text primary key) on commit drop")
        while True:
            cursor.execute(OVERTAKEN, {"batch": batch.pk})
            total += cursor.rowcount
            if not cursor.rowcount:
                return total
            cursor.execute(
                "delete from roster_plan p using households_rosterrow s, overtaken o"
                f" where s.batch_id = %s and s.row = p.row and {UNIT} = o.unit",
                [batch.pk],
            )
            _settle(batch, source)


def _anything_left(planned: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select exists (select 1 from {planned} p where action in ('insert', 'update'))")
        return cursor.fetchone()[0]


def _back(batch: Batch) -> Batch:
    """Nothing that was agreed to can be written any more: the batch itself goes back to its maker, planned anew."""
    # the next checker decides anew
    held = RosterRow.objects.filter(batch=batch, held=True).update(held=False)
    changed = replan(batch)
    batch.state, batch.reason = BatchState.CHECKED, _reason(batch, TIED if held and not changed else STALE)
    batch.submitted_by = batch.submitted_at = batch.approved_by = batch.approved_at = None
    batch.save()
    return batch


def _reason(batch: Batch, why: str) -> str:
    """Why rows of an approved batch go back: `why` some could not be written, and what the checker said of those held."""
    held = f"复核人暂缓：{batch.reason}" if batch.reason else ""
    return "；".join(filter(None, [why, held]))[:200]


def _continue(batch: Batch) -> Batch:
    """A batch of its own for what was not written: it goes back to the maker with the reason.

    The batch counts its approved rows among them: `overtaken` by a change, or `tied` to held ones.
    """
    rest = Batch.objects.get(pk=batch.pk)
    rest.pk = rest.id = None
    rest._state.adding = True
    rest.continues, rest.state, rest.version = batch, BatchState.RETURNED, 1
    rest.submitted_by = rest.submitted_at = rest.approved_by = rest.approved_at = None
    rest.save()
    with connection.cursor() as cursor:
        cursor.execute(UNWRITTEN, {"batch": batch.pk})
        unwritten, held = cursor.fetchone()
        cursor.execute(
            f"create temp table moved on commit drop as select distinct {UNIT} as unit from households_rosterrow s"
            " where s.batch_id = %s and s.held union select unit from overtaken",
            [batch.pk],
        )
        cursor.execute(
            "update intake_batchfinding f set batch_id = %(rest)s from households_rosterrow s"
            " where f.batch_id = %(batch)s and s.batch_id = %(batch)s and s.row = f.row"
            f"  and {UNIT} in (select unit from moved)",
            {"rest": rest.pk, "batch": batch.pk},
        )
        cursor.execute(
            "update households_rosterabsence a set batch_id = %(rest)s from households_household h"
            " where a.batch_id = %(batch)s and h.id = a.household_id and h.household_no in (select unit from moved)",
            {"rest": rest.pk, "batch": batch.pk},
        )
        cursor.execute(
            "update households_rosterrow s set batch_id = %(rest)s, held = false"
            f" where s.batch_id = %(batch)s and {UNIT} in (select unit from moved)",
            {"rest": rest.pk, "batch": batch.pk},
        )
    batch.counts, batch.rows = _counted(batch)
    changed = replan(rest)
    key, why = ("tied", TIED) if held and not changed else ("overtaken", STALE)
    if unwritten:
        batch.counts[key] = unwritten
    rest.reason = _reason(batch, why if unwritten else "")
    rest.save()
    return rest


def _counted(batch: Batch) -> tuple[dict, int]:
    found = plan.counts(f"households_rosterrow where batch_id = {int(batch.pk)}")
    rows, absent = sum(found.values()), RosterAbsence.objects.filter(batch=batch).count()
    told = {"absent": absent, "relisted": absences.listed_again(batch).count()}
    return found | {name: number for name, number in told.items() if number}, rows


def replan(batch: Batch) -> bool:
    """Plan the kept rows of a batch anew against the register as it is. Sets its counts; the caller saves it.

    Returns whether anything of what would be written is another thing now.
    """
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists roster_plan")
        clashes = _plan(batch, rows_of(batch))
        storable.note(batch, clashes + plan.noticed(layouts()[batch.layout].rows, rows_of(batch)))
        cursor.execute(CHANGED, {"batch": batch.pk})
        changed = cursor.fetchone()[0]
        cursor.execute(
            "update households_rosterrow s set action = p.action, household_id = p.household_id, person_id = p.person_id,"
            ' taken = p.taken, "first" = p.first, changed = p.changed, before = p.before from roster_plan p'
            " where s.batch_id = %s and p.row = s.row",
            [batch.pk],
        )
    batch.counts, batch.rows = _counted(batch)
    batch.compared = {}  # this transaction is writing itself
    return changed


def takes(batch: Batch) -> bool:
    """Whether the register or a ledger keeps what one row of the file says: villages are only checked here."""
    return layouts()[batch.layout].rows in {"person", "household"} or taker_of(batch.layout) is not None
