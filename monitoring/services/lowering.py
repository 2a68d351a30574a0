"""Proposals to lower a tier: its grounds are gone at consecutive reviews (DOMAIN.md 3.1). A person decides; nothing lowers itself."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from jiyang.accounts.models import User
from jiyang.parameters import values
from jiyang.regions.models import Region
from monitoring.enums import HitState
from monitoring.models import RuleHit
from monitoring.models.hit import LOWER, OPEN

REVIEWS = "tier.lower.reviews"
# Households whose tier stood on hits of its conditions, all of which are gone. A temporary tier ends by itself. Where one of these
# conditions did not run in this pass, nobody knows whether it holds. `reviews`: days of runs since the last of them was gone.
GONE = r"""
with held as (
  select h.id, h.district_id, h.town_id, d.tier, d.since from households_household h
    join households_tierdecision d on d.household_id = h.id and d.voided_at is null and not d.override and d.tier in ('A', 'B')
         and d.since <= %(day)s and (d.until is null or d.until > %(day)s)
   where h.voided_at is null and h.closed_on is null and h.{level}_id = %(place)s
     and not exists (select 1 from households_tierchange c
                      where c.household_id = h.id and c.state = 'submitted' and c.voided_at is null)
), ground as (
  select t.id, t.district_id, t.town_id, t.tier, t.since, max(x.gone_on) as gone_on, string_agg(distinct x.title, '；') as titles
    from held t join monitoring_rulehit x on x.household_id = t.id and x.voided_at is null and coalesce(x.gone_on > t.since, true)
         and (x.code like 'TIER\_A\_%%' or t.tier = 'B' and x.code like 'TIER\_B\_%%')
   group by 1, 2, 3, 4, 5 having count(*) filter (where x.gone_on is null) = 0 and bool_and(x.code = any(%(ran)s))
)
select g.id, g.tier, g.since, g.gone_on, g.titles,
       (select count(distinct r.day) from monitoring_rulerun r where r.district_id = g.district_id
           and (r.town_id is null or r.town_id = g.town_id) and r.day >= g.gone_on and r.day < %(day)s) + 1 as reviews,
       (select string_agg(distinct b.title, '；') from monitoring_rulehit b where b.household_id = g.id and b.voided_at is null
           and b.gone_on is null and g.tier = 'A' and b.code like 'TIER\_B\_%%') as lower
  from ground g order by g.id"""


@dataclass(frozen=True)
class Found:
    household: int
    tier: str
    since: dt.date
    gone_on: dt.date
    titles: str
    reviews: int
    lower: str | None  # conditions of B that hold of a household in A

    @property
    def to(self) -> str:
        return "B" if self.lower else "C"

    @property
    def code(self) -> str:
        return f"{LOWER}{self.tier}{self.to}"

    @property
    def text(self) -> str:
        now = f"现在符合 B 类条件（{self.lower}）" if self.lower else "现在没有 A、B 类条件成立"
        ending = "退出 A 类经区级确认" if self.tier == "A" else "由镇街审定"
        return (
            f"自 {self.since} 起为 {self.tier} 类。当时成立的“{self.titles}”，最后一条自 {self.gone_on} 起不再成立，"
            f"已连续 {self.reviews} 次巡检不符合 {self.tier} 类条件；{now}。降不降由人决定，{ending}"
        )


def propose(*, place: Region, day: dt.date, ran: list[str], by: User | None) -> None:
    """Propose where the grounds of a tier are gone; end proposals where they are back, or the tier has changed.

    `ran`: codes of the rules that this pass ran and kept. A fixed number of statements.
    """
    with connection.cursor() as cursor:
        cursor.execute(GONE.format(level=place.level), {"day": day, "place": place.pk, "ran": ran})
        found = {one.household: one for one in (Found(*line) for line in cursor.fetchall())}
    standing = RuleHit.objects.live().filter(code__startswith=LOWER, **{place.level: place})
    kept, ended = set(), []
    for pk, household, code in standing.values_list("pk", "household", "code"):
        if household in found and found[household].code == code:
            kept.add(household)
        else:
            ended.append(pk)
    over = RuleHit.objects.filter(pk__in=ended)
    over.filter(state__in=OPEN).update(state=HitState.GONE, gone_on=Greatest(F("first_seen"), day))
    over.filter(gone_on=None).update(gone_on=Greatest(F("first_seen"), day))
    least = int(values.get(REVIEWS).value)
    RuleHit.objects.bulk_create(
        RuleHit(
            household_id=one.household, code=one.code, title=f"建议由 {one.tier} 类降为 {one.to} 类：{one.tier} 类条件不再成立", severity="lead",
            text=one.text, first_seen=day, entered_by=by,
        ) for one in found.values() if one.reviews >= least and one.household not in kept
    )  # fmt: skip
