"""What a row points to exists, whatever statement wrote it: foreign keys checked once per statement."""

import pytest
from django.db import IntegrityError, connection, transaction

from jiyang.access.schema import unconstrained
from jiyang.access.scope import system_scope
from jiyang.access.tables import household_owned, scoped_models
from jiyang.audit.tracking import Tracked
from tests import factories

NOWHERE = 987_654_321


def refused(sql: str, match: str) -> None:
    with system_scope("测试"), pytest.raises(IntegrityError, match=match), transaction.atomic():
        connection.cursor().execute(sql)


@pytest.mark.parametrize(
    ("table", "column"), [("person", "origin_id"), ("person", "entered_by_id"), ("membership", "person_id")]
)
def test_a_row_that_points_nowhere_is_refused(db, table, column):
    home = factories.household(members=1)
    refused(f"update households_{table} set {column} = {NOWHERE} where household_id = {home.pk}", f"{column} points")


def test_a_household_in_no_village_is_refused(db):
    home = factories.household()
    refused(f"update households_household set village_id = {NOWHERE} where id = {home.pk}", "village_id")


def test_a_row_in_another_place_than_its_household_is_refused(db):
    home, other = factories.household(), factories.village("曲堤街道")
    refused(f"update households_person set village_id = {other.pk} where household_id = {home.pk}", "place of their")


def test_every_record_has_its_check(db):
    wanted = {
        model._meta.db_table
        for model in scoped_models()
        if model in household_owned() or (issubclass(model, Tracked) and unconstrained(model))
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, count(*) from pg_trigger t join pg_class c on c.oid = t.tgrelid"
            " where t.tgname in ('kernel_check_insert', 'kernel_check_update') group by c.relname"
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(wanted, 2)
