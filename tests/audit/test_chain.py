"""The hash chain proves history, and finds what was changed behind the product's back."""

import json
import os
import time
from io import StringIO

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from households.models import Household
from jiyang import env
from jiyang.access.scope import system_scope
from jiyang.audit import chain
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def all_over() -> None:
    """Wait for transactions that began before now: while one runs, in another test process too, newer events are not sealed."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text::bigint")
        mine = cursor.fetchone()[0]
        for _ in range(1200):
            cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] > mine:
                return
            time.sleep(0.1)
    raise TimeoutError("a transaction has been running for two minutes")


def verify() -> dict:
    all_over()
    out = StringIO()
    try:
        call_command("audit", "verify", "--json", stdout=out)
    except SystemExit as left:
        assert left.code == 1
    return json.loads(out.getvalue())


def behind_the_back(sql: str) -> None:
    target = env.database(os.environ["DATABASE_SUPERUSER_URL"])
    with (
        psycopg2.connect(
            user=target["USER"], host=target["HOST"], dbname=connection.settings_dict["NAME"]
        ) as superuser,
        superuser.cursor() as cursor,
    ):
        cursor.execute("set session_replication_role = replica")
        cursor.execute(sql)
    superuser.close()


def test_an_empty_history_proves_nothing():
    events = ("regions_regionevent", "regions_regioncodeevent", "regions_regionnameevent", "parameters_parameterevent")
    behind_the_back("; ".join(f"delete from {table}" for table in (*events, "audit_seal")))
    assert verify() == {"rows": 0, "ok": False, "first_bad": "没有封存的事件"}


def test_an_untouched_history_is_proven_again_and_again():
    factories.household(members=3)
    first = verify()
    assert first["ok"] and first["rows"] > 0
    factories.household(members=2)
    second = verify()
    assert second["ok"] and second["rows"] > first["rows"]


@pytest.mark.parametrize(
    "harm",
    [
        "update households_householdevent set address = '改过'",
        "delete from households_personevent where pgh_id = (select max(pgh_id) from households_personevent)",
        "update households_personevent set pgh_context = '{\"user\": 1}' where pgh_id = (select min(pgh_id) from households_personevent)",
        "update audit_seal set digest = sha256('x') where id = (select max(id) from audit_seal)",
        "update households_householdevent set address = '改过'; update audit_seal set previous = sha256('y')",
    ],
)
def test_every_harm_is_found(harm):
    factories.household(members=3)
    assert verify()["ok"]
    behind_the_back(harm)
    answer = verify()
    assert not answer["ok"] and answer["first_bad"]


def test_sealing_leaves_the_transaction_s_own_clock():
    factories.household()
    all_over()
    with system_scope("测试"):
        before = Household.objects.get().entered_at
        chain.seal()
        assert Household.objects.get().entered_at == before
