"""After a household's record was saved by hand: apps look at the household and say what is odd; nothing is held up by it."""

import logging
from collections.abc import Callable, Iterable

from django.contrib import messages
from django.db import models, transaction
from django.http import HttpRequest

from jiyang.access.tables import household_model

logger = logging.getLogger(__name__)
MOST = 5  # warnings told in full
Look = Callable[[int], Iterable[str]]
_looks: list[Look] = []


def look_after_save(look: Look) -> Look:
    """Register `look(household key) → sentences`, called in the scope of who saved."""
    _looks.append(look)
    return look


def _safely(look: Look, key: int) -> list[str]:
    """What a look says. One that fails is reported to the log: what was saved stays saved."""
    try:
        with transaction.atomic():
            return list(look(key))
    except Exception:
        logger.exception("looking at household %s after a save failed", key)
        return []


def tell(request: HttpRequest, record: models.Model) -> None:
    """Show on the next page what is odd about the household that `record` is or belongs to."""
    key = record.pk if isinstance(record, household_model()) else getattr(record, "household_id", None)
    if key is None:
        return
    found = [text for look in _looks for text in _safely(look, key)]
    for text in found[:MOST]:
        messages.warning(request, text)
    if len(found) > MOST:
        messages.warning(request, f"另有 {len(found) - MOST} 条提醒，明天起可在“规则命中”里看到")
