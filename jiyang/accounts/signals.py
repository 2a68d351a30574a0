"""Log-ins, log-outs and failures go into the access log, each with the address they came from."""

from jiyang.audit.enums import LogKind
from jiyang.audit.log import note


def signed_in(sender, request, user, **kwargs) -> None:
    note(LogKind.LOGIN, user=user, address=request.META.get("REMOTE_ADDR"))


def signed_out(sender, request, user, **kwargs) -> None:
    if user is not None:
        note(LogKind.LOGOUT, user=user, address=request.META.get("REMOTE_ADDR"))


def failed(sender, credentials, request=None, **kwargs) -> None:
    address = request.META.get("REMOTE_ADDR") if request else None
    note(
        LogKind.LOGIN_FAILED, table="accounts.user", purpose=str(credentials.get("username", ""))[:200], address=address
    )
