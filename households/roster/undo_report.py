"""What the report of an undo, or of what brings a batch back, says: who and what stayed and why, and what has to be looked after."""

from collections.abc import Iterable

from django.db.models import Model, Q

from households.models import Membership
from households.roster.heads import HEADLESS
from households.roster.keeping import as_left, owner_of, person_of
from households.roster.takers import Taker
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, ReversalKind
from jiyang.intake.models import Batch, Reversal

NAMED = 200  # households named one by one in the report
# Rows that the reversal has changed and that were made by a batch that is undone, or hold what it last wrote into them: history
# names the batch of each event, be it a roster or a ledger's import. `t` has the version that the batch left.
UNDONE = """
insert into stayed
with r as materialized (
    select x.* from households_rostertouch t join {table} x on x.id = t.record
     where t.batch_id = %(batch)s and t.reversal_id = %(reversal)s and t."table" = '{name}' and {holds}),
last as materialized (
    select distinct on (batch, v.pgh_obj_id) (v.pgh_context->>'batch')::bigint as batch, v.pgh_obj_id, v.version,
           (v.pgh_context->>'reversal')::bigint as reversal
      from r join {table}event v on v.pgh_obj_id = r.id where (v.pgh_context->>'batch')::bigint = any(%(undone)s)
     order by batch, v.pgh_obj_id, v.pgh_id desc)
select x.{owner}, u.said, {person}
  from r x join (
    select x.id, x.origin_id as batch from r x where x.origin_id = any(%(undone)s)
    union
    select x.id, t.batch from r x join last t on t.pgh_obj_id = x.id left join intake_reversal v on v.id = t.reversal
     where v.kind is distinct from 'undo' and {as_left}) b on b.id = x.id
  join unnest(%(undone)s::bigint[], %(said)s::text[]) u (id, said) on u.id = b.batch
"""
# where who stayed is now, be it that they or the household they were in have gone back
STAYED = """
select coalesce(p.household_id, k.owner) as owner, k.why, k."table" as kind, k.whole
  from (table kept union all
        select owner, why, null, null, person, false from stayed where owner not in (select o.owner from kept o where o.whole)) k
  left join households_person p on p.id = k.person"""
HOMES_KEPT = f"""
select h.household_no, coalesce(s.head_name, ''), case when h.voided_at is null then h.id end,
       string_agg(distinct k.why, '、' order by k.why)
       || case when bool_and(k.whole and k.kind = 'person') and exists (
             select 1 from households_person p where p.household_id = h.id and p.origin_id = %(batch)s and p.voided_at is null
                and not exists (select 1 from kept o where o."table" = 'person' and o.record = p.id))
          then '，同户其他人一并保留' else '' end
  from ({STAYED}) k join households_household h on h.id = k.owner left join households_householdstate s on s.household_id = h.id
 group by h.id, s.head_name order by h.household_no"""
VILLAGES_KEPT = f"""
select '', t.name || ' ' || v.name, null, string_agg(distinct k.why, '、' order by k.why) from ({STAYED}) k
  join regions_region v on v.id = k.owner join regions_region t on t.id = v.town_id group by v.id, t.name order by v.code"""


def tell_of_undone(cursor, batch: Batch, made: Iterable[type[Model]], values: dict) -> None:
    """Name what holds again what another batch wrote that was taken back when this one stood in its way."""
    kept = Q(report__changed_since__gt=0) | Q(report__kept__0__isnull=False)
    undos = Reversal.objects.filter(kept, kind=ReversalKind.UNDO, batch__state=BatchState.UNDONE).exclude(batch=batch)
    found = Batch.objects.filter(pk__in=undos.values("batch"), district=batch.district_id)
    undone = {one.pk: acts.STILL_THERE.format(one) for one in found}
    for model in made if undone else ():
        holds = "x.until is null" if model is Membership else "x.voided_at is null"
        parts = {"name": model._meta.model_name, "table": model._meta.db_table, "holds": holds}
        parts |= {"owner": owner_of(model), "person": person_of(model), "as_left": as_left(model)}
        cursor.execute(UNDONE.format(**parts), values | {"undone": list(undone), "said": list(undone.values())})


def report(cursor, taker: Taker | None, values: dict) -> dict:
    """{kept, kept_total, mend, mend_total}: which households or villages stayed and why, which have no head now or two; each as
    {household, name, why, key}, `key` of a live household. For the page and the record."""
    kept = HOMES_KEPT if taker is None or taker.of_people else VILLAGES_KEPT
    return {
        **_named(cursor, "kept", kept, values),
        **(_named(cursor, "mend", HEADLESS, values) if taker is None else {}),
    }


def _named(cursor, name: str, sql: str, values: dict) -> dict:
    cursor.execute(sql, values)
    found = [
        {"household": number, "name": head, "why": why, **({"key": key} if key else {})}
        for number, head, key, why in cursor.fetchall()
    ]
    return {name: found[:NAMED], f"{name}_total": len(found)}
