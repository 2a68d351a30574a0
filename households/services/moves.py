"""Moving a household to another village or town: its rows follow by the database (DESIGN.md section 9)."""

from django.core.exceptions import ValidationError
from django.db import transaction

from households.models import Household
from jiyang.access import scope
from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.regions.enums import Level
from jiyang.regions.models import Region


@transaction.atomic
def move_household(*, household: Household, village: Region, by: User, reason: str) -> Household:
    """Move a household to `village`. New officers see all of its history, the former ones nothing any more.

    Runs with the district's reach: the former town's officer could not write the new path (STACK.md 3, Moves).
    Raises ValidationError: not a village, the same village, no reason.
    """
    problems = []
    if village.level != Level.VILLAGE:
        problems.append("请选择迁入的行政村")
    if household.village_id == village.pk:
        problems.append("该户已经在这个村")
    if not reason.strip():
        problems.append("请写明迁移原因")
    if problems:
        raise ValidationError(problems)
    with scope.on_behalf_of(scope.require(), f"户迁移：{reason.strip()}"):
        household = held(household)
        household.place_at(village)
        household.save(update_fields=["district", "town", "village"])
    return household
