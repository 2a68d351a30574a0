"""What the second person sees of a batch: every change with both values, before it is written and after."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from households.models import Household, RosterAbsence
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from tests.households.test_roster import approve, submit
from tests.households.test_roster import reverse as take_back
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_storable import ONE, THREE, TWO, as_csv, load, row

pytestmark = pytest.mark.django_db(transaction=True)
OLD = {
    "自然村": "东头",
    "人数": "1",
    "民族": "汉族",
    "文化程度": "初中",
    "健康状况": "健康",
    "劳动技能": "弱劳动力或半劳动力",
    "人均纯收入": "9000",
}
NEW = {
    "自然村": "西头",
    "人数": "2",
    "民族": "回族",
    "文化程度": "高中",
    "健康状况": "长期慢性病",
    "劳动技能": "普通劳动力",
    "人均纯收入": "9500",
}
SHOWN = [("东头", "西头"), ("汉族", "回族"), ("初中", "高中"), ("健康", "长期慢性病"), ("9000.00", "9500.00")]


def page(client: Client, user, batch, segment: str = "update") -> str:
    client.force_login(user)
    return client.get(reverse("households:batch_detail", args=[batch.pk]) + f"?segment={segment}").content.decode()


def diff(old: str, new: str) -> tuple[str, str]:
    return f"<del>{old}</del><br><ins>{new}</ins>", f"<del>{old}</del> → <ins>{new}</ins>"


def tells(text: str, old: str, new: str) -> bool:
    return any(one in text for one in diff(old, new))


def test_every_change_is_shown_with_both_values_also_once_it_is_written(client, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, **OLD))
    clear()
    batch = submit(data_admin, send(data_admin, as_csv(row("3701", "9001", "王一", ONE, **NEW))))
    before = page(client, district_clerk, batch)
    assert [(old, new) for old, new in SHOWN if not tells(before, old, new)] == []
    clear()
    approve(district_clerk, batch)
    after = page(client, district_clerk, batch)
    assert [(old, new) for old, new in SHOWN if not tells(after, old, new)] == []
    clear()
    take_back(data_admin, district_clerk, batch)
    assert tells(page(client, district_clerk, batch), "东头", "西头")


def test_a_changed_cell_with_a_warning_keeps_its_old_value_in_sight(client, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, **OLD))
    clear()
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE, **OLD | {"人均纯收入": "-5"})))
    text = page(client, data_admin, batch)
    assert tells(text, "9000.00", "-5.00") and "收入为负数" in text


def test_a_move_names_the_household_before_also_once_it_is_written(client, data_admin, district_clerk):
    load(
        data_admin,
        district_clerk,
        row("3701", "9001", "王一", ONE),
        row("3701", "9002", "李二", TWO, 与户主关系="配偶"),
    )
    clear()
    batch = submit(data_admin, send(data_admin, as_csv(row("3709", "9002", "李二", TWO))))
    with system_scope("测试"):
        home = str(Household.objects.get(household_no="3701"))
    assert f"由户 {home} 转来" in page(client, district_clerk, batch, "insert") + page(client, district_clerk, batch)
    clear()
    approve(district_clerk, batch)
    assert f"由户 {home} 转来" in page(client, district_clerk, batch, "insert") + page(client, district_clerk, batch)


def test_who_is_not_listed_stays_on_the_page_after_a_partial_approval(client, data_admin, district_clerk):
    load(
        data_admin,
        district_clerk,
        row("3701", "9001", "王一", ONE),
        row("3701", "9002", "李二", TWO, 与户主关系="配偶"),
        row("3702", "9003", "赵三", THREE),
    )
    clear()
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE, **NEW), row("3702", "9003", "赵三", THREE, **NEW)))
    assert batch.counts["absent"] == 1
    batch = submit(data_admin, batch)
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[3], towns=[], held=True)
        roster.approve(batch=batch, by=district_clerk, reason="赵三待核实")
    clear()
    from households.roster import committing

    with acting_as(actor_for(district_clerk)):
        done = committing.commit(batch.pk)
    with system_scope("测试"):
        assert done.counts["absent"] == RosterAbsence.objects.filter(batch=done).count() == 1


def test_odd_digits_in_addresses_are_no_keys(client, data_admin):
    client.force_login(data_admin)
    assert client.get(reverse("households:batch_upload") + "?continues=²").status_code == 200
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE)))
    assert client.post(reverse("households:batch_hold", args=[batch.pk]), {"row": "²"}).status_code < 500
    assert client.get(reverse("households:batch_reading", args=[batch.pk]) + "?header_row=²").status_code == 200
    assert client.get(reverse("households:batch_detail", args=[batch.pk]) + "?after=²&town=²&q=²").status_code == 200


def test_a_month_is_shown_as_the_file_writes_it(client, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, 风险识别时间="202206"))
    clear()
    batch = submit(data_admin, send(data_admin, as_csv(row("3701", "9001", "王一", ONE, 风险识别时间="202207"))))
    assert tells(page(client, district_clerk, batch), "202206", "202207")


def test_the_mode_of_an_import_is_not_called_optional_and_a_continuation_does_not_ask_for_it(client, data_admin):
    client.force_login(data_admin)
    asked = client.get(reverse("households:batch_upload")).content.decode()
    assert "已在系统里的户、人和村" in asked and "选填" not in asked
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE)))
    more = client.get(reverse("households:batch_upload") + f"?continues={batch.pk}").content.decode()
    assert "已在系统里的户、人和村" not in more and 'type="file"' in more
    file = SimpleUploadedFile("a.csv", as_csv(row("3701", "9001", "王一", ONE)))
    sent = client.post(reverse("households:batch_upload") + f"?continues={batch.pk}", {"file": file})
    assert sent.status_code == 302


def test_an_undone_batch_does_not_say_that_its_rows_can_go_in(client, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    clear()
    take_back(data_admin, district_clerk, batch)
    text = page(client, district_clerk, batch, segment="")
    assert "已撤销" in text and "可入库" not in text
