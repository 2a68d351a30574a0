"""A list at work in the browser: selection with its dialog, columns, saved queries, an import with its second person."""

import openpyxl
import pytest

from households.models import Helper, TierDecision
from jiyang.access.scope import acting_as, actor_for
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_selection_is_put_into_a_tier_through_the_dialog(visitor, town_officer):
    for _ in range(3):
        factories.household()
    page = visitor(town_officer).open("/households/registry/")
    browser = page.page
    assert not browser.is_visible("#selection")
    for at in (0, 2):
        browser.locator("input[name=pk]").nth(at).check()
    assert "已选 2 户" in browser.inner_text("#selection")
    browser.click("#selection button:has-text('认定分类')")
    browser.wait_for_selector("dialog[open] #ask_title")
    page.check()
    browser.click("dialog button.primary")
    browser.wait_for_selector("dialog .error")
    browser.locator("dialog .choices label").nth(1).click()
    browser.fill("dialog [name=reason]", "收入不稳")
    browser.click("dialog button.primary")
    browser.wait_for_selector("dialog h2:has-text('已办 2 户')")
    with acting_as(actor_for(town_officer)):
        assert TierDecision.objects.filter(tier="B", until=None).count() == 2
    assert page.faults == [
        "console: Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"
    ]


@pytest.mark.parametrize("phone", [False, True], ids=["office", "phone"])
def test_columns_and_queries_are_kept(visitor, town_officer, phone):
    factories.household(tier="A")
    page = visitor(town_officer, phone=phone).open("/households/registry/?tier=A")
    browser = page.page
    browser.click("summary:has-text('显示的列')")
    page.check()
    browser.check("input[name=column][value=phone]")
    browser.click("button:has-text('应用')")
    assert browser.url.endswith("?tier=A") and browser.locator("th:has-text('户联系电话')").count() == 1
    browser.click("summary:has-text('常用查询')")
    browser.fill("#id_saved_name", "重点户")
    browser.click("details[open] button:has-text('保存')")
    page.open("/households/registry/")
    browser.click("summary:has-text('常用查询')")
    page.check()
    browser.click("details[open] a:has-text('重点户')")
    browser.wait_for_url("**/?tier=A")


def test_a_table_goes_in_with_a_second_person(visitor, town_officer, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "files"
    book = openpyxl.Workbook()
    for row in (
        ["镇街", "姓名", "类型", "帮扶（选派）单位"],
        ["仁风镇", "张立国", "帮扶责任人", "区水务局"],
        ["仁风镇", "", "", ""],
    ):
        book.active.append(row)
    book.save(tmp_path / "名单.xlsx")
    page = visitor(town_officer).open("/households/helpers/import/")
    page.page.set_input_files("[name=file]", str(tmp_path / "名单.xlsx"))
    page.page.click("button:has-text('上传并核对')")
    page.page.wait_for_selector("text=请填写姓名")
    page.check()
    page.page.click("button:has-text('提交复核：新增 1')")
    page.page.wait_for_selector("h2:has-text('待复核')")
    checker = visitor(factories.user("town_leader", "仁风镇")).open("/" + page.page.url.split("/", 3)[3])
    checker.page.click("button:has-text('同意入库')")
    checker.page.wait_for_selector("h2:has-text('已入库')")
    checker.check()
    with acting_as(actor_for(town_officer)):
        assert Helper.objects.get().name == "张立国"


def test_on_a_phone_conditions_not_in_use_wait_behind_a_button(visitor, district_clerk):
    factories.household()
    page = visitor(district_clerk, phone=True).open("/households/registry/?tier=A")
    browser, shown = page.page, ".filters > div:visible"
    few = browser.locator(shown).count()
    assert browser.is_visible(".filters [name=tier]")
    browser.click(".filters button:has-text('更多条件')")
    page.check()
    assert browser.locator(shown).count() > few
    assert not browser.is_visible("button:has-text('更多条件')")
    office = visitor(district_clerk).open("/households/registry/").page
    assert not office.is_visible("button:has-text('更多条件')")


def test_modules_that_do_not_fit_wait_under_more(visitor, district_clerk):
    page = visitor(district_clerk).open("/")
    browser = page.page
    browser.set_viewport_size({"width": 1100, "height": 768})
    browser.wait_for_selector(".mast nav.folded")
    assert not browser.is_visible(".mast nav a:has-text('定时任务')")
    browser.click(".mast summary:has-text('更多')")
    page.check()
    browser.click(".mast nav a:has-text('定时任务')")
    browser.wait_for_selector(".mast nav.folded")
    assert browser.locator(".mast nav > a[aria-current]").inner_text() == "定时任务"
    assert browser.evaluate(
        "document.querySelector('.mast nav').scrollWidth <= document.querySelector('.mast nav').clientWidth"
    )
