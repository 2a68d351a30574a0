"""The two commands' parts: lock file, roles, supervisor, secrets, compose."""

import os
import re
import signal
import subprocess
import sys
import time

import psycopg2
import pytest
from django.conf import settings

from jiyang import env
from jiyang.runtime.environment import Instance
from jiyang.runtime.processes import is_running

ROOT = settings.BASE_DIR


def test_lock_files_hold_no_address():
    assert "://" not in (ROOT / "requirements.lock").read_text()
    assert "resolved" not in (ROOT / "package-lock.json").read_text()
    assert all(
        "--hash=sha256:" in block for block in re.split(r"\n(?=\w)", (ROOT / "requirements.lock").read_text().strip())
    )


def test_the_web_role_owns_nothing_and_the_owner_is_no_superuser():
    target = env.database(os.environ["DATABASE_SUPERUSER_URL"])
    with (
        psycopg2.connect(user="postgres", host=target["HOST"], dbname="postgres") as superuser,
        superuser.cursor() as cursor,
    ):
        cursor.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname like 'jiyang%' order by 1"
        )
        assert cursor.fetchall() == [("jiyang_owner", False, False, False), ("jiyang_web", False, False, False)]
    superuser.close()


@pytest.mark.django_db
def test_the_web_role_cannot_change_the_schema():
    from django.db import connection, transaction
    from django.db.utils import ProgrammingError

    for sql in (
        "create table x (a int)",
        "alter table households_person disable row level security",
        "drop policy scope on households_person",
        "truncate households_person",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.django_db
def test_policies_are_made_from_the_models():
    from django.db import connection

    from jiyang.access.tables import scoped_models

    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relrowsecurity and relforcerowsecurity and relkind = 'r'")
        guarded = {name for (name,) in cursor.fetchall()}
        cursor.execute("select tablename from pg_policies where policyname = 'scope'")
        assert {name for (name,) in cursor.fetchall()} == guarded
    assert guarded == {model._meta.db_table for model in scoped_models()}


@pytest.mark.django_db
def test_no_migration_is_missing():
    from io import StringIO

    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_secrets_are_made_once_and_readable_by_the_owner_only(tmp_path, monkeypatch):
    for name in ("JIYANG_SECRET_KEY", "JIYANG_FIELD_KEY", "JIYANG_INDEX_KEY"):
        monkeypatch.delenv(name, raising=False)
    instance = Instance(tmp_path)
    assert instance.secrets() == Instance(tmp_path).secrets()
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_what_python_compiled_is_kept_with_the_data_where_it_may_not_lie_beside_the_sources(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = Instance(tmp_path).environ()
    assert (env["PYTHONPYCACHEPREFIX"], "PYTHONDONTWRITEBYTECODE" in env) == (str(tmp_path / "pycache"), False)


def test_production_accepts_no_default_secret_and_no_demo():
    clean = {key: value for key, value in os.environ.items() if not key.startswith("JIYANG")}
    short = {"JIYANG_SECRET_KEY": "changeme"}
    stand_in = {"JIYANG_SECRET_KEY": "development-only-jiyang_secret_key-not-a-secret"}
    for extra, message in (
        ({}, "no default secret"), (short, "32 random characters"), (stand_in, "stand-in of development"),
        ({"JIYANG_DEMO": "1"}, "refused in production"),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", "import jiyang.settings"],
            env={**clean, **extra},
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode != 0 and message in done.stderr


SUPERVISED = """
import os, sys
from jiyang.runtime.supervisor import Child, Supervisor
loop = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
supervisor = Supervisor(os.environ)
supervisor.start(Child("one", [sys.executable, "-c", loop]))
try:
    supervisor.run()
finally:
    supervisor.stop()
"""


def pids(process, count: int) -> list[int]:
    found = []
    while len(found) < count:
        match = re.search(r"pid (\d+)", process.stderr.readline())
        if match:
            found.append(int(match[1]))
    return found


@pytest.fixture
def supervised():
    process = subprocess.Popen([sys.executable, "-c", SUPERVISED], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    yield process
    process.kill()
    process.stderr.close()
    process.wait()


def gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_running(pid)


def test_a_killed_child_comes_back_and_ctrl_c_leaves_nothing(supervised):
    (first,) = pids(supervised, 1)
    os.kill(first, signal.SIGKILL)
    (second,) = pids(supervised, 1)
    assert second != first and is_running(second)
    supervised.send_signal(signal.SIGINT)
    assert supervised.wait(15) == 0
    assert gone(second)


def test_children_die_with_a_killed_supervisor(supervised):
    (child,) = pids(supervised, 1)
    supervised.kill()
    assert gone(child)


def test_imports_go_one_way():
    done = subprocess.run(
        [str(ROOT / ".venv/bin/lint-imports"), "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout


def test_code_is_formatted_and_linted():
    done = subprocess.run(
        [str(ROOT / ".venv/bin/ruff"), "check", "."], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout
