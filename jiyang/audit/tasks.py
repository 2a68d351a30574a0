from celery import shared_task

from jiyang.access.scope import system_scope
from jiyang.audit import chain


@shared_task
def seal_events() -> int:
    """Hourly: seal new history events into the chain."""
    with system_scope("封存变更记录"):
        return chain.seal()
