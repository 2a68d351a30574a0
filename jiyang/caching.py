"""The cache as what it is: whatever is kept there can be asked for again, so one that is down only knows nothing."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.cache import cache
from kombu.exceptions import OperationalError as QueueError
from redis.exceptions import ConnectionError, RedisError, TimeoutError

DOWN = (ConnectionError, TimeoutError, QueueError)  # of Redis; one that is still loading its data is a ConnectionError
logger = logging.getLogger(__name__)


def tolerant(act: Callable[[], Any], otherwise: Callable[[], Any] = lambda: None) -> Any:
    """What `act` gives, or `otherwise` where the cache does not answer."""
    try:
        return act()
    except RedisError as failure:
        logger.warning("the cache does not answer: %s", failure)
        return otherwise()


def kept(key: str, make: Callable[[], Any], seconds: int | None) -> Any:
    """The value of `key`, made and kept for `seconds` (None: until it is forgotten) where there is none."""
    return tolerant(partial(cache.get_or_set, key, make, seconds), make)
