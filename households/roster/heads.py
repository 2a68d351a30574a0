"""One head for each household, also where of its people only some go back: who stays with that, and what has to be mended.

Statements over `x` (a membership or a person), `t` (a touch of the step that is reversed), `e` (history's event).
"""

from collections.abc import Iterator

from households.models import Membership, Person
from households.roster.keeping import BEFORE_IMAGE, as_left, former_step, is_kept, of_batch

HEAD_STAYS = "户主后来有变动，与户主的关系不再改回"


def heads_left(*, undoing: bool) -> Iterator[str]:
    """Statements that let stay, where a household has one head and would have none or two because some of its people stay,
    whoever would give the head's place away or take it: `staying`, `kept` or (who would come alive) out of `restoring`.
    """
    opened = f"x.id in (select id from step where opened) and not exists ({HAS_ANOTHER})"
    if undoing:
        lives = (
            f"p.voided_at is null and not (p.origin_id is not distinct from %(batch)s and not {is_kept(Person, 'p')})"
        )
        ended = "x.origin_id is not distinct from %(batch)s and p.origin_id is distinct from %(batch)s"
    else:
        lives = "(p.voided_at is null or exists (select 1 from restoring r where r.record = p.id))"
        ended = "x.id in (select id from step where not opened)"
    yield HEADS.format(lives=lives, ended=ended, opened=opened)
    if undoing:
        yield f"""
insert into kept select x.household_id, '{HEAD_STAYS}', 'person', x.id, x.id, {of_batch("x.household_id")}
  from heads_left l join households_person x on x.id = l.person where x.origin_id = %(batch)s and not {is_kept(Person)}"""
    else:
        yield f"""
with gone as (delete from restoring r using heads_left l, households_person x
               where x.id = l.person and x.voided_at is not null and r.record = x.id returning x.household_id, x.id)
insert into stayed select household_id, '{HEAD_STAYS}', id from gone"""
    others = "x.origin_id is distinct from %(batch)s" if undoing else "x.voided_at is null"
    yield f"""
insert into staying select x.id, '{HEAD_STAYS}' from heads_left l join households_person x on x.id = l.person
 where {others} and not exists (select 1 from staying s where s.person = x.id)"""


# the person of membership `x` has another open one that does not go
HAS_ANOTHER = """
select 1 from households_membership o where o.person_id = x.person_id and o.until is null and o.id <> x.id
   and o.origin_id is distinct from %(batch)s and o.id not in (select id from step)"""
# Of the households of which somebody stays: who is head `now`, and who will be `then`.
HEADS = f"""
drop table if exists heads_left;
create temp table heads_left on commit drop as
with homes as materialized (
    select x.household_id as id from staying s join households_membership x on x.person_id = s.person
    union select owner from kept where not whole),
step as materialized (
    select x.id, e.until is null as opened from households_rostertouch t join households_membership x on x.id = t.record
      join households_membershipevent e on {BEFORE_IMAGE} where {former_step(Membership)} and {as_left(Membership)}),
roles as materialized (
    select x.household_id, x.person_id, x.relation = 'head' as head, x.until is null and p.voided_at is null as now,
           {{lives}} and case
             when exists (select 1 from staying s where s.person = p.id) then x.until is null
             when x.until is not null then {{opened}}
             else not ({{ended}}) end as later
      from households_membership x join households_person p on p.id = x.person_id where x.household_id in (select id from homes)),
wrong as (
    select household_id from roles group by 1
    having bool_or(later) and count(*) filter (where head and later) <> 1 and count(*) filter (where head and now) = 1)
select distinct person_id as person from roles where head and now <> later and household_id in (select household_id from wrong)
"""
# Households with members that the step, or its reversal, has given a head or taken one from, and that have none now, or two.
HEADLESS = """
select h.household_no, coalesce(s.head_name, ''), h.id,
       case when bool_or(m.relation = 'head') then '有 ' || count(*) filter (where m.relation = 'head') || ' 位户主' else '没有户主' end
  from (select x.household_id from households_rostertouch t join households_membership x on x.id = t.record and x.relation = 'head'
         where t.batch_id = %(batch)s and t."table" = 'membership'
        union select household_id from households_membership where origin_id = %(batch)s and relation = 'head') o
  join households_household h on h.id = o.household_id and h.voided_at is null
  join households_membership m on m.household_id = h.id and m.until is null
  join households_person p on p.id = m.person_id and p.voided_at is null
  left join households_householdstate s on s.household_id = h.id
 group by h.id, s.head_name having count(*) filter (where m.relation = 'head') <> 1 order by h.household_no"""
