"""A roster in a real browser: a heading row found by hand, a part approved, failed rows corrected as a continuation, undo."""

import io
from pathlib import Path

import openpyxl
import pytest

from households.models import Person
from jiyang.access.scope import system_scope
from jiyang.intake.models import Batch
from tests.browser.conftest import OFFICE, PHONE
from tests.households.test_roster_plan import HEADINGS, PEOPLE, as_csv

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = 30_000
NOTES = 22  # lines above the headings: more than a roster of the field has


def workbook(path: Path) -> Path:
    """Three households; the ID number of the last one's head has a wrong check digit."""
    one = {"labour": "weak", "months": "6", "hamlet": "", "phone": ""}
    text = as_csv({key: {**one, "home": key} for key in range(3)}).decode("utf-8-sig")
    book = openpyxl.Workbook()
    for number in range(NOTES):
        book.active.append([f"说明 {number + 1}"])
    for line in text.splitlines():
        cells = line.split(",")
        book.active.append([wrong(cell) if cell == PEOPLE[2] else cell for cell in cells])
    book.save(path)
    return path


def wrong(number: str) -> str:
    return number[:-1] + ("0" if number[-1] != "0" else "1")


def saved(page, label: str) -> bytes:
    with page.expect_download() as started:
        page.click(f"text={label}")
    return Path(started.value.path()).read_bytes()


def test_a_roster_with_faults_from_upload_to_undo(visitor, worker, data_admin, district_clerk, tmp_path):
    maker, checker = visitor(data_admin), visitor(district_clerk)
    maker.open("/households/import/new/").check()
    maker.page.set_input_files("input[type=file]", str(workbook(tmp_path / "名单.xlsx")))
    maker.page.click("main button[type=submit]")
    maker.page.wait_for_selector("text=没有读取这个文件", timeout=WAIT)
    batch_path = maker.page.url.removeprefix(maker.base)

    maker.page.click("text=指定表头和对应列")
    maker.page.fill("#id_row", str(NOTES + 1))
    maker.page.click("button:has-text('查看')")
    maker.page.wait_for_selector(f"text=第 {NOTES + 1} 行的列")
    maker.check()
    assert maker.page.locator("option:has-text('自动：证件号码')").count() == 1
    maker.page.click("text=按这样重新校验")
    maker.page.wait_for_selector("text=提交复核：新增 2、变更 0", timeout=WAIT)
    maker.check()

    annotated = openpyxl.load_workbook(io.BytesIO(saved(maker.page, "下载错误批注表")))
    cell = annotated.worksheets[1].cell(NOTES + 4, HEADINGS.index("证件号码") + 1)
    assert annotated.sheetnames[0] == "汇总" and cell.value == wrong(PEOPLE[2])
    assert "校验" in cell.comment.text and cell.fill.fgColor.rgb.endswith("FBE9E7") and cell.data_type == "s"
    maker.page.click(".dock summary")
    failed = openpyxl.load_workbook(io.BytesIO(saved(maker.page, "只下载有错误的行")))
    maker.page.click("text=提交复核：新增 2")
    maker.page.wait_for_selector("text=本人不能复核自己上传的批次")

    checker.open(batch_path).check()
    checker.page.set_viewport_size(PHONE)  # a row is a card there: its name first, all of it within the screen
    checker.check()
    row = checker.page.locator("table.cards tbody tr").first
    name, result, village = (row.locator(part).bounding_box() for part in (".lead", ".result", "[data-head=行政村]"))
    assert name["y"] <= result["y"] < village["y"] and village["x"] + village["width"] <= PHONE["width"]
    checker.page.set_viewport_size(OFFICE)
    checker.page.check(f"input[name=row][value='{NOTES + 2}']")
    checker.page.click("form#hold button:has-text('暂缓') >> nth=0")
    checker.page.wait_for_selector("text=已暂缓")
    checker.page.click("text=同意其余入库：新增 1")
    checker.page.fill("#approve-reason", "该户村里还在核实")
    label, box = (checker.page.locator(part).bounding_box() for part in ("[for=approve-reason]", "#approve-reason"))
    assert label["y"] + label["height"] + 5 <= box["y"]  # the ring of the focus covers no word
    checker.page.click("dialog[open] button.primary")
    checker.page.wait_for_selector("text=部分暂缓", timeout=WAIT)
    checker.check()
    with system_scope("测试"):
        rest = Batch.objects.get(continues__isnull=False)
        assert (Person.objects.count(), rest.rows, "村里还在核实" in rest.reason) == (1, 1, True)

    sheet = failed.active
    place = HEADINGS.index("证件号码") + 1
    assert sheet.max_row == NOTES + 2 and sheet.cell(NOTES + 2, place).value == wrong(PEOPLE[2])
    sheet.cell(NOTES + 2, place).value = PEOPLE[2]
    sheet.delete_rows(1, NOTES)
    failed.save(tmp_path / "改正.xlsx")
    maker.open(batch_path)
    maker.page.click(".dock summary")
    maker.page.click("text=上传改正后的行")
    maker.check()
    maker.page.set_input_files("input[type=file]", str(tmp_path / "改正.xlsx"))
    maker.page.click("main button[type=submit]")
    maker.page.wait_for_selector("text=提交复核：新增 1、变更 0", timeout=WAIT)
    assert maker.page.locator("text=同一名单的其他批次").count() == 1
    maker.page.click("text=提交复核：新增 1")
    maker.page.wait_for_selector("text=本人不能复核自己上传的批次")
    checker.open(maker.page.url.removeprefix(maker.base))
    checker.page.click("text=同意入库：新增 1")
    checker.page.wait_for_selector("text=已入库", timeout=WAIT)
    with system_scope("测试"):
        assert Person.objects.count() == 2

    checker.page.click("button:has-text('申请撤销本批次')")
    checker.page.fill("#undo-reason", "导错了月份")
    checker.page.click("dialog[open] button.danger")
    checker.page.wait_for_selector("text=等另一位同志复核")
    maker.page.reload()
    maker.page.click("button:has-text('同意撤销')")
    maker.page.wait_for_selector("text=撤销结果", timeout=WAIT)
    maker.check()
    with system_scope("测试"):
        assert Person.objects.count() == 1
