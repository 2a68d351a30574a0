"""One-time links from the server's console: the first administrators of an empty system, a lost password of theirs."""

import datetime as dt
import hashlib
import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.accounts.models import EntryLink, Posting, User
from jiyang.accounts.services.postings import appoint
from jiyang.accounts.services.users import change_password
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.regions.enums import Level
from jiyang.regions.models import Region

FIRST_ROLES = ("system_admin", "security_admin")  # together they can make and grant every other posting
GOOD_FOR = dt.timedelta(hours=24)


class AlreadyThere(ValidationError):
    """The system has an administrator of the role; they make the others."""


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def first_link(role: str) -> tuple[EntryLink, str]:
    """A link that makes the first user of a role; returns it with its token. Former unused ones lose their force.

    Raises AlreadyThere.
    """
    if Posting.objects.not_over(timezone.localdate()).filter(role=role, user__is_active=True).exists():
        raise AlreadyThere(f"已有{matrix().roles[role].title}，不再生成链接；其他账号由其在“用户”页建立")
    return _make(role=role)


@transaction.atomic
def password_link(user: User) -> tuple[EntryLink, str]:
    """A link that sets the password of an active user, for when nobody else may reset it."""
    if not user.is_active:
        raise ValidationError(f"账号 {user.username} 已停用")
    return _make(user=user)


def _make(**what) -> tuple[EntryLink, str]:
    now, token = timezone.now(), secrets.token_urlsafe(32)
    EntryLink.objects.filter(used_at=None, expires_at__gt=now, **what).update(expires_at=now)
    made = EntryLink.objects.create(digest=digest(token), expires_at=now + GOOD_FOR, **what)
    note(LogKind.ACCOUNT, table="accounts.entrylink", purpose=f"服务器控制台生成一次性链接：{made}")
    return made, token


def open_link(token: str) -> EntryLink | None:
    """The link of a token while it is good; None for an unknown, used or expired one."""
    rows = EntryLink.objects.select_related("user").filter(digest=digest(token), used_at=None)
    return rows.filter(expires_at__gt=timezone.now()).first()


@transaction.atomic
def use_link(*, token: str, username: str = "", name: str = "", office: str = "", password: str) -> User:
    """Use a link: make its user with the role's posting at the district, or set its user's password.

    Raises ValidationError with every reason at once; the link is then still good.
    """
    link = open_link(token)
    link = link and EntryLink.objects.select_for_update(of=("self",)).filter(pk=link.pk, used_at=None).first()
    if link is None:
        raise ValidationError("链接已经用过或过期，请在服务器上重新生成")
    if link.user_id:
        change_password(user=link.user, password=password)
        user = link.user
    else:
        user = _first_user(link.role, username, name, office, password)
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    note(LogKind.ACCOUNT, user=user, obj=user, purpose="使用一次性链接")
    return user


def _first_user(role: str, username: str, name: str, office: str, password: str) -> User:
    from django.contrib.auth.password_validation import validate_password

    if Posting.objects.not_over(timezone.localdate()).filter(role=role, user__is_active=True).exists():
        raise AlreadyThere(f"已有{matrix().roles[role].title}，这个链接不再有效")
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": f"账号 {username} 已有人使用；系统管理员和安全管理员须是两个人、两个账号"})
    try:
        validate_password(password, User(username=username, name=name))
    except ValidationError as weak:
        raise ValidationError({"new": weak.messages}) from weak
    user = User.objects.create_user(username, password, name=name, office=office, must_change_password=False)
    district = Region.objects.at(Level.DISTRICT).order_by("pk").first()
    appoint(user=user, role=role, region=district, since=timezone.localdate(), reason="首个管理员")
    return user
