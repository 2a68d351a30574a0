"""Demo data of the register: the roster through the real import with its approval, grants, tiers, through the services."""

import datetime as dt
import random
from pathlib import Path

from django.utils import timezone

from households.enums import RiskTier
from households.models import Household
from households.roster import jobs
from households.services import roster, tiers
from jiyang.access.models import HouseholdGrant
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.demo import TOWNS
from jiyang.accounts.models import Posting, User
from jiyang.intake.models import Batch

ROSTER = Path(__file__).with_name("data") / "demo_roster.xlsx"
REASONS = {RiskTier.A: "户主患大病，医疗支出大", RiskTier.B: "收入不稳，依靠务工", RiskTier.C: "收入稳定，三保障达标"}
GRANTED = 12  # households each demo helper, insurer and inspector looks after


def fill() -> None:
    """Idempotent: a demo instance that has its roster is left as it is."""
    maker, checker = User.objects.get(username="data_admin1"), User.objects.get(username="district_clerk1")
    with acting_as(actor_for(maker, reason="演示数据")):
        if Batch.objects.exists():
            return
        batch = roster.upload(by=maker, filename="济阳区已脱贫人口名单.xlsx", data=ROSTER.read_bytes())
        jobs.check(batch.pk)
        roster.submit(batch=batch, by=maker)
    with acting_as(actor_for(checker, reason="演示数据")):
        jobs.commit(roster.approve(batch=batch, by=checker).pk)
    _grant()
    _classify()


def _grant() -> None:
    with system_scope("演示数据"):
        for number, town in enumerate(TOWNS, start=1):
            homes = list(Household.objects.filter(town__name=town).order_by("pk")[:GRANTED])
            for posting in Posting.objects.filter(
                user__username__endswith=str(number), role__in=["helper", "insurer", "inspector"]
            ):
                HouseholdGrant.objects.bulk_create(
                    HouseholdGrant(
                        posting=posting,
                        household=home,
                        since=home.registered_on,
                        district_id=home.district_id,
                        town_id=home.town_id,
                        village_id=home.village_id,
                    )
                    for home in homes
                )


def _classify() -> None:
    """Tiers for two of three households, dated over the last months."""
    dice, clerk = random.Random(2021), User.objects.get(username="district_clerk1")
    today = timezone.localdate()
    with acting_as(actor_for(clerk, reason="演示数据")):
        for household in Household.objects.select_related("state").order_by("pk"):
            roll = dice.random()
            if roll > 0.7:
                continue
            tier = (
                RiskTier.A
                if roll < 0.06 or household.monitoring_status == "监测中"
                else RiskTier.B
                if roll < 0.22
                else RiskTier.C
            )
            day = max(household.registered_on, today - dt.timedelta(days=dice.randint(20, 200)))
            tiers.set_tier(household=household, tier=tier, reason=REASONS[tier], by=clerk, on=day)
