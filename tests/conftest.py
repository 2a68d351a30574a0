"""The tests' database: made by the owner, used by the web role as in production; a fixed cast of users."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

import psycopg2
import pytest
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from hypothesis import settings

from jiyang import env
from tests import factories

# The same tree gives the same answer; new examples are looked for by `./test --hypothesis-profile=explore`.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("repeatable")

# Reference data stays between transactional tests; everything else is emptied.
KEPT = ("regions_", "parameters_", "django_content_type", "django_migrations", "auth_permission")
EMPTIED = ("parameters_parameterchange",)


@cache
def superuser(database: str):
    """A superuser's cursor in `database`, for what the web role may not do.

    One session for the whole run: a new one would read the catalogue of all tables anew.
    """
    target = env.database(os.environ["DATABASE_SUPERUSER_URL"])
    session = psycopg2.connect(user=target["USER"], host=target["HOST"], dbname=database)
    session.autocommit = True
    return session.cursor()


def _empty_tables(self) -> None:
    """Empty the tables as superuser: the web role may neither TRUNCATE nor delete records, and history is append-only.

    In place of Django's flush, which would look for new permissions and content types after every test.
    """
    cursor = superuser(connection.settings_dict["NAME"])
    cursor.execute("select relname from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace")
    tables = [table for (table,) in cursor.fetchall() if not table.startswith(KEPT) or table.startswith(EMPTIED)]
    deletes = [f'delete from "{table}"' for table in tables]
    cursor.execute(";".join(["set session_replication_role = replica", *deletes]))


def _must_reconnect(self) -> bool:
    """A session serves the next transactional test too, unless a test has broken it: it knows tables, functions and plans.

    In place of Django's new one after each, which had to learn them anew: a seventh of the time of the roster's tests.
    """
    if not connection.is_usable():
        return True
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_unlock_all()")
    return False


def _copy(template: str, owner: str) -> None:
    """The tests' database as a copy of the one that `./test` has migrated; it ends with the cluster."""
    name = connection.creation._get_test_db_name()
    superuser("postgres").execute(f'create database "{name}" owner {owner} template {template}')
    connection.settings_dict["NAME"] = name


@contextmanager
def _migrated(owner: str) -> Iterator[None]:
    """The tests' database made by its migrations."""
    settings_dict, web = connection.settings_dict, connection.settings_dict["USER"]
    settings_dict["USER"] = owner
    made = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    connection.close()
    settings_dict["USER"] = web
    yield
    connection.close()
    _end_sessions(settings_dict["NAME"])
    settings_dict["USER"] = owner
    teardown_databases(made, verbosity=0)


def _end_sessions(database: str) -> None:
    """A server's thread may still hold a session when the last test is over: the database could not be dropped."""
    superuser("postgres").execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [database]
    )


TransactionTestCase._fixture_teardown = _empty_tables
TransactionTestCase._should_reload_connections = _must_reconnect
DatabaseOperations.execute_sql_flush = lambda self, sql_list: _empty_tables(self)  # of the command


def pytest_collection_finish() -> None:
    """What is imported stays: no collection of garbage need look through it again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter, config) -> None:
    if config.option.markexpr == "not kill":
        terminalreporter.write_line(
            "left out: killing worker, Redis and PostgreSQL during a large import; run it by ./test -m kill"
        )


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    owner, template = env.database(os.environ["DATABASE_OWNER_URL"])["USER"], os.environ.get("DATABASE_TEMPLATE")
    with django_db_blocker.unblock(), nullcontext(_copy(template, owner)) if template else _migrated(owner):
        factories.reference_data()
        with django_db_blocker.block():
            yield


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def district_clerk(db):
    return factories.user("district_clerk")


@pytest.fixture
def data_admin(db):
    return factories.user("data_admin")


@pytest.fixture
def town_officer(db):
    return factories.user("town_officer", "仁风镇")


@pytest.fixture
def other_officer(db):
    return factories.user("town_officer", "曲堤街道")


@pytest.fixture
def grid_worker(db):
    return factories.user("grid_worker", factories.village("仁风镇"))


@pytest.fixture
def outsider(db):
    """A user without any posting."""
    return factories.user(None)
