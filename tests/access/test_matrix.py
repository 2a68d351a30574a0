"""The permission matrix classifies every address and every table; what it leaves out is refused."""

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.urls import get_resolver, path, reverse

from jiyang.access.matrix import matrix
from jiyang.access.routes import routes
from tests import factories


def unclassified(resolver) -> list[str]:
    return [route.name or route.pattern for route in routes(resolver) if route.name not in matrix().views]


def unlisted(models) -> list[str]:
    return [model._meta.label for model in models if matrix().table_kind(model) is None]


def test_every_address_is_classified():
    assert unclassified(get_resolver()) == []


def test_every_table_stands_in_a_list():
    assert unlisted(apps.get_models(include_auto_created=True)) == []


def test_an_address_without_an_entry_is_found_and_refused(client, db, settings, district_clerk):
    from types import ModuleType

    import jiyang.urls

    urls = ModuleType("extra_urls")
    urls.urlpatterns = [
        *jiyang.urls.urlpatterns,
        path("forgotten/", lambda request: HttpResponse("secret"), name="forgotten"),
    ]
    settings.ROOT_URLCONF = urls
    client.force_login(district_clerk)
    assert unclassified(get_resolver(urls)) == ["forgotten"]
    assert client.get("/forgotten/").status_code == 403


def test_a_table_in_no_list_is_found():
    from django.db import models

    class Forgotten(models.Model):
        class Meta:
            app_label = "households"
            apps = type(apps)()
            managed = False

    assert unlisted([Forgotten]) == ["households.Forgotten"]


@pytest.mark.parametrize("role", [*sorted(matrix().roles), None])
@pytest.mark.django_db(transaction=True)
def test_every_page_of_every_role_answers_as_the_matrix_says(client, role):
    reach = matrix().roles[role].reach if role else "none"
    place = {"town": "仁风镇", "village": factories.village(), "zone": factories.zone(), "households": None}.get(reach)
    user = factories.user(role, place)
    client.force_login(user)
    roles = frozenset([role]) if role else frozenset()
    for route in routes(get_resolver()):
        if "<" in route.pattern or route.name == "accounts:logout":
            continue
        response = client.get(reverse(route.name))
        if not matrix().may_open(route.name, roles):
            assert response.status_code == 403, route.name
        else:
            assert response.status_code in {200, 302, 404, 405}, (route.name, response.status_code)


def test_anonymous_reaches_only_open_pages(client, db):
    for route in routes(get_resolver()):
        if "<" in route.pattern:
            continue
        response = client.get(reverse(route.name))
        if matrix().views[route.name] == "open":
            assert response.status_code in {200, 302, 404, 405}
        elif route.pattern.startswith("api/"):
            assert response.status_code == 401, route.name
        else:
            assert response.status_code == 302 and "/accounts/login/" in response["Location"], route.name
