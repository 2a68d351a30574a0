"""Demo figures of the villages of the demo towns, two years each, through the services."""

import random

from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for
from jiyang.accounts.demo import TOWNS
from jiyang.accounts.models import User
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from villages.models import VillageYear
from villages.services import record_year


def fill() -> None:
    """Idempotent: an instance that has villages' figures is left as it is."""
    dice, clerk, last = random.Random(33), User.objects.get(username="district_clerk1"), timezone.localdate().year - 1
    with acting_as(actor_for(clerk, reason="演示数据")):
        if VillageYear.objects.exists():
            return
        places = Region.objects.at(Level.VILLAGE).live().filter(town__name__in=TOWNS)
        for place in places.select_related("town", "district").order_by("code"):
            homes, income, lifted = dice.randint(120, 480), dice.randint(3, 40), dice.random() < 0.15
            for year in (last - 1, last):
                grown = 1 + (year - last + 1) * dice.randint(-1, 4) / 100
                record_year(
                    by=clerk,
                    village=place,
                    year=year,
                    lifted_village=lifted or None,
                    **_figures(dice, round(homes * grown), income * grown),
                )


def _figures(dice: random.Random, homes: int, income: float) -> dict:
    """Figures of one village; about one in twelve still lacks something."""
    people, allowance = homes * 3 + dice.randint(-40, 60), dice.randint(2, 12)
    return {
        "households_total": homes,
        "people_total": people,
        "allowance_households": allowance,
        "allowance_people": allowance + dice.randint(0, 8),
        "destitute_people": dice.randint(0, 6),
        "disabled_people": people // 30,
        "dangerous_house_households": 1 if dice.random() < 0.03 else 0,
        "unsafe_water_households": dice.randint(1, 4) if dice.random() < 0.03 else 0,
        "pension_people": people * 6 // 10,
        "collective_income_wan": round(income, 2),
        "primary_schools": 1 if dice.random() < 0.2 else 0,
        "clinics": 0 if dice.random() < 0.03 else 1,
        "doctors": dice.randint(1, 2),
        "public_toilets": dice.randint(1, 3),
        "waste_points": dice.randint(2, 8),
        "reading_rooms": 1,
        "paved_road": dice.random() > 0.02,
        "bus_service": dice.random() > 0.05,
    }
