"""数据体检: several exports against each other, as a page and as annotated files; the register is not touched."""

import datetime as dt
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from households import tasks
from households.checkup import copies, job
from households.checkup.pointing import telling
from households.enums import CheckupState
from households.models import Checkup, CheckupFile, CheckupFinding, Household
from households.roster.running import MOST_ATTEMPTS
from households.services import checkups
from jiyang.access.matrix import matrix
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.audit.models import AccessLog
from jiyang.intake.header import Choice
from jiyang.rules.catalogue import catalogue
from jiyang.rules.evaluate import Evaluator, Row
from jiyang.rules.facts import Facts
from jiyang.rules.groups import UNSEEN
from tests import factories
from tests.rules.county import County
from tests.rules.test_exports import DATA, SOUND, table, write
from tests.rules.test_table import villages

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2025, 6, 30)


def homes_file(folder: Path) -> tuple[Path, dict]:
    """An F of the sample's households with one dangerous house that C calls safe; and that household's head."""
    heads = [row for row in table("roster_c_monitoring.xlsx") if row["与户主关系"] == "户主"]
    rows = [
        {**row, **SOUND, "县(市、区、旗)": row["县"], "乡(镇)": row["乡"], "行政村": row["村"], "家庭人口数": ""}
        for row in heads
    ]
    rows[0]["与村主干路距离"] = "6"
    return Path(write(folder / "户信息.xlsx", "roster_f", rows)), heads[0]


def start(user, *paths: Path, **more) -> Checkup:
    with acting_as(actor_for(user)):
        files = [(path.name, path.read_bytes()) for path in paths]
        made = checkups.start(by=user, files=files, as_of=DAY, **more)
        return job.run(made.pk)


def findings(checkup: Checkup, **narrow) -> list[CheckupFinding]:
    with system_scope("测试"):
        return list(CheckupFinding.objects.filter(checkup=checkup, **narrow).select_related("file"))


def test_files_are_checked_against_each_other_and_nothing_else_happens(district_clerk, tmp_path):
    path, head = homes_file(tmp_path)
    checkup = start(district_clerk, DATA / "roster_c_monitoring.xlsx", DATA / "roster_d_jobs.xlsx", path)
    assert checkup.state == CheckupState.DONE
    (far,) = findings(checkup, code="5_14_007", file__filename=path.name)
    assert (far.household_no, far.column, far.cell) == (head["户编号"], "与村主干路距离", "S2")
    assert "6" in far.text and "5" in far.text
    told = {one["code"]: one for one in checkup.rules}
    assert told["5_14_007"]["hits"] >= 1 and told["INC_LOW"]["reason"]
    assert checkup.counts["outside"] == 0
    with system_scope("测试"):
        assert not Household.objects.exists()
        assert CheckupFinding.objects.filter(checkup=checkup).count() == sum(
            checkup.counts[key] for key in ("error", "warning", "lead")
        )


def test_faulty_cells_are_told_once_with_their_value_hidden_at_rest(district_clerk):
    checkup = start(district_clerk, DATA / "roster_c_errors.xlsx", given={"income_line.monitoring": "7500"})
    found = findings(checkup)
    assert len({(one.file_id, one.line, one.cell, one.code) for one in found}) == len(found)
    assert any(one.code == "1_01_003" for one in found)  # a check digit: told by its rule, not as a cell besides
    assert not any(one.code == "id_checksum" for one in found)
    number = next(one for one in found if one.code == "1_01_003")
    assert number.personal and number.value and number.name.encode() not in bytes(number.value)
    with system_scope("测试"), connection.cursor() as cursor:
        cursor.execute("select name, text, name_index from households_checkupfinding where id = %s", [number.pk])
        stored = [bytes(one) for one in cursor.fetchone()]
    assert (
        number.name
        and number.text
        and not any(word.encode() in one for word in (number.name, number.text) for one in stored)
    )
    assert next(one for one in checkup.rules if one["code"] == "INC_LOW")["reason"] == ""


def test_a_town_sees_its_own_rows_only_and_other_towns_nothing(client, tmp_path):
    officer, other = factories.user("town_officer", "仁风镇"), factories.user("town_officer", "曲堤街道")
    checkup = start(officer, DATA / "roster_c_errors.xlsx")
    place = factories.town("仁风镇")
    assert {one.town_id for one in findings(checkup)} <= {place.pk} and checkup.counts["outside"] > 0
    detail = reverse("households:checkup_detail", args=[checkup.pk])
    client.force_login(other)
    assert client.get(detail).status_code == 404
    client.force_login(officer)
    page = client.get(detail, {"severity": "error", "q": "3"}).content.decode()
    assert "逐条问题" in page and "生成批注表" in page
    client.force_login(
        factories.user("town_leader", "仁风镇")
    )  # sees the findings, not the file with other towns' rows
    with system_scope("测试"):
        file = checkup.files.get()
    assert "由体检人下载" in client.get(detail).content.decode()
    assert client.get(reverse("households:checkup_annotated", args=[checkup.pk, file.pk])).status_code == 404
    assert client.post(reverse("households:checkup_annotate", args=[checkup.pk, file.pk])).status_code == 404


def test_the_annotated_copy_marks_the_cell_and_lists_everything(client, district_clerk, tmp_path):
    path, head = homes_file(tmp_path)
    checkup = start(district_clerk, DATA / "roster_c_monitoring.xlsx", path)
    with system_scope("测试"):
        one = CheckupFile.objects.get(checkup=checkup, filename=path.name)
    client.force_login(district_clerk)
    download = reverse("households:checkup_annotated", args=[checkup.pk, one.pk])
    fragment = reverse("households:checkup_copy", args=[checkup.pk, one.pk])
    assert client.get(download).status_code == 404 and "生成批注表" in client.get(fragment).content.decode()
    assert client.post(reverse("households:checkup_annotate", args=[checkup.pk, one.pk])).status_code == 302
    assert "正在生成批注表" in client.get(fragment).content.decode()
    with system_scope("测试"):
        assert [orphan.pk for orphan in copies.orphans()] == [one.pk]
    tasks.annotate_checkup(one.pk, district_clerk.pk)
    tasks.annotate_checkup(one.pk, district_clerk.pk)  # a second message changes nothing
    assert download in client.get(fragment).content.decode()
    with system_scope("测试"):
        stored = CheckupFile.objects.get(pk=one.pk).annotated
        assert stored.read()[:2] != b"PK" and head["户编号"].encode() not in stored.open().read()
    answer = client.get(download)
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.worksheets[1]
    assert "5" in sheet["S2"].comment.text and sheet["S2"].value == "6"
    assert isinstance(sheet["F2"].value, str)
    listed = [row for row in book["体检结果"].iter_rows(values_only=True) if row[3] == head["户编号"]]
    assert any("5_14_007" in row[5] for row in listed)
    with system_scope("测试"):
        assert AccessLog.objects.filter(purpose__contains="体检批注").exists()


def test_a_bad_file_says_why_and_the_others_go_on(district_clerk):
    checkup = start(district_clerk, DATA / "bad" / "password.xlsx", DATA / "roster_c_monitoring.xlsx")
    with system_scope("测试"):
        bad, good = CheckupFile.objects.filter(checkup=checkup)
    assert checkup.state == CheckupState.DONE and bad.error and good.rows
    alone = start(district_clerk, DATA / "bad" / "password.xlsx")
    assert alone.state == CheckupState.FAILED and "没有一个文件" in alone.error


def test_a_file_given_twice_counts_once_and_odd_wishes_are_refused(district_clerk):
    path = DATA / "roster_c_monitoring.xlsx"
    once, twice = start(district_clerk, path), start(district_clerk, path, path)
    assert once.counts == twice.counts
    with acting_as(actor_for(district_clerk)):
        for wrong in ({"given": {"no.such": "1"}}, {"as_of": dt.date(9999, 12, 31)}):
            with pytest.raises(ValidationError):
                checkups.start(by=district_clerk, files=[("c.xlsx", b"x")], **wrong)
    huge = start(district_clerk, path, given={"income_line.monitoring": "1e99999"})
    assert "不是数值" in next(one for one in huge.rules if one["code"] == "INC_LOW")["reason"]


def test_pages_upload_cancel_and_reading(client, district_clerk, tmp_path):
    client.force_login(district_clerk)
    new = reverse("households:checkup_new")
    assert client.post(new, {}).status_code == 422
    content = (DATA / "roster_c_monitoring.xlsx").read_bytes()
    wrong = client.post(new, {"files": [SimpleUploadedFile("c.xlsx", content)], "given": "没有等号"})
    assert wrong.status_code == 422 and "参数=值" in wrong.content.decode()
    sent = client.post(new, {"files": [SimpleUploadedFile("c.xlsx", content)], "as_of": "2025-06-30"})
    assert sent.status_code == 302
    checkup_id = int(sent.url.rstrip("/").split("/")[-1])
    with acting_as(actor_for(district_clerk)):
        job.run(checkup_id)
        assert job.run(checkup_id) is None  # a second message changes nothing
        one = CheckupFile.objects.get(checkup=checkup_id)
    detail = reverse("households:checkup_detail", args=[checkup_id])
    assert "按规则" in client.get(detail).content.decode()
    assert client.get(reverse("households:checkup_progress", args=[checkup_id])).headers["HX-Refresh"] == "true"
    reading = reverse("households:checkup_reading", args=[checkup_id, one.pk])
    assert client.get(reading).status_code == 200
    assert client.post(reading, {"header_row": "0", "sheet": "", "layout": ""}).status_code == 422
    assert client.post(reading, {"header_row": "2", "sheet": "", "layout": ""}).status_code == 302
    assert client.post(reverse("households:checkup_cancel", args=[checkup_id])).status_code == 302


def test_what_is_old_is_cleared_and_its_counts_stay(district_clerk):
    checkup = start(district_clerk, DATA / "roster_c_errors.xlsx")
    with acting_as(actor_for(district_clerk)):
        asked = checkups.annotate(file=checkup.files.get(), by=district_clerk)
    tasks.annotate_checkup(asked.pk, district_clerk.pk)
    with system_scope("测试"):
        one = checkup.files.get()
        storage, names = one.file.storage, [one.file.name, one.annotated.name]
    assert all(map(storage.exists, names))
    with pytest.raises(RuntimeError), system_scope("测试"):
        checkups.clear(checkup)
        raise RuntimeError("nothing is committed")
    assert all(map(storage.exists, names))  # what is still on record is still there
    with system_scope("测试"):
        Checkup.objects.filter(pk=checkup.pk).update(made_at=timezone.now() - dt.timedelta(days=31))
        assert checkups.clear_old() == 1 and checkups.clear_old() == 0
        kept = Checkup.objects.get()
        assert kept.state == CheckupState.CLEARED and kept.counts == checkup.counts
        assert not CheckupFinding.objects.exists() and not kept.files.get().file and not kept.files.get().annotated
    assert not any(map(storage.exists, names))


def test_a_person_is_found_by_the_whole_name_and_a_household_by_its_beginning(client, district_clerk):
    checkup = start(district_clerk, DATA / "roster_c_errors.xlsx")
    one = next(found for found in findings(checkup) if found.name and found.household_no)
    client.force_login(district_clerk)

    def listed(term: str) -> list[CheckupFinding]:
        page = client.get(reverse("households:checkup_detail", args=[checkup.pk]), {"q": term})
        return [found for found, *_ in page.context["page"].rows]

    assert {found.name for found in listed(one.name)} == {one.name}
    assert listed(one.name[0]) == [] and listed("没有这个人") == []
    assert one.pk in {found.pk for found in listed(one.household_no[:9])} or len(listed(one.household_no[:9])) == 50


def test_a_file_that_cannot_be_read_any_more_keeps_no_rows_of_the_former_reading(district_clerk):
    checkup = start(district_clerk, DATA / "roster_c_monitoring.xlsx")
    with system_scope("测试"):
        assert checkup.files.get().rows
    with acting_as(actor_for(district_clerk)):
        checkups.reread(file=checkup.files.get(), by=district_clerk, choice=Choice("", "没有这张表", 900, {}))
        job.run(checkup.pk)
    with system_scope("测试"):
        one = checkup.files.get()
        assert one.error and one.rows is None and one.layout == "" and one.columns == {}


def test_a_job_that_died_is_taken_up(district_clerk):
    with acting_as(actor_for(district_clerk)):
        made = checkups.start(by=district_clerk, files=[("c.xlsx", (DATA / "roster_c_monitoring.xlsx").read_bytes())])
    with system_scope("测试"):
        assert [one.pk for one in job.orphans()] == [made.pk]
        for _ in range(MOST_ATTEMPTS):
            assert job.begin(made.pk)
        assert not job.begin(made.pk)
        job.failed(made.pk, job.GIVEN_UP)
        assert Checkup.objects.get().state == CheckupState.FAILED and list(job.orphans()) == []


def test_who_may_not_see_a_field_group_reads_it_in_no_finding_and_gets_no_whole_file(
    client, district_clerk, tmp_path, monkeypatch
):
    heads = [row for row in table("roster_c_monitoring.xlsx") if row["与户主关系"] == "户主"]
    heads[0] |= {"人均纯收入（元）": "3777", "健康状况": "患有大病", "劳动技能": "普通劳动力"}
    checkup = start(district_clerk, Path(write(tmp_path / "监测对象.xlsx", "roster_c", heads)))
    with system_scope("测试"):
        file = checkup.files.get()
    tasks.annotate_checkup(file.pk, district_clerk.pk)
    leader = factories.user("district_leader")
    detail = reverse("households:checkup_detail", args=[checkup.pk])
    whole = [
        reverse(f"households:checkup_{name}", args=[checkup.pk, file.pk]) for name in ("annotated", "copy", "reading")
    ]
    client.force_login(leader)

    def read(code: str) -> str:
        return client.get(detail, {"code": code, "q": heads[0]["户编号"]}).content.decode()

    assert "3,777" in read("3_11_010") and "3777" in read("3_11_010") and "患有大病" in read("5_12_009")
    for group in ("income", "health"):
        monkeypatch.setitem(matrix().grants, group, frozenset())
    income, health = read("3_11_010"), read("5_12_009")
    assert "3,777" not in income and "3777" not in income and UNSEEN in income
    assert "患有大病" not in health and UNSEEN in health and heads[0]["姓名"] in health
    assert "劳动技能为空" not in health and [client.get(address).status_code for address in whole] == [404] * 3
    client.force_login(district_clerk)  # has the file anyway; the copy tells no more than they may read
    assert "3777" not in read("3_11_010") and client.get(whole[1]).status_code == 200


def test_a_hit_is_told_where_it_shows_and_once_where_only_another_file_shows_it(district_clerk, tmp_path):
    path, head = homes_file(tmp_path)
    people = [row for row in table("roster_c_monitoring.xlsx") if row["户编号"] == head["户编号"]]
    for row in people:
        row |= {"是否危房户": "否", "是否解决安全饮用水": "是", "致贫/返贫风险1": "", "致贫/返贫风险2": ""}
        row |= {"是否参加城乡居民基本医疗保险": "否", "是否参加城镇职工基本医疗保险": "否"}
    checkup = start(district_clerk, Path(write(tmp_path / "C.xlsx", "roster_c", people)), path)
    (risk,) = findings(checkup, code="1_11_001", household_no=head["户编号"])  # F has no such column
    assert (risk.file.filename, risk.column) == ("C.xlsx", "致贫/返贫风险1")
    assert findings(checkup, code__startswith="TIER_") == []  # a suggestion is no fault of a file
    assert next(one for one in checkup.rules if one["code"] == "1_11_001")["hits"] == 1


def test_a_hit_points_at_what_makes_it_one():
    rule = next(one for one in catalogue() if one.code == "TIER_A_SAFE")
    child = Row({"birth_date": dt.date(2015, 1, 1), "school_state": None, "no_school_reason": None})
    home = Row({"dangerous_house": False, "safe_water": True}, related={"members": [child]})
    dry = Row({"dangerous_house": False, "safe_water": False}, related={"members": []})
    evaluator = Evaluator(Facts(DAY))
    pointed = [
        [leaf.field.name for leaf in telling(rule.when, partial(evaluator.truth, row=row))] for row in (home, dry)
    ]
    assert evaluator.truth(rule.when, home) and pointed == [
        [],
        ["safe_water"],
    ]  # the child's row says it, no cell of the home's


def test_the_five_exports_are_read_together(district_clerk, tmp_path):
    county = County(villages())
    county.add("户", {"户.是否危房户": "是"})
    county.add("村", {"村.总户数": "300"})
    checkup = start(district_clerk, *map(Path, county.write(tmp_path)))
    assert checkup.state == CheckupState.DONE, checkup.error
    with system_scope("测试"):
        assert {one.error for one in checkup.files.all()} == {""} and checkup.files.count() == 5
    assert {one.file.layout for one in findings(checkup, code="HOUSE")} == {"roster_c", "roster_f"}


def test_a_cell_of_which_a_rule_tells_is_told_once(district_clerk, tmp_path):
    people = table("roster_c_monitoring.xlsx")
    people[0]["证件号码"] = "999999197001010000"
    checkup = start(district_clerk, Path(write(tmp_path / "C.xlsx", "roster_c", people)))
    at_number = [one.code for one in findings(checkup, household_no=people[0]["户编号"]) if "没有证件号码" in one.title]
    assert at_number == ["4_01_003"]


def test_the_page_says_that_a_copy_of_a_file_counts_once(client, district_clerk):
    data = (DATA / "roster_e_villages.xlsx").read_bytes()
    files = [SimpleUploadedFile(name, data) for name in ("甲.xlsx", "乙.xlsx")]
    client.force_login(district_clerk)
    answer = client.post(reverse("households:checkup_new"), {"files": files, "as_of": "2025-06-30"}, follow=True)
    assert [str(one) for one in answer.context["messages"]] == ["有 1 个文件与另一个内容完全相同，只算一次"]
