"""What the second person sees of a batch: every change with both values, before it is written and after."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from households.models import Household, Membership, Person, RosterAbsence, RosterRow
from households.roster import jobs
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import PlanMode
from jiyang.intake.header import Choice
from jiyang.intake.models import Batch
from tests import factories
from tests.households.test_roster import approve, submit
from tests.households.test_roster import reverse as take_back
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_storable import ONE, THREE, TWO, as_csv, load, row
from tests.intake.workbooks import grid, people, workbook

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


def test_the_last_of_several_reversals_is_open_and_missing_columns_are_counted(client, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    for _ in range(2):
        clear()
        take_back(data_admin, district_clerk, batch)
    text = page(client, district_clerk, batch, segment="")
    open_, folded = text.split('class="panel former"')
    assert "恢复结果" in open_ and "撤销结果" not in open_ and "撤销结果" in folded.split("</details>")[0]
    with system_scope("测试"):
        batch.refresh_from_db()
    missing = batch.columns["missing"]
    summary, _, rest = text.partition('<details class="muted">')[2].partition("</summary>")
    assert f'缺少 <span class="num">{len(missing)}</span> 列' in summary and missing[0] not in summary
    assert "、".join(missing) in rest.split("</details>")[0]


def test_a_batch_in_the_list_says_who_sent_it_and_how_many_rows_also_on_a_phone(client, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    client.force_login(data_admin)
    line = client.get(reverse("households:batch_list")).content.decode().split("<tbody>")[1].split("</tr>")[0]
    assert re.findall(r'data-head="(.*?)">', line) == ["行数", "新增", "变更", "有错误", "上传", "复核"]
    assert 'class="o' not in line and data_admin.name in line and district_clerk.name in line


def counts_of(text: str) -> dict[str, tuple[int, str]]:
    """Segment → (number, address) as the page shows them."""
    nav = text.split('class="segments"')[1].split("</nav>")[0]
    found = re.findall(r'<a href="([^"]*)"[^>]*>(\S+) <b>([\d,]+)</b>', nav)
    return {label: (int(number.replace(",", "")), html.unescape(url)) for url, label, number in found}


def shown(text: str) -> list[str]:
    """The rows of the page, as it names them."""
    return re.findall(r'<tr class="[^"]*">(?:<td class="pick">.*?</td>)?<td class="right place">(.*?)</td>', text)


def in_two_sheets() -> bytes:
    heading, *rows = grid(people(8))
    town = heading.index("乡(镇)")
    return workbook(
        ("甲", [heading, *rows[:5]]),
        ("乙", [heading, *([*row[:town], "曲堤街道", *row[town + 1 :]] for row in rows[5:])]),
    )


def test_rows_are_named_by_sheet_and_excels_own_number_and_found_by_it(client, data_admin):
    batch = send(data_admin, in_two_sheets())
    client.force_login(data_admin)
    address = reverse("households:batch_detail", args=[batch.pk])

    def rows(**query: str) -> list[str]:
        return shown(client.get(address, query).content.decode())

    assert rows() == ["甲 3", "甲 4", "甲 5", "甲 6", "甲 7", "乙 3", "乙 4", "乙 5"]
    assert (rows(q="4"), rows(q="乙 4"), rows(q="乙第4行"), rows(q="丙 4")) == (
        ["甲 4", "乙 4"],
        ["乙 4"],
        ["乙 4"],
        [],
    )


def test_counts_follow_the_filters_and_their_links_keep_them(client, data_admin):
    batch = send(data_admin, in_two_sheets())
    client.force_login(data_admin)
    address = reverse("households:batch_detail", args=[batch.pk])
    with system_scope("测试"):
        town = RosterRow.objects.filter(batch=batch).order_by("-row").first().town_id
        expected = dict(
            RosterRow.objects.filter(batch=batch, town=town).order_by().values_list("action").annotate(Count("pk"))
        )
    found = counts_of(client.get(address, {"town": town}).content.decode())
    assert found["全部"][0] == sum(expected.values()) and found["新增"][0] == expected.get("insert", 0)
    assert found["有错误"][0] == expected.get("refused", 0)
    again = client.get(found["全部"][1]).content.decode()
    assert f'value="{town}" selected' in again and len(shown(again)) == sum(expected.values())


def test_every_page_of_rows_and_of_who_is_not_listed_is_reached(client, data_admin, district_clerk):
    numbers = [factories.id_number() for _ in range(120)]
    family = [
        row("3701", f"9{n:03}", f"王{chr(0x4E00 + n)}", one, 与户主关系="其他" if n else "户主")
        for n, one in enumerate(numbers)
    ]
    first = load(data_admin, district_clerk, *family)
    client.force_login(data_admin)

    def walk(url: str, pattern: str) -> list[str]:
        found: list[str] = []
        while url:
            text = client.get(url).content.decode()
            found += re.findall(pattern, text)
            following = re.search(r'rel="next" href="([^"]*)"', text)
            url = html.unescape(following[1]) if following else ""
            url = url if url.startswith("/") or not url else reverse("households:absence_list") + url
        return found

    rows = walk(reverse("households:batch_detail", args=[first.pk]), r'<td class="right place">(\d+)</td>')
    assert rows == [str(number) for number in range(2, 122)]
    clear()
    batch = send(data_admin, as_csv({**family[0], "自然村": "西头"}))
    address = reverse("households:batch_detail", args=[batch.pk]) + "?segment=absent"
    assert len(set(walk(address, r"<td>(王.)</td>"))) == 119
    one = family[100]["姓名"]
    assert walk(f"{address}&q={one}", r"<td>(王.)</td>") == [one]
    clear()
    approve(district_clerk, submit(data_admin, batch))
    client.force_login(district_clerk)
    assert "/households/absences/" in client.get(reverse("workflow:tasks")).content.decode()
    assert len(set(walk(reverse("households:absence_list"), r'<a href="/households/absences/\d+/">(王.)</a>'))) == 119


def test_who_is_gone_is_not_asked_for_and_a_change_begins_with_the_person(client, data_admin, district_clerk):
    home = [row("3701", "9001", "王一", ONE), row("3701", "9002", "李二", TWO, 与户主关系="配偶")]
    load(data_admin, district_clerk, *home)
    clear()
    batch = load(data_admin, district_clerk, {**home[0], "自然村": "西头"})
    client.force_login(district_clerk)
    with system_scope("测试"):
        absence = RosterAbsence.objects.get(batch=batch)
    address = reverse("households:absence", args=[absence.pk])
    links = re.findall(r'href="(/households/registry/\d+/change/death/[^"]*)"', client.get(address).content.decode())
    form = client.get(html.unescape(links[0])).content.decode()
    assert f'<option value="{absence.person_id}" selected>' in form
    with system_scope("测试"):
        Membership.objects.filter(person=absence.person_id).update(until="2100-01-01")
    assert "已不在这一户，不需再核实" in client.get(address).content.decode()


def test_a_persons_history_tells_an_import_from_its_undo_and_its_return(
    client, data_admin, district_clerk, town_officer
):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    clear()
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, 健康状况="长期慢性病"))
    for _ in range(2):
        clear()
        take_back(data_admin, district_clerk, batch)
    with system_scope("测试"):
        key = Person.objects.get().pk
    for user, link in ((district_clerk, True), (town_officer, False)):
        client.force_login(user)
        text = client.get(reverse("households:person_history", args=[key])).content.decode()
        whys = re.findall(r"<b>人员修改</b> <span[^>]*>[^，]*，(.*?)</span>", text)
        name = f'<a href="/households/import/{batch.pk}/">{batch}</a>' if link else str(batch)
        assert whys == [f"{why}，导入批次 {name}" for why in ("恢复名单：导错", "撤销名单：导错", "名单入库")]


def test_a_household_that_moves_shows_both_towns_and_what_is_left_alone_shows_both_values(
    client, data_admin, district_clerk
):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, **OLD))
    clear()
    place = factories.village("曲堤街道", 0)
    moved = {"乡(镇)": "曲堤街道", "行政村": place.name}
    text = page(client, data_admin, send(data_admin, as_csv(row("3701", "9001", "王一", ONE, **OLD, **moved))))
    assert tells(text, "仁风镇", "曲堤街道")
    with system_scope("测试"):
        home = Household.objects.get()
    assert f'<a href="/households/registry/{home.pk}/">3701</a>' in text
    clear()
    text = page(
        client, data_admin, send(data_admin, as_csv(row("3701", "9001", "王一", ONE, **NEW)), PlanMode.NEW), "kept"
    )
    told = re.findall("系统里是“(.*?)”", text)
    assert sorted(told) == sorted(["东头", "1", "汉族", "初中", "健康", "弱劳动力或半劳动力", "9000.00"])


def test_what_a_batch_changed_leads_from_the_history_to_the_batch(client, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, **OLD))
    clear()
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, **NEW))
    with system_scope("测试"):
        home = Household.objects.get()
    client.force_login(district_clerk)
    history = client.get(f"/households/registry/{home.pk}/?tab=history").content.decode()
    assert f'<a href="/households/import/{batch.pk}/">{batch}</a>' in history


def test_a_dropped_batch_offers_nothing_and_an_approved_one_is_not_read_anew(client, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    client.force_login(data_admin)
    reading = client.get(reverse("households:batch_reading", args=[batch.pk])).content.decode()
    assert "按这样重新校验" not in reading and "不能再改读法" in reading
    clear()
    dropped = send(data_admin, as_csv(row("3702", "9002", "李二", TWO[:-1] + ("0" if TWO[-1] != "0" else "1"))))
    with acting_as(actor_for(data_admin)):
        roster.drop(batch=dropped, by=data_admin)
    assert "✓" not in page(client, data_admin, dropped)
    for name in ("annotated", "failed"):
        assert client.get(reverse(f"households:batch_{name}", args=[dropped.pk])).status_code == 404


def test_a_reading_that_is_refused_says_so_of_the_row_that_was_chosen(client, data_admin):
    batch = send(data_admin, workbook(("名单", grid(people(4)))))
    with acting_as(actor_for(data_admin)):
        jobs.check(roster.reread(batch=batch, by=data_admin, choice=Choice(sheet="名单", header_row=4)).pk)
    text = page(client, data_admin, batch)
    assert '以第 <span class="num">4</span> 行为表头读不了' in text and "不要删列" not in text
    assert "表头第 2 行" not in text and "共 4 行" not in text


def test_the_list_of_batches_has_pages_and_filters(client, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    other = factories.user("data_admin")
    with system_scope("测试"):
        place = {"district": Batch.objects.get().district}
        Batch.objects.bulk_create(
            Batch(**place, filename=f"{n}.csv", sha256=str(n), uploaded_by=other, state="dropped") for n in range(60)
        )
    client.force_login(data_admin)
    address = reverse("households:batch_list")

    def listed(**query) -> int:
        return client.get(address, query).content.decode().count("</td></tr>")

    first = client.get(address).content.decode()
    following = html.unescape(re.search(r'rel="next" href="([^"]*)"', first)[1])
    assert (
        first.count("</td></tr>") == 50 and client.get(address + following).content.decode().count("</td></tr>") == 11
    )
    assert (listed(state="approved"), listed(by=data_admin.pk), listed(by=other.pk, state="approved")) == (1, 1, 0)


def test_what_was_not_read_is_told_apart_from_how_the_file_was_read(client, data_admin):
    """A helper's number that is not taken for the household's: a notice of its own, not the tail of a sentence."""
    heading, line = as_csv(row("3701", "9001", "王一", ONE)).decode().split()
    batch = send(data_admin, f"{heading},帮扶责任人,联系电话\n{line},李四,13953100000\n".encode())
    client.force_login(data_admin)
    page = client.get(reverse("households:batch_detail", args=[batch.pk])).content.decode()
    assert '<p class="notice warn">“联系电话”没有读：跟在“帮扶责任人”后面' in page
    assert page.count("“联系电话”没有读") == 1
