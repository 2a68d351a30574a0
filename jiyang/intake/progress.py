"""Progress and cancel of a long job, kept in the cache: outside the job's transaction, seen while it runs.

A cache that is down does not stop the job: nobody sees its progress meanwhile.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from django.core.cache import cache

from jiyang.caching import tolerant

KEPT = 24 * 3600
EACH = 0.3  # seconds between two tellings within a phase
SURE = 1.0  # seconds after which the time that is left can be guessed


class Cancelled(Exception):
    """Somebody asked to stop; the job's transaction is rolled back. Its text says who, where they are known."""


@dataclass
class Progress:
    """The progress of one job; without a `key` nobody is told.

    `phases` are what it goes through, each with its share of the time (in any unit): the time that is left is guessed from
    how long the job itself took for what is done.
    """

    key: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)
    _found: dict = field(default_factory=dict)
    _told: float = 0

    def start(self, total: int = 0) -> None:
        found = {"phase": "排队", "done": 0, "total": total, "started": time.time()}
        tolerant(lambda: cache.delete(f"{self.key}:cancel"))
        tolerant(lambda: cache.set(self.key, found, KEPT))

    def step(self, phase: str, done: int = 0, total: int = 0) -> None:
        """The job has come to `phase`. Raises Cancelled when somebody asked for it."""
        if self.key:
            self._found = self._found or tolerant(lambda: cache.get(self.key)) or {}
            self._tell(0, phase=phase, done=done, total=total or self._found.get("total", 0))

    def part(self, share: float, done: int = 0) -> None:
        """Such a share of the phase is done, `done` rows of it. May be called as often as one likes. Raises Cancelled."""
        if self.key and time.monotonic() - self._told >= EACH:
            self._tell(share, done=done)

    def _tell(self, part: float, **news: Any) -> None:
        now = time.time()
        found = self._found | news | {"at": now}
        if self.phases:
            found["share"] = self._share(found["phase"], part)
            if not found["share"]:  # what went before, a wait for instance, says nothing of the speed
                found["began"] = now
        self._found, self._told = found, time.monotonic()
        tolerant(lambda: cache.set(self.key, found, KEPT))
        if stopped := tolerant(lambda: cache.get(f"{self.key}:cancel")):
            raise Cancelled(stopped.get("by", ""))

    def _share(self, phase: str, part: float) -> float:
        """The share of the whole job that is done."""
        if phase not in self.phases:
            return 0
        before = takewhile(lambda name: name != phase, self.phases)
        return (sum(map(self.phases.__getitem__, before)) + part * self.phases[phase]) / sum(self.phases.values())

    def read(self) -> dict:
        """{phase, done, total, started, seconds, percent, left, stopping}: empty when nothing is known.

        `left` is a guess from the share done, None as long as there is none; `stopping` says who asked to cancel.
        """
        found = tolerant(lambda: cache.get(self.key)) or {}
        if "started" not in found:
            return {}
        now, whole = time.time(), found.get("total") or 0
        share = found.get("share", found["done"] / whole if whole else 0)
        at = found.get("at", now)
        spent = at - found.get("began", found["started"])
        left = spent * (1 - share) / share - (now - at) if share and spent >= SURE else None
        return {
            **found,
            "seconds": round(now - found["started"]),
            "percent": round(100 * share),
            "left": left and max(1, round(left)),
            "stopping": (tolerant(lambda: cache.get(f"{self.key}:cancel")) or {}).get("by", ""),
        }

    def cancel(self, by: str = "") -> None:
        """Ask the job to stop at its next step. `by` is who asks and when, in words."""
        tolerant(lambda: cache.set(f"{self.key}:cancel", {"by": by}, KEPT))


UNTOLD = Progress()  # of work that nobody watches
