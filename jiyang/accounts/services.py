"""What may happen to accounts: appointing to a posting, changing a password."""

import datetime as dt

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from jiyang.access.matrix import matrix
from jiyang.accounts.models import PasswordRecord, Posting, User
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note


class PostingRefused(ValueError):
    """The role and the region do not fit; the message says how."""


@transaction.atomic
def appoint(*, user: User, role: str, region=None, since: dt.date, until: dt.date | None = None) -> Posting:
    """Give a user a dated posting. Raises PostingRefused when the role's reach and the region's level do not fit."""
    known = matrix().roles.get(role)
    if known is None:
        raise PostingRefused(f"没有角色 {role}")
    level = region.level if region else "households"
    allowed = {"none": {"district"}, "households": {"households"}}.get(known.reach, {known.reach})
    if level not in allowed:
        raise PostingRefused(f"{known.title} 的岗位应落在 {known.reach}，不能是 {level}")
    return Posting.objects.create(user=user, role=role, region=region, since=since, until=until)


@transaction.atomic
def change_password(*, user: User, password: str) -> None:
    """Set a new password; the former one is remembered. Raises ValidationError with every reason at once."""
    validate_password(password, user)
    PasswordRecord.objects.create(user=user, password=user.password)
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "password_changed_at", "must_change_password"])
    note(LogKind.PASSWORD, user=user)
