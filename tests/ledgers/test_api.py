"""The API of every ledger: the same rows, columns and rights as the pages; tokens; one shape of errors."""

import base64
import datetime as dt
import json
import uuid

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from households.ledgers import HouseholdLedger
from jiyang.access.scope import acting_as, actor_for
from jiyang.api import services
from jiyang.api.models import ApiToken
from jiyang.audit.models import AccessLog
from jiyang.identifiers.encryption import blind_index
from monitoring.models import Visit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
LIST, VISITS = "/api/households/household/", "/api/monitoring/visit/"


def token_of(user, days: int = 30) -> dict:
    _, plain = services.issue(by=user, name="取数", until=timezone.localdate() + dt.timedelta(days=days))
    return {"authorization": f"Token {plain}"}


@pytest.fixture
def call(client):
    """`call(url, user)` with a token, or with a session where `session` says so."""

    tokens = {}

    def make(url, user, *, body=None, session=False, **extra):
        headers = {} if session else tokens.get(user.pk) or tokens.setdefault(user.pk, token_of(user))
        if session:
            client.force_login(user)
        if body is None:
            return client.get(url, headers=headers, **extra)
        return client.post(url, json.dumps(body), content_type="application/json", headers=headers, **extra)

    return make


def error(response) -> dict:
    found = response.json()
    assert set(found) == {"error"} and set(found["error"]) == {"code", "message", "fields"}
    return found["error"]


def answers(home, **changes) -> dict:
    given = factories.visit_answers(**changes)
    given["visited_at"] = timezone.localtime(given["visited_at"]).strftime("%Y-%m-%dT%H:%M:%S")
    return {**given, "client_uuid": str(given["client_uuid"]), "household": str(home.public_id)}


def visits() -> int:
    with acting_as(actor_for(factories.user("district_clerk"))):
        return Visit.objects.count()


def test_a_list_is_the_pages_list(call, client, town_officer):
    factories.household(tier="A")
    factories.household(factories.village("曲堤街道"), tier="A")
    home = factories.household(tier="B", phone="13800006027")
    found = call(f"{LIST}?tier=B&sort=-household_no", town_officer).json()
    assert (found["total"], found["next"], [row["id"] for row in found["results"]]) == (1, None, [str(home.public_id)])
    row = found["results"][0]
    assert row["state__tier"] == {"code": "B", "label": "关注"} and row["phone"] == "138****6027"
    assert row["household_type"]["label"] and row["state__people"] == 2
    client.force_login(town_officer)
    columns = HouseholdLedger.exported(actor_for(town_officer))
    assert set(row) == {"id", "url", "version"} | {column.path for column in columns}
    assert client.get(row["url"]).json() == row
    log = AccessLog.objects.filter(kind="export").latest("pk")
    assert (log.rows, log.user, log.purpose) == (1, town_officer, "接口：取数")


def test_pages_of_a_list_follow_each_other_and_end(call, town_officer):
    homes = {str(factories.household().public_id) for _ in range(5)}
    url, seen = f"{LIST}?size=2", []
    while url:
        page = call(url, town_officer).json()
        seen += [row["id"] for row in page["results"]]
        assert page["total"] == 5
        url = page["next"]
    assert len(seen) == 5 and set(seen) == homes


def test_field_groups_decide_the_members(call, town_officer):
    home = factories.household(phone="13800006027")
    url = f"{LIST}{home.public_id}/"
    liaison = factories.user("department_liaison")
    assert "phone" in call(url, town_officer).json()
    assert not {"phone", "state__income_per_head"} & set(call(url, liaison).json())
    schema = call("/api/schema/", liaison).json()["components"]["schemas"]["households_household"]
    assert "phone" not in schema["properties"] and "household_no" in schema["properties"]


def test_what_a_list_does_not_know_is_refused(call, town_officer):
    factories.household()
    refused = call(f"{LIST}?tire=A&sort=phone&size=0&town=x", town_officer)
    assert refused.status_code == 422
    assert set(error(refused)["fields"]) == {"tire", "sort", "size", "town"}


def test_a_personal_number_stands_in_no_address(call, town_officer):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        number = home.person_set.first().id_number
    assert set(error(call(f"{LIST}?q={number}", town_officer))["fields"]) == {"q"}
    term = call("/api/term/", town_officer, body={"q": number}).json()["q"]
    found = call(f"{LIST}?q={term}", town_officer).json()
    assert [row["id"] for row in found["results"]] == [str(home.public_id)]
    assert call("/api/term/", town_officer, body={"q": "张三"}).status_code == 422


def test_a_foreign_row_is_absent_for_both_ways_in(call, other_officer):
    home = factories.household()
    for session in (False, True):
        answer = call(f"{LIST}{home.public_id}/", other_officer, session=session)
        assert answer.status_code == 404 and error(answer)["code"] == "not_found"
    assert call(LIST, other_officer).json()["total"] == 0


def test_a_visit_is_recorded_once_however_often_it_is_sent(call, town_officer):
    home = factories.household()
    sent = answers(home)
    first, again = call(VISITS, town_officer, body=sent), call(VISITS, town_officer, body=sent)
    assert (first.status_code, again.status_code, visits()) == (201, 200, 1)
    assert first.json() == again.json() and first["Location"] == first.json()["url"]
    clash = call(VISITS, town_officer, body={**sent, "notes": "另一份"})
    assert clash.status_code == 409 and error(clash)["code"] == "conflict"
    assert visits() == 1


def test_a_refused_visit_names_every_reason_and_leaves_nothing(call, town_officer):
    home, foreign = factories.household(), factories.household(factories.village("曲堤街道"))
    bad = {**answers(home), "method": "fax", "met": None, "extra": 1}
    assert error(call(VISITS, town_officer, body=bad))["fields"] == {"extra": ["没有这个字段"]}
    del bad["extra"]
    assert set(error(call(VISITS, town_officer, body=bad))["fields"]) == {"method", "met"}
    for household in (foreign.public_id, "x", 1, None):
        refused = call(VISITS, town_officer, body={**answers(home), "household": household and str(household)})
        assert refused.status_code == 422 and set(error(refused)["fields"]) == {"household"}
    early = call(VISITS, town_officer, body=answers(home, visited_at=timezone.now() + dt.timedelta(days=2)))
    assert early.status_code == 422 and "还没到" in str(error(early)["fields"])
    assert visits() == 0


def test_who_may_not_record_may_not_through_the_api(call, district_clerk):
    answer = call(VISITS, district_clerk, body=answers(factories.household()))
    assert answer.status_code == 403 and error(answer)["code"] == "permission_denied"
    assert visits() == 0


@pytest.mark.parametrize(("body", "status"), [("{", 400), ("[1]", 422), ('{"q": 1}', 422), ("x" * 5_000_000, 413)])
def test_a_body_that_is_none_is_refused(client, town_officer, body, status):
    answer = client.post(VISITS, body, content_type="application/json", headers=token_of(town_officer))
    assert answer.status_code == status and error(answer)["message"]


def test_other_methods_and_types_have_the_same_shape(client, call, town_officer):
    headers = token_of(town_officer)
    assert error(client.delete(LIST, headers=headers))["code"] == "method_not_allowed"
    assert client.post(
        "/api/households/person/", "{}", content_type="application/json", headers=headers
    ).status_code in {403, 405}
    assert client.post(VISITS, "<x/>", content_type="text/xml", headers=headers).status_code == 415
    assert error(call("/api/nothing/", town_officer))["code"] == "not_found"
    assert client.get(f"{LIST}?q=%00", headers=headers).status_code == 400


def test_without_a_log_in_or_with_a_bad_token_nothing_opens(client, town_officer):
    factories.household()
    assert error(client.get(LIST))["code"] == "not_authenticated"
    for bad in ("Token", "Token x", "Bearer " + "a" * 43):
        answer = client.get(LIST, headers={"authorization": bad})
        assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Token"


def test_a_token_ends_when_revoked_expired_or_its_user_goes(client, town_officer, other_officer):
    headers = token_of(town_officer)
    token = ApiToken.objects.get()
    assert client.get(LIST, headers=headers).status_code == 200
    assert ApiToken.objects.get().used_at is not None
    client.force_login(other_officer)
    assert client.post(reverse("api:token_revoke", args=[token.pk])).status_code == 404
    client.force_login(town_officer)
    client.post(reverse("api:token_revoke", args=[token.pk]))
    client.logout()
    assert client.get(LIST, headers=headers).status_code == 401
    headers = token_of(town_officer)
    ApiToken.objects.update(until=timezone.localdate() - dt.timedelta(days=1))
    assert client.get(LIST, headers=headers).status_code == 401
    headers = token_of(town_officer)
    town_officer.is_active = False
    town_officer.save()
    assert client.get(LIST, headers=headers).status_code == 401


def test_a_token_acts_with_the_postings_of_the_day(client, town_officer):
    factories.household()
    headers = token_of(town_officer)
    town_officer.postings.update(until=timezone.localdate())
    assert client.get(LIST, headers=headers).status_code == 403


def test_a_token_opens_the_api_only(client, town_officer):
    assert client.get(reverse("households:household_list"), headers=token_of(town_officer)).status_code == 302


def test_a_session_writes_only_with_the_csrf_token(town_officer):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(town_officer)
    home = factories.household()
    refused = strict.post(VISITS, json.dumps(answers(home)), content_type="application/json")
    assert refused.status_code == 403 and error(refused)["message"]
    assert visits() == 0


def test_a_token_is_shown_once_and_stored_as_a_digest(client, town_officer):
    client.force_login(town_officer)
    until = timezone.localdate() + dt.timedelta(days=10)
    page = client.post(reverse("api:tokens"), {"name": "取数", "until": until.isoformat()})
    plain = page.context["plain"]
    assert plain in page.content.decode() and plain not in client.get(reverse("api:tokens")).content.decode()
    token = ApiToken.objects.get()
    assert token.digest == services.digest_of(plain) and plain not in str(vars(token))
    assert client.get(LIST, headers={"authorization": f"Bearer {plain}"}).status_code == 200


@pytest.mark.parametrize(
    ("name", "days", "message"),
    [
        ("", 10, "请填写用途"),
        ("取数", -1, "有效期至应在今天"),
        ("取数", 181, "最长 180 天"),
        ("第六个", 10, "有效的令牌已有 5 个"),
    ],
)
def test_a_token_beyond_the_limits_is_refused(client, town_officer, name, days, message):
    for _ in range(5 if name == "第六个" else 0):
        token_of(town_officer)
    before = ApiToken.objects.count()
    client.force_login(town_officer)
    until = timezone.localdate() + dt.timedelta(days=days)
    answer = client.post(reverse("api:tokens"), {"name": name, "until": until.isoformat()})
    assert answer.status_code == 422 and message in answer.content.decode()
    assert ApiToken.objects.count() == before


def test_the_system_administrator_sees_and_ends_everybodys_tokens(client, town_officer):
    token_of(town_officer)
    client.force_login(factories.user("system_admin"))
    assert town_officer.name in client.get(reverse("api:all_tokens")).content.decode()
    client.post(reverse("api:any_token_revoke", args=[ApiToken.objects.get().pk]))
    assert not ApiToken.objects.usable().exists()


def test_too_many_calls_are_told_when_to_come_back(client, town_officer, monkeypatch):
    from jiyang.api.authentication import PerUser

    monkeypatch.setattr(PerUser, "get_rate", lambda self: "2/min")
    cache.clear()
    headers = token_of(town_officer)
    codes = [client.get(LIST, headers=headers).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    answer = client.get(LIST, headers=headers)
    assert int(answer["Retry-After"]) > 0 and error(answer)["code"] == "throttled"
    cache.clear()


@pytest.mark.parametrize("homes", [1, 4])
def test_query_count_of_a_list_does_not_grow(client, town_officer, homes, django_assert_max_num_queries):
    for _ in range(homes):
        factories.household()
    headers = token_of(town_officer)
    client.get(LIST, headers=headers)
    with django_assert_max_num_queries(9):
        assert client.get(LIST, headers=headers).json()["total"] == homes


def test_the_document_describes_what_the_caller_may_use(call, town_officer, district_clerk):
    document = call("/api/schema/", town_officer).json()
    assert document["openapi"].startswith("3.")
    assert {"get", "post"} == set(document["paths"][VISITS])
    assert set(call("/api/schema/", district_clerk).json()["paths"][VISITS]) == {"get"}
    names = [one["name"] for one in document["paths"][LIST]["get"]["parameters"]]
    assert {"town", "tier", "q", "sort", "cursor", "size"} <= set(names)
    text = json.dumps(document)
    for reference in set(part.split('"')[0] for part in text.split('"$ref": "#/components/')[1:]):
        kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_the_guide_is_for_people(client, town_officer):
    client.force_login(town_officer)
    page = client.get(reverse("api:guide")).content.decode()
    assert VISITS in page and "接口与令牌" in page


def test_the_key_of_a_row_is_no_serial_number(call, town_officer):
    home = factories.household()
    assert call(f"{LIST}{home.pk}/", town_officer).status_code == 404
    uuid.UUID(call(f"{LIST}{home.public_id}/", town_officer).json()["id"])


def test_a_figure_is_the_number_of_the_rows_at_its_address(call, town_officer):
    factories.household(tier="A")
    factories.household(tier="B")
    factories.household(factories.village("曲堤街道"), tier="A")
    found = call("/api/figures/?by=town", town_officer).json()["results"]
    assert found
    for one in found:
        assert call(one["url"].partition("testserver")[2], town_officer).json()["total"] == one["value"], one["key"]
        assert sum(area["value"] for area in one["areas"]) == one["value"]
    assert next(one for one in found if one["key"] == "household.registered")["value"] == 2
    wrong = call("/api/figures/?as_of=gestern&by=county&x=1", town_officer)
    assert wrong.status_code == 422 and set(error(wrong)["fields"]) == {"as_of", "by", "x"}
    assert call("/api/figures/", factories.user("insurer")).json()["results"] == []


def test_a_lost_account_takes_its_tokens_along(client, town_officer, other_officer):
    administrator = factories.user("system_admin")
    client.force_login(administrator)
    left, reset = token_of(town_officer), token_of(other_officer)
    client.post(reverse("accounts:user_disable", args=[town_officer.pk]), {"reason": "调离"})
    client.post(reverse("accounts:user_enable", args=[town_officer.pk]), {"reason": "回来"})
    client.post(reverse("accounts:user_reset", args=[other_officer.pk]))
    other_officer.refresh_from_db()
    other_officer.must_change_password = False
    other_officer.save()
    client.logout()
    assert [client.get(LIST, headers=one).status_code for one in (left, reset)] == [401, 401]


@pytest.mark.parametrize("body", ["[" * 20_000, '{"a":' * 20_000])
def test_a_body_nested_without_end_is_refused(client, town_officer, body):
    answer = client.post(VISITS, body, content_type="application/json", headers=token_of(town_officer))
    assert answer.status_code == 400 and error(answer)["message"]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "query",
    ["town=²", f"cursor={encoded('[1, Infinity, 0, 1]')}", f"cursor={encoded('[1, 5, 0, 1e999]')}", f"cursor={encoded('[' * 2000)}"],
)  # fmt: skip
def test_an_address_that_nobody_was_given_is_no_failure(client, district_clerk, query):
    client.force_login(district_clerk)
    assert client.get(f"{HouseholdLedger.url('list')}?{query}").status_code == 200
    assert client.get(f"{LIST}?{query}").status_code in {200, 422}


def test_a_figure_opens_its_own_list_only(client, district_clerk):
    client.force_login(district_clerk)
    assert client.get(reverse("parameters:change_list") + "?figure=household.registered").status_code == 404
    assert client.get(f"{VISITS}?figure=household.registered").status_code == 404


def test_a_search_answers_nothing_that_the_columns_hide(client, town_officer):
    number, phone = factories.id_number(), "13800006027"
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        person = home.person_set.first()
        person.id_number, person.id_index = number, blind_index(number)
        person.phone, person.phone_index = phone, blind_index(phone)
        person.save()
    found = {}
    for role in ("district_clerk", "archivist", "department_liaison"):
        user = factories.user(role)
        client.force_login(user)
        for term in (number, phone):
            for page in ("household", "person"):
                hidden = client.post("/api/term/", {"q": term}, content_type="application/json").json()["q"]
                found[role, term, page] = client.get(f"/api/households/{page}/?q={hidden}").json()["total"]
    seen = {key for key, total in found.items() if total}
    assert seen == {
        *(("district_clerk", term, page) for term in (number, phone) for page in ("household", "person")),
        ("archivist", number, "household"), ("archivist", number, "person"),
    }  # fmt: skip


def test_a_session_that_may_not_work_is_told_in_the_apis_words(client, town_officer):
    client.force_login(town_officer)
    town_officer.must_change_password = True
    town_officer.save()
    answer = client.get(LIST)
    assert answer.status_code == 403 and error(answer)["code"] == "password_change_required"
    session = client.session
    session["since"] = 0
    session.save()
    answer = client.get(LIST)
    assert answer.status_code == 401 and error(answer)["code"] == "session_expired"
