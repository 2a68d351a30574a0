"""明白纸: the ledger that shows what the kernel gives; its own tests are only what it adds."""

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from jiyang.access.scope import acting_as, system_scope
from jiyang.documents.models import Attachment
from jiyang.reporting import figures
from policies.models import LeafletDelivery
from tests import factories

pytestmark = pytest.mark.django_db


def photo() -> SimpleUploadedFile:
    stream = io.BytesIO()
    Image.new("RGB", (80, 60), "white").save(stream, "JPEG")
    return SimpleUploadedFile("p.jpg", stream.getvalue(), "image/jpeg")


def test_a_delivery_is_recorded_once_a_year_with_its_photo(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    url, today = reverse("policies:leaflet_create"), timezone.localdate().isoformat()
    data = {"household_no": home.household_no, "kind": "application", "on": today, "receiver": "王芳"}
    assert client.post(url, {**data, "photo": SimpleUploadedFile("x.jpg", b"no")}).status_code == 422
    assert client.post(url, {**data, "photo": photo()}).status_code == 302
    again = client.post(url, data)
    assert again.status_code == 422 and "已发过" in again.content.decode()
    with system_scope("测试"):
        made = LeafletDelivery.objects.get()
        assert Attachment.objects.get(subject_id=made.pk).household_id == home.pk
    tab = client.get(reverse("households:household_detail", args=[home.pk]), {"tab": "ledgers"}).content.decode()
    assert "申报政策明白纸" in tab and f"household_no={home.household_no}" in tab


def test_a_foreign_household_is_unknown(client, town_officer):
    far = factories.household(factories.village("曲堤街道"))
    client.force_login(town_officer)
    data = {"household_no": far.household_no, "kind": "support", "on": "2021-05-01", "receiver": "王芳"}
    answer = client.post(reverse("policies:leaflet_create"), data)
    assert answer.status_code == 422 and "没有这个户编号" in answer.content.decode()


def test_the_figure_counts_who_is_left(client, town_officer):
    given, left = factories.household(), factories.household()
    client.force_login(town_officer)
    client.post(
        reverse("policies:leaflet_create"),
        {"household_no": given.household_no, "kind": "application", "on": "2021-05-01", "receiver": "王芳"},
    )
    with acting_as(factories.acting(town_officer)) as actor:
        rows = figures.get("leaflet.missing")
        for day, number in ((dt.date(2021, 4, 30), 2), (dt.date(2021, 5, 1), 1)):
            assert sum(tally.total for tally in figures.count(rows, actor, day).values()) == number
    assert left
