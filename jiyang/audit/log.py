"""The access log: who read full numbers, exported, downloaded, logged in or was refused, and for what."""

from jiyang.access import scope
from jiyang.audit.enums import LogKind
from jiyang.audit.logs import without_numbers
from jiyang.audit.models import AccessLog


def note(
    kind: LogKind,
    *,
    obj=None,
    table: str = "",
    columns: str = "",
    purpose: str = "",
    rows: int | None = None,
    user=None,
    address: str | None = None,
) -> AccessLog:
    """Write one line in the running transaction; user and request come from the acting actor unless given."""
    actor = scope.current()
    return AccessLog.objects.create(
        kind=kind,
        user=user or (actor.user if actor else None),
        table=table or (obj._meta.label_lower if obj is not None else ""),
        row=obj.pk if obj is not None else None,
        columns=columns,
        purpose=without_numbers(purpose)[:200],  # people type numbers into any box, the one for the account included
        rows=rows,
        address=address or (actor.address if actor else None),
        request=(actor.request or None) if actor else None,
    )
