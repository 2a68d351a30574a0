"""Demo users: every role in two towns (DESIGN.md section 7). Refused unless the instance is a demo."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from jiyang.access.matrix import Role, matrix
from jiyang.accounts.models import User
from jiyang.accounts.services import appoint
from jiyang.regions.enums import Level
from jiyang.regions.models import Region

PASSWORD = "Jiyang-Demo-2021"
TOWNS = ("仁风镇", "曲堤街道")
# everybody has a name of their own: maker and checker are told apart
SURNAMES = "张王李刘陈杨赵孙马高郭林徐宋吕于董"
GIVEN = ("立国", "淑敏")
SINCE = dt.date(2021, 1, 1)


@dataclass(frozen=True)
class Login:
    role: str
    username: str
    password: str
    town: str


def region_for(role: Role, town: Region) -> Region | None:
    """Where a demo posting of the role lies: district, the town, its first village, or nowhere (granted households)."""
    if role.reach in {"district", "none"}:
        return town.district
    if role.reach == "town":
        return town
    if role.reach == "zone":
        return Region.objects.filter(level=Level.ZONE, parent=town).order_by("code").first()
    if role.reach == "village":
        return Region.objects.at(Level.VILLAGE).filter(town=town).order_by("code").first()
    return None


def make_zone(town: Region) -> None:
    """A 管区 of the first villages of a town, so that zone officers have one."""
    zone, made = Region.objects.get_or_create(
        level=Level.ZONE,
        parent=town,
        code=f"{town.code}Z1",
        defaults={"name": f"{town.name}第一管区", "district": town.district, "town": town},
    )
    if made:
        villages = Region.objects.at(Level.VILLAGE).filter(town=town).order_by("code").values("pk")[:8]
        Region.objects.filter(pk__in=list(villages.values_list("pk", flat=True))).update(zone=zone)


@transaction.atomic
def make_users() -> list[Login]:
    """Create what is missing; returns the log-ins of all demo users."""
    if not (settings.DEMO and settings.DEBUG):
        raise PermissionDenied("演示用户只能在演示环境建立")
    found = []
    for number, name in enumerate(TOWNS, start=1):
        town = Region.objects.get(level=Level.TOWN, name=name)
        make_zone(town)
        for place, role in enumerate(matrix().roles.values()):
            username = f"{role.key}{number}"
            user = User.objects.filter(username=username).first()
            if user is None:
                office = "区衔接办" if role.reach in {"district", "none"} else town.name
                user = User.objects.create_user(
                    username,
                    PASSWORD,
                    name=f"{SURNAMES[place % len(SURNAMES)]}{GIVEN[number - 1]}（{role.title}）",
                    office=office,
                    must_change_password=False,
                )
                appoint(user=user, role=role.key, region=region_for(role, town), since=min(SINCE, timezone.localdate()))
            found.append(Login(role.key, username, PASSWORD, name))
    return found
