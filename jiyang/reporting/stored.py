"""Figures as they were: stored once for district, towns and villages, read again, compared with what counts now.

What is entered late for a past month changes the count, never the stored number: the difference is told.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from jiyang.access import scope
from jiyang.access.scope import Actor, Reach
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.reporting import figures
from jiyang.reporting.figures import Figure, Month, Tally
from jiyang.reporting.models import StoredFigure

TOTAL = ""
INSERT = """
insert into reporting_storedfigure (figure, part, district_id, town_id, village_id, day, value, run)
select figure, part, %s, town, village, %s, value, %s
  from unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) given (figure, part, town, village, value)
    on conflict do nothing
"""
Key = tuple[int | None, int | None, str]  # town, village, part


@dataclass(frozen=True)
class Difference:
    """A stored value that the dated rows no longer give."""

    figure: Figure
    part: str
    region: str
    day: dt.date
    stored: int
    now: int

    def __str__(self) -> str:
        part = f"·{dict(self.figure.parts).get(self.part, self.part)}" if self.part else ""
        return f"{self.day} {self.region} {self.figure.title}{part}：存数 {self.stored}，现在重算 {self.now}"


@dataclass
class Outcome:
    """What a run did: values written, values stored before that are still the same, and those that are not."""

    written: int = 0
    same: int = 0
    differences: list[Difference] = field(default_factory=list)


def store_figures(day: dt.date, *, district: Region | None = None, run: str = "") -> Outcome:
    """Store every figure of a day that is over, for each district (or one), its towns and villages, with parts.

    Flows are stored at the end of their month only. A figure that the day has already is compared, never written. Runs
    in the system's scope. Raises ValidationError for a day that is not over, ParameterMissing, ScopeNotSet.
    """
    actor = scope.require()
    if not actor.is_system:
        raise scope.ScopeNotSet("月末存数由系统任务写入：请用 system_scope(...)")
    if day >= timezone.localdate():
        raise ValidationError(f"{day} 还没有结束，只能存已经过去的日子")
    outcome = Outcome()
    places = [district] if district else Region.objects.at(Level.DISTRICT).live().filter(pk__in=actor.reach.districts)
    for place in places:
        _store(replace(actor, reach=Reach(districts=(place.pk,)), regions=(place,)), place, day, run, outcome)
    return outcome


def _store(actor: Actor, district: Region, day: dt.date, run: str, outcome: Outcome) -> None:
    below = list(Region.objects.filter(district=district, level__in=[Level.TOWN, Level.VILLAGE]))
    known = _known(district, day)
    fresh: list[tuple] = []
    for chosen in figures.all_figures():
        if chosen.is_flow and day != Month.of(day).last:
            continue
        counted = _counted(chosen, actor, day, below)
        before = known.get(chosen.key)
        if before is None:
            fresh += [(chosen.key, part, town, village, n) for (town, village, part), n in counted.items()]
            continue
        found = list(
            _compare(chosen, day, before, counted, {region.pk: region.short_name for region in [district, *below]})
        )
        outcome.differences += found
        outcome.same += sum(before[key] == counted[key] for key in before)
    if fresh:
        keys, parts, towns, villages, values = map(list, zip(*fresh, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [district.pk, day, run, keys, parts, towns, villages, values])
            outcome.written += cursor.rowcount


def _known(district: Region, day: dt.date) -> dict[str, Counter]:
    rows = StoredFigure.objects.filter(district=district, day=day)
    found: dict[str, Counter] = {}
    for key, town, village, part, value in rows.values_list("figure", "town", "village", "part", "value"):
        found.setdefault(key, Counter())[town, village, part] = value
    return found


def _counted(chosen: Figure, actor: Actor, day: dt.date, below: list[Region]) -> Counter:
    """Value by town, village and part. Every live region has its total, 0 too: a total that is there was stored."""
    found = Counter({(None, None, TOTAL): 0})
    town_of = {}
    for region in below:
        is_village = region.level == Level.VILLAGE
        if is_village:
            town_of[region.pk] = region.town_id
        if region.successor_id is None:
            found[(region.town_id, region.pk, TOTAL) if is_village else (region.pk, None, TOTAL)] = 0
    for town, tally in figures.count(chosen, actor, day, by="town").items():
        _add(found, (None, None), tally)
        if town is not None:
            _add(found, (town, None), tally)
    for village, tally in figures.count(chosen, actor, day, by="village").items():
        if village is not None:
            _add(found, (town_of[village], village), tally)
    return found


def _add(found: Counter, place: tuple, tally: Tally) -> None:
    found[*place, TOTAL] += tally.total
    for part, n in tally.parts.items():
        if part != TOTAL:
            found[*place, part] += n


def _compare(
    chosen: Figure, day: dt.date, before: Counter, now: Counter, names: dict[int, str]
) -> Iterator[Difference]:
    district = next(iter(names.values()))
    for town, village, part in sorted({**before, **now}, key=lambda key: (key[0] or 0, key[1] or 0, key[2])):
        stored, counted = before[town, village, part], now[town, village, part]
        if stored != counted:
            yield Difference(chosen, part, names.get(village or town, district), day, stored, counted)


def stored(chosen: Figure, region: Region, day: dt.date) -> Tally | None:
    """The stored figure of a region in the acting actor's scope; None where nothing is stored (or not for them)."""
    return read(scope.require(), region, [day]).get((chosen.key, day))


def read(actor: Actor, region: Region, days: Iterable[dt.date]) -> dict[tuple[str, dt.date], Tally]:
    """Stored figures of a region on several days, by figure key and day, in the actor's scope. One query."""
    rows = StoredFigure.objects.visible_to(actor).of(region).filter(day__in=list(days))
    found: dict[tuple[str, dt.date], Tally] = {}
    for key, day, part, value in rows.values_list("figure", "day", "part", "value"):
        tally = found.setdefault((key, day), Tally())
        if part == TOTAL:
            tally.total += value
        else:
            tally.parts[part] = tally.parts.get(part, 0) + value
    split = {chosen.key for chosen in figures.all_figures() if TOTAL in dict(chosen.parts)}
    for (key, _), tally in found.items():
        if key in split:
            tally.parts[TOTAL] = tally.total - sum(tally.parts.values())
    return found
