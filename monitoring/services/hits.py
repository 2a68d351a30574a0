"""Keeping what the rules find: one pass, and only what is new or gone is written."""

import datetime as dt
import io
import json
import time
from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import Max, Q

from households.checkup import register
from jiyang.access.scope import Actor, on_behalf_of, require
from jiyang.accounts.models import User
from jiyang.intake.bulk import batches, whole_batch
from jiyang.parameters import values
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.rules import running
from jiyang.rules.circles import Circles
from jiyang.rules.cited import Citer
from jiyang.rules.evaluate import Row
from jiyang.rules.facts import Facts
from jiyang.rules.fields import subjects
from jiyang.rules.running import Outcome
from jiyang.rules.sentence import Teller
from jiyang.rules.sql import Source
from jiyang.rules.versions import active, broken
from monitoring.models import RuleHit, RuleRun, RuleSeen
from monitoring.models.hit import LOWER
from monitoring.services import lowering

FLOOD = "rules.flood.percent"
FLOOD_FROM = 200  # rows below which a share says nothing
AT_ONCE = 2000
NOT_KEPT = "命中超过半数，多半是这一列没有采集：只计数，不逐户登记"
LOCK = 0x0519  # key of the advisory lock: runs go one after another
# The hits of this pass with their household and person; `record` is the row itself, where that is neither. A village's has no household.
FOUND = """
create temp table found (place integer, key bigint) on commit drop"""
PLACED = """
create temp table placed on commit drop as
select f.place, h.id as household_id, null::bigint as person_id, null::bigint as record, f.key
  from found f join households_household h on h.id = f.key where f.place = any(%(household)s)
union all
select f.place, p.household_id, p.id, null, f.key from found f join households_person p on p.id = f.key where f.place = any(%(person)s)"""
PLACED_BY = """
union all
select f.place, {household}, {person}, f.key, f.key from found f join {base} b on b.{key} = f.key where f.place = any(%({subject})s)"""
# A hit of this pass `f` and a kept one `x` of the same rule are the same: of a household, of a village.
SAME = "x.household_id = f.household_id and x.person_id is not distinct from f.person_id and x.record is not distinct from f.record"
SAME_VILLAGE = "x.household_id is null and f.household_id is null and x.record = f.record"
KEPT = "x.code = r.code and x.gone_on is null and x.voided_at is null"
NEW = f"""
select f.place, f.key, f.household_id, f.person_id, f.record from placed f join rules r on r.place = f.place
 where not exists (select 1 from monitoring_rulehit x where {SAME} and {KEPT})
   and not exists (select 1 from monitoring_rulehit x where {SAME_VILLAGE} and {KEPT})
 order by f.place, f.key"""
OLD = f"""
select f.place, f.key, x.id, x.last_values from placed f join rules r on r.place = f.place join monitoring_rulehit x on {SAME} and {KEPT}
union all
select f.place, f.key, x.id, x.last_values from placed f join rules r on r.place = f.place join monitoring_rulehit x on {SAME_VILLAGE} and {KEPT}
 order by 1, 2"""
# Hits that wait and were found by another version of the rule end: the version in force finds and tells them anew.
GONE = f"""
update monitoring_rulehit x set gone_on = greatest(%(day)s, x.first_seen),
       state = case when x.state in ('new', 'assigned') then 'gone' else x.state end
  from rules r where r.code = x.code and x.gone_on is null and x.voided_at is null and {{here}}
   and (x.number <> r.number and x.state in ('new', 'assigned')
        or not exists (select 1 from placed f where f.place = r.place and {SAME})
           and not exists (select 1 from placed f where f.place = r.place and {SAME_VILLAGE}))
returning x.code"""


@transaction.atomic
def run(*, place: Region, day: dt.date, by: User | None = None) -> RuleRun:
    """Run the rules in force over the register of `place` (district or town) and keep what changed.

    A rule that may not run leaves its hits as they are and is told with its reason. Runs go one after another.
    """
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    facts, rules = Facts(day), [rule for rule in active(day) if rule.subject.key in register.held()]
    town = place if place.level == "town" else None
    source = register.source(town.pk if town else None)
    outcomes = running.run(rules, source, facts)
    sizes = {key: _size(base.sql) for key, base in source.bases.items()}
    district = place.district or place
    left_out = only_counted(district.pk) if town else set()  # what the whole district decides
    told = {one.rule.code: _flood(one, sizes, left_out if town else None) for one in outcomes}
    kept = [one for one in outcomes if not told[one.rule.code]]
    counted = [one.rule.code for one in outcomes if told[one.rule.code] == NOT_KEPT] + _not_in_force(day)
    new, gone = _store(kept, counted, source, facts, place, day, by)
    lines = [
        {
            "code": one.rule.code, "title": one.rule.title, "severity": one.rule.severity, "hits": len(one.keys),
            "new": new.get(one.rule.code, 0), "gone": gone.get(one.rule.code, 0), "reason": told[one.rule.code],
        }
        for one in outcomes
    ]  # fmt: skip
    lowering.propose(place=place, day=day, ran=[one.rule.code for one in kept], by=by)
    _seen(place, [one.rule.code for one in kept], day)
    return RuleRun.objects.create(
        district=district, town=town, day=day, by=by, outcomes=lines, seconds=round(time.perf_counter() - began, 2)
    )  # fmt: skip


def _flood(outcome: Outcome, sizes: dict[str, int], decided: set[str] | None) -> str:
    """Why a rule's hits are not kept: it did not run, or it is true of nearly everybody of the district (`decided`)."""
    if decided is not None:
        return outcome.reason or (NOT_KEPT if outcome.rule.code in decided else "")
    size = sizes.get(outcome.rule.subject.key, 0)
    share = int(values.get(FLOOD).value)
    if not outcome.reason and size >= FLOOD_FROM and len(outcome.keys) * 100 > size * share:
        return NOT_KEPT
    return outcome.reason


def _not_in_force(day: dt.date) -> list[str]:
    """Codes of live hits whose rule was switched off; one that is only disabled keeps its hits."""
    standing = {rule.code for rule in active(day)} | {one.version.code for one in broken(day)}
    known = RuleHit.objects.live().exclude(code__startswith=LOWER).values_list("code", flat=True)
    return sorted(set(known.order_by().distinct()) - standing)


def _seen(place: Region, codes: list[str], day: dt.date) -> None:
    """Of each rule that ran here: the day, for all its hits at once."""
    rows = [RuleSeen(place=place, code=code, day=day) for code in codes]
    RuleSeen.objects.bulk_create(rows, update_conflicts=True, unique_fields=["place", "code"], update_fields=["day"])


def _size(base: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {base} b")
        return cursor.fetchone()[0]


def _store(
    outcomes: list[Outcome],
    counted: list[str],
    source: Source,
    facts: Facts,
    place: Region,
    day: dt.date,
    by: User | None,
) -> tuple[dict[str, int], dict[str, int]]:
    """Write new hits and end those that are gone, and those of rules that are only counted now; how many of each, by code."""
    total = sum(len(one.keys) for one in outcomes)
    with whole_batch(total), connection.cursor() as cursor:
        cursor.execute(FOUND)
        lines = "".join(f"{place}\t{key}\n" for place, one in enumerate(outcomes) for key in one.keys)
        cursor.copy_expert("copy found from stdin", io.StringIO(lines))
        cursor.execute(*_placed(outcomes, source))
        cursor.execute("create temp table rules on commit drop as select * from unnest(%s::int[], %s::text[], %s::int[]) as r(place, code, number)",
                       [[*range(len(outcomes)), *([-1] * len(counted))], [*(one.rule.code for one in outcomes), *counted],
                        [*(one.rule.number for one in outcomes), *([0] * len(counted))]])  # fmt: skip
        cursor.execute("create index on placed (place, household_id); analyze found; analyze placed; analyze rules")
        cursor.execute(GONE.format(here=f"x.{place.level}_id = %(place)s"), {"day": day, "place": place.pk})
        gone = [code for (code,) in cursor.fetchall()]
        cursor.execute(NEW)
        new = cursor.fetchall()
        cursor.execute(OLD)
        old = cursor.fetchall()
    _renew(outcomes, old, source, facts)
    found: dict[str, int] = {}
    for hits in batches(_told(outcomes, new, source, facts, day, by), 5000):
        RuleHit.objects.bulk_create(hits)
        for hit in hits:
            found[hit.code] = found.get(hit.code, 0) + 1
    with connection.cursor() as cursor:
        cursor.execute("drop table found, placed, rules")
    return found, {code: gone.count(code) for code in set(gone)}


def _placed(outcomes: list[Outcome], source: Source) -> tuple[str, dict[str, list[int]]]:
    """The statement that finds each hit's household, and the places of each subject's rules."""
    sql, places = PLACED, {subject: [] for subject in ("household", "person", *source.bases)}
    for place, one in enumerate(outcomes):
        places.setdefault(one.rule.subject.key, []).append(place)
    for subject, base in source.bases.items():
        if subject not in {"household", "person"} and places[subject]:
            person = "b.person_key" if "person_key" in base.columns else "null"
            home = "b.household_key" if "household_key" in base.columns else "null::bigint"
            sql += PLACED_BY.format(household=home, person=person, base=base.sql, key=base.key, subject=subject)
    return sql, places


def _told(
    outcomes: list[Outcome], new: list[tuple], source: Source, facts: Facts, day: dt.date, by: User | None
) -> Iterator[RuleHit]:
    """New hits with their sentences and values."""
    teller = Teller(facts)
    citer = Citer(teller)
    badges = {place: facts.unconfirmed(one.rule.parameters) for place, one in enumerate(outcomes)}
    for (place, _, household, person, record), row in _with_rows(outcomes, new, source):
        rule = outcomes[place].rule
        cited = citer.values(rule.when, rule.subject, row)
        own = {} if household else {f"{step}_id": row.values[f"{step}_id"] for step in ("district", "town", "village")}
        yield RuleHit(
            **own, household_id=household, person_id=person, record=record, code=rule.code, number=rule.number, title=rule.title[:200],
            severity=rule.severity, text=teller.tell(rule.when, row), unconfirmed=badges[place], first_seen=day, entered_by=by,
            first_values=cited, last_values=cited,
        )  # fmt: skip


def _renew(outcomes: list[Outcome], old: list[tuple], source: Source, facts: Facts) -> None:
    """Keep what the standing hits' values are now, of those only where they are others than the last time."""
    citer = Citer(Teller(facts))

    def changed() -> Iterator[RuleHit]:
        for (place, _, pk, former), row in _with_rows(outcomes, old, source):
            rule = outcomes[place].rule
            cited = citer.values(rule.when, rule.subject, row)
            if former is None or json.loads(former) != cited:
                yield RuleHit(pk=pk, last_values=cited)

    for hits in batches(changed(), AT_ONCE):
        RuleHit.objects.bulk_update(hits, ["last_values"])


def _with_rows(outcomes: list[Outcome], lines: list[tuple], source: Source) -> Iterator[tuple[tuple, Row]]:
    """Lines (place, key, …) each with its row; rows are loaded with their related for many at once."""
    circles = Circles(source)
    for subject in source.bases:
        by_key: dict[int, list[tuple]] = {}
        for one in lines:
            if outcomes[one[0]].rule.subject.key == subject:
                by_key.setdefault(one[1], []).append(one)
        nodes = [outcomes[place].rule.when for place in {one[0] for mine in by_key.values() for one in mine}]
        for keys in batches(sorted(by_key), AT_ONCE):
            rows = circles.by_key(subjects()[subject], keys, nodes)
            yield from ((one, rows[key]) for key in keys for one in by_key[key])


def places_of(actor: Actor) -> list[Region]:
    """The places for which the actor may run the rules: their district and each of its towns, else their own towns."""
    reach = actor.reach
    own = Q(pk__in=reach.districts) | Q(level=Level.TOWN, district__in=reach.districts) | Q(pk__in=reach.towns)
    found = Region.objects.select_related("district").filter(own)
    return sorted(found, key=lambda one: (one.level != Level.DISTRICT, one.code))


def last_of_district(district: int) -> RuleRun | None:
    """The last run over the whole district, also for those whose scope is less: its day and which rules did not run."""
    with on_behalf_of(require(), "最近一次规则运行"):
        return RuleRun.objects.filter(town=None, district=district).order_by("-pk").first()


def only_counted(district: int) -> set[str]:
    """Codes of rules that were true of nearly everybody in the last run over the whole district."""
    last = last_of_district(district)
    return {one["code"] for one in last.outcomes if one["reason"] == NOT_KEPT} if last else set()


def last_seen(hit: RuleHit) -> dt.date:
    """The day of the last run that saw it. One query, however many nights there were."""
    if hit.gone_on:
        return hit.gone_on
    seen = RuleSeen.objects.filter(place__in=(hit.town_id, hit.district_id), code=hit.code)
    day = seen.aggregate(day=Max("day"))["day"]
    return max(day or hit.first_seen, hit.first_seen)
