"""Both walls of scope and every right, for whatever ledgers, tables and addresses there are: generated from the registries."""

import re

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone

from jiyang.access.matrix import OPEN, matrix
from jiyang.access.models import HouseholdGrant
from jiyang.access.routes import routes
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.access.tables import Scoped, is_event, scoped_models
from jiyang.api import rows as api_rows
from jiyang.api.ledgers import name_of
from jiyang.intake.models import Batch
from jiyang.ledgers import registry
from jiyang.ledgers.records import Record
from tests import factories
from tests.rows import any_row

pytestmark = pytest.mark.django_db(transaction=True)
OWN, FOREIGN = "仁风镇", "曲堤街道"
REACHES = ("district", "town", "zone", "village", "households")
LEDGERS = [ledger for ledger in registry.ledgers() if issubclass(ledger.model, Scoped)]
# whose rows a batch may bring: not what the rules found
BROUGHT = [one for one in LEDGERS if issubclass(one.model, Record) and one.key != "monitoring:hit"]
TABLES = [model for model in scoped_models() if not is_event(model)]
PAGES = ("detail", "history", "edit", "attachments")
READ = {200, 302}
DUMMY = {"int": "0", "uuid": "00000000-0000-0000-0000-000000000000", "str": "x", "slug": "x", "path": "x"}


@pytest.fixture
def two():
    return factories.household(factories.village(OWN)), factories.household(factories.village(FOREIGN))


def posted(role: str, home):
    """A user of a role whose reach is (at most) the place of `home`."""
    reach = matrix().roles[role].reach
    place = {"town": OWN, "zone": factories.zone(OWN), "village": home.village}.get(reach)
    user = factories.user(role, place)
    if reach == "households":
        with system_scope("测试授权"):
            posting = user.postings.get()
            HouseholdGrant.objects.create(
                posting=posting, household=home, district=home.district, town=home.town, village=home.village,
                since=factories.REGISTERED,
            )  # fmt: skip
    return user


def roles_for(view: str) -> list[str]:
    """One role for each kind of reach that may open the view."""
    able = [role for role in matrix().roles.values() if matrix().may_open(view, frozenset([role.key]))]
    return [
        next(role.key for role in able if role.reach == reach)
        for reach in REACHES
        if reach in {one.reach for one in able}
    ]


def rows_of(model, homes) -> list:
    with system_scope("测试数据"):
        by = factories.user("district_clerk")
        return [any_row(model, home, by) for home in homes]


def addresses(ledger, row) -> dict[str, str]:
    """View name -> address of every page of a row that the ledger offers."""
    found = {}
    for page in PAGES:
        try:
            found[f"{ledger.key}_{page}"] = ledger.url(page, row.pk)
        except NoReverseMatch:
            continue
    found[name_of(ledger, "detail")] = reverse(name_of(ledger, "detail"), args=[api_rows.key_of(row)])
    return found


def reached(ledger, reach: str) -> bool:
    """Whether rows of the ledger can be reached by this kind of posting."""
    return reach != "households" or ledger.model.household_column is not None


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_a_row_opens_where_right_and_reach_say_so_and_is_absent_elsewhere(client, two, ledger):
    own, foreign = (addresses(ledger, row) for row in rows_of(ledger.model, two))
    asked: dict[str | None, set[str]] = {None: set(own)}  # no posting: refused everywhere
    for view in own:
        refused = [role for role in matrix().roles if not matrix().may_open(view, frozenset([role]))]
        for role in [*roles_for(view), *refused[:1]]:
            asked.setdefault(role, set()).add(view)
    for role, views in asked.items():
        client.force_login(posted(role, two[0]) if role else factories.user(None))
        for view in views:
            here, there = (client.get(urls[view]).status_code for urls in (own, foreign))
            if role is None or not matrix().may_open(view, frozenset([role])):
                assert (here, there) == (403, 403), (view, role)
                continue
            reach = matrix().roles[role].reach
            assert here in READ or not reached(ledger, reach), (view, role)
            assert there in (READ if reach == "district" else {404}), (view, role)
        client.logout()


@pytest.mark.parametrize("ledger", BROUGHT, ids=lambda one: one.key)
def test_a_records_page_names_the_batch_that_brought_it(client, two, ledger):
    """By its number; a link only for who may open the batch."""
    (row,) = rows_of(ledger.model, two[:1])
    with system_scope("测试数据"):
        makers = {"submitted_by": factories.user("data_admin"), "approved_by": factories.user("district_clerk")}
        batch = Batch.objects.create(
            district=two[0].district, uploaded_by=makers["submitted_by"], state="approved", approved_at=timezone.now(), **makers
        )  # fmt: skip
        ledger.model.all_rows.filter(pk=row.pk).update(origin=batch)
    detail = f"{ledger.key}_detail"
    for role in roles_for(detail):
        user = posted(role, two[0])
        client.force_login(user)
        answer = client.get(ledger.url("detail", row.pk))
        if answer.status_code == 200:
            linked = f'href="{reverse("households:batch_detail", args=[batch.pk])}"' in answer.content.decode()
            reached = actor_for(user).may_open("households:batch_detail") and matrix().roles[role].reach == "district"
            assert (str(batch) in answer.content.decode(), linked) == (True, reached), role


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_lists_show_the_own_area_with_a_fixed_number_of_queries(client, two, ledger):
    rows_of(ledger.model, two)
    role = next(role for role in roles_for(f"{ledger.key}_list") if matrix().roles[role].reach in {"town", "district"})
    place = OWN if matrix().roles[role].reach == "town" else None
    user = factories.user(role, place)
    client.force_login(user)
    pages = {page: ledger.url(page) for page in ("list", "export")} | {"api": reverse(name_of(ledger, "list"))}
    pages = {
        page: url for page, url in pages.items() if page == "api" or actor_for(user).may_open(f"{ledger.key}_{page}")
    }
    counted, totals = {}, {}
    for round_ in ("one", "more"):
        for page, url in pages.items():
            client.get(url)
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(url)
            assert answer.status_code == 200, page
            counted[page, round_] = len(captured)
            totals[page, round_] = total_of(page, answer)
        if round_ == "one":
            rows_of(ledger.model, [factories.household(factories.village(OWN)) for _ in range(3)])
    with acting_as(actor_for(user)) as actor:
        listed = ledger.standing(ledger.rows(actor)).count()
        assert place is None or not ledger.rows(actor).exclude(town__name=OWN).exists()
    for page in pages:
        assert totals[page, "more"] == listed, page
        assert counted[page, "more"] <= counted[page, "one"], page


def total_of(page: str, answer) -> int:
    if page == "api":
        return answer.json()["total"]
    return answer.context["page"].total if page == "list" else answer.context["total"]


@pytest.mark.parametrize("model", TABLES, ids=lambda one: one._meta.label)
def test_a_table_shows_by_plain_sql_what_the_scope_reaches(two, model):
    own, foreign = rows_of(model, two)
    officer = factories.user("town_officer", OWN)
    events = getattr(model, "pgh_event_model", None)
    questions = [(model._meta.db_table, model._meta.pk.column)]
    if events is not None:
        questions.append((events._meta.db_table, "pgh_obj_id"))
    for table, key in questions:
        assert seen(table, key, [own.pk, foreign.pk]) == set(), "without a scope"
        with acting_as(actor_for(officer)):
            assert seen(table, key, [own.pk, foreign.pk]) == {own.pk}, table
        with acting_as(actor_for(factories.user(None))):
            assert seen(table, key, [own.pk, foreign.pk]) == set(), table
    with acting_as(actor_for(officer)), connection.cursor() as cursor:
        column = model._meta.pk.column
        change = f"update {model._meta.db_table} set {column} = {column} where {column} = %s"
        if getattr(model, "append_only", False):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(change, [own.pk])
            return
        cursor.execute(change, [foreign.pk])
        assert cursor.rowcount == 0


def seen(table: str, key: str, keys: list[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"select distinct {key} from {table} where {key} = any(%s)", [keys])
        return {found for (found,) in cursor.fetchall()}


def test_every_address_with_a_key_asks_for_its_right_first(client, two):
    """One role that may and one that may not, for each address that names a row: refused is 403, a row of nobody 404."""
    asked: dict[str, list[tuple[str, str, bool]]] = {}
    for route in routes(get_resolver()):
        keys = re.findall(r"<(?:(\w+):)?(\w+)>", route.pattern)
        if not keys or matrix().views[route.name] == OPEN:
            continue
        url = reverse(route.name, kwargs={name: DUMMY[kind or "str"] for kind, name in keys})
        for may in (True, False):
            able = (role for role in matrix().roles if matrix().may_open(route.name, frozenset([role])) is may)
            if (role := next(able, None)) is not None:
                asked.setdefault(role, []).append((route.name, url, may))
    wrong = []
    for role, calls in asked.items():
        client.force_login(posted(role, two[0]))
        for name, url, may in calls:
            status = client.get(url).status_code
            if status not in ({302, 400, 404, 405} if may else {403}):
                wrong.append((name, role, status))
        client.logout()
    assert wrong == []


def test_the_registries_are_not_empty():
    """A generated test that generates nothing proves nothing."""
    assert len(LEDGERS) >= 3 and len(TABLES) >= 10
