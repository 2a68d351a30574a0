"""`python -m jiyang.runtime up|manage|bench|assets …`: what ./run, ./test and ./bench call (DESIGN.md section 7)."""

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from jiyang import env as environment
from jiyang.runtime import assets
from jiyang.runtime.environment import ROOT, Busy, Instance
from jiyang.runtime.postgres import DATABASE, CannotStart, Cluster
from jiyang.runtime.supervisor import Child, Supervisor

OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "squashmigrations", "flush", "backup"}
PYTHON = sys.executable
MANAGE = str(ROOT / "manage.py")
READY_SECONDS = 90


def django(env: dict[str, str], *args: str, quiet: bool = True) -> int:
    """Run a management command; its stdout goes to stderr when `quiet`."""
    role = "owner" if args[0] in OWNER_COMMANDS else "web"
    out = sys.stderr if quiet else None
    return subprocess.run(
        [PYTHON, MANAGE, *args], env={**env, "JIYANG_DB_ROLE": role}, stdout=out, check=False
    ).returncode


def schema_stamp() -> str:
    """Digest of what decides the schema: migrations, models, matrices and the kernel's schema code."""
    patterns = ("**/migrations/*.py", "**/models/*.py", "**/models.py", "**/matrix.yaml", "**/parameters.yaml",
                "jiyang/access/*.py", "jiyang/ledgers/records.py", "jiyang/audit/*.py", "jiyang/regions/data/*.csv")  # fmt: skip
    paths = {
        path
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if not {".venv", "node_modules", ".data"} & set(path.parts)
    }
    return hashlib.sha256(assets.digest(sorted(paths)).encode()).hexdigest()


def prepare(instance: Instance, env: dict[str, str]) -> None:
    """Migrate and load regions, parameters and schedules, unless nothing changed since. Raises SystemExit."""
    stamp, wanted = instance.data / "schema.stamp", schema_stamp()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    for command in (("migrate", "-v0", "--noinput"), ("prepare",)):
        if django(env, *command):
            raise SystemExit(f"{command[0]} 失败，见上")
    stamp.write_text(wanted)


def free_port(wanted: int) -> int:
    """`wanted`, or any free port for 0. Raises SystemExit when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise SystemExit(f"端口 {wanted} 已被占用，请换一个：./run --port 0") from None
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    """Whether the web server of this machine answers, asked for by the first name that it serves."""
    host = environment.words("JIYANG_HOSTS", "127.0.0.1")[0]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def children(port: int) -> tuple[Child, list[Child]]:
    """The web server, and worker and beat that follow when it answers."""
    gunicorn = [PYTHON, "-m", "gunicorn", "jiyang.wsgi", "-b", f"127.0.0.1:{port}", "-k", "gthread", "-w", "2", "--threads", "4",
                "--no-control-socket", "--log-level", "warning", "--timeout", "120"]  # fmt: skip
    celery = [PYTHON, "-m", "celery", "-A", "jiyang"]
    worker = [*celery, "worker", "-c", "2", "--without-gossip", "--without-mingle", "-l", "warning"]
    beat = [*celery, "beat", "--pidfile=", "-l", "warning"]
    return Child("web", gunicorn), [Child("worker", worker), Child("beat", beat)]


def up(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run", description="启动全部服务，Ctrl-C 停止")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", type=Path, default=ROOT / ".data")
    parser.add_argument("--empty", action="store_true", help="不装入演示数据")
    options = parser.parse_args(argv)
    instance = Instance(options.data)
    with instance.lock() as mine:
        if not mine:
            raise Busy(f"数据目录 {instance.data} 正被另一个 ./run 使用；请先停止它，或用 --data 指定别的目录")
        port = free_port(options.port)
        env = instance.environ(demo=not options.empty)
        assets.install(dev=False)
        with instance.services():
            (instance.data / "run.pid").write_text(str(os.getpid()))
            assets.collect(env)
            prepare(instance, env)
            if not options.empty and django(env, "demo", quiet=False):
                raise SystemExit("演示数据装入失败，见上")
            return serve(instance, env, port)


def serve(instance: Instance, env: dict[str, str], port: int) -> int:
    supervisor = Supervisor(env, services=[service for service in (instance.cluster, instance.valkey) if service])
    web, others = children(port)
    try:
        supervisor.start(web)
        if not supervisor.run_until(lambda: answers(port), READY_SECONDS):
            return 0 if supervisor.stopping else 1
        for child in others:
            supervisor.start(child)
        print(f"ready http://127.0.0.1:{port}", flush=True)
        supervisor.run()
    finally:
        supervisor.stop()
    return 0


def manage(argv: list[str]) -> int:
    """One command with the services up: those of a running ./run on the same data, else for its duration."""
    data = ROOT / ".data"
    if argv[:1] == ["--data"]:
        data, argv = Path(argv[1]), argv[2:]
    if not argv:
        raise SystemExit("用法：./run manage [--data 目录] 命令 参数…")
    instance = Instance(data)
    env = instance.environ()
    with instance.lock() as mine:
        if not mine:
            return django(env, *argv, quiet=False)
        with instance.services():
            if argv[0] != "makemigrations":  # it looks at models that no migration has made yet
                prepare(instance, env)
            return django(env, *argv, quiet=False)


def bench(argv: list[str]) -> int:
    """The benchmarks, on a throw-away data directory."""
    with tempfile.TemporaryDirectory(prefix="jiyang-bench-") as folder:
        instance = Instance(Path(folder))
        env = instance.environ()
        with instance.services():
            prepare(instance, env)
            return django(env, "bench", *argv, quiet=False)


def migrated_cluster(cluster: Cluster, env: dict[str, str]) -> None:
    """Leave a stopped cluster with the database migrated: a copy of the one in `.cache` until what decides the schema changes."""
    stamp = assets.digest([ROOT / "requirements.lock"])[:8] + schema_stamp()[:24]
    kept = ROOT / ".cache" / "migrated" / stamp
    if kept.exists():
        shutil.copytree(kept, cluster.folder)
        return
    cluster.start()
    failed = django(env, "migrate", "-v0", "--noinput")
    cluster.stop()
    if failed:
        raise SystemExit("migrate 失败，见上")
    shutil.rmtree(kept.parent, ignore_errors=True)
    kept.parent.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        shutil.copytree(cluster.folder, Path(folder) / "whole").rename(kept)


def test(argv: list[str]) -> int:
    """pytest on a private, throw-away database and queue (or those that the environment names); everything, in two processes."""
    argv = argv or ["-n", "2", "--dist", "worksteal"]
    assets.install(dev=True)
    with tempfile.TemporaryDirectory(prefix="jiyang-test-") as folder:
        instance = Instance(Path(folder), unsafe=True)
        env = instance.environ(demo=True) | {
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1"
        }  # Playwright's loop runs in the tests' thread
        if instance.cluster:
            env["DATABASE_SUPERUSER_URL"] = instance.cluster.url("postgres")
            env["DATABASE_TEMPLATE"] = DATABASE  # migrated once; every test process copies it
            migrated_cluster(instance.cluster, env)
        (instance.data / "static").mkdir()
        with instance.services():
            return subprocess.run([PYTHON, "-m", "pytest", *argv], env=env, cwd=ROOT, check=False).returncode


def install_assets(argv: list[str]) -> int:
    assets.install(dev="--dev" in argv)
    return 0


def health(argv: list[str]) -> int:
    """Exit code for a container's health check: 0 when the web server on the port (8000) answers."""
    return 0 if answers(int(argv[0]) if argv else 8000) else 1


def main() -> int:
    commands = {"up": up, "manage": manage, "bench": bench, "test": test, "assets": install_assets, "health": health}
    try:
        return commands[sys.argv[1]](sys.argv[2:])
    except (CannotStart, Busy, assets.AssetsFailed) as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
