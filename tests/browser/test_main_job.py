"""The main job in a real browser: from Excel to a visited household on the dashboard, and back by undo."""

import logging
import re
from pathlib import Path

import pytest

from households.models import Household, Person
from jiyang.access.scope import system_scope
from jiyang.intake.models import Batch
from monitoring.models import Visit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
ROSTER = Path(__file__).parents[1] / "data" / "roster_a_small.xlsx"
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
WAIT = 30_000


def strip(page) -> dict[str, int]:
    """The dashboard's headline figures by title."""
    cells = page.locator(".strip > div").all()
    return {
        cell.locator(".label").inner_text(): int(cell.locator(".figure.big").inner_text().replace(",", ""))
        for cell in cells
    }


def overdue(page) -> int:
    """The number beside 走访超期 in 需处置."""
    line = page.locator(".needs li", has_text="走访超期")
    return int(line.locator(".figure").inner_text().replace(",", ""))


def test_from_excel_to_a_visit_and_back(
    visitor, worker, data_admin, district_clerk, town_officer, other_officer, caplog
):
    caplog.set_level(logging.INFO)
    maker = visitor(data_admin).open("/households/import/new/")
    maker.check()
    maker.page.set_input_files("input[type=file]", str(ROSTER))
    maker.page.click("main button[type=submit]")
    maker.page.wait_for_selector("text=提交复核：新增 500、变更 0", timeout=WAIT)
    maker.check()
    maker.page.click("text=提交复核：新增 500")
    maker.page.wait_for_selector("text=本人不能复核自己上传的批次")
    assert maker.page.locator("text=同意入库").count() == 0
    batch_path = maker.page.url.removeprefix(maker.base)

    checker = visitor(district_clerk).open(batch_path)
    checker.check()
    checker.page.click("text=同意入库")
    checker.page.wait_for_selector("text=已入库", timeout=WAIT)
    checker.open("/")
    checker.check()
    before = strip(checker.page)
    assert before["脱贫享受政策户"] == 206 and before["本月走访"] == 0
    late = overdue(checker.page)

    officer = visitor(town_officer, phone=True).open("/households/registry/")
    officer.check()
    with system_scope("测试"):
        own = set(Household.objects.filter(town__name="仁风镇").values_list("pk", flat=True))
        foreign = Household.objects.filter(town__name="曲堤街道").first()
    links = officer.page.locator("td.first a").all()
    shown = {int(link.get_attribute("href").split("/")[-2]) for link in links}
    assert shown == own
    chosen = min(own)

    officer.open(f"/households/registry/{chosen}/tier/").check()
    officer.page.locator("label", has_text="A 类 重点").click()
    officer.page.fill("[name=reason]", "户主患大病，自付 8,640 元")
    officer.page.click("main button[type=submit]")
    officer.page.wait_for_selector("text=已报区级确认")
    officer.check()
    checker.open("/tasks/").check()
    checker.page.click("#tier_confirm a.task")
    checker.check()
    checker.page.click("button:has-text('同意')")
    checker.page.wait_for_selector("text=已同意")
    officer.open(f"/households/registry/{chosen}/")
    assert officer.page.locator(".tier.big.A").count() == 1

    officer.open("/monitoring/due/").check()
    officer.open(f"/monitoring/household/{chosen}/visit/")
    officer.page.wait_for_selector("html[data-ready]", state="attached")
    officer.check()
    officer.page.fill("[name=notes]", "公益岗工资按月到账。")
    officer.page.locator("button[type=submit]").dblclick()
    officer.page.wait_for_url(lambda url: "/receipt/" in url)
    officer.check()
    with system_scope("测试"):
        assert Visit.objects.count() == 1

    checker.open("/")
    after = strip(checker.page)
    assert after["本月走访"] == before["本月走访"] + 1
    assert overdue(checker.page) == late - 1
    assert after["脱贫享受政策户"] == before["脱贫享受政策户"]

    stranger = visitor(other_officer)
    response = stranger.page.goto(f"{stranger.base}/households/registry/{chosen}/")
    assert response.status == 404
    assert officer.page.goto(f"{officer.base}/households/registry/{foreign.pk}/").status == 404

    maker.open(batch_path)
    maker.page.click("button:has-text('申请撤销本批次')")
    maker.page.fill("#undo-reason", "导错了月份")
    maker.page.click("dialog[open] button.danger")
    maker.page.wait_for_selector("text=等另一位同志复核")
    maker.check()
    checker.open(batch_path)
    checker.page.click("button:has-text('同意撤销')")
    checker.page.wait_for_selector("text=撤销结果", timeout=WAIT)
    checker.check()
    with system_scope("测试"):
        kept = list(Household.objects.values_list("pk", flat=True))
        report = Batch.objects.get().reversals.get().report
    assert kept == [chosen]
    reasons = report["kept"][0]["why"]
    assert "有走访记录" in reasons and "有分类认定" in reasons
    assert "有走访记录" in checker.page.content()
    checker.open("/households/registry/")
    assert checker.page.locator("td.first a").count() == 1

    maker.open("/households/import/new/")
    maker.page.set_input_files("input[type=file]", str(ROSTER))
    maker.page.click("main button[type=submit]")
    with system_scope("测试"):
        stayed = Person.objects.count()
    maker.page.wait_for_selector(f"text=提交复核：新增 {500 - stayed}、变更 0", timeout=WAIT)

    addresses = [*maker.addresses, *checker.addresses, *officer.addresses, *stranger.addresses]
    assert not [url for url in addresses if ID_NUMBER.search(url)]
    assert not ID_NUMBER.search(caplog.text)
    assert factories.PASSWORD not in caplog.text
