from django.http import HttpRequest

from jiyang.ui import navigation


def shell(request: HttpRequest) -> dict:
    """What every page's frame needs: the modules this user may open, and who acts."""
    actor = getattr(request, "actor", None)
    return {"navigation": navigation.entries_for(actor), "actor": actor}
