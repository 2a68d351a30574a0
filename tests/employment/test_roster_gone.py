"""Jobs and plans of people who have died, left or whose household is closed: in the file as in the ledger, and changed by their number."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.urls import reverse as reverse_url

from employment import services
from employment.models import LabourPlan, LabourSpell
from households.enums import ChangeKind
from households.models import Household, Person
from households.roster.jobs import check as recheck
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch, BatchFinding
from jiyang.ledgers.voiding import void
from tests import factories
from tests.buttons import press
from tests.employment.test_roster import codes, counts, export, job, jobs, members, spells, taken
from tests.households.test_roster import approve, reverse, submit, upload
from tests.households.test_roster_members import change
from tests.households.test_roster_plan import clear, send

pytestmark = pytest.mark.django_db(transaction=True)
PLANNED = {"plans_to_work": True, "planned_county": "历城区", "service_need": "岗位推荐"}


@pytest.fixture
def home() -> Household:
    return factories.household(members=3)


def dies(checker, person: Person) -> None:
    change(checker, ChangeKind.DEATH, person.household.household_no, person=person)
    clear()


def closes(checker, home: Household) -> None:
    change(checker, ChangeKind.CLOSE, home.household_no)
    clear()


def as_file(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


@pytest.fixture
def past(data_admin, district_clerk, home) -> tuple[Person, Person, Person]:
    """Somebody alive, one who has died, one whose household is closed; each with a job and a plan."""
    alive, dead, _ = members(home)
    gone = members(factories.household(members=1))[0]
    taken(data_admin, district_clerk, *(job(one) for one in (alive, dead, gone)))
    with acting_as(actor_for(district_clerk)):
        for one in (alive, dead, gone):
            services.record_plan(by=district_clerk, person=one, **PLANNED)
    clear()
    dies(district_clerk, dead)
    closes(district_clerk, gone.household)
    return alive, dead, gone


@pytest.mark.parametrize("numbered", [False, True])
def test_the_ledgers_read_back_as_the_same_whoever_has_gone(data_admin, district_clerk, past, tmp_path, numbered):
    for model, key in ((LabourSpell, "roster_d"), (LabourPlan, "roster_g")):
        export(district_clerk, model, key, tmp_path / f"{key}.xlsx", numbered=numbered)
        clear()
        batch = upload(data_admin, tmp_path / f"{key}.xlsx")
        assert (batch.layout, counts(batch), codes(batch)) == (key, {"same": 3}, set())


def test_those_without_a_number_read_back_too_by_what_the_ledger_knows_of_them(
    data_admin, district_clerk, home, tmp_path
):
    with system_scope("测试"):
        alike = [factories.person(home, name="赵同名", person_no=no) for no in ("81", "82")]
        Person.objects.filter(name="赵同名").update(id_number=None, id_index=None)
    with acting_as(actor_for(district_clerk)):
        for one, employer in zip(alike, ("甲公司", "乙公司"), strict=True):
            services.record_spell(
                by=district_clerk, person=one, working=True, job_started_on=dt.date(2021, 3, 1), job_employer=employer,
                job_place="山东省济南市历城区", job_monthly_pay=Decimal(3000), job_industry="制造业", point_to_point=False,
                job_channel="自主就业",
            )  # fmt: skip
    dies(district_clerk, alike[0])
    for numbered in (False, True):
        export(district_clerk, LabourSpell, "roster_d", tmp_path / "d.xlsx", numbered=numbered)
        clear()
        assert counts(upload(data_admin, tmp_path / "d.xlsx")) == {"same": 2}


def test_a_row_that_says_something_else_stays_out_for_the_true_reason(data_admin, district_clerk, past):
    alive, dead, gone = past
    left = members(alive.household)[2]
    change(district_clerk, ChangeKind.OTHER_OUT, alive.household.household_no, person=left)
    nobody = {**job(alive), "证件号码": factories.id_number(), "户编号": "3799999"}
    before = spells()
    clear()
    batch = jobs(
        data_admin, job(dead, 务工月收入="9"), job(dead, 开始时间="2021年06月"), job(gone, 结束时间="2021年08月"),
        job(left), nobody,
    )  # fmt: skip
    assert counts(batch) == {"kept": 4, "unknown": 1}
    assert codes(batch) - {(2, "job_pay_out_of_range")} == {
        (2, "record_of_dead"), (3, "record_of_dead"), (4, "record_of_closed"), (5, "record_of_gone"), (6, "person_not_in_register"),
    }  # fmt: skip
    assert spells() == before


def test_a_last_job_ends_by_its_number_and_an_undo_opens_it_again(data_admin, district_clerk, past, tmp_path):
    alive, dead, gone = past
    heads, *lines = export(district_clerk, LabourSpell, "roster_d", tmp_path / "d.xlsx", numbered=True)
    for row in lines:
        row[heads.index("结束时间")] = "202108"
    added = list(lines[1])
    for name in ("系统编号", "系统版本"):
        added[heads.index(name)] = ""
    added[heads.index("开始时间")] = "202106"
    added[heads.index("姓名")], added[heads.index("证件号码")] = dead.name, dead.id_number
    clear()
    batch = send(data_admin, as_file([heads, *lines, added]))
    assert counts(batch) == {"update": 3, "kept": 1} and codes(batch) == {(5, "record_of_dead")}
    with system_scope("测试"):
        before = list(LabourSpell.objects.order_by("pk").values())
    done = approve(district_clerk, submit(data_admin, batch))
    assert (done.state, counts(done)) == (BatchState.APPROVED, {"update": 3, "kept": 1})
    with system_scope("测试"):
        ended = LabourSpell.objects.filter(job_ended_on=dt.date(2021, 8, 1))
        assert set(ended.values_list("person", flat=True)) == {alive.pk, dead.pk, gone.pk}
    clear()
    report = reverse(data_admin, district_clerk, done).report
    assert (report["restored"], report["kept"]) == (3, [])
    with system_scope("测试"):
        after = list(LabourSpell.objects.order_by("pk").values())
    assert [one | {"version": 0} for one in after] == [one | {"version": 0} for one in before]
    clear()
    assert reverse(data_admin, district_clerk, done).report["kept"] == []
    with system_scope("测试"):
        assert LabourSpell.objects.filter(job_ended_on=dt.date(2021, 8, 1)).count() == 3


def test_a_number_of_somebody_elses_record_is_refused(data_admin, district_clerk, past, tmp_path):
    alive, dead, _ = past
    heads, *lines = export(district_clerk, LabourSpell, "roster_d", tmp_path / "d.xlsx", numbered=True)
    theirs = next(row for row in lines if row[heads.index("证件号码")] == dead.id_number)
    theirs[heads.index("证件号码")] = members(alive.household)[0].id_number
    theirs[heads.index("开始时间")] = "202106"
    clear()
    batch = send(data_admin, as_file([heads, theirs]))
    assert counts(batch) == {"refused": 1} and codes(batch) == {(2, "record_unknown")}


@pytest.mark.parametrize("mode", PlanMode.values)
def test_no_mode_adds_or_changes_anything_of_the_dead(data_admin, past, mode):
    _, dead, _ = past
    batch = jobs(data_admin, job(dead, 其他信息="在外"), job(dead, 开始时间="2021年06月"), mode=mode)
    assert counts(batch) == {"kept": 2} and codes(batch) == {(2, "record_of_dead"), (3, "record_of_dead")}


def test_who_dies_between_preview_and_approval_is_told_so(data_admin, district_clerk, home):
    one, two, three = members(home)
    near = members(factories.household())[0]
    taken(data_admin, district_clerk, job(two))
    clear()
    batch = submit(data_admin, jobs(data_admin, job(two, 务工月收入="5000"), job(near)))
    dies(district_clerk, two)
    done = approve(district_clerk, batch)
    assert (done.state, counts(done)) == (BatchState.APPROVED, {"insert": 1, "overtaken": 1})
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
        assert [row[3] for row in spells() if row[0] == two.pk] == [Decimal(4200)]
        assert BatchFinding.objects.get(batch=rest, code__startswith="record_").code == "record_of_dead"
    assert counts(rest) == {"kept": 1}
    clear()
    reverse(data_admin, district_clerk, done)
    assert [row[0] for row in spells()] == [two.pk]
    # alone in its batch
    clear()
    batch = submit(data_admin, jobs(data_admin, job(three)))
    dies(district_clerk, three)
    back = approve(district_clerk, batch)
    assert (back.state, counts(back), codes(back)) == (BatchState.CHECKED, {"kept": 1}, {(2, "record_of_dead")})
    assert one


def test_a_batch_of_which_nothing_is_taken_is_checked_again_once_they_are_back(
    client, data_admin, district_clerk, home
):
    one = members(home)[2]
    change(district_clerk, ChangeKind.OTHER_OUT, home.household_no, person=one)
    clear()
    batch = jobs(data_admin, job(one))
    assert (counts(batch), codes(batch)) == ({"kept": 1}, {(2, "record_of_gone")})
    change(district_clerk, ChangeKind.RETURNED, home.household_no, person=one, relation="other")
    clear()
    client.force_login(data_admin)
    page, again = (reverse_url(f"households:batch_{name}", args=[batch.pk]) for name in ("detail", "recheck"))
    assert "1</b> 行不改动（原因见这些行的提醒）" in client.get(page).content.decode()
    assert press(client, page, again, batch).status_code == 302
    with acting_as(actor_for(data_admin)):
        assert counts(recheck(batch.pk)) == {"insert": 1}


def test_rows_that_went_back_for_want_of_their_people_say_how_they_come_in(client, data_admin, district_clerk, home):
    one, two, _ = members(home)
    near = members(factories.household())[0]
    batch = submit(data_admin, jobs(data_admin, job(near), job(two)))
    with acting_as(actor_for(district_clerk)):
        void(rows=Person.objects.filter(pk=two.pk), by=district_clerk, reason="录错了")
    approve(district_clerk, batch)
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    assert (counts(rest), codes(rest)) == ({"unknown": 1}, {(3, "person_not_in_register")})
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[rest.pk])).content.decode()
    assert "把这些行作为接续再传一次" in page and "重新校验" not in page
    assert f"?continues={rest.pk}" in page and one
