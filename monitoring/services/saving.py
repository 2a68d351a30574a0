"""The rules' word on a household right after it was saved: what is not known yet (DESIGN.md section 6, "on save")."""

from django.utils import timezone

from households.checkup import register
from jiyang.rules.circles import examine
from jiyang.rules.facts import Facts
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import active
from monitoring.models import RuleHit
from monitoring.services.hits import KEPT, only_counted


def look(household_id: int) -> list[str]:
    """Sentences of the rules that are true of the household now and of which it has no live hit.

    Rules that were true of nearly everybody in the last run say nothing here either.
    """
    today = timezone.localdate()
    known = set(RuleHit.objects.live().filter(household=household_id).values_list("code", flat=True))
    known |= only_counted()
    wanted = [rule for rule in active(today) if rule.subject.key in KEPT and rule.code not in known]
    facts = Facts(today)
    found = examine(wanted, register.source(), facts, "household_key", household_id)
    teller = Teller(facts) if found else None
    return [f"{one.rule.title}：{teller.tell(one.rule.when, one.row)}" for one in found]
