"""Demo visits, through the service."""

import datetime as dt
import random
import uuid

from django.utils import timezone

from households.models import Household
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from monitoring.models import Visit
from monitoring.services import followups, hits
from monitoring.services.visits import record_visit

NOTES = (
    "家庭情况稳定，收入与上次相当。",
    "公益岗工资按月到账。",
    "户主复查后需继续服药，医疗支出增加。",
    "子女外出务工，老人在家，身体尚好。",
    "",
)
WITHIN = {"A": 20, "B": 38, "C": 95, "": 100}  # days back from today, so that some are overdue


def fill() -> None:
    """Idempotent: an instance that has visits is left as it is."""
    dice, clerk = random.Random(7), User.objects.get(username="district_clerk1")
    names = ("张立国", "王淑敏", "刘洪", "周明")
    with acting_as(actor_for(clerk, reason="演示数据")):
        if Visit.objects.exists():
            return
        for household in Household.objects.select_related("state").order_by("pk"):
            if dice.random() < 0.02:
                continue
            days = dice.randint(0, WITHIN[household.state.tier])
            when = timezone.now() - dt.timedelta(days=days, minutes=dice.randint(0, 300))
            if timezone.localtime(when).date() < household.registered_on:
                continue
            trouble = dice.random() < 0.06
            visit, _ = record_visit(
                household=household,
                by=clerk,
                client_uuid=uuid.UUID(int=dice.getrandbits(128)),
                done_by=dice.choice(names),
                visited_at=when,
                method="home" if dice.random() < 0.9 else "phone",
                met="head",
                people_change="none",
                income_change=dice.choice(("same", "same", "more", "less")),
                education="fine",
                medical="problem" if trouble else "fine",
                housing="fine",
                water="fine",
                risk="verify" if trouble else "none",
                notes=dice.choice(NOTES),
            )
            settle(visit, clerk, dice)
    with system_scope("演示数据"):
        hits.run(place=Region.objects.at(Level.DISTRICT).first(), day=timezone.localdate())


def settle(visit: Visit, clerk: User, dice: random.Random) -> None:
    """Most items of visits longer ago have been looked into since."""
    day = visit.done_on + dt.timedelta(days=dice.randint(1, 5))
    if day >= timezone.localdate() or dice.random() < 0.1:
        return
    for item in visit.follow_ups.all():
        followups.close(
            record=item, by=clerk, outcome="已入户核实，帮助申请医疗救助", settled_by=visit.done_by, settled_on=day
        )
