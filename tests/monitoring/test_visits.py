"""Visits: once however often they are sent, only what can be true, and what they set in motion."""

import datetime as dt
import io
import json
import uuid

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from households.models import Household
from households.services.moves import move_household
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


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sends=st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=8))
def test_however_often_and_in_whatever_order_drafts_are_sent(town_officer, sends):
    """Each UUID makes one record, the one that came first; another content under it is told apart and changes nothing."""
    home, drafts, first = factories.household(), [factories.visit_answers() for _ in range(3)], {}
    with acting_as(actor_for(town_officer)):
        for number, altered in sends:
            notes = "改过" if altered else "原样"
            try:
                visit, is_new = record_visit(household=home, by=town_officer, **{**drafts[number], "notes": notes})
            except VisitClash:
                assert first[number] != notes
                continue
            assert is_new == (number not in first) and visit.notes == first.setdefault(number, notes)
        assert sorted(Visit.objects.filter(household=home).values_list("notes", flat=True)) == sorted(first.values())


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


def test_a_draft_of_another_user_is_not_taken(client, town_officer, other_officer):
    home = factories.household()
    client.force_login(town_officer)
    response = post(client, home, form(written_by=str(other_officer.pk)))
    assert response.status_code == 403 and "另一个账号" in str(response.json())
    assert post(client, home, form(written_by=str(town_officer.pk))).status_code == 201
    with system_scope("测试"):
        assert Visit.objects.get().entered_by == town_officer


def test_a_clash_names_the_record_that_stands_to_its_own_officer_only(client, town_officer, district_clerk):
    home, body = factories.household(), form()
    client.force_login(town_officer)
    url = post(client, home, body).json()["url"]
    assert post(client, home, {**body, "notes": "另一份"}).json()["url"] == url
    with acting_as(actor_for(district_clerk)), pytest.raises(VisitClash) as clash:
        record_visit(household=home, by=district_clerk, **factories.visit_answers(client_uuid=body["client_uuid"]))
    assert clash.value.visit is None


def test_a_household_that_moved_away_or_was_voided_says_what_to_do(client, town_officer, district_clerk):
    moved, voided = factories.household(), factories.household()
    with acting_as(actor_for(district_clerk)):
        move_household(household=moved, village=factories.village("曲堤街道"), by=district_clerk, reason="搬迁")
        Household.objects.filter(pk=voided.pk).update(voided_at=timezone.now(), void_reason="重复建户")
    client.force_login(town_officer)
    answers = [post(client, home, form()) for home in (moved, voided)]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json() == answers[1].json() and "由现在管辖的同志登记" in str(answers[0].json())
    with system_scope("测试"):
        assert not Visit.objects.exists()


def test_a_day_before_the_head_was_born(town_officer):
    home = factories.household(registered_on=dt.date(1950, 1, 1))
    when = dt.datetime(1955, 1, 1, 9, tzinfo=dt.UTC)
    with acting_as(actor_for(town_officer)), pytest.raises(ValidationError, match="户主出生日期 1960-05-01"):
        record_visit(household=home, by=town_officer, **factories.visit_answers(visited_at=when))


def test_several_photos_and_a_signature(client, town_officer):
    home, ink = factories.household(), io.BytesIO()
    Image.new("RGBA", (600, 300), (0, 0, 0, 0)).save(ink, "PNG")
    body = form()
    pictures = [SimpleUploadedFile(f"{n}.jpg", picture(size=(800 + n, 600)), "image/jpeg") for n in range(3)]
    files = {"photos": pictures, "signature": SimpleUploadedFile("s.png", ink.getvalue(), "image/png")}
    assert post(client, home, {**body, **files}).status_code == 302
    client.force_login(town_officer)
    for one in (*pictures, files["signature"]):
        one.seek(0)
    assert post(client, home, {**body, **files}).status_code == 201
    for one in (*pictures, files["signature"]):
        one.seek(0)
    assert post(client, home, {**body, **files}).status_code == 200
    with system_scope("测试"):
        kinds = sorted(Attachment.objects.values_list("kind", flat=True))
        signed = Image.open(Attachment.objects.get(kind="signature").file.open("rb"))
    assert kinds == ["photo", "photo", "photo", "signature"] and signed.getpixel((5, 5)) == (255, 255, 255)


def test_which_of_several_photos_is_none_and_too_many(town_officer):
    home, bad = factories.household(), SimpleUploadedFile("x.jpg", b"no", "image/jpeg")
    good = [SimpleUploadedFile(f"{n}.jpg", picture(size=(40, 30)), "image/jpeg") for n in range(10)]
    with acting_as(actor_for(town_officer)):
        with pytest.raises(ValidationError, match="第 2 张：这个文件不是照片"):
            record_visit(household=home, by=town_officer, photos=[good[0], bad], **factories.visit_answers())
        with pytest.raises(ValidationError, match="最多 9 张，现在是 10 张"):
            record_visit(household=home, by=town_officer, photos=good, **factories.visit_answers())
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


def test_the_kept_list_holds_own_due_households_and_no_personal_number(
    client, town_officer, district_clerk, django_assert_max_num_queries
):
    mine = [factories.household(tier="A", phone="13812346027") for _ in range(3)]
    factories.household(factories.village("曲堤街道"), tier="A")
    with system_scope("测试"):
        for home in mine:
            home.state.next_visit_on = timezone.localdate()
            home.state.save()
    with acting_as(actor_for(town_officer)):
        record_visit(household=mine[0], by=town_officer, **factories.visit_answers(method="phone", medical="problem"))
    client.force_login(town_officer)
    client.get(reverse("monitoring:due"))
    with django_assert_max_num_queries(6):
        kept = client.get(reverse("monitoring:due_kept"))
    rows = kept.json()["rows"]
    assert [row["pk"] for row in rows] == sorted(home.pk for home in mine)
    assert set(rows[0]) == {"pk", "no", "name", "village", "tier", "due", "signed", "last"}
    assert rows[0]["last"]["medical"] == "problem" and rows[1]["last"] is None
    assert "13812346027" not in kept.content.decode() and "no-store" in kept["Cache-Control"]
    client.force_login(district_clerk)
    assert client.get(reverse("monitoring:due_kept")).status_code == 403


def test_the_worker_keeps_shells_that_are_empty(client, town_officer):
    home = factories.household()
    script = client.get("/sw.js")
    assert script["Cache-Control"] == "no-cache" and script["Content-Type"].startswith("text/javascript")
    kept = json.loads(script.content.decode().split("\n")[0].removeprefix("const KEEP = ").rstrip(";"))
    assert [shell for _, shell in kept["shells"]] == ["/monitoring/offline/visit/", "/monitoring/offline/"]
    client.force_login(town_officer)
    for _, shell in kept["shells"]:
        page = client.get(shell).content.decode()
        assert home.state.head_name not in page and town_officer.name not in page and "csrf" not in page
    assert client.get("/sw.js").content == script.content
    assert all(found := [finders.find(url.removeprefix("/static/")) for url in kept["files"]]), found


def test_session_tells_who_is_signed_in_and_a_token(client, town_officer):
    assert client.get("/session").json()["user"] is None
    client.force_login(town_officer)
    answer = client.get("/session")
    assert answer.json()["user"] == town_officer.pk and len(answer.json()["token"]) > 30
    assert "no-store" in answer["Cache-Control"]


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
