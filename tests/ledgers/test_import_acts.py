"""The buttons of an import's page count for what the page showed, as those of the roster's batches do."""

import datetime as dt
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from households.ledgers import HelperLedger
from households.models import Helper
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake import acts
from jiyang.intake.models import Batch
from jiyang.ledgers import import_services
from tests import factories
from tests.ledgers.test_imports import GOOD, batch, helpers, sheet, take_in, url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def leader(db):
    return factories.user("town_leader", "仁风镇")


def page(user) -> str:
    client = Client()
    client.force_login(user)
    return client.get(url("import_batch", batch().pk)).content.decode()


def press(user, act: str, text: str = "", **data) -> tuple[int, str]:
    """A button on the page `text`, as it was opened: the answer's status and page."""
    client = Client()
    client.force_login(user)
    if text:
        data["seen"] = (
            text.split(f'action="{url(f"import_{act}", batch().pk)}"')[1].split('name="seen" value="')[1].split('"')[0]
        )
    answer = client.post(url(f"import_{act}", batch().pk), data)
    return answer.status_code, answer.content.decode()


def send(user, *rows) -> None:
    client = Client()
    client.force_login(user)
    assert client.post(url("import_upload"), {"file": sheet(*rows)}).status_code == 302


def change(**values) -> None:
    with acting_as(actor_for(factories.user("district_clerk"))):
        Helper.objects.update(**values)


def test_a_button_without_what_its_page_showed_does_nothing(client, town_officer, leader):
    send(town_officer, GOOD)
    code, told = press(town_officer, "submit")
    assert code == 422 and "看到的是哪一版内容" in told and batch().state == "checked"
    assert press(town_officer, "submit", page(town_officer))[0] == 302
    for act in ("approve", "return", "undo_decide"):
        assert press(leader, act, reason="不对")[0] == 422 and batch().state == "submitted"


def test_a_checker_agrees_to_what_the_page_showed(client, town_officer, leader):
    take_in(client, town_officer, leader, GOOD)
    send(town_officer, [*GOOD[:3], "区水务局", "", GOOD[5]])
    assert press(town_officer, "submit", page(town_officer))[0] == 302
    opened = page(leader)
    own = page(town_officer)
    change(phone="13911112222")  # the file would write the former one again
    assert press(town_officer, "withdraw", own)[0] == 302
    assert press(town_officer, "submit", page(town_officer))[0] == 302
    for act, more in (("approve", {}), ("return", {"reason": "不对"})):
        code, told = press(leader, act, opened, **more)
        assert code == 422 and "打开页面以后" in told and batch().state == "submitted"
    assert helpers()["张立国"].phone == "13911112222"
    assert press(leader, "approve", page(leader))[0] == 302
    assert helpers()["张立国"].phone == GOOD[5]


def test_the_same_file_at_once_is_one_batch(town_officer):
    sent, second = sheet(GOOD).read(), []

    def press_again() -> None:
        client = Client()
        client.force_login(town_officer)
        second.append(client.post(url("import_upload"), {"file": SimpleUploadedFile("名单.xlsx", sent)}).url)
        connection.close()

    again = threading.Thread(target=press_again)
    with acting_as(actor_for(town_officer)):
        first = import_services.upload(by=town_officer, ledger=HelperLedger, filename="名单.xlsx", data=sent)
        again.start()
        again.join(0.5)
    again.join()
    assert second == [url("import_batch", first.pk)]
    with acting_as(actor_for(town_officer)):
        assert Batch.objects.count() == 1
        acts.drop(batch=first, by=town_officer)
        new = import_services.upload(by=town_officer, ledger=HelperLedger, filename="名单.xlsx", data=sent)
    assert new.pk != first.pk


def test_a_maker_submits_what_the_page_showed(client, town_officer, leader):
    take_in(client, town_officer, leader, GOOD)
    send(town_officer, [*GOOD[:3], "区水务局", *GOOD[4:]])
    opened = page(town_officer)
    change(political="")
    code, told = press(town_officer, "submit", opened)
    assert code == 422 and "要写入的内容有了变动" in told and "政治面貌" in told and batch().state == "checked"
    assert press(town_officer, "submit", page(town_officer))[0] == 302
    assert press(town_officer, "drop", opened)[0] == 422 and batch().state == "submitted"


def test_a_value_that_changed_behind_its_mask_is_not_overwritten(client, town_officer, leader):
    take_in(client, town_officer, leader, GOOD)
    send(town_officer, [*GOOD[:5], "13900000000"])
    assert press(town_officer, "submit", page(town_officer))[0] == 302
    opened = page(leader)
    change(phone="13811116027")
    assert "138****6027" in opened and "138****6027" in page(leader)
    code, told = press(leader, "approve", opened)
    assert code == 422 and "有了变动" in told and helpers()["张立国"].phone == "13811116027"
    assert "同意入库" not in told


def test_a_page_of_another_request_neither_agrees_to_an_undo_nor_withdraws_it(client, town_officer, leader):
    take_in(client, town_officer, leader, GOOD)
    assert press(town_officer, "undo", page(town_officer), reason="甲原因")[0] == 302
    old, own = page(leader), page(town_officer)
    assert press(town_officer, "undo_withdraw", own)[0] == 302
    assert press(town_officer, "undo", page(town_officer), reason="乙原因")[0] == 302
    code, told = press(leader, "undo_decide", old, decision="approve")
    assert code == 422 and "已经处理或撤回" in told and "乙原因" in told and batch().state == "approved"
    assert press(town_officer, "undo_withdraw", own)[0] == 422
    assert press(leader, "undo_decide", page(leader), decision="return", reason="留着")[0] == 302
    assert "申请没有办成" in page(town_officer) and "留着" in page(town_officer)


def test_an_undone_batch_tells_who_agreed_to_its_undo(client, town_officer, leader):
    take_in(client, town_officer, leader, GOOD)
    with system_scope("早一天入库"):
        Batch.objects.update(approved_at=batch().approved_at - dt.timedelta(days=1))
    other = factories.user("town_leader", "仁风镇")
    assert press(town_officer, "undo", page(town_officer), reason="导错")[0] == 302
    assert press(other, "undo_decide", page(other), decision="approve")[0] == 302
    dock = page(leader).split('class="dock"')[1]
    assert f"已撤销，{other.name} " in dock and leader.name not in dock
    assert "申请恢复" in page(town_officer) and press(town_officer, "undo", page(town_officer), reason="再来")[0] == 302


@pytest.mark.parametrize(("hour", "day"), [(15, "20260927"), (17, "20260928")])
def test_a_batch_bears_the_officers_day(town_officer, hour, day):
    made = Batch(pk=7, uploaded_at=dt.datetime(2026, 9, 27, hour, tzinfo=dt.UTC))
    assert str(made) == f"IM-{day}-07"
