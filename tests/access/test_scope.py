"""Both walls of scope: the application's filter and row-level security, each tested without the other."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse

from households.ledgers import HouseholdLedger
from households.models import Household, Person
from jiyang.access.scope import ScopeNotSet, acting_as, actor_for
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two_towns():
    return factories.household(factories.village("仁风镇")), factories.household(factories.village("曲堤街道"))


def test_reading_without_a_scope_is_loud(two_towns):
    with pytest.raises(ScopeNotSet):
        Household.objects.count()


def test_database_shows_nothing_without_a_scope(two_towns):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from households_household")
        assert cursor.fetchone() == (0,)


def test_scope_does_not_outlive_its_transaction(two_towns, town_officer):
    with acting_as(actor_for(town_officer)):
        pass
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from households_person")
        assert cursor.fetchone() == (0,)


def test_row_level_security_holds_when_the_application_forgets(two_towns, town_officer):
    own, foreign = two_towns
    with acting_as(actor_for(town_officer)):
        assert list(Household.objects.values_list("pk", flat=True)) == [own.pk]
        assert not Person.objects.filter(household=foreign).exists()
        events = Household.pgh_event_model.objects.values_list("pgh_obj_id", flat=True)
        assert set(events) == {own.pk}


def test_application_filter_is_its_own_wall(two_towns, town_officer, district_clerk):
    own, _ = two_towns
    town = actor_for(town_officer)
    with acting_as(actor_for(district_clerk)):
        assert list(Household.objects.visible_to(town).values_list("pk", flat=True)) == [own.pk]


def test_each_arm_reaches_its_rows(two_towns, district_clerk, grid_worker, outsider):
    own, foreign = two_towns
    helper = factories.user("helper")
    posting = helper.postings.get()
    with acting_as(actor_for(district_clerk)):
        from jiyang.access.models import HouseholdGrant

        HouseholdGrant.objects.create(posting=posting, household=foreign, since=factories.REGISTERED)
    for user, expected in (
        (district_clerk, {own.pk, foreign.pk}),
        (grid_worker, {own.pk}),
        (helper, {foreign.pk}),
        (outsider, set()),
    ):
        actor = actor_for(user)
        with acting_as(actor):
            assert set(Household.objects.values_list("pk", flat=True)) == expected
            assert set(Household.objects.visible_to(actor).values_list("pk", flat=True)) == expected


def test_scope_of_an_inner_block_ends_with_it(two_towns, town_officer, other_officer):
    own, foreign = two_towns
    with acting_as(actor_for(town_officer)):
        with acting_as(actor_for(other_officer)):
            assert set(Household.objects.values_list("pk", flat=True)) == {foreign.pk}
        assert set(Household.objects.values_list("pk", flat=True)) == {own.pk}
        with pytest.raises(RuntimeError), acting_as(actor_for(other_officer)):
            raise RuntimeError("inner block fails")
        assert set(Household.objects.values_list("pk", flat=True)) == {own.pk}


def test_web_role_cannot_write_a_foreign_row(two_towns, town_officer):
    _, foreign = two_towns
    with acting_as(actor_for(town_officer)), connection.cursor() as cursor:
        cursor.execute("update households_household set address = 'x' where id = %s", [foreign.pk])
        assert cursor.rowcount == 0


def test_foreign_household_is_absent(client, two_towns, town_officer):
    own, foreign = two_towns
    client.force_login(town_officer)
    assert client.get(HouseholdLedger.url_of(own)).status_code == 200
    for name in (
        "households:household_detail",
        "households:household_history",
        "households:household_edit",
        "households:tier_set",
        "monitoring:visit_new",
    ):
        assert client.get(reverse(name, args=[foreign.pk])).status_code == 404


def test_list_shows_own_area_only(client, two_towns, town_officer):
    own, _ = two_towns
    client.force_login(town_officer)
    response = client.get(reverse("households:household_list"))
    assert [row.pk for row in response.context["page"].rows] == [own.pk]
    assert response.context["page"].total == 1


def test_records_cannot_be_deleted_by_the_web_role(two_towns, district_clerk):
    with acting_as(actor_for(district_clerk)), pytest.raises(ProgrammingError), transaction.atomic():
        Person.objects.all()._raw_delete("default")


@pytest.mark.parametrize(
    "table",
    ["accounts_user", "accounts_posting", "accounts_postingrequest", "accounts_entrylink", "accounts_passwordrecord", "api_apitoken",
     "parameters_parameter", "parameters_parameterchange", "schedules_jobrun", "audit_accesslog", "audit_seal"],
)  # fmt: skip
def test_who_was_let_in_and_what_was_decided_cannot_be_deleted_by_the_web_role(db, table):
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(f"delete from {table} where false")


@pytest.mark.parametrize("table", ["audit_accesslog", "audit_seal", "accounts_passwordrecord", "accounts_userevent"])
def test_what_is_written_once_cannot_be_changed_by_the_web_role(db, table):
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(f"update {table} set {'pgh_id = pgh_id' if table.endswith('event') else 'id = id'} where false")
