"""Import of a ledger's rows from a table: all errors at once, a second person, exactly what was previewed, once."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from households.ledgers import HelperLedger
from households.models import Helper
from jiyang.access.scope import acting_as, actor_for
from jiyang.intake.models import Batch
from tests import factories
from tests.buttons import push

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = ["镇街", "姓名", "类型", "帮扶（选派）单位", "政治面貌", "联系电话"]
GOOD = ["仁风镇", "张立国", "帮扶责任人", "区农业农村局", "中共党员", "13800006027"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def checker(db):
    return factories.user("town_leader", "仁风镇")


def sheet(*rows, head=HEAD) -> SimpleUploadedFile:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in (["帮扶责任人名单"], head, *rows):
        book.active.append(row)
    book.save(stream)
    return SimpleUploadedFile("名单.xlsx", stream.getvalue())


def url(page: str, *args) -> str:
    return HelperLedger.url(page, *args)


def send(client, user, *rows, **kwargs):
    if client.session.get("_auth_user_id") != str(user.pk):
        client.force_login(user)
    return client.post(url("import_upload"), {"file": sheet(*rows, **kwargs)})


def batch() -> Batch:
    with acting_as(actor_for(factories.user("district_clerk"))):
        return Batch.objects.latest("pk")


def helpers() -> dict[str, Helper]:
    with acting_as(actor_for(factories.user("district_clerk"))):
        return {one.name: one for one in Helper.objects.order_by("pk")}


def test_the_page_says_which_columns_a_file_needs(client, town_officer):
    client.force_login(town_officer)
    text = client.get(url("import")).content.decode()
    needed, further = text.split("必需的列：")[1].split("<br>可以有的列：")
    needed, further = (set(part.split("</div>")[0].split("、")) for part in (needed, further))
    assert (
        "姓名" in needed and "隶属关系" in further and needed | further == {*HEAD, "隶属关系"} and not needed & further
    )


def take_in(client, maker, checker, *rows):
    """The whole way: upload, submit, approve."""
    send(client, maker, *rows)
    push(client, HelperLedger, "submit", batch())
    client.force_login(checker)
    return push(client, HelperLedger, "approve", batch())


def test_a_file_goes_in_after_a_second_person(client, town_officer, checker):
    assert send(client, town_officer, GOOD, ["仁风镇", "'=王敏", "", "", "", ""]).status_code == 302
    one = batch()
    assert one.counts["insert"] == 1 and one.counts["refused"] == 1 and helpers() == {}
    page = client.get(url("import_batch", one.pk)).content.decode()
    assert "张立国" in page and "138****6027" in page and "请填写帮扶（选派）单位" in page
    push(client, HelperLedger, "submit", one)
    assert helpers() == {}
    client.force_login(checker)
    assert url("import_batch", one.pk) in client.get(reverse("workflow:tasks")).content.decode()
    assert push(client, HelperLedger, "approve", one).status_code == 302
    made = helpers()["张立国"]
    assert (made.phone, made.origin_id, made.entered_by, made.town.name) == (
        "13800006027",
        one.pk,
        town_officer,
        "仁风镇",
    )
    assert made.political and batch().approved_by == checker


def test_the_same_file_again_writes_nothing_and_a_change_writes_only_itself(client, town_officer, checker):
    take_in(client, town_officer, checker, GOOD, [*GOOD[:1], "王敏", *GOOD[2:]])
    send(client, town_officer, GOOD)
    assert batch().counts["same"] == 1
    assert push(client, HelperLedger, "submit", batch()).status_code == 422
    before = helpers()
    take_in(client, town_officer, checker, [*GOOD[:3], "区水务局", *GOOD[4:]], [*GOOD[:1], "王敏", *GOOD[2:]])
    after = helpers()
    assert batch().counts["update"] == 1 and batch().counts["same"] == 1
    assert after["张立国"].office == "区水务局" and after["张立国"].version == before["张立国"].version + 1
    assert after["王敏"].version == before["王敏"].version


def test_every_error_of_every_line_is_told_at_once(client, town_officer):
    send(
        client, town_officer, ["曲堤街道", "甲", "帮扶责任人", "单位", "", ""], ["仁风镇", "", "不知道", "单位", "", "123"], GOOD, GOOD
    )  # fmt: skip
    page = client.get(url("import_batch", batch().pk)).content.decode()
    for text in ("没有“曲堤街道”，或不在本人管辖范围内", "请填写姓名", "电话应为 11 位数字", "与第 5 行重复"):
        assert text in page
    assert batch().counts == {
        "insert": 1,
        "update": 0,
        "same": 0,
        "duplicate": 0,
        "refused": 3,
        "out_of_area": 0,
        "kept": 0,
        "unknown": 0,
    }


def test_rows_are_numbered_as_the_file_does_whatever_is_blank_between(client, town_officer):
    send(client, town_officer, GOOD, [], [*GOOD[:1], "王敏", "不知道", *GOOD[3:]], [None, None], GOOD)
    page = client.get(url("import_batch", batch().pk))
    lines = {one.spot.row: one.action for one in page.context["plan"].lines}
    assert lines == {3: "insert", 5: "refused", 7: "refused"}
    assert "与第 3 行重复" in page.content.decode()


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (None, "请选择要上传的文件"),
        (SimpleUploadedFile("a.xlsx", b""), "文件是空的"),
        (SimpleUploadedFile("a.xlsx", b"PK\x03\x04 broken"), "不完整或已损坏"),
        (sheet(head=["甲", "乙"]), "没有找到表头"),
        (sheet(["仁风镇", "甲"], head=["镇街", "姓名"]), "缺少必需的列"),
        (sheet(), "没有数据行"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(client, town_officer, upload, message, settings):
    client.force_login(town_officer)
    answer = client.post(url("import_upload"), {"file": upload} if upload else {})
    assert answer.status_code == 422 and message in answer.content.decode()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    with acting_as(actor_for(town_officer)):
        assert not Batch.objects.exists()


def test_the_maker_cannot_check_and_the_database_says_so_too(client, district_clerk, checker):
    send(client, district_clerk, GOOD)
    one = batch()
    push(client, HelperLedger, "submit", one)
    assert push(client, HelperLedger, "approve", one).status_code == 403
    assert "同意入库" not in client.get(url("import_batch", one.pk)).content.decode()
    one = batch()
    with acting_as(actor_for(district_clerk)), pytest.raises(IntegrityError), transaction.atomic():
        one.approved_by, one.approved_at = district_clerk, one.submitted_at
        one.save()
    assert helpers() == {}


def test_what_has_moved_on_since_goes_back(client, town_officer, checker):
    take_in(client, town_officer, checker, GOOD)
    send(client, town_officer, [*GOOD[:3], "区水务局", *GOOD[4:]])
    push(client, HelperLedger, "submit", batch())
    with acting_as(actor_for(town_officer)):
        Helper.objects.update(office="区交通局")
    client.force_login(checker)
    answer = push(client, HelperLedger, "approve", batch())
    assert answer.status_code == 422 and "有了变动" in answer.content.decode()
    assert helpers()["张立国"].office == "区交通局"
    assert push(client, HelperLedger, "return", batch(), reason="").status_code == 422
    push(client, HelperLedger, "return", batch(), reason="单位已改")
    client.force_login(town_officer)
    assert "单位已改" in client.get(url("import_batch", batch().pk)).content.decode()
    push(client, HelperLedger, "drop", batch())
    assert batch().state == "dropped"


def test_another_town_sees_and_decides_nothing(client, town_officer, other_officer):
    send(client, town_officer, GOOD)
    one = batch()
    client.force_login(other_officer)
    for page in ("import_batch", "import_submit", "import_drop"):
        call = client.get if page == "import_batch" else client.post
        assert call(url(page, one.pk)).status_code == 404
    assert batch().state == "checked"


@pytest.mark.parametrize("lines", [2, 40])
def test_query_count_does_not_grow_with_the_lines(client, town_officer, lines, django_assert_max_num_queries):
    client.force_login(town_officer)
    upload = sheet(*[[*GOOD[:1], f"第{number}人", *GOOD[2:]] for number in range(lines)])
    with django_assert_max_num_queries(28):
        assert client.post(url("import_upload"), {"file": upload}).status_code == 302


def test_the_template_goes_in_again(client, town_officer):
    client.force_login(town_officer)
    answer = client.get(url("import_template"))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.active[1]][:3] == ["镇街", "姓名", "类型"]


def test_the_district_approves_what_a_town_may_write_and_no_more(client, town_officer, district_clerk):
    answer = take_in(client, town_officer, district_clerk, ["曲堤街道", "王敏", *GOOD[2:]], GOOD)
    assert answer.status_code == 302 and batch().counts["refused"] == 1
    assert list(helpers()) == ["张立国"]
