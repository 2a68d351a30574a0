"""Follow-up items (待核实事项): raised by visits, closed with what was found."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.parameters import values
from monitoring.enums import Finding, FollowUpState, PeopleChange, RiskSeen, Topic
from monitoring.models import FollowUp, Visit

DAYS, RISK_DAYS = "followup.days", "followup.risk.days"


def topics_of(visit: Visit) -> list[Topic]:
    """What a visit leaves to be looked into."""
    raised = [
        (visit.risk == RiskSeen.VERIFY, Topic.RISK),
        *((getattr(visit, item.value) == Finding.PROBLEM, item) for item in (Topic.EDUCATION, Topic.MEDICAL, Topic.HOUSING, Topic.WATER)),
        (visit.people_change == PeopleChange.CHANGED, Topic.PEOPLE),
    ]  # fmt: skip
    return [topic for is_raised, topic in raised if is_raised]


def raise_from(visit: Visit, by: User) -> list[FollowUp]:
    """One open item per topic of the visit; a topic that is open already stays as it is. Two queries."""
    topics = topics_of(visit)
    if not topics:
        return []
    open_now = set(FollowUp.objects.open().filter(household=visit.household_id).values_list("topic", flat=True))
    days, risk_days = (int(values.get(key).value) for key in (DAYS, RISK_DAYS))
    return FollowUp.objects.bulk_create(
        FollowUp(
            household_id=visit.household_id,
            visit=visit,
            topic=topic,
            what=visit.notes,
            due_on=visit.done_on + dt.timedelta(days=risk_days if topic == Topic.RISK else days),
            done_by=visit.done_by,
            done_on=visit.done_on,
            entered_by=by,
        )
        for topic in topics
        if topic.value not in open_now
    )


@transaction.atomic
def close(*, record: FollowUp, by: User, outcome: str, settled_by: str, settled_on: dt.date) -> FollowUp:
    """办结. Raises ValidationError with every reason: done already, no outcome, a day before the item or not yet come."""
    item = held(record)
    if item.state == FollowUpState.DONE:
        raise ValidationError(f"这一项已由{item.settled_by}于 {item.settled_on} 办结：{item.outcome}")
    problems = {}
    if not outcome.strip():
        problems["outcome"] = "请写明核实结果和已采取的措施"
    if not settled_by.strip():
        problems["settled_by"] = "请写明核实人"
    if settled_on > timezone.localdate():
        problems["settled_on"] = "核实日期不能晚于今天"
    elif item.done_on and settled_on < item.done_on:
        problems["settled_on"] = f"核实日期不能早于发现日期 {item.done_on}"
    if problems:
        raise ValidationError(problems)
    item.state, item.outcome, item.settled_by, item.settled_on = (
        FollowUpState.DONE,
        outcome.strip(),
        settled_by.strip(),
        settled_on,
    )
    item.closed_by, item.closed_at = by, timezone.now()
    item.save()
    return item
