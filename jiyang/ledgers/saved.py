"""After a record was saved by hand: apps look at it, or at its household, and say what is odd; nothing is held up by it."""

import logging
from collections.abc import Callable, Iterable

from django.contrib import messages
from django.db import models, transaction
from django.http import HttpRequest

logger = logging.getLogger(__name__)
MOST = 5  # warnings told in full
Look = Callable[[models.Model], Iterable[str]]
_looks: list[Look] = []


def look_after_save(look: Look) -> Look:
    """Register `look(record) → sentences`, called in the scope of who saved."""
    _looks.append(look)
    return look


def _safely(look: Look, record: models.Model) -> list[str]:
    """What a look says. One that fails is reported to the log: what was saved stays saved."""
    try:
        with transaction.atomic():
            return list(look(record))
    except Exception:
        logger.exception("looking at %s %s after a save failed", record._meta.label, record.pk)
        return []


def tell(request: HttpRequest, record: models.Model) -> None:
    """Show on the next page what is odd about `record`, or the household that it is or belongs to."""
    found = [text for look in _looks for text in _safely(look, record)]
    for text in found[:MOST]:
        messages.warning(request, text)
    if len(found) > MOST:
        messages.warning(request, f"另有 {len(found) - MOST} 条提醒，明天起可在“规则命中”里看到")
