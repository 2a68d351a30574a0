"""Progress and cancel of a long job, kept in the cache: outside the job's transaction, seen while it runs."""

import time
from dataclasses import dataclass

from django.core.cache import cache

KEPT = 24 * 3600


class Cancelled(Exception):
    """Somebody asked to stop; the job's transaction is rolled back."""


@dataclass
class Progress:
    """The progress of one job. `step` is cheap enough to call per phase or column."""

    key: str

    def start(self, total: int = 0) -> None:
        cache.delete(f"{self.key}:cancel")
        cache.set(self.key, {"phase": "排队", "done": 0, "total": total, "started": time.time()}, KEPT)

    def step(self, phase: str, done: int = 0, total: int = 0) -> None:
        """Say where the job is. Raises Cancelled when somebody asked for it."""
        now = self.read()
        cache.set(self.key, {**now, "phase": phase, "done": done, "total": total or now.get("total", 0)}, KEPT)
        if cache.get(f"{self.key}:cancel"):
            raise Cancelled

    def read(self) -> dict:
        """{phase, done, total, started, seconds}; empty when nothing is known."""
        found = cache.get(self.key) or {}
        return {**found, "seconds": round(time.time() - found["started"])} if "started" in found else {}

    def cancel(self) -> None:
        cache.set(f"{self.key}:cancel", 1, KEPT)
