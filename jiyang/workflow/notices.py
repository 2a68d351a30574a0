"""Telling people: one bulk insert per occasion."""

from collections.abc import Iterable

from jiyang.access.matrix import matrix
from jiyang.accounts.models import Posting, User
from jiyang.regions.models import Region
from jiyang.workflow.models import Notice


def notify(users: Iterable[User], text: str, url: str = "") -> None:
    """A line for each user, once. `text` names no person and no number of one (its page shows who is meant)."""
    people = {user.pk for user in users}
    Notice.objects.bulk_create(Notice(user_id=pk, text=text[:200], url=url) for pk in sorted(people))


def holders(right: str, region: Region, day) -> list[User]:
    """Users whose posting of `day` at `region` or above it holds `right` (an act's side is `<act>.check`)."""
    above = [key for key in (region.pk, region.town_id, region.district_id) if key]
    postings = Posting.objects.on(day).filter(
        role__in=matrix().roles_with(right), region__in=above, user__is_active=True
    )
    return list(User.objects.filter(pk__in=postings.values("user")))
