"""The rules' word on a household right after it was saved: what is not known yet (DESIGN.md section 6, "on save")."""

from django.utils import timezone

from households.checkup import register
from households.models import Household
from jiyang.access.scope import require
from jiyang.rules.circles import Judged, examine
from jiyang.rules.facts import Facts
from jiyang.rules.groups import told_to
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import active
from monitoring.models import RuleHit
from monitoring.services.hits import only_counted


def look(household_id: int) -> list[str]:
    """Sentences of the rules that are true of the household now and of which it has no live hit.

    Rules that were true of nearly everybody in the last run say nothing here either.
    """
    today = timezone.localdate()
    live = RuleHit.objects.live().filter(household=household_id)
    district = Household.objects.values_list("district", flat=True).get(pk=household_id)
    known, counted = set(live.values_list("code", "person", "record")), only_counted(district)
    wanted = [rule for rule in active(today) if rule.subject.key in register.held() and rule.code not in counted]
    facts = Facts(today)
    judged = examine(wanted, register.source(), facts, "household_key", household_id)
    found = [one for one in judged if (one.rule.code, *_whose(one)) not in known]
    teller = Teller(facts) if found else None
    actor = require()
    return [
        f"{one.rule.title}：{told_to(actor, one.rule.when, one.rule.subject, teller.tell(one.rule.when, one.row))}"
        for one in found
    ]


def _whose(one: Judged) -> tuple[int | None, int | None]:
    """(person, record) of a hit, as it is kept."""
    if one.rule.subject.key in {"household", "person"}:
        return (one.key if one.rule.subject.key == "person" else None), None
    return one.row.values.get("person_key"), one.key
