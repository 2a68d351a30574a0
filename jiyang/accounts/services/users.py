"""Accounts: made by a system administrator, locked and opened again, given new passwords, left behind."""

import datetime as dt
import secrets

from axes.models import AccessAttempt
from axes.utils import reset as reset_attempts
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from jiyang.access.scope import require
from jiyang.accounts.enums import THREE_DUTIES, SessionEnd
from jiyang.accounts.models import PasswordRecord, Posting, User
from jiyang.accounts.services import sessions
from jiyang.accounts.services.postings import cut
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.parameters import values

LETTERS, CAPITALS, DIGITS = "abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"  # none that look alike


def temporary_password() -> str:
    """Fourteen characters in three groups that can be read out over the telephone: `Kmpw-7429-TXRB`."""
    groups = (LETTERS, DIGITS, CAPITALS)
    return "-".join("".join(secrets.choice(group) for _ in range(4)) for group in groups)


@transaction.atomic
def create_user(*, username: str, name: str, office: str, by: User) -> tuple[User, str]:
    """Make an account without any posting. Returns it with its temporary password, which is kept nowhere in the clear.

    Raises PermissionDenied, ValidationError.
    """
    _need_administrator()
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": f"账号 {username} 已有人使用，请换一个"})
    password = temporary_password()
    user = User.objects.create_user(username, password, name=name, office=office)
    note(LogKind.ACCOUNT, user=by, obj=user, purpose=f"建立账号 {username}")
    return user, password


@transaction.atomic
def edit_user(*, record: User, name: str, office: str, by: User) -> User:
    _need_administrator()
    record.name, record.office = name, office
    record.save(update_fields=["name", "office"])
    return record


@transaction.atomic
def disable(*, user: User, reason: str, by: User) -> User:
    """停用, as when somebody leaves: sessions, API tokens and postings end now, open requests for them are withdrawn.

    Raises PermissionDenied, ValidationError.
    """
    _need_administrator()
    today = timezone.localdate()
    problems = [
        "不能停用自己的账号" if user == by else "",
        "" if user.is_active else "账号已经停用",
        "请写明原因，如“调离本单位”" if not reason.strip() else "",
        *_last_administrator(user),
    ]
    if found := [problem for problem in problems if problem]:
        raise ValidationError(found)
    user.is_active, user.state_reason = False, reason.strip()
    user.save(update_fields=["is_active", "state_reason"])
    cut(list(user.postings.values_list("pk", flat=True)), today)
    user.posting_requests.filter(state="submitted").update(
        state="withdrawn", decided_by=by, decided_at=timezone.now(), decision_reason="账号停用"
    )
    sessions.end_of(user, by=by, how=SessionEnd.DISABLED)
    _revoke_tokens(user, by)
    note(LogKind.ACCOUNT, user=by, obj=user, purpose=f"停用：{reason.strip()}"[:200])
    return user


def _last_administrator(user: User) -> list[str]:
    held = Posting.objects.on(timezone.localdate()).filter(role__in=["system_admin", "security_admin"], deputy_for=None)
    found = []
    for posting in held.filter(user=user):
        if not held.filter(role=posting.role, user__is_active=True).exclude(user=user).exists():
            found.append(f"{user.name}是唯一的{posting.role_title}，先给另一位同志这个岗位")
    return found


@transaction.atomic
def enable(*, user: User, reason: str, by: User) -> User:
    """启用 again. Former postings do not come back: they are asked for anew. Raises PermissionDenied, ValidationError."""
    _need_administrator()
    if user.is_active:
        raise ValidationError("账号没有停用")
    if not reason.strip():
        raise ValidationError("请写明原因")
    user.is_active, user.state_reason = True, reason.strip()
    user.save(update_fields=["is_active", "state_reason"])
    note(LogKind.ACCOUNT, user=by, obj=user, purpose=f"启用：{reason.strip()}"[:200])
    return user


def is_locked(user: User) -> bool:
    """Whether wrong passwords have locked the account at this moment."""
    return user.username in locked_names([user.username])


def locked_names(names: list[str]) -> set[str]:
    """Those of the user names that are locked now. One query."""
    since = timezone.now() - dt.timedelta(hours=settings.AXES_COOLOFF_TIME)
    rows = AccessAttempt.objects.filter(username__in=names, attempt_time__gt=since)
    counted = rows.order_by().values("username").annotate(failures=Sum("failures_since_start"))
    return set(counted.filter(failures__gte=settings.AXES_FAILURE_LIMIT).values_list("username", flat=True))


@transaction.atomic
def unlock(*, user: User, by: User) -> User:
    """解锁 before the half hour is over. Raises PermissionDenied."""
    _need_administrator()
    reset_attempts(username=user.username)
    note(LogKind.ACCOUNT, user=by, obj=user, purpose="解锁")
    return user


def may_reset(user: User, actor) -> bool:
    """Whose password an administrator may reset: that of the three duties only a security administrator, never one's own.

    Otherwise who makes accounts could take over the account that grants rights.
    """
    if user == actor.user:
        return False
    of_three = user.postings.not_over(timezone.localdate()).filter(role__in=THREE_DUTIES).exists()
    return actor.has("posting.check") if of_three else actor.has("user.change")


@transaction.atomic
def reset_password(*, user: User, by: User) -> str:
    """Give a temporary password, to be changed at the next log-in; sessions and API tokens end. Returns it. Raises PermissionDenied."""
    if not may_reset(user, require()):
        raise PermissionDenied("三员账号的密码由安全管理员重置，自己的密码在“我的账号”修改")
    password = temporary_password()
    _set(user, password, must_change=True)
    sessions.end_of(user, by=by, how=SessionEnd.PASSWORD)
    _revoke_tokens(user, by)
    reset_attempts(username=user.username)
    note(LogKind.PASSWORD, user=by, obj=user, purpose="重置密码")
    return password


@transaction.atomic
def change_password(*, user: User, password: str, keep: str | None = None) -> None:
    """Set a new password; the former one is remembered, other sessions than the one with key `keep` end.

    Raises ValidationError with every reason at once.
    """
    validate_password(password, user)
    _set(user, password, must_change=False)
    sessions.end_of(user, by=user, how=SessionEnd.PASSWORD, keep=keep)
    note(LogKind.PASSWORD, user=user)


def expire_password(user: User) -> bool:
    """At log-in: a password older than `password.days` must be changed first. Returns whether it is."""
    if user.password_changed_at is None or user.must_change_password:
        return user.must_change_password
    age = (timezone.now() - user.password_changed_at).days
    if age and age >= values.get("password.days").value:
        user.must_change_password = True
        user.save(update_fields=["must_change_password"])
    return user.must_change_password


def _revoke_tokens(user: User, by: User) -> None:
    """What programs act with ends like the sessions: who gets the account back issues new ones."""
    user.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)


def _set(user: User, password: str, *, must_change: bool) -> None:
    PasswordRecord.objects.create(user=user, password=user.password)
    user.set_password(password)
    user.must_change_password = must_change
    user.save(update_fields=["password", "password_changed_at", "must_change_password"])


def _need_administrator() -> None:
    if not require().has("user.change"):
        raise PermissionDenied("只有系统管理员可以管理账号")
