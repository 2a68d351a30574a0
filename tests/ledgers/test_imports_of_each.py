"""Every ledger that takes a table takes it alike: named by household or person, in scope, twice the same, by two people."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from households.enums import ChangeKind
from households.models import Household, Person
from households.services import changes, pairings
from households.services.moves import move_household
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.access.standing import Gone
from jiyang.accounts.models import User
from jiyang.intake.models import Batch
from jiyang.ledgers import import_undo, registry
from jiyang.ledgers.importing import stored
from tests import factories
from tests.buttons import push

pytestmark = pytest.mark.django_db(transaction=True)
MEMBER = {"户编号": "{household_no}", "姓名": "{name}"}
SPELL = {
    "开始时间": "2021-03",
    "务工企业名称": "济南建工集团",
    "是否已务工": "√",
    "电话号码": "13812345678",
    "务工月收入（元）": "5800",
}
# a line of each ledger; "!" marks the column that the changed line has anew
LINES = {
    "households:helper": {"镇街": "仁风镇", "姓名": "{name}", "类型": "帮扶责任人", "帮扶（选派）单位": "!区农业农村局"},
    "households:case": {"户编号": "{household_no}", "致贫/返贫风险1": "因病", "信息采集人": "!王芳"},
    "employment:spell": {**MEMBER, **SPELL, "务工所在县": "!历城区"},
    "employment:plan": {**MEMBER, "是否计划务工": "是", "计划务工所在县": "!历城区"},
    "villages:year": {"行政村": "{village}", "年度": "2021", "总户数": "!312"},
    "policies:leaflet": {"户编号": "{household_no}", "明白纸": "申报政策明白纸", "发放日期": "2021/5/1", "签收人": "!王芳"},
}  # fmt: skip
LEDGERS = [ledger for ledger in registry.ledgers() if ledger.imports]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def head_of(home) -> Person:
    with system_scope("测试"):
        return Person.objects.filter(household=home).order_by("pk").first()


def line(ledger, home, *, changed: str = "") -> dict[str, str]:
    facts = {"household_no": home.household_no, "name": head_of(home).name, "village": home.village.code}
    found = {}
    for heading, text in LINES[ledger.key].items():
        kept = changed if changed and text.startswith("!") else text.lstrip("!")
        found[heading] = kept.format(**facts)
    return found


def sheet(lines: list[dict]) -> SimpleUploadedFile:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.active.append(list(lines[0]))
    for one in lines:
        book.active.append(list(one.values()))
    book.save(stream)
    return SimpleUploadedFile("表.xlsx", stream.getvalue())


def send(client, user, ledger, *lines) -> Batch:
    client.force_login(user)
    answer = client.post(ledger.url("import_upload"), {"file": sheet(list(lines))})
    assert answer.status_code == 302, answer.context["problems"]
    with acting_as(actor_for(user)):
        return Batch.objects.latest("pk")


def take_in(client, ledger, *lines) -> Batch:
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, *lines)
    assert push(client, ledger, "submit", batch).status_code == 302, batch.counts
    client.force_login(factories.user("town_leader", "仁风镇"))
    assert push(client, ledger, "approve", batch).status_code == 302
    return batch


def rows(ledger) -> list:
    with system_scope("测试"):
        return list(ledger.model.objects.order_by("pk"))


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_a_line_goes_in_once_and_only_what_differs_is_written(client, ledger):
    home = factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    (made,) = rows(ledger)
    assert (made.origin_id, made.town_id) == (batch.pk, home.town_id)
    assert getattr(made, "household_id", home.pk) == home.pk
    officer = factories.user("town_officer", "仁风镇")
    assert send(client, officer, ledger, line(ledger, home)).counts["same"] == 1
    new = "313" if ledger.key == "villages:year" else "章丘区"
    take_in(client, ledger, line(ledger, home, changed=new))
    (after,) = rows(ledger)
    assert after.pk == made.pk and after.version == made.version + 1
    differing = {
        field.name
        for field in ledger.model._meta.concrete_fields
        if getattr(after, field.attname) != getattr(made, field.attname)
    }
    assert len(differing - {"version"}) == 1


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_what_is_out_of_reach_is_unknown(client, ledger):
    far = line(ledger, factories.household(factories.village("曲堤街道")))
    if "镇街" in far:
        far["镇街"] = "曲堤街道"
    officer = factories.user("town_officer", "仁风镇")
    batch = send(client, officer, ledger, far)
    assert batch.counts["refused"] == 1 and batch.counts["insert"] == 0
    page = client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert "本辖区没有" in page or "不在本人管辖范围内" in page


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_queries_do_not_grow_with_the_lines(client, ledger):
    homes = [factories.household(factories.village(index=index)) for index in range(8)]
    officer, counted = factories.user("town_officer", "仁风镇"), []
    for some in (homes[:2], homes[2:4], homes):
        client.force_login(officer)
        upload = sheet(
            [
                {**line(ledger, one), **({"姓名": f"第{one.pk}人"} if "镇街" in LINES[ledger.key] else {})}
                for one in some
            ]
        )
        with CaptureQueriesContext(connection) as captured:
            assert client.post(ledger.url("import_upload"), {"file": upload}).status_code == 302
        counted.append(len(captured))
    assert counted[2] <= counted[1]


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_the_template_holds_every_column_once_and_as_text(client, ledger):
    client.force_login(factories.user("town_officer", "仁风镇"))
    book = openpyxl.load_workbook(io.BytesIO(client.get(ledger.url("import_template")).content))
    headings = [cell.value for cell in book.active[1]]
    assert len(headings) == len(set(headings)) and set(LINES[ledger.key]) <= set(headings)
    assert all(book.active.column_dimensions[cell.column_letter].width for cell in book.active[1])


def test_a_member_is_named_by_their_id_number_alone_and_shown_masked(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    who = head_of(home)
    full = who.id_number
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, {"证件号码": full, **SPELL})
    page = client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert batch.counts["insert"] == 1 and who.name in page and full not in page
    wrong = send(
        client, factories.user("town_officer", "仁风镇"), ledger,
        {"户编号": "", "姓名": "没有这人", "证件号码": full, **SPELL}, {"户编号": "", "姓名": who.name, "证件号码": "", **SPELL},
    )  # fmt: skip
    page = client.get(ledger.url("import_batch", wrong.pk)).content.decode()
    assert "不是同一个人" in page and "请填写户编号，或填证件号码" in page


def test_a_column_that_the_file_does_not_have_stays_as_it_is(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    take_in(client, ledger, line(ledger, home))
    short = {name: text for name, text in line(ledger, home).items() if name in {*MEMBER, "开始时间", "务工企业名称"}}
    take_in(client, ledger, {**short, "所属行业": "建筑"})
    (made,) = rows(ledger)
    assert (made.job_industry, made.job_phone, made.working, made.job_monthly_pay) == (
        "建筑",
        "13812345678",
        True,
        5800,
    )


def test_two_jobs_of_a_month_with_one_employer_are_told_before_the_database_does(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    one = line(ledger, home)
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, one, {**one, "开始时间": "2021-03-20"})
    assert (batch.counts["insert"], batch.counts["refused"]) == (1, 1)
    assert "与第 2 行重复" in client.get(ledger.url("import_batch", batch.pk)).content.decode()


@pytest.mark.parametrize(
    ("change", "told"),
    [({"开始时间": f"{timezone.localdate().year + 2}-01"}, "不能晚于今天"), ({"开始时间": "昨天"}, "有效的日期"), ({"务工所在县": "", "电话号码": "138"}, "11 位数字")],
)  # fmt: skip
def test_what_the_service_refuses_is_told_at_its_column(client, change, told):
    ledger, home = registry.get("employment:spell"), factories.household()
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, {**line(ledger, home), **change})
    page = client.get(ledger.url("import_batch", batch.pk))
    (problem,) = page.context["plan"].lines[0].problems
    assert problem[0] in change and told in problem[1]


@pytest.mark.parametrize(
    ("day", "told"),
    [("2021.5", "没有写到哪一天"), ("2021年5月", "没有写到哪一天"), ("6/1/2017", "分不清"), ("2021.5.6", "")],
)
def test_a_day_is_a_day_and_none_is_made_up(client, day, told):
    ledger, home = registry.get("policies:leaflet"), factories.household()
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, {**line(ledger, home), "发放日期": day})
    (one,) = client.get(ledger.url("import_batch", batch.pk)).context["plan"].lines
    if told:
        ((name, text),) = one.problems
        assert name == "发放日期" and told in text and "请写成 2021-03-05 这样" in text
    else:
        assert ("发放日期", "", "2021-05-06") in one.changes


def known(role: str) -> User:
    """Who takes batches back: the same two people all through a test."""
    return User.objects.filter(name=f"撤销 {role}").first() or factories.user(role, "仁风镇", name=f"撤销 {role}")


def decided(client, ledger, batch) -> dict:
    """Ask for the undo as the officer, agree as the leader; the report."""
    client.force_login(known("town_officer"))
    assert push(client, ledger, "undo", batch, reason="传错了文件").status_code == 302
    client.force_login(known("town_leader"))
    assert push(client, ledger, "undo_decide", batch, decision="approve").status_code == 302
    with system_scope("测试"):
        batch.refresh_from_db()
        return batch.reversals.last().report


def turned(batch) -> dict:
    """The same by the services alone: the pages and buttons of an undo and of a return are those of the tests beside."""
    officer, leader = known("town_officer"), known("town_leader")
    with acting_as(actor_for(officer)):
        batch.refresh_from_db()
        import_undo.ask(batch=batch, by=officer, reason="传错了文件")
    with acting_as(actor_for(leader)):
        import_undo.decide(batch=batch, by=leader, approve=True)
    with system_scope("测试"):
        batch.refresh_from_db()
        return batch.reversals.last().report


def test_who_asked_for_an_undo_does_not_agree_to_it_and_it_waits_for_who_may(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    officer = factories.user("town_officer", "仁风镇")
    client.force_login(officer)
    assert push(client, ledger, "undo", batch, reason="传错了文件").status_code == 302
    assert push(client, ledger, "undo_decide", batch, decision="approve").status_code == 403
    client.force_login(factories.user("town_leader", "仁风镇"))
    assert ledger.url("import_batch", batch.pk) in client.get(reverse("workflow:tasks")).content.decode()


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_an_approved_batch_lists_its_rows_and_can_be_taken_back(client, ledger):
    home = factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    (made,) = rows(ledger)
    page = client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert ledger.url_of(made) in page
    history = client.get(ledger.url("history", made.pk)).content.decode()
    assert f'导入批次 <a href="{ledger.url("import_batch", batch.pk)}">{batch}</a>' in history
    change = take_in(client, ledger, line(ledger, home, changed="313" if ledger.key == "villages:year" else "章丘区"))
    assert str(change) in client.get(ledger.url("history", made.pk)).content.decode()
    (kept,) = decided(client, ledger, batch)["kept"]
    assert (kept["pk"], kept["why"]) == (made.pk, "以后有人修改过")
    assert decided(client, ledger, change)["restored"] == 1
    (after,) = rows(ledger)
    assert {
        field.name
        for field in ledger.model._meta.concrete_fields
        if getattr(after, field.attname) != getattr(made, field.attname)
    } == {"version"}


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_what_a_batch_inserted_is_voided_and_the_file_goes_in_again(client, ledger):
    home = factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    assert decided(client, ledger, batch) == {"voided": 1, "restored": 0, "kept": [], "gone": 0, "outside": 0}
    assert rows(ledger) == [] and batch.state == "undone"
    assert "作废 1 条" in client.get(ledger.url("import_batch", batch.pk)).content.decode()
    take_in(client, ledger, line(ledger, home))
    assert len(rows(ledger)) == 1


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_batches_are_taken_back_last_first_and_come_again(client, ledger):
    home = factories.household()
    first = take_in(client, ledger, line(ledger, home))
    (made,) = rows(ledger)
    second = take_in(client, ledger, line(ledger, home, changed="313" if ledger.key == "villages:year" else "章丘区"))
    (changed,) = rows(ledger)
    assert turned(second)["restored"] == 1 and values(ledger) == [told(made)]
    assert turned(first)["voided"] == 1 and values(ledger) == []
    for _ in range(2):
        assert turned(first)["kept"] == [] and values(ledger) == [told(made)]
        assert first.state == "approved"
        assert turned(first)["kept"] == [] and values(ledger) == []
    turned(first)
    assert decided(client, ledger, second)["restored"] == 1 and values(ledger) == [told(changed)]
    assert all("恢复结果" in client.get(ledger.url("import_batch", one.pk)).content.decode() for one in (first, second))
    history = client.get(ledger.url("history", made.pk)).content.decode()
    for text in (f"导入{ledger.title}", f"撤销导入{ledger.title}：传错了文件", f"恢复导入{ledger.title}：传错了文件"):
        assert text in history and str(first) in history and str(second) in history


def told(row) -> dict:
    left = {"version"}
    return {field.name: stored(row, field) for field in row._meta.concrete_fields if field.name not in left}


def values(ledger) -> list[dict]:
    return [told(row) for row in rows(ledger)]


def test_what_cannot_come_again_stays_void_and_is_told(client):
    ledger, homes = registry.get("policies:leaflet"), [factories.household(), factories.household()]
    batch = take_in(client, ledger, *[line(ledger, home) for home in homes])
    assert decided(client, ledger, batch)["voided"] == 2
    take_in(client, ledger, line(ledger, homes[0]))
    with system_scope("测试"):
        type(homes[1]).objects.filter(pk=homes[1].pk).update(voided_at=timezone.now(), void_reason="录错")
    assert [one["why"] for one in decided(client, ledger, batch)["kept"]] == ["同样的记录已重新录入", "户已作废"]
    assert "恢复结果" in client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert len(rows(ledger)) == 1


def test_a_household_that_moved_is_no_edit_of_what_was_imported(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    change = take_in(client, ledger, line(ledger, home, changed="章丘区"))
    with acting_as(actor_for(factories.user("district_clerk"))) as actor:
        move_household(household=home, village=factories.village("仁风镇", 1), by=actor.user, reason="搬迁")
    assert decided(client, ledger, change)["kept"] == []
    assert decided(client, ledger, batch)["kept"] == [] and rows(ledger) == []
    assert decided(client, ledger, batch)["kept"] == []
    assert [row.village_id for row in rows(ledger)] == [factories.village("仁风镇", 1).pk]


OF_PEOPLE = [ledger for ledger in LEDGERS if ledger.model.follows]


def goes_to(home: Household, who: Person) -> None:
    """人员变更: somebody leaves their household for another one."""
    maker, checker = factories.user("district_clerk"), factories.user("district_clerk")
    with acting_as(actor_for(maker)):
        change = changes.submit(
            by=maker, household=who.household, kind=ChangeKind.OTHER_OUT, on=who.household.registered_on, note="有证明",
            person=who, target_no=home.household_no, relation="other",
        )  # fmt: skip
    with acting_as(actor_for(checker)):
        changes.decide(proposal=change, by=checker, approve=True)


def wife_of(home: Household) -> Person:
    with system_scope("测试"):
        return Person.objects.select_related("household").filter(household=home).order_by("pk").last()


@pytest.mark.parametrize("ledger", OF_PEOPLE, ids=lambda one: one.key)
def test_what_comes_again_is_where_its_person_is_by_now(client, ledger):
    home, near = factories.household(), factories.household(factories.village(index=1))
    who = wife_of(home)
    batch = take_in(client, ledger, {**line(ledger, home), "姓名": who.name})
    decided(client, ledger, batch)
    goes_to(near, who)
    assert decided(client, ledger, batch) == {"voided": 0, "restored": 1, "kept": [], "gone": 0, "outside": 0}
    assert [(row.household_id, row.village_id) for row in rows(ledger)] == [(near.pk, near.village_id)]


@pytest.mark.parametrize("ledger", OF_PEOPLE, ids=lambda one: one.key)
def test_what_would_come_again_out_of_reach_stays_void_and_is_told(client, ledger):
    home, far = factories.household(), factories.household(factories.village("曲堤街道"))
    who = wife_of(home)
    batch = take_in(client, ledger, {**line(ledger, home), "姓名": who.name})
    decided(client, ledger, batch)
    goes_to(far, who)
    assert decided(client, ledger, batch) == {"voided": 0, "restored": 0, "kept": [], "gone": 0, "outside": 1}
    assert "另有 1 条不在复核人管辖范围内" in client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert rows(ledger) == []


@pytest.mark.parametrize("ledger", OF_PEOPLE, ids=lambda one: one.key)
def test_nothing_comes_to_life_where_its_person_is_not(client, ledger):
    home, near = factories.household(), factories.household()
    who = wife_of(home)
    decided(client, ledger, take_in(client, ledger, {**line(ledger, home), "姓名": who.name}))
    goes_to(near, who)
    with system_scope("测试"), pytest.raises(Gone, match="人员刚刚转到另一户"):
        ledger.model.all_rows.update(voided_at=None, voided_by=None, void_reason="")


@pytest.mark.parametrize("ledger", OF_PEOPLE, ids=lambda one: one.key)
def test_a_person_who_moved_is_no_edit_of_what_was_imported(client, ledger):
    home, near = factories.household(), factories.household(factories.village(index=1))
    who = wife_of(home)
    one, other = ({**line(ledger, home, changed=county), "姓名": who.name} for county in ("历城区", "章丘区"))
    batch, change = take_in(client, ledger, one), take_in(client, ledger, other)
    goes_to(near, who)
    report = decided(client, ledger, change)
    (row,) = rows(ledger)
    assert (report["restored"], report["kept"], row.household_id) == (1, [], near.pk)
    assert "历城区" in told(row).values()
    assert decided(client, ledger, batch)["voided"] == 1 and rows(ledger) == []


def test_an_undo_says_of_what_lies_out_of_reach_that_it_stays(client):
    ledger, homes = registry.get("policies:leaflet"), [factories.household(), factories.household()]
    batch = take_in(client, ledger, *[line(ledger, home) for home in homes])
    moved, left = rows(ledger)
    with acting_as(actor_for(factories.user("district_clerk"))) as actor:
        move_household(household=homes[0], village=factories.village("曲堤街道"), by=actor.user, reason="搬迁")
    client.force_login(factories.user("town_officer", "仁风镇"))
    push(client, ledger, "undo", batch, reason="传错了文件")
    client.force_login(factories.user("town_leader", "仁风镇"))
    assert "有 1 条已不在本人管辖范围内" in client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert push(client, ledger, "undo_decide", batch, decision="approve").status_code == 302
    page = client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert "作废 1 条" in page and "另有 1 条不在复核人管辖范围内" in page and "此前已作废" not in page
    assert [one.pk for one in rows(ledger)] == [moved.pk] != [left.pk]


def test_what_later_work_refers_to_stays(client):
    ledger, home = registry.get("households:helper"), factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    (made,) = rows(ledger)
    with acting_as(actor_for(factories.user("district_clerk"))) as actor:
        pairings.pair(rows=[home], helper=made, by=actor.user)
    (kept,) = decided(client, ledger, batch)["kept"]
    assert kept["why"] == "已有结对" and rows(ledger) == [made]


def test_a_batch_that_does_not_tell_its_rows_is_not_taken_back(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    batch = take_in(client, ledger, line(ledger, home))
    with system_scope("入库早于记录"):
        batch.refresh_from_db()
        del batch.columns["written"]
        batch.save()
    client.force_login(factories.user("town_officer", "仁风镇"))
    page = push(client, ledger, "undo", batch, reason="传错了文件", seen="undo")  # its page offers no such button
    assert page.status_code == 422 and "不能整批撤销" in page.content.decode()
    assert ledger.url("import_undo", batch.pk) not in page.content.decode()


def test_the_address_of_a_refused_act_leads_back_to_its_page(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    officer = factories.user("town_officer", "仁风镇")
    batch = send(client, officer, ledger, line(ledger, home))
    assert client.get(ledger.url("import_submit", batch.pk)).url == ledger.url("import_batch", batch.pk)
    assert client.get(ledger.url("import_upload")).url == ledger.url("import")


def test_who_submitted_may_withdraw_and_nobody_else(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    officer = factories.user("town_officer", "仁风镇")
    batch = send(client, officer, ledger, line(ledger, home))
    push(client, ledger, "submit", batch)
    client.force_login(factories.user("town_officer", "仁风镇"))
    assert push(client, ledger, "withdraw", batch).status_code == 403
    client.force_login(officer)
    assert "撤回" in client.get(ledger.url("import_batch", batch.pk)).content.decode()
    assert push(client, ledger, "withdraw", batch).status_code == 302
    with acting_as(actor_for(officer)):
        batch.refresh_from_db()
    assert (batch.state, batch.submitted_by_id) == ("checked", None)


def test_the_refused_lines_come_back_safe_and_mended_go_in(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    officer, good = factories.user("town_officer", "仁风镇"), line(ledger, home)
    batch = send(client, officer, ledger, good, {**good, "开始时间": "昨天", "务工企业名称": "@cmd|x"})
    answer = client.get(ledger.url("import_failed", batch.pk))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    head, *lines = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert len(lines) == 1 and lines[0][:1] == ["3"] and "有效的日期" in lines[0][1] and "'@cmd|x" in lines[0]
    mended = dict(zip(head, lines[0], strict=True)) | {"开始时间": "2021-04"}
    again = send(client, officer, ledger, mended)
    assert again.counts["insert"] == 1 and again.columns["unknown"] == []


def test_the_refused_lines_of_an_approved_batch_stay_told_and_come_back(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    good = line(ledger, home)
    batch = take_in(client, ledger, good, {**good, "开始时间": "昨天", "户编号": "没有", "电话号码": "13811112222"})
    factories.household(household_no="没有")  # the ledger moves on: the line would go in now
    for reader in ("town_leader", "town_officer"):
        client.force_login(factories.user(reader, "仁风镇"))
        page = client.get(ledger.url("import_batch", batch.pk))
        (told,) = page.context["shown"]
        assert {heading for heading, _ in told.problems} == {"开始时间", "户编号"}
        text = page.content.decode()
        assert (
            "本辖区没有这个户编号" in text
            and "没有入库，改好后可再传" in text
            and ledger.url_of(rows(ledger)[0]) in text
        )
        # its numbers are full: it is for who sends files, as it came from one of them
        answer, offered = (
            client.get(ledger.url("import_failed", batch.pk)),
            ledger.url("import_failed", batch.pk) in text,
        )
        assert (answer.status_code, offered) == ((403, False) if reader == "town_leader" else (200, True))
        if reader == "town_leader":
            continue
        head, *lines = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.iter_rows(
            values_only=True
        )
        (kept,) = (dict(zip(head, one, strict=True)) for one in lines)
        assert (kept["原行号"], kept["开始时间"], kept["电话号码"]) == ("3", "昨天", "13811112222")
    assert decided(client, ledger, batch)["voided"] == 1
    client.force_login(factories.user("town_officer", "仁风镇"))
    assert ledger.url("import_failed", batch.pk) in client.get(ledger.url("import_batch", batch.pk)).content.decode()
