from django.http import HttpRequest

from jiyang.ui import navigation
from jiyang.workflow.tasks import waiting_count


def shell(request: HttpRequest) -> dict:
    """What every page's frame needs: the modules this user may open, who acts, and how much waits for them."""
    actor = getattr(request, "actor", None)
    waiting = waiting_count(actor) if actor else 0
    return {"navigation": navigation.entries_for(actor), "actor": actor, "tasks_waiting": waiting}
