"""Demo data of the register: the roster through the real import with its approval, grants, tiers, through the services."""

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path

from django.utils import timezone

from households.enums import RiskTier
from households.models import Household
from households.roster import committing, jobs
from households.services import changes, facts, incomes, pairings, roster, tiers
from households.services.change_checks import open_members
from jiyang.access.models import HouseholdGrant
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.demo import TOWNS
from jiyang.accounts.models import Posting, User
from jiyang.intake.models import Batch

ROSTER = Path(__file__).with_name("data") / "demo_roster.xlsx"
REASONS = {RiskTier.A: "户主患大病，医疗支出大", RiskTier.B: "收入不稳，依靠务工", RiskTier.C: "收入稳定，三保障达标"}
HELPERS = (("王淑敏", "区农业综合服务中心"), ("赵立新", "区税务局"), ("孙玉梅", "区人民医院"))
GRANTED = 12  # households each demo insurer and inspector sees, and each demo helper looks after


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
        committing.commit(roster.approve(batch=batch, by=checker).pk)
    _grant()
    _pair()
    _classify()
    _monitor()
    _wait()


def _grant() -> None:
    with system_scope("演示数据"):
        for number, town in enumerate(TOWNS, start=1):
            homes = list(Household.objects.filter(town__name=town).order_by("pk")[:GRANTED])
            for posting in Posting.objects.filter(
                user__username__endswith=str(number), role__in=["insurer", "inspector"]
            ):
                HouseholdGrant.objects.bulk_create(
                    HouseholdGrant(
                        posting=posting,
                        household=home,
                        since=home.registered_on,
                    )
                    for home in homes
                )


def _pair() -> None:
    """A helper with an account and two without in each demo town; a third of the households stay without one."""
    for number in range(1, len(TOWNS) + 1):
        officer = User.objects.get(username=f"town_officer{number}")
        with acting_as(actor_for(officer, reason="演示数据")) as actor:
            homes = list(Household.objects.visible_to(actor).order_by("pk"))
            place = homes[0].town
            for index, (name, office) in enumerate(HELPERS):
                helper = pairings.register_helper(
                    by=officer,
                    town=place,
                    name=name,
                    kind="helper",
                    office=office,
                    username="" if index else f"helper{number}",
                )
                mine = homes[:GRANTED] if index == 0 else homes[GRANTED + index :: 4]
                day = max(home.registered_on for home in mine)
                pairings.pair(rows=mine, helper=helper, by=officer, on=day)


def _monitor() -> None:
    """The monitoring record of each monitored household: risks, measures, who keeps watch."""
    dice, clerk = random.Random(15), User.objects.get(username="district_clerk1")
    with acting_as(actor_for(clerk, reason="演示数据")):
        for home in Household.objects.exclude(category="").order_by("pk"):
            risks = dice.sample(("illness", "disability", "unstable_work", "school"), dice.choice((1, 1, 2)))
            facts.keep_case(
                by=clerk,
                household=home,
                **dict(zip(facts.RISKS, risks, strict=False)),
                dropout_problem=False,
                uninsured_problem=False,
                measure_health=["medical_aid"] if "illness" in risks else [],
                measure_safety_net=["allowance"],
                measure_social=["helper"],
                monitor_contact=dice.choice(HELPERS)[0],
                monitor_contact_phone=f"139{dice.randrange(10**8):08d}",
            )


def _wait() -> None:
    """Something for the task centres: a change of people and a tier that wait for their checker, an estimate of income."""
    today = timezone.localdate()
    for number in range(1, len(TOWNS) + 1):
        officer = User.objects.get(username=f"town_officer{number}")
        with acting_as(actor_for(officer, reason="演示数据")) as actor:
            homes = list(Household.objects.visible_to(actor).filter(state__people__gte=3, state__tier="B")[:3])
            for home in homes:
                incomes.record_income(
                    household=home,
                    by=officer,
                    kind="estimate",
                    period_start=dt.date(today.year - 1, 10, 1),
                    period_end=dt.date(today.year, 9, 30),
                    items={
                        "work": (Decimal(26400), "县城务工 8 个月"),
                        "wheat": (Decimal(640), ""),
                        "dividend": (Decimal(300), ""),
                    },
                )
            if homes:
                leaver = list(open_members(homes[0]).values())[-1].person
                changes.submit(
                    household=homes[0], by=officer, kind="other_out", on=today, person=leaver, note="迁往外地"
                )
                tiers.ask_for_tier(rows=homes[1:2], tier="A", reason="户主患大病，自付 8,640 元", by=officer)


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
