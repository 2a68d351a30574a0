"""The environment of every process that `./run` starts: service addresses and secrets of one data directory."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jiyang.runtime.postgres import OWNER, WEB, Cluster
from jiyang.runtime.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("JIYANG_SECRET_KEY", "JIYANG_FIELD_KEY", "JIYANG_INDEX_KEY")
SERVICES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


class Busy(RuntimeError):
    """The data directory is in use by another ./run."""


class Instance:
    """One data directory with its services, or the external ones that the environment names."""

    def __init__(self, data: Path, *, unsafe: bool = False):
        self.data = data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self.cluster = None if os.environ.get("DATABASE_URL") else Cluster(self.data / "postgres", unsafe=unsafe)
        self.valkey = None if os.environ.get("REDIS_URL") else Valkey(self.data / "valkey")

    def secrets(self) -> dict[str, str]:
        """Generated once per data directory, readable by its owner only; the environment's own win."""
        path = self.data / "secrets.json"
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as stream:
                json.dump({name: secrets.token_urlsafe(48) for name in SECRETS}, stream)
        return {**json.loads(path.read_text()), **{name: os.environ[name] for name in SECRETS if name in os.environ}}

    def environ(self, *, demo: bool = False) -> dict[str, str]:
        """Variables for web, worker, beat and commands."""
        found = {
            **os.environ,
            **self.secrets(),
            "DJANGO_SETTINGS_MODULE": "jiyang.settings",
            "JIYANG_DATA": str(self.data),
            "JIYANG_DEBUG": os.environ.get("JIYANG_DEBUG", "1"),
            "JIYANG_TLS": os.environ.get("JIYANG_TLS", "0"),
            "JIYANG_REDIRECT_TLS": os.environ.get("JIYANG_REDIRECT_TLS", "0"),
            "PYTHONUNBUFFERED": "1",
        }
        if self.cluster:
            found |= {"DATABASE_URL": self.cluster.url(WEB), "DATABASE_OWNER_URL": self.cluster.url(OWNER)}
        if self.valkey:
            found["REDIS_URL"] = self.valkey.url
        if found.pop(
            "PYTHONDONTWRITEBYTECODE", ""
        ):  # not beside the sources; else every process compiles everything anew
            found["PYTHONPYCACHEPREFIX"] = str(self.data / "pycache")
        if demo:
            found["JIYANG_DEMO"] = "1"
        return found

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Hold the data directory; yields False when another process has it."""
        with (self.data / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    @contextmanager
    def services(self) -> Iterator[None]:
        """The embedded services, up for the block."""
        started = []
        try:
            for service in (self.cluster, self.valkey):
                if service:
                    service.start()
                    started.append(service)
            yield
        finally:
            for service in reversed(started):
                service.stop()
