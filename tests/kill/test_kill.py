"""SIGKILL of worker, Redis and PostgreSQL at random moments of a large commit: all or nothing, and taken up again.

Outside the default run (`./test -m kill`): it brings its own services and takes some minutes. JIYANG_KILL_ROUNDS sets how
often it kills (default 20), JIYANG_KILL_PEOPLE how large the roster is (default 20,000).
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from jiyang.runtime.__main__ import prepare
from jiyang.runtime.environment import Instance
from jiyang.runtime.postgres import DATABASE

pytestmark = pytest.mark.kill
ROUNDS = int(os.environ.get("JIYANG_KILL_ROUNDS", "20"))
PEOPLE = int(os.environ.get("JIYANG_KILL_PEOPLE", "20000"))
PYTHON, MANAGE = sys.executable, str(settings.BASE_DIR / "manage.py")
TAKEN_UP = 60  # seconds in which a restarted worker must have finished the batch
MAKE = """
from households import benches
maker, checker = benches.users()
open({path!r}, "wb").write(benches.workbook({people}, 5))
print(maker.username, checker.username)
"""
APPROVE = """
from django.db import transaction
from households import tasks
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.intake.models import Batch
user = User.objects.get(username={user!r})
with acting_as(actor_for(user)):
    roster.approve(batch=Batch.objects.get(pk={batch}), by=user)
tasks.commit_batch.delay({batch}, user.pk)
"""


class Site:
    """Services and a worker of their own, each of which can be killed and started again."""

    def __init__(self, folder: Path):
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        self.instance = Instance(folder)
        self.env = self.instance.environ() | {"JIYANG_DB_ROLE": "web"}
        self.worker: subprocess.Popen | None = None

    def start_worker(self) -> None:
        log = (self.instance.data / "worker.log").open("ab")
        command = [PYTHON, "-m", "celery", "-A", "jiyang", "worker", "-c", "1", "-l", "warning"]
        self.worker = subprocess.Popen(
            command, env=self.env, cwd=settings.BASE_DIR, stdout=log, stderr=log, start_new_session=True
        )

    def kill_worker(self) -> None:
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def kill_service(self, service) -> None:
        """The server and all its children, at once."""
        pid = service.process.pid
        tree = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
        for one in [pid, *map(int, tree.stdout.split())]:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        service.process.wait()

    def manage(self, *args: str) -> str:
        done = subprocess.run([PYTHON, MANAGE, *args], env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def ask(self, sql: str):
        """As superuser, past every policy."""
        connection = psycopg2.connect(
            user="postgres", dbname=DATABASE, host=str(self.instance.cluster.sockets), connect_timeout=5
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone()[0]
        finally:
            connection.close()

    def live_people(self) -> int:
        return self.ask("select count(*) from households_person where voided_at is null")

    def state(self, batch: int) -> str:
        return self.ask(f"select state from intake_batch where id = {batch}")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("kill"))
    with made.instance.services():
        prepare(made.instance, made.env)
        yield made
        if made.worker and made.worker.poll() is None:
            made.kill_worker()


def test_killed_at_any_moment_a_commit_is_all_or_nothing(site):
    path = site.instance.data / "roster.xlsx"
    maker, checker = site.manage("shell", "-v0", "-c", MAKE.format(path=str(path), people=PEOPLE)).split()[-2:]
    dice, seconds = random.Random(20210601), 6.0
    site.start_worker()
    for number in range(ROUNDS):
        batch = json.loads(site.manage("roster", "import", str(path), "--by", maker, "--json").splitlines()[-1])[
            "batch"
        ]
        site.manage("shell", "-v0", "-c", APPROVE.format(user=checker, batch=batch))
        began = time.monotonic()
        time.sleep(dice.uniform(0, seconds))
        victim = ("worker", "valkey", "postgres")[number % 3]
        if victim == "worker":
            site.kill_worker()
        else:
            service = site.instance.valkey if victim == "valkey" else site.instance.cluster
            site.kill_service(service)
            service.start()
        assert site.live_people() in {0, PEOPLE}, f"round {number}: half a batch after {victim} was killed"
        if victim == "worker":
            site.start_worker()
        _await(site, batch, f"round {number}: {victim}")
        assert site.live_people() == PEOPLE
        if victim == "worker" or number == 0:
            seconds = min(seconds, max(1.0, time.monotonic() - began))
        site.manage("roster", "undo", str(batch), "--by", maker, "--reason", "再来一次")
        site.manage("roster", "approve", str(batch), "--by", checker)
        assert site.live_people() == 0


def _await(site: Site, batch: int, where: str) -> None:
    """The batch is taken up and finished; a worker that lost its services is started again, as the supervisor would."""
    until = time.monotonic() + TAKEN_UP
    while site.state(batch) != "approved":
        assert time.monotonic() < until, f"{where}: not taken up; the batch is {site.state(batch)}"
        if site.worker.poll() is not None:
            site.start_worker()
        time.sleep(0.3)
    assert site.ask("select count(*) from households_membership m join households_person p on p.id = m.person_id"
                    " where m.until is null and p.voided_at is null") == PEOPLE  # fmt: skip
