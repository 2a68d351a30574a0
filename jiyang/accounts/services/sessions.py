"""Sessions: noted when they begin, ended from anywhere."""

from importlib import import_module

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from jiyang.accounts.enums import SessionEnd
from jiyang.accounts.models import SignIn, User
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note


def begin(*, user: User, session, address: str | None, agent: str) -> SignIn:
    """Note a session that has just been opened. Call after log-in, when it has its key."""
    if session.session_key is None:
        session.save()
    now = timezone.now()
    noted = {"address": address, "agent": agent[:300], "started_at": now, "seen_at": now, "ended_at": None, "end": ""}
    # the same user who logs in again keeps the session's key: it is the same row, begun anew
    return SignIn.objects.update_or_create(key=session.session_key, defaults={"user": user, **noted})[0]


def rekey(*, former: str, session) -> None:
    """The session got a new key (Django does so at a change of password)."""
    SignIn.objects.filter(key=former).update(key=session.session_key)


def seen(session) -> None:
    SignIn.objects.filter(key=session.session_key).update(seen_at=timezone.now())


def end(rows: QuerySet, *, how: SessionEnd) -> int:
    """End sessions now, wherever they run; returns how many were open."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    found = list(rows.filter(ended_at=None))
    for one in found:
        store(one.key).delete()
    SignIn.objects.filter(pk__in=[one.pk for one in found]).update(ended_at=timezone.now(), end=how)
    return len(found)


def end_of(user: User, *, by: User, how: SessionEnd, keep: str | None = None) -> int:
    """End all sessions of a user, but the one with key `keep`; logged."""
    ended = end(user.sign_ins.exclude(key=keep) if keep else user.sign_ins.all(), how=how)
    if ended:
        note(LogKind.SESSION, user=by, obj=user, rows=ended, purpose=f"结束 {user.username} 的会话：{how.label}")
    return ended
