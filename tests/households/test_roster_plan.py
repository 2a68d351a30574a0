"""Plan = commit, whatever the files say; modes; members a file does not list; files that go back and come again."""

import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse as reverse_url
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from households.enums import Labour
from households.models import Household, Membership, Person, RosterAbsence, RosterRow
from households.roster import committing, feedback, jobs, layout_export
from households.roster.fields import PERSON
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch, BatchFinding
from jiyang.workflow.tasks import sources_for
from tests import factories
from tests.households.test_roster import DATA, approve, contents, load, submit, upload
from tests.households.test_roster import reverse as take_back
from tests.intake.workbooks import workbook

pytestmark = pytest.mark.django_db(transaction=True)
HEADINGS = ("乡(镇)", "行政村", "户编号", "人编号", "姓名", "证件号码", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动技能",
            "务工时间（月）", "自然村", "人均纯收入", "户联系电话")  # fmt: skip
PEOPLE = [factories.id_number(male=index % 2 == 0) for index in range(7)]
HOMES = ("3790000001", "3790000002", "3790000003")
TEMPORARY = (
    "roster_stage",
    "roster_plan",
    "roster_write",
    "overtaken",
    "affected",
    "moved",
    "movers",
    "homes_back",
    "freed",
    "kept",
    "stayed",
    "restoring",
    "rekeyed",
    "staying",
    "heads_left",
)


def as_csv(people: dict[int, dict]) -> bytes:
    """A roster file of these people: number in PEOPLE -> {home, …}; the first of a household is its head."""
    out, seen = io.StringIO(), set()
    lines = csv.writer(out)
    lines.writerow(HEADINGS)
    for key, one in sorted(people.items(), key=lambda item: item[1]["home"]):
        place = factories.village("仁风镇", one["home"])
        relation = "其他" if one["home"] in seen else "户主"
        seen.add(one["home"])
        lines.writerow(
            ["仁风镇", place.name, HOMES[one["home"]], "", f"王{'一二三四五六七'[key]}", PEOPLE[key], relation, "汉族", "初中", "", "健康",
             Labour(one["labour"]).label, one["months"], one["hamlet"], "12000.50", one["phone"]]
        )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")


person = st.fixed_dictionaries(
    {
        "home": st.integers(0, 2),
        "labour": st.sampled_from(["skilled", "ordinary", "weak"]),
        "months": st.sampled_from(["", "0", "6"]),
        "hamlet": st.just("东头"),
        "phone": st.sampled_from(["", "13800138000"]),
    }
)
rosters = st.dictionaries(st.integers(0, 6), person, min_size=1)


def send(maker, data: bytes, mode: str = PlanMode.ALL, **more) -> Batch:
    with acting_as(actor_for(maker)):
        batch = roster.upload(by=maker, filename="名单.csv", data=data, mode=mode, **more)
        return jobs.check(batch.pk)


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists {', '.join(TEMPORARY)}")


def people() -> dict[bytes, dict]:
    names = [slot.assigned[0][0] for slot in PERSON if slot.name not in {"id_number", "person_phone"}] + ["phone_index"]
    homes = dict(Membership.objects.filter(until=None).values_list("person_id", "household__household_no"))
    return {
        bytes(row["id_index"]): {**{name: raw(row[name]) for name in names}, "home": homes.get(row["pk"])}
        for row in Person.objects.values("pk", "id_index", *names)
    }


def raw(value):
    return bytes(value) if isinstance(value, memoryview) else value


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=rosters, second=rosters, mode=st.sampled_from(PlanMode.values))
def test_what_was_previewed_is_what_happens(data_admin, district_clerk, first, second, mode):
    with transaction.atomic():
        former = submit(data_admin, send(data_admin, as_csv(first)))
        clear()
        approve(district_clerk, former)
        clear()
        batch = send(data_admin, as_csv(second), mode)
        with system_scope("测试"):
            planned = {bytes(row.id_index): row for row in RosterRow.objects.filter(batch=batch)}
            absent = RosterAbsence.objects.filter(batch=batch).count()
            before = people()
        clear()
        if batch.counts["insert"] + batch.counts["update"]:
            assert approve(district_clerk, submit(data_admin, batch)).state == BatchState.APPROVED
        with system_scope("测试"):
            assert not Batch.objects.filter(continues=batch).exists()
            after = people()
        assert set(after) == set(before) | {key for key, row in planned.items() if row.action == "insert"}
        for key, was in before.items():
            row, now = planned.get(key), after[key]
            changed = set(row.changed) if row else set()
            if row is None or row.action in {"same", "kept"}:
                assert now == was and not changed
            if row is None:
                continue
            assert (now["home"] != was["home"]) == ("household" in changed)
            for name in ("labour", "work_months"):
                assert now[name] == (getattr(row, name) if name in changed else was[name])
        listed = {HOMES[one["home"]] for one in second.values()}
        left = [key for key, was in before.items() if key not in planned and was["home"] in listed]
        assert absent == (0 if mode == PlanMode.NEW else len(left))
        clear()
        transaction.set_rollback(True)


def test_each_mode_does_what_it_says(data_admin, district_clerk):
    one = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    approve(district_clerk, submit(data_admin, send(data_admin, as_csv({0: one, 1: {**one, "months": ""}}))))
    other = {**one, "labour": "skilled", "months": "3", "hamlet": "东头"}
    data = as_csv({0: other, 1: other, 2: other})
    new = send(data_admin, data, PlanMode.NEW)
    assert (new.counts["insert"], new.counts["kept"], new.counts["update"]) == (1, 2, 0)
    blanks = send(data_admin, data, PlanMode.BLANKS)
    approve(district_clerk, submit(data_admin, blanks))
    with system_scope("测试"):
        found = dict(Person.objects.values_list("name", "work_months"))
        assert found == {"王一": 6, "王二": 3, "王三": 3}
        assert set(Person.objects.values_list("labour", flat=True)) == {"weak", "skilled"}
        assert Household.objects.get().hamlet == "东头"
    approve(district_clerk, submit(data_admin, send(data_admin, data)))
    with system_scope("测试"):
        assert set(Person.objects.values_list("labour", "work_months")) == {("skilled", 3)}


def test_who_is_not_listed_stays_until_a_person_says_why(data_admin, district_clerk, town_officer):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    batch = load(data_admin, district_clerk, "roster_a_update.xlsx")
    with acting_as(actor_for(town_officer)):
        own = RosterAbsence.objects.visible_to(actor_for(town_officer)).filter(batch=batch)
        assert all(one.town == factories.town() for one in own)
        waiting = [
            one.pk
            for source in sources_for(actor_for(town_officer))
            if source.key == "roster_absence"
            for one in source.rows(actor_for(town_officer))
        ]
        assert sorted(waiting) == sorted(own.values_list("pk", flat=True))
        for one in own:
            roster.stays(absence=one, by=town_officer, reason="在外务工，仍在户")
        assert not own.filter(stays_at=None).exists()
    with system_scope("测试"):
        found = list(RosterAbsence.objects.filter(batch=batch))
        assert len(found) == 4 == batch.counts["absent"]
        assert Membership.objects.filter(person__in=[one.person_id for one in found], until=None).count() == 4


def test_who_is_left_out_of_two_rosters_is_asked_for_once(data_admin, district_clerk, town_officer):
    one = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    for people in ({0: one, 1: one}, {0: {**one, "months": "3"}}, {0: {**one, "months": "4"}}):
        approve(district_clerk, submit(data_admin, send(data_admin, as_csv(people))))
        clear()

    def asked() -> list[RosterAbsence]:
        with acting_as(actor_for(town_officer)) as actor:
            (source,) = (one for one in sources_for(actor) if one.key == "roster_absence")
            return list(source.rows(actor))

    (waiting,) = asked()
    assert waiting.person.name == "王二"
    with acting_as(actor_for(town_officer)):
        roster.stays(absence=waiting, by=town_officer, reason="在外务工，仍在户")
    assert asked() == []
    with system_scope("测试"):
        assert RosterAbsence.objects.exclude(stays_at=None).count() == 2


def test_an_answered_question_keeps_its_first_answer(client, data_admin, district_clerk, town_officer):
    one = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    for people in ({0: one, 1: one}, {0: {**one, "months": "3"}}):
        approve(district_clerk, submit(data_admin, send(data_admin, as_csv(people))))
        clear()
    with system_scope("测试"):
        absence = RosterAbsence.objects.get()
    address, other = reverse_url("households:absence", args=[absence.pk]), factories.user("town_officer", "仁风镇")
    client.force_login(town_officer)
    long = client.post(address, {"reason": "走" * 161})
    assert long.status_code == 422 and f'value="{"走" * 161}"' in long.content.decode()  # nothing typed is lost
    assert client.post(address, {"reason": "在外务工，仍在户"}).status_code == 302
    client.force_login(other)
    late = client.post(address, {"reason": "走访时在家"})
    assert late.status_code == 422
    told = f"{town_officer.name} {timezone.localtime():%Y-%m-%d}"
    for text in (late.content.decode(), client.get(address).content.decode()):
        assert told in text and "核实仍在户：在外务工，仍在户" in text and "stays-reason" not in text
    assert "这次没有保存" in late.content.decode()
    with system_scope("测试"):
        absence.refresh_from_db()
        assert (absence.stays_by, absence.stays_reason) == (town_officer, "在外务工，仍在户")


def test_nobody_is_said_to_stay_who_has_left(data_admin, district_clerk, town_officer):
    one = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    for people in ({0: one, 1: one}, {0: {**one, "months": "3"}}):
        approve(district_clerk, submit(data_admin, send(data_admin, as_csv(people))))
        clear()
    with system_scope("测试"):
        absence = RosterAbsence.objects.get()
        Membership.objects.filter(person=absence.person_id).update(until="2100-01-01")
    with acting_as(actor_for(town_officer)), pytest.raises(ValidationError, match="已不在这一户"):
        roster.stays(absence=absence, by=town_officer, reason="仍在户")


def test_failed_rows_come_back_corrected_as_a_continuation(data_admin, district_clerk, tmp_path: Path):
    good = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    data = as_csv({0: good, 1: {**good, "home": 1}, 2: {**good, "home": 1}})
    wrong = PEOPLE[2][:-1] + ("0" if PEOPLE[2][-1] != "0" else "1")
    batch = send(data_admin, data.replace(PEOPLE[2].encode(), wrong.encode()))
    assert batch.counts["refused"] == 2
    with acting_as(actor_for(data_admin)):
        assert feedback.failed_rows(batch, tmp_path / "failed.xlsx") == 2
        assert feedback.annotated(batch, tmp_path / "all.xlsx") >= 1
    rows = CalamineWorkbook.from_path(str(tmp_path / "failed.xlsx")).get_sheet_by_index(0).to_python()
    assert rows[0] == [*HEADINGS, feedback.WHY] and [row[5] for row in rows[1:]] == [PEOPLE[1], wrong]
    assert "校验" in rows[2][-1] and "同户" in rows[1][-1]
    book = CalamineWorkbook.from_path(str(tmp_path / "all.xlsx"))
    assert book.sheet_names[0] == "汇总" and len(book.get_sheet_by_index(1).to_python()) == 4
    approve(district_clerk, submit(data_admin, batch))
    corrected = (tmp_path / "failed.xlsx").read_bytes()
    with acting_as(actor_for(data_admin)):
        again = roster.upload(by=data_admin, filename="改正.xlsx", data=corrected, continues=batch)
        again = jobs.check(again.pk)
    assert again.continues_id == batch.pk and again.counts["refused"] == 2
    assert (again.columns["ignored"], again.columns["unknown"]) == ([feedback.WHY], [])
    with acting_as(actor_for(data_admin)):
        feedback.failed_rows(again, tmp_path / "again.xlsx")
    assert CalamineWorkbook.from_path(str(tmp_path / "again.xlsx")).get_sheet_by_index(0).to_python() == rows
    whole = send(data_admin, (tmp_path / "all.xlsx").read_bytes())
    assert (whole.rows, whole.columns["unread"], whole.columns["apart"]) == (3, [], {"汇总": "本系统写的汇总"})
    text = data.decode("utf-8-sig").splitlines()
    fixed = "\n".join([text[0], *text[2:]]).encode()
    assert approve(district_clerk, submit(data_admin, send(data_admin, fixed, continues=batch))).counts["insert"] == 2


def test_failed_rows_of_a_file_with_merged_household_cells_come_back_whole(data_admin, tmp_path: Path):
    good = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    rows = list(csv.reader(io.StringIO(as_csv({0: good, 1: good, 2: good}).decode("utf-8-sig"))))
    right, wrong = PEOPLE[1], PEOPLE[1][:-1] + ("0" if PEOPLE[1][-1] != "0" else "1")
    rows[2][HEADINGS.index("证件号码")] = wrong
    place = HEADINGS.index("户编号")

    def merge(book, sheets):
        sheets[0].merge_range(2, place, 4, place, rows[1][place])

    blank = [
        [cell if number == 0 or at != place else "" for at, cell in enumerate(row)] for number, row in enumerate(rows)
    ]
    batch = send(data_admin, workbook(("名单", blank), touch=merge))
    assert (batch.rows, batch.counts["refused"]) == (3, 3)
    with acting_as(actor_for(data_admin)):
        for write in (feedback.failed_rows, feedback.annotated):
            write(batch, tmp_path / "back.xlsx")
            sheet = CalamineWorkbook.from_path(str(tmp_path / "back.xlsx")).get_sheet_by_name("名单").to_python()
            mended = [[right if cell == wrong else cell for cell in row] for row in sheet]
            clear()
            again = send(data_admin, workbook(("名单", mended), titles=0), continues=batch)
            assert (again.rows, again.counts["insert"]) == (3, 3)


@pytest.mark.parametrize("group", ["住房和饮水", "收入（万元）", "2019年情况"])
def test_failed_rows_below_merged_headings_of_two_lines_are_read_as_they_were(data_admin, tmp_path: Path, group):
    good = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    names, *rows = csv.reader(io.StringIO(as_csv({0: good, 1: {**good, "home": 1}}).decode("utf-8-sig")))
    rows[1][names.index("证件号码")] = "123"
    place = names.index("务工时间（月）")

    def merge(book, sheets):
        for at, name in enumerate(names):
            if at != place:
                sheets[0].merge_range(1, at, 2, at, name)

    top = [group if at == place else name for at, name in enumerate(names)]
    low = ["务工时间（月）" if at == place else "" for at, _ in enumerate(names)]
    batch = send(data_admin, workbook(("名单", [top, low, *rows]), touch=merge))
    with acting_as(actor_for(data_admin)):
        for write in (feedback.failed_rows, feedback.annotated):
            write(batch, tmp_path / "back.xlsx")
            clear()
            again = send(data_admin, (tmp_path / "back.xlsx").read_bytes(), continues=batch)
            assert again.columns["known"] == batch.columns["known"]
    assert ("work_months" in batch.columns["known"]) == (group != "2019年情况")


def test_a_column_that_was_not_read_is_not_read_in_the_failed_rows(data_admin, tmp_path: Path):
    good = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    names, *rows = csv.reader(io.StringIO(as_csv({0: good, 1: {**good, "home": 1}}).decode("utf-8-sig")))
    rows[1][names.index("证件号码")] = "123"
    top, low = [*names, "危房户", ""], [*["" for _ in names], "否", "是"]
    batch = send(data_admin, workbook(("名单", [top, low, *([*row, "√"] for row in rows)])))
    assert "危房户" in batch.columns["unknown"]
    with acting_as(actor_for(data_admin)):
        for _ in range(2):
            feedback.failed_rows(batch, tmp_path / "back.xlsx")
            clear()
            batch = send(data_admin, (tmp_path / "back.xlsx").read_bytes(), continues=batch)
            assert "dangerous_house" not in batch.columns["known"]


def test_failed_rows_of_a_sheet_that_goes_on_come_back_under_the_headings(client, data_admin, tmp_path: Path):
    good = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    rows = list(csv.reader(io.StringIO(as_csv({n: {**good, "home": n // 2} for n in range(6)}).decode("utf-8-sig"))))
    right, wrong = PEOPLE[5], PEOPLE[5][:-1] + ("0" if PEOPLE[5][-1] != "0" else "1")
    rows[6][HEADINGS.index("证件号码")] = wrong
    batch = send(data_admin, workbook(("1", rows[:3]), ("2", [["续表"], *rows[3:]]), titles=0))
    assert (batch.rows, batch.counts["refused"], batch.columns["continued"]) == (6, 2, [["2", "1", 2]])
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[batch.pk])).content.decode()
    assert "工作表“2”没有表头" in page
    with acting_as(actor_for(data_admin)):
        assert feedback.failed_rows(batch, tmp_path / "back.xlsx") == 2
        assert feedback.annotated(batch, tmp_path / "all.xlsx") >= 1
    sheet = CalamineWorkbook.from_path(str(tmp_path / "back.xlsx")).get_sheet_by_name("2").to_python()
    assert (sheet[0], len(sheet)) == ([*HEADINGS, feedback.WHY], 3)
    mended = [[right if cell == wrong else cell for cell in row] for row in sheet]
    again = send(data_admin, workbook(("2", mended), titles=0), continues=batch)
    assert (again.rows, again.counts["insert"]) == (2, 2)


def test_the_layout_of_monitored_households_leaves_the_others_out(data_admin, district_clerk, tmp_path: Path):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    with acting_as(actor_for(district_clerk)) as actor:
        everybody = Membership.objects.filter(until=None)
        monitored = everybody.exclude(household__category="").count()
        assert 0 < monitored < everybody.count()
        for rows in (Household.objects.visible_to(actor), Person.objects.visible_to(actor)):
            assert layout_export.write("roster_c", tmp_path / "c.xlsx", rows, actor) == monitored
            listed = CalamineWorkbook.from_path(str(tmp_path / "c.xlsx")).get_sheet_by_index(0).to_python()
            assert len(listed) == monitored + 1 and all(line[listed[0].index("监测对象类别")] for line in listed)


def test_who_died_is_not_brought_back_by_an_old_roster(data_admin, district_clerk):
    one = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    data = as_csv({0: one, 1: one, 2: {**one, "home": 1}})
    approve(district_clerk, submit(data_admin, send(data_admin, data)))
    with system_scope("测试"):
        gone = Membership.objects.filter(person__name="王二", until=None)
        gone.update(until=dt.date.today(), leave_reason="死亡")
    clear()
    batch = send(data_admin, as_csv({0: one, 1: one, 2: {**one, "home": 1, "labour": "ordinary"}}))
    with system_scope("测试"):
        found = BatchFinding.objects.filter(batch=batch, severity="E").values_list("code", "cell")
        assert list(found) == [("person_died", "E3")]
    assert (batch.counts["refused"], batch.counts["update"]) == (2, 1)
    with system_scope("测试"):  # who came back since is alive
        Membership.objects.create(
            person=Person.objects.get(name="王二"),
            household=Household.objects.get(household_no=HOMES[0]),
            since=dt.date.today(),
            relation="other",
        )
    clear()
    assert send(data_admin, data).counts["refused"] == 0


def test_a_list_exported_in_a_layout_reads_back_as_the_same(data_admin, district_clerk, tmp_path: Path):
    load(data_admin, district_clerk, "roster_a_small.xlsx")
    path = tmp_path / "a.xlsx"
    with acting_as(actor_for(district_clerk)) as actor:
        rows = Household.objects.visible_to(actor)
        assert layout_export.write("roster_a", path, rows, actor) == 500
        town = rows.filter(town=factories.town())
        count = layout_export.write("roster_a", tmp_path / "town.xlsx", town, actor)
        assert count == Person.objects.filter(household__in=town).count()
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    original = CalamineWorkbook.from_path(str(DATA / "roster_a_small.xlsx")).get_sheet_by_index(0).to_python()
    headings = next(row for row in original if "户编号" in row)
    assert sheet[0] == headings and all(isinstance(cell, str) for row in sheet for cell in row)
    before = contents()
    batch = upload(data_admin, path)
    with system_scope("测试"):
        errors = list(BatchFinding.objects.filter(batch=batch, severity="E").values_list("cell", "code"))
        changed = list(RosterRow.objects.filter(batch=batch, action="update").values_list("row", "changed")[:5])
    assert errors == [] and changed == []
    assert batch.counts["same"] == 500 and contents() == before


def test_an_overtaken_commit_is_taken_up_again(data_admin, district_clerk):
    """A message that comes twice, or after the worker died, changes nothing more."""
    batch = load(data_admin, district_clerk, "roster_a_small.xlsx")
    with acting_as(actor_for(district_clerk)):
        assert committing.commit(batch.pk) is None
    with system_scope("测试"):
        assert Person.objects.count() == 500


@pytest.mark.parametrize("months", ["3", "4"], ids=["nothing else changes", "something changes"])
def test_who_is_listed_again_is_not_asked_for_until_that_is_undone(data_admin, district_clerk, town_officer, months):
    one = {"home": 0, "labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    batches = []
    for people in ({0: one, 1: one}, {0: {**one, "months": "3"}}, {0: {**one, "months": months}, 1: one}):
        batches.append(approve(district_clerk, submit(data_admin, send(data_admin, as_csv(people)))))
        clear()
    last = batches[-1]
    assert (last.state, last.counts["relisted"]) == (BatchState.APPROVED, 1)

    def asked() -> list[str]:
        with acting_as(actor_for(town_officer)) as actor:
            (source,) = (one for one in sources_for(actor) if one.key == "roster_absence")
            return [one.person.name for one in source.rows(actor)]

    assert asked() == []
    with system_scope("测试"):
        assert RosterAbsence.objects.get().stays_reason == f"批次 {last} 的名单又列入"
    for expected in (["王二"], []):
        take_back(data_admin, district_clerk, last)
        clear()
        assert asked() == expected
