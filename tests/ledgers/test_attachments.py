"""附件 of any ledger's row, on the page and in the API: scope, type, size, no metadata, once."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, PngImagePlugin

from households.ledgers import HouseholdLedger
from jiyang.access.scope import acting_as, actor_for
from jiyang.audit.models import AccessLog
from jiyang.documents.models import Attachment
from jiyang.documents.storing import LARGEST, attach
from tests import factories
from tests.ledgers.test_api import error, token_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def photo(name: str = "门口.jpg") -> SimpleUploadedFile:
    """A JPEG with the place it was taken at in its metadata."""
    exif = Image.Exif()
    exif[0x010F] = "某手机"
    exif.get_ifd(0x8825)[1] = "N"
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stream, "JPEG", exif=exif)
    return SimpleUploadedFile(name, stream.getvalue(), "image/jpeg")


def package(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


def stored() -> list[Attachment]:
    with acting_as(actor_for(factories.user("district_clerk"))):
        return list(Attachment.objects.select_related("household").order_by("pk"))


def post(client, home, *uploads):
    return client.post(HouseholdLedger.url("attach", home.pk), {"file": list(uploads)})


def test_a_photo_is_kept_once_without_its_metadata(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    for _ in range(2):
        assert post(client, home, photo()).status_code == 302
    (kept,) = stored()
    assert (kept.name, kept.mime, kept.household) == ("门口.jpg", "image/jpeg", home)
    assert not Image.open(kept.file).getexif()
    page = client.get(HouseholdLedger.url("attachments", home.pk))
    assert "门口.jpg" in page.content.decode()
    assert "附件 1" in client.get(HouseholdLedger.url("detail", home.pk)).content.decode()
    assert client.get(HouseholdLedger.url("detail", home.pk) + "?tab=files").context["attachments"] == [kept]
    download = client.get(reverse("documents:download", args=[kept.public_id]))
    assert download.status_code == 200 and AccessLog.objects.filter(kind="download", row=kept.pk).count() == 1


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("病历.jpg", b"\xff\xd8\xff not a picture", "不是照片"),
        ("程序.pdf", b"MZ\x90", "只收照片"),
        ("表.xlsx", package("xl/workbook.xml", "xl/vbaProject.bin"), "带有宏"),
        ("包.docx", package("readme.txt"), "只收照片"),
        ("空.pdf", b"", "空文件"),
        ("大.pdf", b"%PDF-" + b"0" * LARGEST, "超过 10 MB"),
    ],
)
def test_what_is_no_photo_or_paper_is_refused_by_name_and_the_others_stay(client, town_officer, name, data, message):
    home = factories.household()
    client.force_login(town_officer)
    answer = post(client, home, SimpleUploadedFile(name, data), SimpleUploadedFile("申请.pdf", b"%PDF-1.7"))
    assert answer.status_code == 422 and message in answer.content.decode()
    assert [one.name for one in stored()] == ["申请.pdf"]


def test_papers_are_told_by_their_content(client, town_officer):
    home = factories.household()
    client.force_login(town_officer)
    post(
        client,
        home,
        SimpleUploadedFile("a.bin", package("word/document.xml")),
        SimpleUploadedFile("b", package("xl/workbook.xml")),
    )
    assert [one.mime.rpartition(".")[2] for one in stored()] == ["document", "sheet"]


def test_a_foreign_row_takes_and_shows_nothing(client, town_officer, other_officer):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        kept = attach(record=home, upload=photo(), by=town_officer)
    client.force_login(other_officer)
    assert post(client, home, photo()).status_code == 404
    assert client.get(HouseholdLedger.url("attachments", home.pk)).status_code == 404
    assert client.get(reverse("documents:download", args=[kept.public_id])).status_code == 404
    headers = token_of(other_officer)
    client.logout()
    assert client.get(reverse("api:attachment", args=[kept.public_id]), headers=headers).status_code == 404
    assert len(stored()) == 1


def test_files_go_in_and_out_by_the_api(client, town_officer):
    home, headers = factories.household(), token_of(town_officer)
    url = f"/api/households/household/{home.public_id}/attachments/"
    made = client.post(url, {"file": photo()}, headers=headers)
    assert made.status_code == 201
    assert client.get(url, headers=headers).json() == {"total": 1, "results": [made.json()]}
    data = client.get(made.json()["url"], headers=headers)
    assert data["Content-Type"] == "image/jpeg" and b"".join(data.streaming_content)[:2] == b"\xff\xd8"
    refused = client.post(url, {"file": SimpleUploadedFile("x.exe", b"MZ")}, headers=headers)
    assert refused.status_code == 422 and set(error(refused)["fields"]) == {"file"}
    assert client.post(url, {}, headers=headers).status_code == 422


def test_who_only_reads_adds_nothing(client, data_admin):
    home = factories.household()
    client.force_login(data_admin)
    assert post(client, home, photo()).status_code == 403
    assert "添加附件" not in client.get(HouseholdLedger.url("attachments", home.pk)).content.decode()
    assert stored() == []


def test_an_attachment_follows_its_household(client, town_officer, other_officer):
    from jiyang.access.scope import system_scope

    home = factories.household()
    with acting_as(actor_for(town_officer)):
        kept = attach(record=home, upload=photo(), by=town_officer)
    with system_scope("迁移"):
        home.place_at(factories.village("曲堤街道"))
        home.save()
    for user, status in ((town_officer, 404), (other_officer, 200)):
        client.force_login(user)
        assert client.get(reverse("documents:download", args=[kept.public_id])).status_code == status


def test_a_wrong_file_is_voided_with_a_reason_and_opens_no_more(client, town_officer, data_admin, other_officer):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        kept = attach(record=home, upload=photo(), by=town_officer)
    url, download = (reverse(f"documents:{page}", args=[kept.public_id]) for page in ("void", "download"))
    for user, status in ((data_admin, 403), (other_officer, 404)):
        client.force_login(user)
        assert client.post(url, {"reason": "传错了"}).status_code == status
    client.force_login(town_officer)
    assert client.get(url).status_code == 200 and client.post(url, {"reason": " "}).status_code == 422
    long = client.post(url, {"reason": "原" * 201})
    assert long.status_code == 422 and "原" * 201 in long.content.decode()  # what was typed is neither cut nor lost
    assert client.get(download).status_code == 200
    assert client.post(url, {"reason": "传错了"}).status_code == 302
    assert client.get(download).status_code == 404 and stored() == []
    with acting_as(actor_for(town_officer)):
        voided = Attachment.all_rows.get()
    assert (voided.void_reason, voided.voided_by) == ("传错了", town_officer)


def test_a_number_in_a_files_name_is_not_kept(client, town_officer):
    client.force_login(town_officer)
    post(client, factories.household(), SimpleUploadedFile("身份证370125196005011234.pdf", b"%PDF-1.4"))
    assert [one.name for one in stored()] == ["身份证［号码已隐去］.pdf"]


def damaged() -> dict[str, bytes]:
    """Files whose beginning promises what the rest does not keep."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 3_000_000, zip=True)
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG", pnginfo=text)
    newer = bytearray(package("word/document.xml"))
    at = newer.rindex(b"PK\x01\x02")
    newer[at + 6] = 99  # the version of zip that is needed to read it
    jpeg = io.BytesIO()
    Image.new("RGB", (40, 30)).save(jpeg, "JPEG")
    cut = jpeg.getvalue()
    return {"文字.png": stream.getvalue(), "新版.docx": bytes(newer), "半张.jpg": cut[: len(cut) // 2]}


@pytest.mark.parametrize("name", ["文字.png", "新版.docx", "半张.jpg"])
def test_a_damaged_file_is_refused_like_any_other(client, town_officer, name):
    client.force_login(town_officer)
    answer = post(client, factories.household(), SimpleUploadedFile(name, damaged()[name]))
    assert answer.status_code == 422 and name in answer.content.decode() and stored() == []
