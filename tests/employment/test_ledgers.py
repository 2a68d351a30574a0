"""务工 and 务工计划: what the ledgers add to what the kernel gives."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from employment import services
from employment.models import LabourPlan, LabourSpell
from households.models import Person
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.audit.enums import LogKind
from jiyang.audit.models import AccessLog
from jiyang.reporting import figures
from tests import factories

pytestmark = pytest.mark.django_db
SPELL = {
    "job_started_on": "2021-03-01", "working": "True", "job_county": "历城区", "job_employer": "济南建工集团", "job_monthly_pay": "5800",
    "job_phone": "13812345678",
}  # fmt: skip


@pytest.fixture
def home():
    return factories.household()


def member(home) -> Person:
    with system_scope("测试"):
        return Person.objects.filter(household=home).order_by("pk").last()


def test_a_job_is_recorded_for_a_member_once_a_month_and_employer(client, town_officer, home):
    client.force_login(town_officer)
    url, who = reverse("employment:spell_create"), member(home)
    data = {"household_no": home.household_no, "member": who.name, **SPELL}
    stranger = client.post(url, {**data, "member": "没有这人"})
    assert stranger.status_code == 422 and "没有这位成员" in stranger.content.decode()
    assert client.post(url, data).status_code == 302
    again = client.post(url, {**data, "job_started_on": "2021-03-15"})
    assert again.status_code == 422 and "同一单位的务工已经登记" in again.content.decode()
    assert client.post(url, {**data, "job_employer": "章丘机械铸造厂"}).status_code == 302
    with system_scope("测试"):
        first, second = LabourSpell.objects.order_by("pk")
    assert (first.person_id, first.household_id, first.town_id) == (who.pk, home.pk, home.town_id)
    assert (first.job_phone, first.job_phone_is_mobile, second.working) == ("13812345678", True, True)
    tab = client.get(reverse("households:household_detail", args=[home.pk]), {"tab": "ledgers"}).content.decode()
    assert "务工记录" in tab and "章丘机械铸造厂" in tab


def test_two_of_one_name_are_told_apart_by_their_number(client, town_officer, home):
    with system_scope("测试"):
        one = factories.person(home, name="王小明", person_no="3700001")
        factories.person(home, name="王小明", person_no="3700002")
    client.force_login(town_officer)
    url, data = reverse("employment:plan_create"), {"household_no": home.household_no, "plans_to_work": "True"}
    assert "两人同名" in client.post(url, {**data, "member": "王小明"}).content.decode()
    assert client.post(url, {**data, "member": "3700001"}).status_code == 302
    assert "已有务工计划" in client.post(url, {**data, "member": "3700001"}).content.decode()
    with system_scope("测试"):
        assert LabourPlan.objects.get().person_id == one.pk


@pytest.mark.parametrize(
    "change, told",
    [
        ({"job_started_on": "2999-01-01"}, "不能晚于今天"),
        ({"job_ended_on": "2021-02-01"}, "不能早于开始时间"),
        ({"working": "False"}, "今天或以前的结束时间"),
        ({"job_phone": "1381234"}, "11 位"),
        ({"job_place": "山东省济南市"}, "写到县"),
    ],
)
def test_what_cannot_be_is_refused(client, town_officer, home, change, told):
    client.force_login(town_officer)
    data = {"household_no": home.household_no, "member": member(home).name, **SPELL, **change}
    answer = client.post(reverse("employment:spell_create"), data)
    assert answer.status_code == 422 and told in answer.content.decode()
    with system_scope("测试"):
        assert not LabourSpell.objects.exists()


def test_a_voided_job_leaves_the_ledger_and_frees_its_month(client, town_officer, home):
    with acting_as(factories.acting(town_officer)):
        made, stays = (
            services.record_spell(by=town_officer, person=member(home), job_started_on=dt.date(2021, month, 1))
            for month in (3, 4)
        )
    client.force_login(town_officer)
    url = reverse("employment:spell_bulk_void")
    assert client.post(url, {"pk": [made.pk], "confirmed": "1", "reason": ""}).status_code == 422
    client.post(url, {"pk": [made.pk], "confirmed": "1", "reason": "登记到了另一个人名下"})
    with acting_as(factories.acting(town_officer)):
        assert list(LabourSpell.objects.values_list("pk", flat=True)) == [stays.pk]
        services.record_spell(by=town_officer, person=member(home), job_started_on=dt.date(2021, 3, 1))


def test_an_edit_changes_the_telephone_everywhere(client, town_officer, home):
    with acting_as(factories.acting(town_officer)):
        made = services.record_plan(by=town_officer, person=member(home), plans_to_work=True, job_phone="13812345678")
    client.force_login(town_officer)
    url = reverse("employment:plan_edit", args=[made.pk])
    data = {"version": made.version, "plans_to_work": "True", "job_phone": "05318888999", "service_need": "技能培训"}
    assert client.post(url, data).status_code == 302
    with system_scope("测试"):
        now = LabourPlan.objects.select_related("person").get()
    assert (now.job_phone, now.job_phone_is_mobile, now.service_need) == ("05318888999", False, "技能培训")
    assert now.job_phone_index != made.job_phone_index
    page = client.get(reverse("employment:plan_list")).content.decode()
    assert now.person.name in page and "05318888999" not in page


def test_figures_count_who_is_in_work_and_who_waits(town_officer, home):
    other = factories.household()
    with acting_as(factories.acting(town_officer)) as actor:
        services.record_spell(
            by=town_officer, person=member(home), working=False, job_started_on=dt.date(2021, 3, 1), job_ended_on=dt.date(2021, 5, 31)
        )  # fmt: skip
        services.record_spell(by=town_officer, person=member(home), working=True, job_started_on=dt.date(2021, 7, 1))
        for one in (home, other):
            services.record_plan(by=town_officer, person=member(one), plans_to_work=True)
        LabourPlan.objects.update(done_on=dt.date(2021, 2, 1))

        def counted(key: str, day) -> int:
            return sum(tally.total for tally in figures.count(figures.get(key), actor, day).values())

        days = [dt.date(2021, month, 15) for month in (1, 2, 4, 6, 8)]
        assert [counted("labour.working", day) for day in days] == [0, 0, 1, 0, 1]
        assert [counted("labour.unplaced", day) for day in days] == [0, 2, 1, 2, 1]
        assert [counted("labour.waiting", day) for day in days] == [0, 2, 1, 2, 1]
        months = [figures.Month.of(dt.date(2021, month, 1)) for month in (2, 3, 7)]
        assert [counted("labour.begun", month) for month in months] == [0, 1, 1]


def test_the_list_finds_by_name_and_by_what_stands_now(client, town_officer, home):
    other = factories.household()
    with acting_as(factories.acting(town_officer)):
        over = services.record_spell(by=town_officer, person=member(home), working=False, job_started_on=dt.date(2021, 1, 1), job_ended_on=dt.date(2021, 2, 1))  # fmt: skip
        now = services.record_spell(by=town_officer, person=member(other), working=True, job_started_on=dt.date(2021, 1, 1))  # fmt: skip
    client.force_login(town_officer)
    for query, wanted in (
        ({"now": "yes"}, [now]),
        ({"now": "no"}, [over]),
        ({"q": other.household_no}, [now]),
        ({"point_to_point": "yes"}, []),
    ):
        page = client.get(reverse("employment:spell_list"), query)
        assert [row.pk for row in page.context["page"].rows] == [one.pk for one in wanted], query


def test_a_synthetic_register_has_jobs_and_plans(db):
    call_command("seed", "--persons", "400", "--json")
    with system_scope("测试"):
        assert LabourSpell.objects.count() > 20 and LabourPlan.objects.count() > 5
        assert not LabourSpell.objects.exclude(person__household=F("household")).exists()
        assert not LabourSpell.objects.filter(job_started_on__gt=timezone.localdate()).exists()


def test_a_jobs_telephone_is_shown_in_full_for_a_purpose_and_logged(client, town_officer, other_officer, home):
    with acting_as(actor_for(town_officer)):
        job = services.record_spell(by=town_officer, person=member(home), working=True, job_phone=SPELL["job_phone"])
    detail = reverse("employment:spell_detail", args=[job.pk])
    reveal, asked = reverse("employment:spell_reveal", args=[job.pk]), {"field": "job_phone", "purpose": "核对务工"}
    client.force_login(town_officer)
    page = client.get(detail).content.decode()
    assert f'data-reveal="{reveal}?field=job_phone"' in page and SPELL["job_phone"] not in page
    assert client.post(reveal, {"field": "job_phone"}).status_code == 422
    assert client.post(reveal, {**asked, "field": "job_employer"}).status_code == 404
    assert client.post(reveal, asked).json() == {"value": SPELL["job_phone"]}
    with system_scope("测试"):
        assert AccessLog.objects.filter(kind=LogKind.REVEAL, purpose="核对务工").count() == 1
    client.force_login(other_officer)
    assert client.post(reveal, asked).status_code == 404
    client.force_login(factories.user("department_liaison"))  # sees labour, no telephone and nothing in full
    assert "data-reveal" not in client.get(detail).content.decode() and client.post(reveal, asked).status_code == 403
