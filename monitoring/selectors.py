"""Reads that join visits with what hangs on them."""

from collections.abc import Iterable

from jiyang.access.scope import Actor
from jiyang.documents.models import Attachment
from monitoring.models import Visit
from monitoring.services.visits import PHOTO_OF


def pictures_of(visits: Iterable[Visit], actor: Actor) -> list[Attachment]:
    """Photos and signatures of visits, oldest first. One query."""
    keys = [visit.pk for visit in visits]
    rows = Attachment.objects.visible_to(actor).filter(subject=PHOTO_OF, subject_id__in=keys)
    return list(rows.order_by("pk"))
