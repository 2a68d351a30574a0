"""The supervisor behind `./run`: starts children in order, prefixes their lines, restarts those that die, stops all.

Own code because the known ones lack what is needed here: honcho does not restart, circus needs pyzmq, supervisord
does not wait for readiness (STACK.md 7).
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jiyang.runtime.processes import spawn, stop

SHORTEST, LONGEST, STEADY = 1.0, 30.0, 30.0  # seconds: back-off from, to; reset after so long up


@dataclass
class Child:
    """One process that shall run: `command` is restarted with back-off; `stop_with` ends it kindly."""

    name: str
    command: list[str]
    stop_with: signal.Signals = signal.SIGTERM
    process: subprocess.Popen | None = None
    started: float = 0
    wait: float = SHORTEST
    due: float = 0
    tail: bytes = b""


@dataclass
class Supervisor:
    env: Mapping[str, str]
    children: list[Child] = field(default_factory=list)
    services: list = field(default_factory=list)  # embedded services: anything with .process and .start()
    stopping: bool = False

    def __post_init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, *_: object) -> None:
        if self.stopping:
            for child in self.children:
                if child.process:
                    child.process.kill()
        self.stopping = True

    def start(self, child: Child) -> None:
        if child not in self.children:
            self.children.append(child)
        child.process = spawn(
            child.command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        child.started = time.monotonic()
        self.selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def run_until(self, reached: Callable[[], bool], seconds: float) -> bool:
        """Keep the children going until `reached` or the time is over; False then or when asked to stop."""
        until = time.monotonic() + seconds
        while not self.stopping:
            self._tick(0.2)
            if reached():
                return True
            if time.monotonic() > until:
                return False
        return False

    def run(self) -> None:
        """Keep everything going until asked to stop."""
        while not self.stopping:
            self._tick(0.5)

    def stop(self) -> None:
        """End the children, all at once, then let their last lines through."""
        self.stopping = True
        for child in self.children:
            if child.process and child.process.poll() is None:
                child.process.send_signal(child.stop_with)
        for child in self.children:
            if child.process:
                stop(child.process, child.stop_with)
        self._tick(0)

    def _tick(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            data = os.read(key.fd, 65536)
            lines = (key.data.tail + data).split(b"\n")
            key.data.tail = lines.pop() if data else b""
            for line in lines:
                self._say(key.data.name, line + b"\n")
            if not data:
                self.selector.unregister(key.fileobj)
        if not self.stopping:
            for child in self.children:
                self._revive(child)
            for service in self.services:
                if service.process and service.process.poll() is not None:
                    self._say(
                        "run",
                        f"{type(service).__name__} ended ({service.process.returncode}), starting again\n".encode(),
                    )
                    service.start()

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                self.start(child)
        elif child.process.poll() is not None:
            if now - child.started > STEADY:
                child.wait = SHORTEST
            self._say("run", f"{child.name} ended ({child.process.returncode}), again in {child.wait:.0f} s\n".encode())
            child.process, child.due = None, now + child.wait
            child.wait = min(child.wait * 2, LONGEST)

    @staticmethod
    def _say(name: str, line: bytes) -> None:
        sys.stderr.buffer.write(f"{name:>6} | ".encode() + line)
        sys.stderr.flush()
