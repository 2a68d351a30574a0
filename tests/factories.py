"""The one factory module: valid and dull by default, variants by argument. Rows are made in the system's scope."""

import datetime as dt
import itertools
import random
import uuid

from django.utils import timezone

from households.enums import HouseholdType, Relation
from households.models import Household, Membership, Person
from households.services import state
from jiyang.access.matrix import matrix
from jiyang.access.scope import actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.accounts.services import appoint
from jiyang.identifiers import idcard, pinyin
from jiyang.identifiers.encryption import blind_index
from jiyang.parameters.loading import load_parameters
from jiyang.regions.enums import Level
from jiyang.regions.loading import DATA, load_regions
from jiyang.regions.models import Region

PASSWORD = "Correct-Horse-9"
_number = itertools.count(1)
REGISTERED = dt.date(2021, 1, 10)


def reference_data() -> None:
    load_regions(DATA / "regions_370115.csv")
    load_parameters()


def town(name: str = "仁风镇") -> Region:
    return Region.objects.get(level=Level.TOWN, name=name)


def village(town_name: str = "仁风镇", index: int = 0) -> Region:
    return Region.objects.at(Level.VILLAGE).filter(town=town(town_name)).order_by("code")[index]


def zone(town_name: str = "仁风镇") -> Region:
    """A 管区 with the town's first two villages."""
    place = town(town_name)
    made, _ = Region.objects.get_or_create(
        level=Level.ZONE,
        parent=place,
        code=f"{place.code}Z9",
        defaults={"name": "测试管区", "district": place.district, "town": place},
    )
    Region.objects.filter(pk__in=[village(town_name, 0).pk, village(town_name, 1).pk]).update(zone=made)
    return made


def user(role: str | None, place: "str | Region | None" = None, **fields) -> User:
    """A user with one posting of `role` at a town (by name), a region, or the district; no role: no posting."""
    number = next(_number)
    made = User.objects.create_user(
        f"u{number}_{role or 'nobody'}", PASSWORD, **{"name": f"用户{number}", "must_change_password": False, **fields}
    )
    if role:
        region = town(place) if isinstance(place, str) else place
        if region is None and matrix().roles[role].reach in {"district", "none"}:
            region = Region.objects.get(level=Level.DISTRICT)
        appoint(user=made, role=role, region=region, since=dt.date(2021, 1, 1))
    return made


def id_number(birth: dt.date = dt.date(1960, 5, 1), male: bool = True) -> str:
    serial = next(_number) % 500 * 2 + (1 if male else 0)
    body = f"3701{random.randint(10, 99)}{birth:%Y%m%d}{serial:03d}"
    return body + idcard.check_digit(body)


def household(place: Region | None = None, *, members: int = 2, tier: str = "", **fields) -> Household:
    """A household with its people, head first. `tier` sets a decision in force since registration."""
    with system_scope("测试数据"):
        number = next(_number)
        made = Household(
            **{
                "household_no": f"37{number:012d}",
                "household_type": HouseholdType.LIFTED,
                "registered_on": REGISTERED,
                **fields,
            }
        )
        made.place_at(place or village())
        made.save()
        for index in range(members):
            person(made, relation=Relation.HEAD if index == 0 else Relation.OTHER)
        if tier:
            made.tierdecision_set.create(tier=tier, reason="测试", since=REGISTERED)
        state.refresh([made.pk])
        return Household.objects.select_related("state", "village", "town").get(pk=made.pk)


def person(owner: Household, *, relation: str = Relation.OTHER, name: str = "", number: str = "", **fields) -> Person:
    """A member of a household. Call inside a scope."""
    serial = next(_number)
    name, number = name or f"王{'一二三四五六七八九'[serial % 9]}{'芳军强敏'[serial % 4]}", number or id_number()
    made = Person.objects.create(
        household=owner,
        name=name,
        name_pinyin=pinyin.sort_key(name),
        id_number=number,
        id_index=blind_index(number),
        birth_date=idcard.birth_date(number),
        sex=idcard.sex(number),
        ethnic="汉族",
        **fields,
    )
    Membership.objects.create(person=made, household=owner, relation=relation, since=owner.registered_on)
    return made


def visit_answers(**changes) -> dict:
    """Answers of an uneventful visit as the service takes them."""
    return {
        "client_uuid": uuid.uuid4(),
        "visited_at": timezone.now(),
        "method": "home",
        "met": "head",
        "people_change": "none",
        "income_change": "same",
        "education": "fine",
        "medical": "fine",
        "housing": "fine",
        "water": "fine",
        "risk": "none",
        "notes": "",
        "done_by": "张立国",
        **changes,
    }


def acting(by: User):
    """The actor of a user, for `with acting_as(acting(user))`."""
    return actor_for(by)
