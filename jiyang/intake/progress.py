"""Progress and cancel of a long job, kept in the cache: outside the job's transaction, seen while it runs."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

KEPT = 24 * 3600
logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """Somebody asked to stop; the job's transaction is rolled back. Its text says who, where they are known."""


def _tolerant(act: Callable[[], Any], otherwise: Any = None) -> Any:
    """A cache that is down must not stop the job: nobody sees its progress meanwhile."""
    try:
        return act()
    except RedisError as failure:
        logger.warning("progress is not kept: %s", failure)
        return otherwise


@dataclass
class Progress:
    """The progress of one job. `step` is cheap enough to call per phase or column."""

    key: str

    def start(self, total: int = 0) -> None:
        found = {"phase": "排队", "done": 0, "total": total, "started": time.time()}
        _tolerant(lambda: cache.delete(f"{self.key}:cancel"))
        _tolerant(lambda: cache.set(self.key, found, KEPT))

    def step(self, phase: str, done: int = 0, total: int = 0) -> None:
        """Say where the job is. Raises Cancelled when somebody asked for it."""
        now = _tolerant(lambda: cache.get(self.key)) or {}
        found = {**now, "phase": phase, "done": done, "total": total or now.get("total", 0)}
        _tolerant(lambda: cache.set(self.key, found, KEPT))
        if stopped := _tolerant(lambda: cache.get(f"{self.key}:cancel")):
            raise Cancelled(stopped.get("by", ""))

    def read(self) -> dict:
        """{phase, done, total, started, seconds, left}: `left` is a guess from the share done; empty when nothing is known."""
        found = _tolerant(lambda: cache.get(self.key)) or {}
        if "started" not in found:
            return {}
        seconds = time.time() - found["started"]
        share = found["done"] / found["total"] if found.get("total") and found.get("done") else 0
        return {**found, "seconds": round(seconds), "left": round(seconds * (1 - share) / share) if share else None}

    def cancel(self, by: str = "") -> None:
        """Ask the job to stop at its next step. `by` is who asks and when, in words."""
        _tolerant(lambda: cache.set(f"{self.key}:cancel", {"by": by}, KEPT))
