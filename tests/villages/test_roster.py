"""Roster E from file to ledger and back: plan, second person, what somebody overtook, undo and redo, export."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse as reverse_url
from django.utils import timezone
from python_calamine import CalamineWorkbook

from households.roster import committing, feedback, jobs, layout_export
from households.roster.preview import Preview
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.regions.models import Region
from tests import factories
from tests.households.test_roster import DATA, approve, load, reverse, submit, upload
from tests.households.test_roster_plan import send
from villages import services
from villages.models import VillageYear

pytestmark = pytest.mark.django_db(transaction=True)
FIGURES = {
    "总户数": "320", "总人口数": "1010", "低保户数": "6", "低保人口数": "11", "特困供养人口数": "3", "残疾人口数": "20", "危房户数": "0",
    "未实现饮水安全户数": "0", "参加城乡居民基本养老保险人数": "600", "村级集体经济收入（万元）": "12.5", "行政村卫生室个数": "1",
    "到乡镇是否通沥青（水泥）路": "是", "是否通客运班车": "否",
}  # fmt: skip


def line(village: Region, **cells: str) -> dict[str, str]:
    return {"县": "济阳区", "乡": village.town.name, "村": village.name, "年度": "2021", **FIGURES, **cells}


def as_csv(*rows: dict[str, str], without: tuple[str, ...] = ()) -> bytes:
    out = io.StringIO()
    headings = [one.heading for one in layouts()["roster_e"].fields if one.heading not in without]
    lines = csv.DictWriter(out, headings, restval="", extrasaction="ignore")
    lines.writeheader()
    lines.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def sent(maker, *rows: dict[str, str], mode: str = PlanMode.ALL) -> Batch:
    return send(maker, as_csv(*rows), mode)


def taken(maker, checker, *rows: dict[str, str], mode: str = PlanMode.ALL) -> Batch:
    return approve(checker, submit(maker, sent(maker, *rows, mode=mode)))


def counts(batch: Batch) -> dict[str, int]:
    return {key: number for key, number in batch.counts.items() if number}


def kept() -> list[tuple]:
    with system_scope("测试"):
        rows = VillageYear.objects.order_by("village__code", "year")
        return [(one.village_id, one.year, one.people_total, one.collective_income_wan) for one in rows]


def codes(batch: Batch) -> set[tuple[int, str]]:
    with system_scope("测试"):
        return set(BatchFinding.objects.filter(batch=batch).exclude(severity="N").values_list("row", "code"))


def export(user, path: Path, *, numbered: bool = False) -> list[list[str]]:
    with acting_as(actor_for(user)) as actor:
        layout_export.write("roster_e", path, VillageYear.objects.visible_to(actor), actor, numbered=numbered)
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def test_the_sample_goes_in_whole_and_comes_again_as_the_same(data_admin, district_clerk):
    batch = load(data_admin, district_clerk, "roster_e_villages.xlsx")
    assert (batch.state, set(counts(batch))) == (BatchState.APPROVED, {"insert"})
    number = batch.counts["insert"]
    assert batch.seconds["written"] == {"records_changed": 0, "records_added": number}
    with system_scope("测试"):
        assert (
            VillageYear.objects.filter(origin=batch, year=2025).count() == number
        )  # the year of 导出时间 above the table
    assert counts(upload(data_admin, DATA / "roster_e_villages.xlsx")) == {"same": number}


def test_a_row_becomes_the_villages_figures_of_its_year(data_admin, district_clerk):
    place = factories.village()
    batch = taken(data_admin, district_clerk, line(place), line(place, 年度="2020", 总人口数="1000"))
    with system_scope("测试"):
        former, made = VillageYear.objects.order_by("year")
    assert (made.village_id, made.town_id, made.district_id) == (place.pk, place.town_id, place.district_id)
    assert (made.year, made.people_total, made.collective_income_wan) == (2021, 1010, Decimal("12.50"))
    assert (made.paved_road, made.bus_service, made.lifted_village, made.doctors) == (True, False, None, None)
    assert (made.done_by, made.entered_by_id, made.origin_id) == (data_admin.name, district_clerk.pk, batch.pk)
    assert (former.year, former.people_total) == (2020, 1000)


def test_a_file_without_a_year_speaks_of_the_year_of_its_day_and_says_so(client, data_admin, district_clerk):
    place, year = factories.village(), timezone.localdate().year
    batch = send(data_admin, as_csv(line(place), without=("年度",)))
    assert batch.columns["dated"] == {"heading": "年度", "year": str(year)}
    assert "年度" not in batch.columns["missing"]
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[batch.pk])).content.decode()
    assert f'按上传时的 <b class="num">{year}</b> 年入库' in page
    with acting_as(actor_for(data_admin)) as actor:
        shown = Preview(batch, actor, {})
        cells = {name: cell.new for (name, _), cell in zip(shown.columns, shown.lines[0].cells, strict=True)}
    assert (cells["year"], cells["village"]) == (str(year), place.short_name)
    approve(district_clerk, submit(data_admin, batch))
    assert [row[:2] for row in kept()] == [(place.pk, year)]


def test_a_file_without_a_year_speaks_of_the_year_that_its_name_tells(client, data_admin, district_clerk):
    place = factories.village()
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(
            by=data_admin, filename="行政村信息_20210630.csv", data=as_csv(line(place), without=("年度",))
        )
        batch = jobs.check(batch.pk)
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[batch.pk])).content.decode()
    assert '按文件名的日期算作 <b class="num">2021</b> 年入库' in page and "（见文件名）" in page
    approve(district_clerk, submit(data_admin, batch))
    assert [row[:2] for row in kept()] == [(place.pk, 2021)]


def test_what_may_not_be_is_told_at_its_row(data_admin):
    one, two, three = (factories.village(index=index) for index in range(3))
    batch = sent(
        data_admin, line(one), line(one, 总人口数="1"), line(two, 村="没有这个村民委员会"), line(two, 年度=""),
        line(two, 年度=str(timezone.localdate().year + 1)), line(three),
    )  # fmt: skip
    assert counts(batch) == {"refused": 5, "insert": 1}
    assert codes(batch) >= {
        (2, "village_twice"),
        (3, "village_twice"),
        (4, "village_unknown"),
        (5, "year_empty"),
        (6, "year_not_counted"),
    }


def test_each_mode_does_what_it_says(data_admin, district_clerk):
    one, two = (factories.village(index=index) for index in range(2))
    taken(data_admin, district_clerk, line(one, 行政村卫生室个数=""))
    change = line(one, 总人口数="1020", 行政村卫生室个数="2")
    assert counts(sent(data_admin, change, line(two), mode=PlanMode.NEW)) == {"kept": 1, "insert": 1}
    assert counts(taken(data_admin, district_clerk, change, line(two), mode=PlanMode.BLANKS)) == {
        "update": 1,
        "insert": 1,
    }
    with system_scope("测试"):
        made = VillageYear.objects.get(village=one)
        assert (made.people_total, made.clinics) == (1010, 2)
    assert counts(taken(data_admin, district_clerk, change, line(two))) == {"update": 1, "same": 1}
    with system_scope("测试"):
        assert VillageYear.objects.get(village=one).people_total == 1020


def test_the_preview_shows_both_values_before_and_after_the_commit(data_admin, district_clerk):
    place = factories.village()
    taken(data_admin, district_clerk, line(place))
    batch = sent(data_admin, line(place, 总人口数="1020", 是否通客运班车="是"))

    def shown() -> dict[str, tuple]:
        with acting_as(actor_for(data_admin)) as actor:
            preview = Preview(Batch.objects.get(pk=batch.pk), actor, {"segment": "update"})
            pairs = zip(preview.columns, preview.lines[0].cells, strict=True)
            return {name: (cell.old, cell.new) for (name, _), cell in pairs}

    for _ in ("before", "after"):
        cells = shown()
        assert (cells["people_total"], cells["bus_service"]) == (("1010", "1020"), ("否", "是"))
        assert (cells["households_total"], cells["village"]) == ((None, "320"), (None, place.short_name))
        if batch.state == BatchState.CHECKED:
            batch = approve(district_clerk, submit(data_admin, batch))


def test_rows_are_found_by_the_name_of_the_village(data_admin):
    one, two = (factories.village(index=index) for index in range(2))
    batch = sent(data_admin, line(one), line(two))
    with acting_as(actor_for(data_admin)) as actor:
        assert [row.village_id for row in Preview(batch, actor, {"q": two.name[:3]}).rows] == [two.pk]


def test_only_what_somebody_overtook_goes_back(data_admin, district_clerk, town_officer):
    one, two = (factories.village(index=index) for index in range(2))
    taken(data_admin, district_clerk, line(one), line(two))
    batch = submit(data_admin, sent(data_admin, line(one, 总人口数="1020"), line(two, 总人口数="1030")))
    with acting_as(actor_for(town_officer)):
        made = VillageYear.objects.get(village=one)
        services.edit_year(by=town_officer, record=made, version=made.version, people_total=1015)
    done = approve(district_clerk, batch)
    assert (done.state, counts(done)) == (BatchState.APPROVED, {"update": 1, "overtaken": 1})
    assert [row[2] for row in kept()] == [1015, 1030]
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    assert (rest.state, counts(rest)) == (BatchState.RETURNED, {"update": 1})
    approve(district_clerk, submit(data_admin, rest))
    assert [row[2] for row in kept()] == [1020, 1030]


@pytest.mark.parametrize("by_town", [False, True])
def test_villages_held_back_wait_and_the_rest_is_written(data_admin, district_clerk, by_town):
    near, far = factories.village(), factories.village("曲堤街道")
    batch = submit(data_admin, sent(data_admin, line(near), line(far)))
    with acting_as(actor_for(district_clerk)):
        chosen = {"towns": [near.town_id]} if by_town else {"rows": [2]}
        assert roster.hold(batch=batch, by=district_clerk, **chosen) == 1
        done = committing.commit(roster.approve(batch=batch, by=district_clerk, reason="再核实").pk)
    assert counts(done) == {"insert": 1} and [row[0] for row in kept()] == [far.pk]
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    approve(district_clerk, submit(data_admin, rest))
    assert {row[0] for row in kept()} == {near.pk, far.pk}


def test_undo_redo_and_what_people_have_worked_on(client, data_admin, district_clerk, town_officer):
    one, two, three = (factories.village(index=index) for index in range(3))
    taken(data_admin, district_clerk, line(one))
    loaded = kept()
    second = taken(data_admin, district_clerk, line(one, 总人口数="1020"), line(two), line(three))
    changed = kept()
    report = reverse(data_admin, district_clerk, second).report
    assert (kept(), report["voided"], report["restored"], report["kept"]) == (loaded, {"villageyear": 2}, 1, [])
    reverse(data_admin, district_clerk, second)
    assert kept() == changed
    with acting_as(actor_for(town_officer)):
        made = VillageYear.objects.get(village=three)
        services.edit_year(by=town_officer, record=made, version=made.version, clinics=3)
    report = reverse(data_admin, district_clerk, second).report
    assert report["kept"] == [{"household": "", "name": f"{three.town.name} {three.name}", "why": "行政村信息后来改过"}]
    assert [row[0] for row in kept()] == [one.pk, three.pk]
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[second.pk])).content.decode()
    assert three.name in page and "个村后来办理过业务" in page
    with acting_as(actor_for(town_officer)):
        services.record_year(by=town_officer, village=two, year=2021, people_total=5)
    report = reverse(data_admin, district_clerk, second).report  # two's year was entered by hand meanwhile
    assert [one["why"] for one in report["kept"]] == ["行政村信息已重新录入"]
    assert [row[2] for row in kept() if row[0] == two.pk] == [5]


def test_the_undo_of_people_leaves_the_villages_alone(data_admin, district_clerk):
    taken(data_admin, district_clerk, line(factories.village()))
    before = kept()
    batch = load(data_admin, district_clerk, "roster_a_small.xlsx")
    reverse(data_admin, district_clerk, batch)
    assert kept() == before


def test_the_ledger_reads_back_as_the_same_year_by_year(data_admin, district_clerk, tmp_path):
    one, two = (factories.village(index=index) for index in range(2))
    taken(
        data_admin,
        district_clerk,
        line(one),
        line(one, 年度="2020"),
        line(two, 是否出列="是", **{"村级集体经济收入（万元）": "0"}),
    )
    for numbered in (False, True):
        rows = export(district_clerk, tmp_path / "e.xlsx", numbered=numbered)
        assert rows[0][: len(layouts()["roster_e"].fields)] == [one.heading for one in layouts()["roster_e"].fields]
        assert [row[3] for row in rows[1:]] == ["2020", "2021", "2021"]
        batch = upload(data_admin, tmp_path / "e.xlsx")
        assert (batch.layout, counts(batch), codes(batch)) == ("roster_e", {"same": 3}, set())


def test_a_row_edited_since_its_export_is_refused_with_both_values(data_admin, district_clerk, town_officer, tmp_path):
    one, two = (factories.village(index=index) for index in range(2))
    taken(data_admin, district_clerk, line(one), line(two))
    heads, *lines = export(district_clerk, tmp_path / "e.xlsx", numbered=True)
    for row in lines:
        row[heads.index("总人口数")] = "1050"
    out = io.StringIO()
    csv.writer(out).writerows([heads, *lines])
    data = out.getvalue().encode("utf-8-sig")
    assert counts(send(data_admin, data)) == {"update": 2}
    with acting_as(actor_for(town_officer)):
        made = VillageYear.objects.get(village=one)
        services.edit_year(by=town_officer, record=made, version=made.version, people_total=1015)
    batch = send(data_admin, data)
    assert counts(batch) == {"refused": 1, "update": 1}
    with system_scope("测试"):
        told = BatchFinding.objects.get(batch=batch, code="edited_since_export")
    text = told.message + told.hint
    assert "1015" in text and "1010" in text and "1050" in text, text


def test_a_row_moved_onto_a_year_that_is_there_already_is_refused(data_admin, district_clerk, tmp_path):
    place = factories.village()
    taken(data_admin, district_clerk, line(place), line(place, 年度="2020"))
    heads, former, _ = export(district_clerk, tmp_path / "e.xlsx", numbered=True)
    former[heads.index("年度")] = "2021"
    out = io.StringIO()
    csv.writer(out).writerows([heads, former])
    batch = send(data_admin, out.getvalue().encode("utf-8-sig"))
    assert counts(batch) == {"refused": 1} and {code for _, code in codes(batch)} == {"record_exists"}


def test_failed_rows_come_back(data_admin, tmp_path):
    place = factories.village()
    batch = sent(data_admin, line(place), line(place, 村="没有这个村民委员会"))
    with acting_as(actor_for(data_admin)):
        assert feedback.failed_rows(batch, tmp_path / "f.xlsx") == 1
    rows = CalamineWorkbook.from_path(str(tmp_path / "f.xlsx")).get_sheet_by_index(0).to_python()
    assert "没有这个行政村" in rows[1][-1]


def test_a_number_that_no_village_can_have_is_a_finding(data_admin):
    batch = sent(data_admin, line(factories.village(), 总人口数="40000"))
    assert counts(batch) == {"refused": 1} and "number_too_large" in {code for _, code in codes(batch)}
