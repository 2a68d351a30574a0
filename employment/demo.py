"""Demo jobs and plans, through the services."""

import datetime as dt
import random

from django.utils import timezone

from employment.models import LabourSpell
from employment.services import record_plan, record_spell
from households.enums import Labour
from households.models import Person
from jiyang.access.scope import acting_as, actor_for
from jiyang.accounts.models import User

JOBS = (
    ("济阳区", "山东省济南市济阳区济阳经济开发区", "山东旺旺食品有限公司", "制造业", "自主就业", 4200),
    ("济阳区", "山东省济南市济阳区仁风镇", "仁风西瓜合作社帮扶车间", "农副食品加工业", "帮扶车间", 2600),
    ("历城区", "山东省济南市历城区", "济南建工集团", "建筑业", "亲友介绍", 5800),
    ("章丘区", "山东省济南市章丘区", "章丘机械铸造厂", "制造业", "劳务公司", 4600),
    ("黄岛区", "山东省青岛市黄岛区", "青岛前湾物流公司", "交通运输业", "点对点组织输送", 6400),
)
NEEDS = ("技能培训", "岗位推荐", "岗位推荐,技能培训", "")


def fill() -> None:
    """Idempotent: an instance that has jobs is left as it is."""
    dice, clerk, today = random.Random(10), User.objects.get(username="district_clerk1"), timezone.localdate()
    with acting_as(actor_for(clerk, reason="演示数据")):
        if LabourSpell.objects.exists():
            return
        able = Person.objects.members_on(today).filter(labour__in=(Labour.SKILLED, Labour.ORDINARY))
        for person in able.select_related("household").order_by("pk"):
            roll = dice.random()
            if roll < 0.35:
                _work(person, clerk, dice, today)
            elif roll < 0.45:
                record_plan(
                    by=clerk, person=person, plans_to_work=roll < 0.42, planned_county=dice.choice(JOBS)[0],
                    service_need=dice.choice(NEEDS), job_phone=f"139{dice.randrange(10**8):08d}",
                )  # fmt: skip


def _work(person: Person, clerk: User, dice: random.Random, today: dt.date) -> None:
    """A job since some month of the last two years; every fifth one is over."""
    county, place, employer, industry, channel, pay = dice.choice(JOBS)
    began = (today - dt.timedelta(days=dice.randint(60, 700))).replace(day=1)
    over = dice.random() < 0.2
    record_spell(
        by=clerk, person=person, working=not over, job_started_on=began,
        job_ended_on=began + dt.timedelta(days=45) if over else None, job_place=place, job_county=county,
        job_monthly_pay=pay + dice.randrange(-5, 6) * 100, job_employer=employer, job_industry=industry,
        point_to_point=channel.startswith("点对点"), job_channel=channel, travel_subsidy=600 if "青岛" in place else None,
        job_phone=f"138{dice.randrange(10**8):08d}",
    )  # fmt: skip
