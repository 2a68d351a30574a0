"""The rules' word on what was saved, right after it: what is not known yet (DESIGN.md section 6, "on save")."""

from django.db.models import Model, QuerySet
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


def look_at(record: Model) -> list[str]:
    """Sentences about the household that the record is or belongs to, or about the record itself where rules are asked of it."""
    home = record.pk if isinstance(record, Household) else getattr(record, "household_id", None)
    if home is not None:
        return look(home)
    subject = register.subject_of(type(record))
    if subject is None:
        return []
    live = RuleHit.objects.live().filter(household=None, record=record.pk)
    return _told({subject}, register.held()[subject].key, record.pk, live, record.district_id)


def look(household_id: int) -> list[str]:
    """Sentences of the rules that are true of the household now and of which it has no live hit."""
    live = RuleHit.objects.live().filter(household=household_id)
    district = Household.objects.values_list("district", flat=True).get(pk=household_id)
    return _told(register.of_households(), "household_key", household_id, live, district)


def _told(subjects: set[str], column: str, key: int, live: QuerySet[RuleHit], district: int) -> list[str]:
    """What rules of `subjects` say of the rows whose `column` is `key`, but for the hits in `live`.

    Rules that were true of nearly everybody in the last run say nothing here either.
    """
    today = timezone.localdate()
    known, counted = set(live.values_list("code", "person", "record")), only_counted(district)
    wanted = [rule for rule in active(today) if rule.subject.key in subjects and rule.code not in counted]
    facts = Facts(today)
    judged = examine(wanted, register.source(), facts, column, key)
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
