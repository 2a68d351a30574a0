"""Log-ins, log-outs and failures go into the access log, each with the address they came from."""

from jiyang.accounts.enums import SessionEnd
from jiyang.accounts.services import sessions, users
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note


def signed_in(sender, request, user, **kwargs) -> None:
    address = request.META.get("REMOTE_ADDR")
    users.expire_password(user)
    note(LogKind.LOGIN, user=user, address=address)
    sessions.begin(user=user, session=request.session, address=address, agent=request.META.get("HTTP_USER_AGENT", ""))


def signed_out(sender, request, user, **kwargs) -> None:
    if user is not None:
        how = getattr(request, "session_end", SessionEnd.LEFT)
        sessions.end(user.sign_ins.filter(key=request.session.session_key), how=how)
        note(LogKind.LOGOUT, user=user, address=request.META.get("REMOTE_ADDR"))


def failed(sender, credentials, request=None, **kwargs) -> None:
    address = request.META.get("REMOTE_ADDR") if request else None
    note(
        LogKind.LOGIN_FAILED, table="accounts.user", purpose=str(credentials.get("username", ""))[:200], address=address
    )
