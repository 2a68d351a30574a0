"""Visits: once however often they are sent, only what can be true, and what they set in motion."""

import datetime as dt
import io
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from households.models import Household
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.audit.models import AccessLog
from jiyang.documents.models import Attachment
from monitoring.models import Visit
from monitoring.services.visits import VisitClash, record_visit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def picture(kind: str = "JPEG", size=(3000, 2000)) -> bytes:
    stream = io.BytesIO()
    image = Image.new("RGB", size, (90, 120, 110))
    exif = image.getexif()
    exif[0x010F] = "PhoneMaker"
    image.save(stream, kind, exif=exif)
    return stream.getvalue()


def form(**changes) -> dict:
    answers = factories.visit_answers(visited_at=timezone.localtime().strftime("%Y-%m-%dT%H:%M"))
    return {**answers, "client_uuid": str(answers["client_uuid"]), **changes}


def post(client, home, body, **headers):
    return client.post(
        reverse("monitoring:visit_new", args=[home.pk]), body, headers={"accept": "application/json", **headers}
    )


def state_of(home) -> tuple:
    with system_scope("测试"):
        state = Household.objects.select_related("state").get(pk=home.pk).state
    return state.last_visit_on, state.next_visit_on


def test_a_visit_sets_the_next_day_by_the_tier(town_officer):
    today = timezone.localdate()
    for tier, days in (("A", 15), ("B", 30), ("C", 90), ("", 90)):
        home = factories.household(tier=tier)
        with acting_as(actor_for(town_officer)):
            record_visit(household=home, by=town_officer, **factories.visit_answers())
        assert state_of(home) == (today, today + dt.timedelta(days=days))


@pytest.mark.parametrize("change", [{"method": "phone"}, {"method": "video"}, {"met": "nobody"}])
def test_only_meeting_somebody_at_home_resets_the_clock(town_officer, change):
    home = factories.household(tier="A")
    before = state_of(home)
    with acting_as(actor_for(town_officer)):
        record_visit(household=home, by=town_officer, **factories.visit_answers(**change))
    assert state_of(home) == before


def test_a_replay_returns_the_first_record(client, town_officer):
    home, body = factories.household(), form()
    client.force_login(town_officer)
    first, again = post(client, home, body), post(client, home, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    with system_scope("测试"):
        assert Visit.objects.count() == 1


def test_the_same_uuid_with_another_content_is_a_clash(client, town_officer):
    home, body = factories.household(), form()
    client.force_login(town_officer)
    assert post(client, home, body).status_code == 201
    clash = post(client, home, {**body, "notes": "另一份"})
    assert clash.status_code == 409
    assert "另一份内容" in str(clash.json()["errors"])


def test_another_users_uuid_is_a_clash(town_officer, district_clerk):
    home, answers = factories.household(), factories.visit_answers()
    with acting_as(actor_for(town_officer)):
        record_visit(household=home, by=town_officer, **answers)
    with acting_as(actor_for(district_clerk)), pytest.raises(VisitClash):
        record_visit(household=home, by=district_clerk, **answers)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (timezone.now() + dt.timedelta(hours=2), "还没到"),
        (dt.datetime(2020, 1, 1, 9, tzinfo=dt.UTC), "早于该户入册日期"),
    ],
)
def test_days_that_cannot_be(town_officer, when, message):
    home = factories.household()
    with acting_as(actor_for(town_officer)), pytest.raises(ValidationError, match=message):
        record_visit(household=home, by=town_officer, **factories.visit_answers(visited_at=when))
    with system_scope("测试"):
        assert not Visit.objects.exists()


def test_a_closed_household_is_not_visited(town_officer):
    home = factories.household(closed_on=timezone.localdate() - dt.timedelta(days=3), close_reason="整户自然减少")
    with acting_as(actor_for(town_officer)), pytest.raises(ValidationError, match="核减"):
        record_visit(household=home, by=town_officer, **factories.visit_answers())


def test_a_refused_form_comes_back_with_what_was_typed(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    response = client.post(reverse("monitoring:visit_new", args=[home.pk]), form(method="", notes="家里都好"))
    page = response.content.decode()
    assert response.status_code == 422
    assert "请选择方式" in page and "家里都好" in page


def test_a_photo_is_shrunk_stripped_and_read_only_in_scope(client, town_officer, other_officer):
    home = factories.household()
    client.force_login(town_officer)
    assert post(client, home, form(photos=SimpleUploadedFile("p.jpg", picture(), "image/jpeg"))).status_code == 201
    with system_scope("测试"):
        attachment = Attachment.objects.get()
        stored = Image.open(attachment.file.open("rb"))
    assert max(stored.size) == 1600 and not stored.getexif()
    url = reverse("documents:download", args=[attachment.public_id])
    assert client.get(url).status_code == 200
    assert AccessLog.objects.filter(kind="download", user=town_officer).count() == 1
    client.force_login(other_officer)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("data", [b"not a picture", b"%PDF-1.7 x", picture()[:500]])
def test_what_is_not_a_photo_is_refused_and_nothing_written(client, town_officer, data):
    home = factories.household()
    client.force_login(town_officer)
    response = post(client, home, form(photos=SimpleUploadedFile("p.jpg", data, "image/jpeg")))
    assert response.status_code == 422 and "不是照片" in str(response.json())
    with system_scope("测试"):
        assert not Visit.objects.exists() and not Attachment.objects.exists()


def test_a_photo_too_large_says_so(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    response = post(
        client, home, form(photos=SimpleUploadedFile("p.jpg", b"\xff\xd8" + b"0" * 11_000_000, "image/jpeg"))
    )
    assert response.status_code == 422 and "MB" in str(response.json())


def test_who_is_due_overdue_first(client, town_officer):
    today = timezone.localdate()
    late, soon, calm = (factories.household(tier=tier) for tier in "ABC")
    foreign = factories.household(factories.village("曲堤街道"), tier="A")
    with system_scope("测试"):
        for home, days in ((late, -4), (soon, 3), (calm, 40), (foreign, -9)):
            home.state.next_visit_on = today + dt.timedelta(days=days)
            home.state.save()
    client.force_login(town_officer)
    page = client.get(reverse("monitoring:due"))
    assert [row.pk for row in page.context["page"].rows] == [late.pk, soon.pk]
    assert "超期 4 天" in page.content.decode()


def test_unknown_and_foreign_households_are_absent(client, town_officer):
    foreign = factories.household(factories.village("曲堤街道"))
    client.force_login(town_officer)
    for pk in (foreign.pk, 999_999):
        assert client.post(reverse("monitoring:visit_new", args=[pk]), form()).status_code == 404


@pytest.mark.parametrize("visits", [1, 4])
def test_visit_form_query_count_is_constant(client, town_officer, visits, django_assert_max_num_queries):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        for _ in range(visits):
            record_visit(household=home, by=town_officer, **factories.visit_answers(client_uuid=uuid.uuid4()))
    client.force_login(town_officer)
    client.get(reverse("monitoring:due"))
    with django_assert_max_num_queries(8):
        assert client.get(reverse("monitoring:visit_new", args=[home.pk])).status_code == 200
