"""What is kept of the rules' hits, for the rules' own pages."""

from urllib.parse import urlencode

from django.urls import reverse

from jiyang.access.scope import Actor
from jiyang.rules.live import Stored, keeps_hits
from monitoring.models import RuleHit


@keeps_hits
def stored(code: str, actor: Actor) -> Stored | None:
    if not actor.may_open("monitoring:hit_list"):
        return None
    count = RuleHit.objects.visible_to(actor).live().filter(code=code).count()
    url = f"{reverse('monitoring:hit_list')}?{urlencode({'code': code, 'live': 'yes'})}"
    return Stored(count, url, reverse("monitoring:precision") if actor.may_open("monitoring:precision") else "")
