"""A person corrects how a file is read without another upload, and an office's own headings are remembered for it."""

import html
import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from households.models import RosterRow
from households.roster import jobs, recovery
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState
from jiyang.intake.header import Choice
from jiyang.intake.models import Batch, SavedMapping
from jiyang.intake.services import forget_mapping, mapping_of, save_mapping
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from tests.buttons import press
from tests.intake.workbooks import DATA, grid, people, workbook

pytestmark = pytest.mark.django_db(transaction=True)
SHORT = ["乡(镇)", "行政村", "户编号", "姓名", "证件号码", "与户主关系", "民族", "健康状况"]
OWN = {"街镇片区": "town", "大名": "name", "称谓": "relation"}


@pytest.fixture
def district(db) -> Region:
    return Region.objects.get(level=Level.DISTRICT)


def home_made() -> bytes:
    """A table with the office's own headings below a table that looks like one."""
    names = {"乡(镇)": "街镇片区", "姓名": "大名", "与户主关系": "称谓"}
    rows = grid(people(5))
    rows[0] = [names.get(name, name) for name in rows[0]]
    return workbook(("名单", rows), ("另表", grid(people(3), SHORT)), titles=2)


def upload(user, data: bytes) -> Batch:
    with acting_as(actor_for(user)):
        return jobs.check(roster.upload(by=user, filename="自制.xlsx", data=data).pk)


def reread(user, batch: Batch, choice: Choice, *, remember: bool = False) -> Batch:
    with acting_as(actor_for(user)):
        return jobs.check(roster.reread(batch=batch, by=user, choice=choice, remember=remember).pk)


def test_the_same_file_is_read_anew_as_a_person_says(data_admin):
    batch = upload(data_admin, home_made())
    assert (batch.state, batch.sheet, batch.rows, batch.columns["score"]) == (BatchState.CHECKED, "另表", 3, 0.625)
    assert batch.columns["sheets"] == [["另表", 0, 4, 6]]
    assert "第 3 行" in batch.columns["reason"]
    again = reread(data_admin, batch, Choice(sheet="名单", header_row=3, mapping={**OWN, "民族": ""}))
    assert (again.pk, again.state, again.sheet, again.header_row, again.rows) == (batch.pk, "checked", "名单", 3, 5)
    assert again.columns["ignored"] == ["民族"]
    with system_scope("测试"):
        assert RosterRow.objects.filter(batch=batch).count() == 5
        assert not SavedMapping.objects.exists()


def test_a_file_that_could_not_be_read_can_be_mended_by_choosing(data_admin):
    batch = upload(data_admin, workbook(("名单", grid(people(4))[1:])))
    assert (batch.state, batch.error["code"]) == (BatchState.REFUSED, "layout_unknown")
    with acting_as(actor_for(data_admin)):
        assert jobs.outline(batch).sheets == ["名单"]
    batch = upload(data_admin, workbook(("甲", grid(people(4))), ("乙", grid(people(4), grid([])[0][:-1]))))
    assert batch.error["code"] == "sheets_differ"
    again = reread(data_admin, batch, Choice(sheet="甲"))
    assert (again.state, again.error, again.counts["insert"]) == (BatchState.CHECKED, {}, 4)


def test_of_two_columns_of_one_heading_a_person_chooses_and_the_office_remembers(client, data_admin):
    rows = grid(people(4))
    data = workbook(("名单", [["姓名", *rows[0]], *(["户主某", *row] for row in rows[1:])]))
    batch = upload(data_admin, data)
    assert (batch.state, batch.error["code"]) == (BatchState.REFUSED, "columns_twice")
    client.force_login(data_admin)
    page = client.get(f"/households/import/{batch.pk}/reading/").content.decode()
    assert "姓名（第2个）" in page
    chosen = Choice("roster_a", mapping={"姓名": "", "姓名（第2个）": "name"})
    assert reread(data_admin, batch, chosen, remember=True).counts["insert"] == 4
    assert upload(data_admin, data).counts["insert"] == 4


def test_the_page_names_sheets_with_data_that_were_not_read(client, data_admin):
    rows = grid(people(6))
    batch = upload(data_admin, workbook(("甲", rows[:4]), ("乙", [row[1:] for row in rows[4:]]), titles=0))
    assert (batch.rows, batch.columns["unread"]) == (3, [["乙", 3, "没有表头"]])
    client.force_login(data_admin)
    page = client.get(f"/households/import/{batch.pk}/").content.decode()
    assert '没有读取的工作表：“乙”（<span class="num">3</span> 行，没有表头）' in page


def test_a_row_repeated_but_for_blanks_is_a_repeated_row(data_admin):
    rows = people(3)
    rows.append({**rows[2], "姓名": f" {rows[2]['姓名']}", "证件号码": f"{rows[2]['证件号码']} ", "序号": "4"})
    batch = upload(data_admin, workbook(("名单", grid(rows))))
    with system_scope("测试"):
        codes = set(batch.findings.filter(severity="E").values_list("code", flat=True))
    assert (codes, batch.counts["duplicate"]) == ({"row_duplicate"}, 1)


def test_a_table_of_another_kind_is_recognised_and_not_taken_for_people(data_admin):
    batch = upload(data_admin, (DATA / "roster_e_villages.xlsx").read_bytes())
    assert (batch.state, batch.layout) == (BatchState.CHECKED, "roster_e")
    with system_scope("测试"):
        assert not RosterRow.objects.filter(batch=batch).exclude(household_no=None, name=None, id_index=None).exists()


def test_what_cannot_be_chosen_is_refused_with_every_reason(data_admin, town_officer):
    batch = upload(data_admin, workbook(("名单", grid(people(2)))))
    with acting_as(actor_for(data_admin)), pytest.raises(ValidationError) as refused:
        roster.reread(
            batch=batch, by=data_admin,
            choice=Choice(layout="x", header_row=0, mapping={"甲": "nobody", "乙": "name", "丙": "name"}),
        )  # fmt: skip
    assert len(refused.value.messages) == 4
    with acting_as(actor_for(town_officer)), pytest.raises(PermissionDenied):
        roster.reread(batch=batch, by=town_officer, choice=Choice())
    broken = upload(data_admin, b"PK\x03\x04 broken")
    with acting_as(actor_for(data_admin)), pytest.raises(ValidationError, match="重新上传"):
        roster.reread(batch=broken, by=data_admin, choice=Choice(sheet="名单"))
    with system_scope("测试"):
        assert RosterRow.objects.filter(batch=batch).count() == 2


def test_a_remembered_mapping_reads_the_next_file_of_the_office(data_admin):
    data = workbook(("名单", grid(people(5))), titles=2)
    own = {"姓名": "大名", "与户主关系": "称谓"}
    rows = [[own.get(name, name) for name in grid([])[0]], *grid(people(5))[1:]]
    made = workbook(("名单", rows))
    batch = upload(data_admin, made)
    assert batch.error["code"] == "missing_column"
    choice = Choice(layout="roster_a", mapping={"大名": "name", "称谓": "relation", "乡(镇)": "town"})
    assert reread(data_admin, batch, choice, remember=True).rows == 5
    with system_scope("测试"):
        saved = {one.heading: one.field for one in SavedMapping.objects.all()}
    assert saved == {"大名": "name", "称谓": "relation"}  # what the layout understands by itself is not kept
    assert upload(data_admin, made).rows == 5
    assert upload(data_admin, data).rows == 5


def test_the_page_shows_what_the_office_has_saved_and_ends_it(client, data_admin):
    batch = upload(data_admin, home_made())
    choice = Choice("roster_a", "名单", 3, {"街镇片区": "town", "大名": "name", "称谓": "relation"})
    reread(data_admin, batch, choice, remember=True)
    again = upload(data_admin, home_made())
    address = f"/households/import/{again.pk}/reading/"
    client.force_login(data_admin)
    page = client.get(f"{address}?sheet=名单&header_row=3&layout=roster_a").content.decode()
    assert "本单位保存的：姓名" in page and "本单位保存的：与户主关系" in page
    told = {"heading": ["大名", "称谓"], "field": ["forget", "-"]}
    press(client, address, address, again, sheet="名单", layout="roster_a", header_row="3", **told)
    with system_scope("测试"):
        left = set(SavedMapping.objects.filter(ended_at=None).values_list("heading", flat=True))
        assert left == {"街镇片区", "称谓"}
        assert Batch.objects.get(pk=again.pk).reading.get("mapping", {}) == {}


def test_the_page_shows_headings_of_two_lines_and_reads_what_is_chosen_for_the_lower_one(client, data_admin):
    names, *rows = grid(people(4))
    place = names.index("姓名")
    above, below = list(names), [""] * len(names)
    above[place], below[place] = "家庭成员", "大 名"
    above[place + 1], below[place + 1] = "", "证件号码"
    above[place + 2], below[place + 2] = "", "人数"
    above[place + 3], below[place + 3] = "", "与户主关系"
    batch = upload(data_admin, workbook(("名单", [above, below, *rows])))
    assert batch.error["code"] == "missing_column"
    client.force_login(data_admin)
    address = f"/households/import/{batch.pk}/reading/"
    page = client.get(f"{address}?header_row=2&layout=roster_a").content.decode()
    assert 'name="heading" value="大 名"' in page and 'name="heading" value="证件号码"' in page
    told = {"heading": ["大 名"], "field": ["name"]}
    press(client, address, address, batch, sheet="名单", layout="roster_a", header_row="2", **told)
    with acting_as(actor_for(data_admin)):
        assert jobs.check(batch.pk).rows == 4


def form_of(page: str) -> dict[str, list[str]]:
    """What the reading page's second form would send as it stands."""
    form = page.split('<form class="panel" method="post"')[1]
    sent = {
        name: [html.unescape(value)]
        for name, value in re.findall(r'type="hidden" name="(sheet|layout|header_row|seen)" value="(.*?)"', form)
    }
    sent["heading"] = [html.unescape(one) for one in re.findall(r'name="heading" value="(.*?)"', form)]
    selects = re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.S)
    for name, options in selects:
        picked = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        sent.setdefault(name, []).append(picked[1])
    return sent


def corrected(client, user, batch: Batch, query: str = "", **fields: str) -> Batch:
    """The batch checked anew after the page was sent with some headings given a field."""
    client.force_login(user)
    address = f"/households/import/{batch.pk}/reading/"
    sent = form_of(client.get(address + query).content.decode())
    for heading, field in fields.items():
        sent["field"][sent["heading"].index(heading)] = field
    assert client.post(address, sent).status_code == 302
    with acting_as(actor_for(user)):
        return jobs.check(batch.pk)


def test_a_sheet_per_town_stays_together_when_its_columns_are_corrected(client, data_admin):
    """Sheets begin at different rows; the second one's heading is told by what was said about the first."""
    rows = grid(people(9))
    own = [{"姓名": "大名", "与户主关系": "称谓"}.get(name, name) for name in rows[0]]
    batch = upload(data_admin, workbook(("甲", rows[:5]), ("乙", [["说明"], ["说明"], rows[0], *rows[5:]])))
    assert (batch.rows, batch.columns["reason"].count("合并读取")) == (9, 1)
    again = corrected(client, data_admin, batch)
    assert (again.rows, again.reading.get("sheet"), again.columns["sheets"]) == (9, None, batch.columns["sheets"])
    one = corrected(client, data_admin, again, "?sheet=乙&header_row=4")
    assert one.rows == 9
    batch = upload(data_admin, workbook(("甲", [own, *rows[1:5]]), ("乙", [["说明"], own, *rows[5:]])))
    assert batch.error["code"] == "missing_column"
    assert corrected(client, data_admin, batch, "?header_row=2", 大名="name", 称谓="relation").rows == 9
    only = reread(data_admin, batch, Choice(sheet="甲", header_row=2, mapping={"大名": "name", "称谓": "relation"}))
    assert only.rows == 4
    client.force_login(data_admin)
    page = client.get(f"/households/import/{batch.pk}/reading/").content.decode()
    assert form_of(page)["scope"] == ["one"] and "全部工作表" in page


def test_a_refused_workbook_offers_all_its_sheets_still_after_a_look_at_another_row(client, data_admin):
    rows = grid(people(4))
    own = [{"姓名": "大名"}.get(name, name) for name in rows[0]]
    batch = upload(data_admin, workbook(("甲", [["说明"], own, *rows[1:3]]), ("乙", [own, *rows[3:]])))
    client.force_login(data_admin)
    address, scopes = f"/households/import/{batch.pk}/reading/", {}
    for query in ("", "?sheet=甲&layout=roster_a&header_row=2", "?sheet=乙&layout=roster_a&header_row=1"):
        scopes[query[:8]] = form_of(client.get(address + query).content.decode())["scope"]
    assert scopes == {"": ["all"], "?sheet=甲": ["all"], "?sheet=乙": ["one"]}


def test_a_refused_choice_of_columns_stays_on_the_page(client, data_admin):
    rows = grid(people(3))
    batch = upload(data_admin, workbook(("名单", [[*rows[0], "备用"], *([*line, ""] for line in rows[1:])])))
    client.force_login(data_admin)
    address = f"/households/import/{batch.pk}/reading/"
    sent = form_of(client.get(address).content.decode()) | {"remember": "1"}
    for heading, field in {"姓名": "name", "备用": "name", "民族": "none"}.items():
        sent["field"][sent["heading"].index(heading)] = field
    again = client.post(address, sent)
    page = again.content.decode()
    assert again.status_code == 422 and "有两列都对应“姓名”" in page
    assert form_of(page)["field"] == sent["field"] and 'name="remember" value="1" checked' in page


@pytest.mark.parametrize("query", ["layout=zzz", "sheet=zzz", "header_row=1e9", "header_row=-1"])
def test_odd_addresses_of_the_page_fall_back_to_what_was_found(client, data_admin, query):
    batch = upload(data_admin, workbook(("名单", grid(people(2)))))
    client.force_login(data_admin)
    assert client.get(f"/households/import/{batch.pk}/reading/?{query}").status_code == 200


def test_a_check_that_was_cancelled_is_taken_up_again_from_its_page(client, data_admin, district_clerk):
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="a.xlsx", data=workbook(("名单", grid(people(3)))))
    with system_scope("测试"):
        recovery.failed(batch.pk, recovery.CANCELLED)
    address = f"/households/import/{batch.pk}/"
    client.force_login(data_admin)
    page = client.get(address).content.decode()
    assert recovery.CANCELLED in page and f"{address}recheck/" in page
    assert press(client, address, f"{address}recheck/", batch).status_code == 302
    with acting_as(actor_for(data_admin)):
        assert jobs.check(batch.pk).rows == 3
    assert (
        press(client, address, f"{address}recheck/", batch).status_code == 302
    )  # of one that stands: read anew, as by 对应列
    broken = upload(data_admin, b"PK\x03\x04 broken")
    assert (
        press(
            client, f"/households/import/{broken.pk}/", f"/households/import/{broken.pk}/recheck/", broken
        ).status_code
        == 422
    )


def test_mappings_change_end_and_begin_anew(data_admin, district):
    town = district.children.first()
    with acting_as(actor_for(data_admin)):
        office = {"by": data_admin, "target": "roster", "layout": "roster_a", "district": district}
        assert save_mapping(**office, mapping={"大 名": "name", "备注": ""}) == 2
        assert save_mapping(**office, mapping={"大名": "name", "备注": "hamlet"}) == 1
        assert save_mapping(**office, town=town, mapping={"备注": ""}) == 1
        assert mapping_of("roster", district, town) == {"roster_a": {"大名": "name", "备注": ""}}
        with pytest.raises(ValidationError, match="没有字段 nobody"):
            save_mapping(**office, mapping={"大名": "nobody"})
        assert mapping_of("roster", district) == {"roster_a": {"大名": "name", "备注": "hamlet"}}
        forget_mapping(by=data_admin, pk=SavedMapping.objects.get(heading="大名").pk)
        assert mapping_of("roster", district) == {"roster_a": {"备注": "hamlet"}}
        assert save_mapping(**office, mapping={"大名": "name"}) == 1


def test_another_district_does_not_see_them(data_admin, district, outsider):
    with acting_as(actor_for(data_admin)):
        save_mapping(by=data_admin, target="roster", layout="roster_a", district=district, mapping={"大名": "name"})
    with acting_as(actor_for(outsider)):
        assert mapping_of("roster", district) == {}
        with pytest.raises(SavedMapping.DoesNotExist):
            with system_scope("测试"):
                pk = SavedMapping.objects.get().pk
            forget_mapping(by=outsider, pk=pk)
