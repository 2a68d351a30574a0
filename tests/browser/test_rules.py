"""A rule in the browser from the first row to its roll-back: built, counted, simulated, activated by a second person, changed back."""

import datetime as dt

import pytest
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.rules import versions
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh():
    versions.forget()
    yield
    versions.forget()


@pytest.fixture
def people():
    """Two people, 65 and 75 years old, who are said to be able to work."""
    home = factories.household(members=0)
    year = timezone.localdate().year
    with system_scope("测试数据"):
        for name, age in (("赵六五", 65), ("钱七五", 75)):
            number = factories.id_number(dt.date(year - age, 1, 1))
            factories.person(home, name=name, number=number, labour="ordinary")


def choose(page, selector: str, value: str, then: str) -> None:
    page.wait_for_load_state("load")  # before it nothing listens to the choice
    page.select_option(selector, value)
    page.wait_for_selector(then)


def counted(page, number: int) -> None:
    page.wait_for_selector(f"#found b:text-is('{number}')")


def decide(visitor, code: str) -> None:
    """The leader goes from the tasks to the version, sees what it would change, and agrees."""
    leader = visitor(factories.user("district_leader")).open("/tasks/")
    leader.page.click(f"main a.task:has-text('{code}')")
    leader.page.wait_for_selector("#compared .parts, #compared .samples")
    leader.check()
    leader.page.click("button:text-is('同意')")
    leader.page.wait_for_selector("main .tag:text-is('生效')")


def test_a_rule_is_built_simulated_activated_by_a_second_person_and_rolled_back(visitor, people):
    maker = visitor(factories.user("data_admin")).open("/rules/new/")
    page = maker.page
    page.check("[value=person]")
    page.click("button:text-is('下一步：写条件')")
    choose(page, "#n-0-field", "age", "#n-0-op")
    choose(page, "#n-0-op", ">=", "#n-0-value")
    page.fill("#n-0-value", "1.5")
    page.wait_for_selector("#n-0-error:has-text('值“1.5”不合')")
    page.fill("#n-0-value", "60")
    counted(page, 2)
    page.click(".adds button:text-is('＋条件')")
    choose(page, "#n-1-field", "labour", "#n-1-op")
    choose(page, "#n-1-op", "in", "#n-1-ordinary")
    page.check("#n-1-ordinary")
    counted(page, 2)
    assert "赵六五" in page.inner_text("#preview")
    page.click("button:text-is('模拟')")
    page.wait_for_selector("#compared h3:has-text('新增 2')")
    maker.check()
    page.fill("#id_title", "满 60 周岁却能劳动")
    page.fill("#id_reason", "按新规定")
    page.click("button:text-is('提交复核')")
    page.wait_for_url("**/rules/versions/**")
    decide(visitor, "L_001")

    phone = visitor(maker_of("L_001"), phone=True).open("/rules/code/L_001/")
    page = phone.page
    page.wait_for_selector("#found b:text-is('2')")
    phone.check()
    page.click("button:text-is('修改')")
    page.wait_for_url("**/rules/drafts/**")
    page.fill("#n-0-value", "70")
    counted(page, 1)
    phone.check()
    page.reload()
    assert page.input_value("#n-0-value") == "70"  # the draft kept it
    page.fill("#id_reason", "提高年龄")
    page.click("button:text-is('提交复核')")
    page.wait_for_selector("#compared h3:has-text('消失 1')")
    assert "年龄 ≥ 60" in page.inner_text("del") and "年龄 ≥ 70" in page.inner_text("ins")
    decide(visitor, "L_001")

    phone.open("/rules/code/L_001/").page.click("a:text-is('恢复')")
    page.fill("#id_reason", "改得不对")
    page.click("button:text-is('提交恢复')")
    page.wait_for_url("**/rules/versions/**")
    decide(visitor, "L_001")
    phone.open("/rules/?origin=own")
    phone.check()
    assert "第 3 版" in page.content()
    phone.open("/rules/code/L_001/").page.wait_for_selector("#found b:text-is('2')")


def test_a_rule_of_many_rows_goes_up_whole(visitor):
    from jiyang.rules import drafts
    from jiyang.rules.builder.nodes import Node, group
    from jiyang.rules.models import RuleVersion

    user = factories.user("data_admin")
    rows = [Node("row", {"field": "age", "op": "<", "by": "value", "value": str(age)}) for age in range(1, 221)]
    with acting_as(actor_for(user)):
        draft = drafts.begin(by=user, subject="person")
        drafts.keep(
            draft, {"title": "甲", "severity": "lead", "reason": "乙", "valid_from": "2999-01-01"}, group(*rows)
        )
    page = visitor(user).open(f"/rules/drafts/{draft.pk}/").page
    page.fill("#n-219-value", "9.5")
    page.wait_for_selector("#n-219-error:has-text('值“9.5”不合')")
    page.fill("#n-219-value", "7")
    page.wait_for_selector("#found b")
    page.click("button:text-is('提交复核')")
    page.wait_for_url("**/rules/versions/**")
    assert [row["value"] for row in RuleVersion.objects.get().tree["all"]][-2:] == [219, 7]


def maker_of(code: str):
    from jiyang.rules.models import RuleVersion

    return RuleVersion.objects.filter(code=code).first().submitted_by
