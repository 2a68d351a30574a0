"""Issuing, finding and revoking API tokens."""

import datetime as dt
import hashlib
import secrets

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jiyang.accounts.models import User
from jiyang.api.models import ApiToken
from jiyang.parameters import values

BYTES, SHOWN = 32, 6
NOTED_EVERY = dt.timedelta(minutes=5)  # between writes of the last use


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """All of a user's tokens, newest first."""
    return ApiToken.objects.filter(user=user)


def tokens_in_use() -> QuerySet[ApiToken]:
    """Everybody's usable tokens, with their users."""
    return ApiToken.objects.usable().select_related("user")


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()


@transaction.atomic
def issue(*, by: User, name: str, until: dt.date) -> tuple[ApiToken, str]:
    """A new token for `by` themself, and its text, which nobody can read again.

    Raises ValidationError: no name, a last day in the past or beyond `api.token.days`, too many in use. Raises
    ParameterMissing where the limits have no value.
    """
    days, most = int(values.get("api.token.days").value), int(values.get("api.token.most").value)
    today, problems = timezone.localdate(), {}
    if not name.strip():
        problems["name"] = "请写明用途，如“区统计平台取数”"
    if not today <= until <= today + dt.timedelta(days=days):
        problems["until"] = f"有效期至应在今天到 {today + dt.timedelta(days=days)} 之间，最长 {days} 天"
    if ApiToken.objects.usable().filter(user=by).count() >= most:
        problems["name"] = f"有效的令牌已有 {most} 个，请先撤销不用的"
    if problems:
        raise ValidationError(problems)
    plain = secrets.token_urlsafe(BYTES)
    token = ApiToken.objects.create(
        user=by, name=name.strip(), start=plain[:SHOWN], digest=digest_of(plain), until=until
    )
    return token, plain


@transaction.atomic
def revoke(*, token: ApiToken, by: User, is_admin: bool = False) -> ApiToken:
    """End a token at once. Raises PermissionDenied for somebody else's unless `is_admin`; a second time changes nothing."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.user_id != by.pk and not is_admin:
        raise PermissionDenied("只能撤销本人的令牌")
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = timezone.now(), by
        token.save(update_fields=["revoked_at", "revoked_by"])
    return token


def find(plain: str) -> ApiToken | None:
    """The usable token behind a text, its use noted at most every five minutes. One query."""
    token = ApiToken.objects.usable().filter(digest=digest_of(plain)).first()
    if token is None:
        return None
    now = timezone.now()
    if token.used_at is None or now - token.used_at > NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
    return token
