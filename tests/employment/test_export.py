"""The ledgers in the official layouts, and the undo of people who have a job meanwhile."""

import datetime as dt

import pytest
from python_calamine import CalamineWorkbook

from employment import services
from employment.models import LabourPlan, LabourSpell
from households.models import Person
from households.roster import layout_export
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.layouts import layouts
from tests import factories
from tests.households.test_roster import load, reverse

pytestmark = pytest.mark.django_db(transaction=True)


def first_member() -> Person:
    home = factories.household()
    with system_scope("测试"):
        return Person.objects.select_related("household").filter(household=home).order_by("pk").first()


def written(path, user, model, key: str, *, numbered: bool = False) -> list[list[str]]:
    with acting_as(actor_for(user)) as actor:
        layout_export.write(key, path, model.objects.visible_to(actor), actor, numbered=numbered)
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def test_jobs_and_plans_are_written_under_the_official_headings(district_clerk, tmp_path):
    one = first_member()
    with acting_as(actor_for(district_clerk)):
        made = services.record_spell(
            by=district_clerk, person=one, working=True, job_started_on=dt.date(2021, 3, 1), job_employer="=甲公司",
            job_monthly_pay=4200, job_phone="13812345678",
        )  # fmt: skip
        services.record_plan(by=district_clerk, person=one, plans_to_work=False, service_need="岗位推荐")
    headings, row = written(tmp_path / "d.xlsx", district_clerk, LabourSpell, "roster_d", numbered=True)
    assert headings == [*(one.heading for one in layouts()["roster_d"].fields), "系统编号", "系统版本"]
    told = dict(zip(headings, row, strict=True))
    assert (told["证件号码"], told["户编号"], told["乡(镇)"]) == (one.id_number, one.household.household_no, "仁风镇")
    assert (told["是否已务工"], told["开始时间"], told["务工月收入"], told["结束时间"]) == (
        "是",
        "20210301",
        "4200.00",
        "",
    )
    assert (told["务工企业名称"], told["电话号码"]) == ("'=甲公司", "13812345678")
    assert (told["系统编号"], told["系统版本"]) == (str(made.public_id), str(made.version))
    headings, row = written(tmp_path / "g.xlsx", district_clerk, LabourPlan, "roster_g")
    told = dict(zip(headings, row, strict=True))
    assert (told["是否计划务工"], told["就业服务需求"], told["户类型"]) == ("否", "岗位推荐", "脱贫户")


def test_people_with_jobs_outlast_the_undo_of_their_batch(data_admin, district_clerk):
    first = load(data_admin, district_clerk, "roster_a_small.xlsx")
    second = load(data_admin, district_clerk, "roster_a_update.xlsx")
    with system_scope("测试"):
        known = Person.objects.select_related("household")
        newcomer = known.filter(origin=second).exclude(household__origin=second).first()
        old = known.filter(origin=first).first()
    with acting_as(actor_for(district_clerk)):
        for one in (newcomer, old):
            services.record_spell(by=district_clerk, person=one, job_started_on=dt.date(2021, 3, 1))
    for batch, one in ((second, newcomer), (first, old)):
        report = reverse(data_admin, district_clerk, batch).report
        assert [kept["why"][:3] for kept in report["kept"] if kept["household"] == one.household.household_no] == [
            "有务工"
        ]
    with system_scope("测试"):
        assert Person.objects.filter(pk__in=[newcomer.pk, old.pk]).count() == 2
