"""What is kept of the rules' hits: for the rules' own pages, and for the rule that asks how long a lead has waited."""

from urllib.parse import urlencode

from django.urls import reverse

from households.checkup.register import widen
from jiyang.access.scope import Actor
from jiyang.rules.live import Stored, keeps_hits
from monitoring.models import RuleHit

# The oldest lead that waits for somebody: neither decided nor muted, and no suggestion of a tier (`HitQuerySet.leads_of`).
OPEN_LEAD = """(
select min(x.first_seen) from monitoring_rulehit x
 where x.household_id = h.id and x.severity = 'lead' and x.state in ('new', 'assigned') and x.gone_on is null and x.voided_at is null
   and x.code <> 'OVERDUE_15' and left(x.code, 5) <> 'TIER_'
   and not exists (select 1 from monitoring_rulemute m where m.household_id = x.household_id and m.code = x.code
                      and m.voided_at is null and m.until > current_date))"""
widen("household", open_lead_since=OPEN_LEAD)


@keeps_hits
def stored(code: str, actor: Actor) -> Stored | None:
    if not actor.may_open("monitoring:hit_list"):
        return None
    count = RuleHit.objects.visible_to(actor).live().filter(code=code).count()
    url = f"{reverse('monitoring:hit_list')}?{urlencode({'code': code, 'live': 'yes'})}"
    return Stored(count, url, reverse("monitoring:precision") if actor.may_open("monitoring:precision") else "")
