"""Rosters D and G from file to ledger and back: plan, second person, what somebody overtook, undo and redo, export."""

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import F
from django.urls import reverse as reverse_url
from python_calamine import CalamineWorkbook

from employment import services
from employment.models import LabourPlan, LabourSpell
from households.models import Household, Membership, Person, RosterRow
from households.roster import committing, feedback, layout_export
from households.roster.jobs import check as recheck
from households.roster.preview import Preview
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.documents.storing import attach
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers import registry
from jiyang.ledgers.voiding import void
from tests import factories
from tests.buttons import press
from tests.households.test_roster import DATA, approve, load, reverse, submit, upload
from tests.households.test_roster_plan import clear, send
from tests.ledgers.test_attachments import photo
from tests.ledgers.test_imports_of_each import decided, goes_to, take_in

pytestmark = pytest.mark.django_db(transaction=True)
SPELLS = "employment:spell"
JOB = {
    "是否已务工": "是", "开始时间": "2021年03月", "务工所在地": "山东省济南市历城区", "务工所在县": "历城区", "务工月收入": "4200",
    "务工企业名称": "甲公司", "所属行业": "制造业", "是否点对点输送": "否", "就业渠道": "自主就业", "电话号码": "13812345678",
}  # fmt: skip


@pytest.fixture
def home() -> Household:
    return factories.household(members=3)


def members(home: Household) -> list[Person]:
    with system_scope("测试"):
        return list(Person.objects.filter(household=home).select_related("household", "village").order_by("pk"))


def line(person: Person, **cells: str) -> dict[str, str]:
    place, home = person.village, person.household
    named = {"户编号": home.household_no, "姓名": person.name, "证件号码": person.id_number}
    here = {"县(市、区、旗)": "济阳区", "县": "济阳区", "乡(镇)": "仁风镇", "乡": "仁风镇", "行政村": place.name}
    return {**here, **named, **cells}


def job(person: Person, **cells: str) -> dict[str, str]:
    return line(person, **{**JOB, **cells})


def as_csv(key: str, *rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    lines = csv.DictWriter(out, [one.heading for one in layouts()[key].fields], restval="", extrasaction="ignore")
    lines.writeheader()
    lines.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def jobs(maker, *rows: dict[str, str], mode: str = PlanMode.ALL) -> Batch:
    return send(maker, as_csv("roster_d", *rows), mode)


def taken(maker, checker, *rows: dict[str, str], mode: str = PlanMode.ALL) -> Batch:
    return approve(checker, submit(maker, jobs(maker, *rows, mode=mode)))


def counts(batch: Batch) -> dict[str, int]:
    return {key: number for key, number in batch.counts.items() if number}


def spells() -> list[tuple]:
    with system_scope("测试"):
        rows = LabourSpell.objects.order_by("person", "job_started_on", "job_employer")
        return [
            (one.person_id, f"{one.job_started_on:%Y-%m}", one.job_employer, one.job_monthly_pay, one.job_phone)
            for one in rows
        ]


def codes(batch: Batch) -> set[tuple[int, str]]:
    with system_scope("测试"):
        return set(BatchFinding.objects.filter(batch=batch).exclude(severity="N").values_list("row", "code"))


def test_the_sample_is_taken_once_its_people_are_there(data_admin, district_clerk):
    batch = upload(data_admin, DATA / "roster_d_jobs.xlsx")
    assert (batch.state, counts(batch)) == (BatchState.CHECKED, {"unknown": 150})
    assert {code for _, code in codes(batch)} == {"person_not_in_register"}
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    batch = load(data_admin, district_clerk, "roster_d_jobs.xlsx")
    assert (batch.state, counts(batch), batch.seconds["written"]) == (
        BatchState.APPROVED, {"insert": 150}, {"records_changed": 0, "records_added": 150},
    )  # fmt: skip
    with system_scope("测试"):
        assert LabourSpell.objects.filter(origin=batch).count() == 150
        assert not LabourSpell.objects.exclude(household=F("person__household")).exists()
    again = upload(data_admin, DATA / "roster_d_jobs.xlsx")
    assert counts(again) == {"same": 150}


def test_who_is_not_in_the_register_is_named_so_and_comes_in_once_they_are(
    client, data_admin, district_clerk, tmp_path
):
    batch = upload(data_admin, DATA / "roster_d_jobs.xlsx")
    client.force_login(data_admin)
    url = reverse_url("households:batch_detail", args=[batch.pk])
    page = client.get(url).content.decode()
    assert "没有不能入库的错误" in page and "行的人系统里没有，未入库" in page and "有错误，暂不入库" not in page
    assert '<span class="tag ">系统里没有</span>' in page and 'tag bad">有错误' not in page
    with acting_as(actor_for(data_admin)):
        assert feedback.failed_rows(batch, tmp_path / "back.xlsx") == 150
    sheet = CalamineWorkbook.from_path(str(tmp_path / "back.xlsx")).get_sheet_by_index(0).to_python()
    assert {"系统里没有此人" in line[-1] and "有错误" not in line[-1] for line in sheet[-150:]} == {True}
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    assert press(client, url, reverse_url("households:batch_recheck", args=[batch.pk]), batch).status_code == 302
    with acting_as(actor_for(data_admin)):
        assert counts(recheck(batch.pk)) == {"insert": 150}


def test_a_row_becomes_the_job_of_its_person(data_admin, district_clerk, home):
    one, *_ = members(home)
    batch = taken(data_admin, district_clerk, job(one, 结束时间="2021年08月", 年度交通费补助="600", 其他信息="在外"))
    with system_scope("测试"):
        made = LabourSpell.objects.get()
    assert (made.person_id, made.household_id, made.village_id) == (one.pk, home.pk, home.village_id)
    assert (made.job_started_on, made.job_ended_on) == (dt.date(2021, 3, 1), dt.date(2021, 8, 1))
    assert (made.working, made.point_to_point, made.job_monthly_pay) == (True, False, Decimal(4200))
    assert (made.job_phone, made.job_phone_is_mobile, made.travel_subsidy) == ("13812345678", True, Decimal(600))
    assert (made.done_by, made.entered_by_id, made.origin_id) == (data_admin.name, district_clerk.pk, batch.pk)
    with system_scope("测试"):
        assert Person.objects.count() == 3 and Household.objects.count() == 1  # nobody is added


def test_a_job_is_known_by_its_month_and_where_several_began_by_the_employer(data_admin, district_clerk, home):
    one, two, _ = members(home)
    first = [job(one), job(two), job(two, 务工企业名称="乙公司")]
    assert counts(taken(data_admin, district_clerk, *first)) == {"insert": 3}
    # alone in its month: the employer may be put right; of two in a month another employer is another job
    second = [
        job(one, 务工企业名称="丙公司", 开始时间="2021年03月"),
        job(two, 务工月收入="5000"),
        job(two, 务工企业名称="丁公司"),
    ]
    batch = taken(data_admin, district_clerk, *second)
    assert counts(batch) == {"update": 2, "insert": 1}
    assert [row[:4] for row in spells()] == [
        (one.pk, "2021-03", "丙公司", Decimal(4200)),
        (two.pk, "2021-03", "丁公司", Decimal(4200)),
        (two.pk, "2021-03", "乙公司", Decimal(4200)),
        (two.pk, "2021-03", "甲公司", Decimal(5000)),
    ]
    assert counts(jobs(data_admin, job(one, 开始时间="2021年04月"))) == {"insert": 1}


def test_what_may_not_be_is_told_at_its_row_and_its_household_waits(data_admin, home):
    one, two, gone = members(home)
    other = members(factories.household())[0]
    with system_scope("测试"):
        Membership.objects.filter(person=gone).update(until=dt.date(2021, 5, 1))
    stranger = {**job(other), "证件号码": factories.id_number(), "户编号": "3799999"}
    batch = jobs(
        data_admin, job(one), job(one, 务工月收入="1"), job(two), stranger, job(gone, 户编号="3798"), job(other)
    )
    assert counts(batch) == {"refused": 3, "unknown": 1, "kept": 1, "insert": 1}
    assert {code for _, code in codes(batch)} >= {"record_listed_twice", "person_not_in_register", "record_of_gone"}
    with system_scope("测试"):
        told = BatchFinding.objects.filter(batch=batch, code__in=["person_not_in_register", "record_of_gone"])
        assert set(told.values_list("row", "severity", "code")) == {
            (5, "W", "person_not_in_register"), (6, "W", "record_of_gone")
        }  # fmt: skip
        assert RosterRow.objects.get(batch=batch, action="insert").person_id == other.pk


def test_each_mode_does_what_it_says(data_admin, district_clerk, home):
    one, *_ = members(home)
    taken(data_admin, district_clerk, job(one, 就业渠道="自主就业", 其他信息=""))
    change = job(one, 务工月收入="5000", 其他信息="新填的")
    more = job(one, 开始时间="2021年06月")
    assert counts(jobs(data_admin, change, more, mode=PlanMode.NEW)) == {"kept": 1, "insert": 1}
    batch = taken(data_admin, district_clerk, change, more, mode=PlanMode.BLANKS)
    assert counts(batch) == {"update": 1, "insert": 1}
    with system_scope("测试"):
        first = LabourSpell.objects.order_by("job_started_on").first()
    assert (first.job_monthly_pay, first.other_info) == (Decimal(4200), "新填的")


def test_the_preview_shows_both_values_and_masks_numbers(client, data_admin, district_clerk, home):
    one, *_ = members(home)
    taken(data_admin, district_clerk, job(one))
    batch = jobs(data_admin, job(one, 务工月收入="5000", 电话号码="13900001111"))
    with acting_as(actor_for(data_admin)) as actor:
        shown = Preview(batch, actor, {"segment": "update"})
        cells = {name: cell for (name, _), cell in zip(shown.columns, shown.lines[0].cells, strict=True)}
    assert (cells["job_monthly_pay"].old, cells["job_monthly_pay"].new) == ("4200.00", "5000.00")
    assert (cells["job_phone"].old, cells["job_phone"].new) == ("138****5678", "139****1111")
    assert cells["household_no"].old is None
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[batch.pk]))
    assert page.status_code == 200 and one.id_number not in page.content.decode()


def test_only_what_somebody_overtook_goes_back(data_admin, district_clerk, town_officer, home):
    one, other = members(home)[0], members(factories.household())[0]
    taken(data_admin, district_clerk, job(one), job(other))
    batch = submit(data_admin, jobs(data_admin, job(one, 务工月收入="5000"), job(other, 务工月收入="6000")))
    with acting_as(actor_for(town_officer)):
        made = LabourSpell.objects.get(person=one)
        services.edit_spell(by=town_officer, record=made, version=made.version, job_monthly_pay=Decimal(4300))
    done = approve(district_clerk, batch)
    assert (done.state, counts(done)) == (BatchState.APPROVED, {"update": 1, "overtaken": 1})
    assert [row[3] for row in spells()] == [Decimal(4300), Decimal(6000)]
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    assert (rest.state, counts(rest)) == (BatchState.RETURNED, {"update": 1})
    approve(district_clerk, submit(data_admin, rest))
    assert [row[3] for row in spells()] == [Decimal(5000), Decimal(6000)]


def test_a_part_of_a_persons_jobs_is_planned_as_the_whole_was(data_admin, district_clerk, home):
    """One of two jobs of a month stands already: the commit plans the other alone and still knows it for another."""
    one, *_ = members(home)
    taken(data_admin, district_clerk, job(one))
    batch = taken(data_admin, district_clerk, job(one), job(one, 务工企业名称="乙公司"))
    assert (batch.state, counts(batch)) == (BatchState.APPROVED, {"insert": 1, "same": 1})
    assert [row[2] for row in spells()] == ["乙公司", "甲公司"]


def test_undo_redo_and_what_people_have_worked_on(data_admin, district_clerk, town_officer, home):
    one, two, three = members(home)
    near = members(factories.household())[0]
    taken(data_admin, district_clerk, job(one))
    loaded = spells()
    second = taken(data_admin, district_clerk, job(one, 务工月收入="5000"), job(two), job(near))
    changed = spells()
    report = reverse(data_admin, district_clerk, second).report
    assert (spells(), report["voided"], report["restored"], report["kept"]) == (loaded, {"labourspell": 2}, 1, [])
    reverse(data_admin, district_clerk, second)
    assert spells() == changed
    with acting_as(actor_for(town_officer)):
        made = LabourSpell.objects.get(person=near)
        services.edit_spell(by=town_officer, record=made, version=made.version, other_info="换了班组")
    report = reverse(data_admin, district_clerk, second).report
    assert [one["why"] for one in report["kept"]] == ["务工后来改过"]
    assert [row[0] for row in spells()] == [one.pk, near.pk]
    with acting_as(actor_for(town_officer)):
        services.record_spell(by=town_officer, person=two, job_started_on=dt.date(2021, 3, 15), job_employer="甲公司")
    report = reverse(data_admin, district_clerk, second).report  # two's job was entered by hand meanwhile
    assert [one["why"] for one in report["kept"]] == ["务工已重新录入"]
    assert [row[:3] for row in spells() if row[0] == two.pk] == [(two.pk, "2021-03", "甲公司")]
    assert three


def test_a_household_held_back_waits_and_the_rest_is_written(data_admin, district_clerk, home):
    one, other = members(home)[0], members(factories.household())[0]
    batch = submit(data_admin, jobs(data_admin, job(one), job(other)))
    with acting_as(actor_for(district_clerk)):
        row = RosterRow.objects.get(batch=batch, person=one)
        roster.hold(batch=batch, by=district_clerk, rows=[row.row])
        done = committing.commit(roster.approve(batch=batch, by=district_clerk, reason="再核实").pk)
    assert counts(done) == {"insert": 1} and [row[0] for row in spells()] == [other.pk]
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    assert counts(rest) == {"insert": 1}
    approve(district_clerk, submit(data_admin, rest))
    assert {row[0] for row in spells()} == {one.pk, other.pk}


def test_a_person_who_moved_takes_the_job_along_with_the_next_file(data_admin, district_clerk, home):
    one, new = members(home)[1], factories.household(factories.village("曲堤街道"))
    taken(data_admin, district_clerk, job(one))
    with system_scope("测试"):
        Membership.objects.filter(person=one).update(until=dt.date(2021, 6, 1))
        Person.objects.filter(pk=one.pk).update(household=new)
        Membership.objects.create(person=one, household=new, relation="other", since=dt.date(2021, 6, 1))
        one = Person.objects.select_related("household", "village", "town").get(pk=one.pk)
    batch = taken(data_admin, district_clerk, {**job(one), "乡(镇)": "曲堤街道"})
    assert counts(batch) == {"update": 1}
    with system_scope("测试"):
        made = LabourSpell.objects.get()
        assert (made.household_id, made.town_id) == (new.pk, new.town_id)
    reverse(data_admin, district_clerk, batch)
    with system_scope("测试"):
        assert LabourSpell.objects.get().household_id == new.pk  # where the person is, whatever was reversed


def test_a_persons_move_is_no_edit_of_their_jobs(data_admin, district_clerk, home):
    one, new = members(home)[1], factories.household(factories.village("曲堤街道"))
    first = taken(data_admin, district_clerk, job(one))
    loaded = spells()
    second = taken(data_admin, district_clerk, job(one, 务工月收入="5000"))
    changed = spells()
    goes_to(new, one)
    report = reverse(data_admin, district_clerk, second).report
    assert (spells(), report["restored"], report["kept"]) == (loaded, 1, [])
    report = reverse(data_admin, district_clerk, first).report
    assert (spells(), report["voided"], report["kept"]) == ([], {"labourspell": 1}, [])
    with system_scope("测试"):
        one = Person.objects.select_related("household").get(pk=one.pk)
    goes_to(home, one)
    for batch, found in ((first, loaded), (second, changed)):
        assert reverse(data_admin, district_clerk, batch).report["kept"] == []
        assert spells() == found
        with system_scope("测试"):
            assert LabourSpell.objects.get().household_id == home.pk


def test_a_job_of_somebody_void_meanwhile_stays_away_and_that_is_told(data_admin, district_clerk, home):
    one, two, _ = members(home)
    batch = taken(data_admin, district_clerk, job(one), job(two))
    reverse(data_admin, district_clerk, batch)
    with acting_as(actor_for(district_clerk)):
        void(rows=Person.objects.filter(pk=two.pk), by=district_clerk, reason="录错了")
    report = reverse(data_admin, district_clerk, batch).report
    assert [one["why"] for one in report["kept"]] == ["人员已作废，务工没有恢复"]
    assert [row[0] for row in spells()] == [one.pk]


def test_plans_are_one_for_each_person(data_admin, district_clerk, home):
    one, two, _ = members(home)
    planned = {"是否计划务工": "是", "计划务工所在县": "历城区", "就业服务需求": "岗位推荐", "电话号码": "13812345678"}
    rows = [line(one, **planned), line(two, **{**planned, "是否计划务工": "否", "户类型": "脱贫户"})]
    batch = approve(district_clerk, submit(data_admin, send(data_admin, as_csv("roster_g", *rows))))
    assert counts(batch) == {"insert": 2}
    again = send(data_admin, as_csv("roster_g", rows[0], line(two, **planned)))
    assert counts(again) == {"same": 1, "update": 1}
    approve(district_clerk, submit(data_admin, again))
    with system_scope("测试"):
        found = LabourPlan.objects.order_by("person").values_list("person", "plans_to_work", "service_need")
        assert list(found) == [(one.pk, True, "岗位推荐"), (two.pk, True, "岗位推荐")]
        assert LabourPlan.objects.first().job_phone == "13812345678"


def export(user, model, key: str, path: Path, *, numbered: bool = False) -> list[list[str]]:
    with acting_as(actor_for(user)) as actor:
        layout_export.write(key, path, model.objects.visible_to(actor), actor, numbered=numbered)
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def test_the_ledgers_read_back_as_the_same(data_admin, district_clerk, home, tmp_path):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    load(data_admin, district_clerk, "roster_d_jobs.xlsx")
    one, two, _ = members(home)
    taken(
        data_admin,
        district_clerk,
        job(one, 电话号码="", 务工企业名称="-1公司"),
        job(two, 是否已务工="否", 结束时间="202106"),
    )
    with acting_as(actor_for(district_clerk)):
        for person, plans in ((one, True), (two, None)):
            services.record_plan(
                by=district_clerk,
                person=person,
                plans_to_work=plans,
                planned_county="历城区",
                service_need="岗位推荐,技能培训",
            )
    for model, key, number in ((LabourSpell, "roster_d", 152), (LabourPlan, "roster_g", 2)):
        rows = export(district_clerk, model, key, tmp_path / f"{key}.xlsx")
        assert rows[0] == [one.heading for one in layouts()[key].fields]
        batch = upload(data_admin, tmp_path / f"{key}.xlsx")
        assert (batch.layout, counts(batch), codes(batch)) == (key, {"same": number}, set())


def test_a_row_edited_since_its_export_is_refused_with_both_values(
    data_admin, district_clerk, town_officer, home, tmp_path
):
    one, two, _ = members(home)
    taken(data_admin, district_clerk, job(one), job(two))
    heads, *lines = export(district_clerk, LabourSpell, "roster_d", tmp_path / "d.xlsx", numbered=True)
    for row in lines:
        row[heads.index("务工月收入")], row[heads.index("务工企业名称")] = "5000", "乙公司"
    out = io.StringIO()
    csv.writer(out).writerows([heads, *lines])
    data = out.getvalue().encode("utf-8-sig")
    assert counts(send(data_admin, data)) == {"update": 2}
    with acting_as(actor_for(town_officer)):
        made = LabourSpell.objects.get(person=one)
        services.edit_spell(by=town_officer, record=made, version=made.version, job_monthly_pay=Decimal(4300))
    batch = send(data_admin, data)
    assert counts(batch) == {"refused": 2}  # one household
    with system_scope("测试"):
        told = BatchFinding.objects.get(batch=batch, code="edited_since_export")
    text = told.message + told.hint
    assert "4300" in text and "4200" in text and "5000" in text, text


def test_failed_rows_come_back(data_admin, home, tmp_path):
    one, *_ = members(home)
    batch = jobs(data_admin, job(one), {**job(one), "证件号码": factories.id_number(), "户编号": "3799999"})
    with acting_as(actor_for(data_admin)):
        assert feedback.failed_rows(batch, tmp_path / "f.xlsx") == 1
    rows = CalamineWorkbook.from_path(str(tmp_path / "f.xlsx")).get_sheet_by_index(0).to_python()
    assert "系统里没有此人" in rows[1][-1]


def test_too_long_a_text_is_a_finding(data_admin, home):
    one, *_ = members(home)
    batch = jobs(data_admin, job(one, 务工企业名称="长" * 121))
    assert counts(batch) == {"refused": 1} and {code for _, code in codes(batch)} == {"text_too_long"}


def test_a_job_with_a_file_attached_since_is_not_taken_back(data_admin, district_clerk, home):
    one, two, *_ = members(home)
    batch = taken(data_admin, district_clerk, job(one), job(two))
    with system_scope("测试"):
        spell = LabourSpell.objects.get(person=one)
    with acting_as(actor_for(district_clerk)):
        attach(record=spell, upload=photo(), by=district_clerk)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [(home.household_no, "有附件")]
    assert {person for person, *_ in spells()} == {one.pk}  # each job by itself


def test_a_job_found_after_a_move_goes_back_with_its_person(data_admin, district_clerk, home):
    other = factories.household(members=1)
    one = members(home)[1]
    with system_scope("测试"):
        there = Person.objects.select_related("village", "household").get(household=other)
    rows = [
        {**line(there), "人编号": there.person_no, "与户主关系": "户主"},
        {**line(there), "姓名": one.name, "证件号码": one.id_number, "人编号": one.person_no, "与户主关系": "其他"},
    ]
    facts = {"民族": "汉族", "文化程度": "初中", "健康状况": "健康", "劳动技能": "弱劳动力或半劳动力"}
    batch = approve(
        district_clerk, submit(data_admin, send(data_admin, as_csv("roster_a", *({**one, **facts} for one in rows))))
    )
    clear()
    with system_scope("测试"):
        one.refresh_from_db()
        assert one.household == other
    with acting_as(actor_for(district_clerk)):
        spell = services.record_spell(by=district_clerk, person=one, job_started_on=dt.date(2021, 3, 1))
    reverse(data_admin, district_clerk, batch)
    with system_scope("测试"):
        spell.refresh_from_db()
        assert (spell.household, spell.person.household) == (home, home)


def by_ledger(client, person: Person, county: str) -> Batch:
    """The county of work of somebody's job, by the ledger's own import."""
    told = {"户编号": person.household.household_no, "姓名": person.name, "开始时间": "2021-03"}
    return take_in(client, registry.get(SPELLS), {**told, "务工企业名称": JOB["务工企业名称"], "务工所在县": county})


@pytest.mark.parametrize("first", ["roster", "ledger"])
@pytest.mark.parametrize("second", ["roster", "ledger"])
def test_what_an_undo_gives_back_of_another_undone_batch_is_named(
    client, data_admin, district_clerk, home, first, second
):
    one = members(home)[0]

    def took(kind: str, county: str) -> Batch:
        if kind == "ledger":
            return by_ledger(client, one, county)
        return taken(data_admin, district_clerk, job(one, 务工所在县=county))

    def undone(kind: str, batch: Batch) -> list[str]:
        if kind == "ledger":
            return [row["why"] for row in decided(client, registry.get(SPELLS), batch)["kept"]]
        clear()
        return [row["why"] for row in reverse(data_admin, district_clerk, batch).report["kept"]]

    a, b = took(first, "历城区"), took(second, "章丘区")
    assert undone(first, a) == ["以后有人修改过" if first == "ledger" else "务工后来改过"]
    assert undone(second, b) == [f"现值是已撤销的批次 {a} 写入的，要改回请恢复该批次后再撤销"]
    assert undone(first, a) == [] and len(spells()) == 1  # 恢复
    assert undone(first, a) == [] and spells() == []
