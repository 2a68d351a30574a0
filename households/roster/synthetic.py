"""Coherent synthetic people for load tests and benchmarks: as normalised columns, through the import's own staging.

Nobody in them exists: names and numbers are invented; only the villages are real.
"""

import datetime as dt
import random

from jiyang.identifiers import idcard
from jiyang.intake.header import Header
from jiyang.intake.layouts import layouts
from jiyang.intake.normalise import Mapped
from jiyang.intake.places import Place
from jiyang.regions.enums import Level
from jiyang.regions.models import Region

DAY = dt.date(2025, 6, 30)
SURNAMES = "王李张刘陈杨赵孙周徐马朱胡郭何高林罗郑梁宋谢唐许韩冯邓曹彭曾"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红建国文辉力健世广志义兴良海山仁波宁贵福生龙元全"
CHILD, SPOUSE = ("son", "daughter"), "spouse"
ADULT_EDUCATION = ("illiterate", "primary", "middle", "middle", "high")


def people(count: int, seed: int, *, first: int = 0) -> Mapped:
    """`count` people in households of one to five with head, spouse, children and a grandparent, numbered from `first`."""
    dice = random.Random(seed)
    layout = layouts()["roster_a"]
    fields = [one for one in layout.fields if one.is_value]
    villages = list(Region.objects.at(Level.VILLAGE).order_by("code").values_list("pk", "town", "district"))
    columns = {one.name: [] for one in fields}
    places: list[Place] = []
    used: set[str] = set()
    while len(places) < count:
        village, town, district = dice.choice(villages)
        home = _household(dice, min(dice.choice((1, 1, 2, 2, 3, 4, 5)), count - len(places)), first + len(places), used)
        for row in home:
            for name, values in columns.items():
                values.append(row.get(name))
            places.append(Place(district, town, village))
    header = Header(
        "合成",
        0,
        1,
        layout,
        dict(enumerate(fields)),
        {place: one.heading for place, one in enumerate(fields)},
        [],
        [],
        1.0,
    )
    return Mapped(
        header,
        list(range(2, len(places) + 2)),
        columns,
        places,
        [],
        DAY,
        {name: columns[name] for name in ("id_number",)},
    )


def _household(dice: random.Random, size: int, number: int, used: set[str]) -> list[dict]:
    surname = dice.choice(SURNAMES)
    monitored = dice.random() < 0.06
    home = {
        "household_no": f"37{number:014d}", "hamlet": f"{dice.randint(1, 9)}组", "stated_size": str(size),
        "poverty_cause": dice.choice(("illness", "disability", "skill", "labour", "funds")), "dangerous_house": "f", "safe_water": "t",
        "income_per_head": f"{dice.uniform(5500, 24000):.2f}", "phone": f"1{dice.choice('35789')}{dice.randrange(10**9):09d}",
        "identified_on": f"{dice.randint(2014, 2018)}-{dice.randint(1, 12):02d}-01", "household_type": "lifted",
        "category": dice.choice(("unstable", "marginal", "sudden")) if monitored else None, "risk_removed": "f" if monitored else None,
        "risk_identified_on": f"{dice.randint(2021, 2024)}-{dice.randint(1, 12):02d}-01" if monitored else None,
    }  # fmt: skip
    kinds = ["head", SPOUSE, dice.choice(CHILD), dice.choice(CHILD), "mother"][:size]
    male_head = dice.random() < 0.7
    return [
        {**home, **_person(dice, kind, male_head, surname, number + place, used)} for place, kind in enumerate(kinds)
    ]


def _person(dice: random.Random, kind: str, male_head: bool, surname: str, number: int, used: set[str]) -> dict:
    male = {"head": male_head, "spouse": not male_head, "son": True, "daughter": False, "mother": False}[kind]
    age = {
        "head": dice.randint(38, 78),
        "spouse": dice.randint(36, 76),
        "son": dice.randint(3, 15),
        "daughter": dice.randint(3, 15),
        "mother": dice.randint(70, 92),
    }[kind]
    own = kind in {"head", "son", "daughter"}
    name = (surname if own else dice.choice(SURNAMES)) + dice.choice(GIVEN) + dice.choice(GIVEN)[: dice.randint(0, 1)]
    minor = age < 16
    healthy = dice.random() < (0.9 if minor else 0.5)
    labour = "none" if minor or age > 74 else "weak" if age > 60 or not healthy else "ordinary"
    return {
        "person_no": f"38{number:017d}", "name": name, "id_number": _id_number(dice, age, male, used), "relation": kind, "ethnic": "汉族",
        "education": None if minor else dice.choice(ADULT_EDUCATION),
        "school_state": _school(age) if minor else None,
        "health": "{healthy}" if healthy else "{chronic}", "labour": labour,
        "work_months": str(dice.randint(3, 11)) if labour == "ordinary" else "0", "critical_illness_insured": "t",
        "person_phone": None if minor else f"1{dice.choice('35789')}{dice.randrange(10**9):09d}", "person_identified_on": "2016-06-01",
    }  # fmt: skip


def _school(age: int) -> str:
    if age < 6:
        return "preschool"
    return "primary" if age < 12 else f"grade_{min(9, age - 5)}"


def _id_number(dice: random.Random, age: int, male: bool, used: set[str]) -> str:
    while True:
        born = DAY - dt.timedelta(days=int(age * 365.25) + dice.randint(10, 300))
        body = f"370125{born:%Y%m%d}{dice.randrange(500) * 2 + male:03d}"
        if dice.random() < 0.5:
            body = f"3701{dice.randint(11, 89)}{body[6:]}"
        number = body + idcard.check_digit(body)
        if number not in used:
            used.add(number)
            return number
