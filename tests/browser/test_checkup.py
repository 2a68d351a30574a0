"""数据体检 in the browser: three exports at once, a fault that only two of them show together, the annotated copy."""

import pytest
from openpyxl import load_workbook

from tests.households.test_checkups import DATA, homes_file

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_checkup_from_upload_to_the_annotated_copy(visitor, worker, district_clerk, tmp_path):
    path, head = homes_file(tmp_path)
    seen = visitor(district_clerk)
    page = seen.page
    seen.open("/households/checkup/new/")
    seen.check()
    files = [DATA / "roster_c_monitoring.xlsx", DATA / "roster_d_jobs.xlsx", path]
    page.set_input_files("[name=files]", [str(one) for one in files])
    page.fill("[name=as_of]", "2025-06-30")
    page.click("main button[type=submit]")
    page.wait_for_selector("text=逐条问题", timeout=60_000)
    seen.check()
    page.click("a:has-text('与村主干路距离')")
    page.wait_for_selector(f"#findings >> text={head['户编号']}")
    assert "S2" in page.inner_text("#findings")
    row = page.locator("tr", has_text=path.name).first
    row.get_by_text("生成批注表").click()
    row.get_by_text("下载批注表").wait_for(timeout=60_000)
    seen.check()
    with page.expect_download() as waiting:
        row.get_by_text("下载批注表").click()
    waiting.value.save_as(tmp_path / "批注.xlsx")
    book = load_workbook(tmp_path / "批注.xlsx")
    assert book.sheetnames[0] == "体检结果" and book.worksheets[1]["S2"].comment
    phone = visitor(district_clerk, phone=True)
    phone.open(page.url.split("#")[0].replace(phone.base, ""))
    phone.check()
