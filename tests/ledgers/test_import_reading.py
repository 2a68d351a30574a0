"""A ledger's import reads a file as safely as the roster does: no value, row or sheet is lost in silence."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from households.ledgers import HelperLedger
from jiyang.ledgers import registry
from tests import factories
from tests.buttons import push
from tests.intake.workbooks import workbook
from tests.ledgers.test_imports import GOOD, HEAD, batch, helpers, url
from tests.ledgers.test_imports_of_each import line, rows, take_in
from tests.ledgers.test_imports_of_each import send as send_lines

pytestmark = pytest.mark.django_db(transaction=True)
WANG, LI = ([*GOOD[:1], name, *GOOD[2:]] for name in ("王敏", "李强"))


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def upload(client, town_officer):
    """`upload(*sheets, **options)` → the answer to an upload of a workbook of (name, rows)."""
    client.force_login(town_officer)

    def _upload(*sheets, **options):
        data = workbook(*sheets, titles=0, **options)
        return client.post(url("import_upload"), {"file": SimpleUploadedFile("名单.xlsx", data)})

    return _upload


@pytest.fixture
def page(client, upload):
    """`page(*sheets)` → the preview of such a workbook."""

    def _page(*sheets, **options):
        assert upload(*sheets, **options).status_code == 302
        return client.get(url("import_batch", batch().pk))

    return _page


def problems(answer) -> dict[int, list]:
    return {one.spot.row: one.problems for one in answer.context["plan"].lines}


def test_a_formula_without_a_result_is_refused_at_its_cell(client):
    ledger, home = registry.get("villages:year"), factories.household()
    take_in(client, ledger, line(ledger, home))
    made = send_lines(client, factories.user("town_officer", "仁风镇"), ledger, line(ledger, home, changed="=SUM(1,2)"))
    assert made.counts["refused"] == 1 and made.counts["update"] == 0
    (problem,) = client.get(ledger.url("import_batch", made.pk)).context["plan"].lines[0].problems
    assert problem[0] == "总户数" and problem[1].startswith("C2 公式没有计算结果") and "打开并保存一次" in problem[1]
    assert rows(ledger)[0].households_total == 312


@pytest.mark.parametrize("cell", ["同上", "#N/A", 123456789012345678.0])
def test_what_is_no_value_stands_in_no_text(page, cell):
    answer = page(("名单", [HEAD, [*GOOD[:3], cell, *GOOD[4:]], WANG]))
    (told,) = problems(answer)[2]
    assert told[0] == "帮扶（选派）单位" and told[1].startswith("D2 ") and problems(answer)[3] == []


def test_a_line_of_nothing_but_such_a_cell_is_a_line(client, town_officer):
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in (HEAD, GOOD, ["=A2"]):
        book.active.append(row)
    book.save(stream)
    client.force_login(town_officer)
    client.post(url("import_upload"), {"file": SimpleUploadedFile("名单.xlsx", stream.getvalue())})
    assert (batch().counts["insert"], batch().counts["refused"]) == (1, 1)


def test_sheets_of_the_same_headings_are_one_file(page):
    turned = [[*row[1:], row[0]] for row in (HEAD, WANG, GOOD)]
    answer = page(("仁风镇", [["帮扶责任人名单"], HEAD, GOOD]), ("第二页", turned), ("空表", [HEAD]))
    assert batch().counts["insert"] == 2 and batch().counts["refused"] == 1
    text = answer.content.decode()
    assert "工作表“仁风镇”、“第二页”，共 3 行" in text and "与“仁风镇”第 3 行重复" in text and "没有读取" not in text


def test_every_other_sheet_with_rows_is_named(page, client):
    hidden = ("旧表", [HEAD, LI])
    answer = page(
        ("名单", [HEAD, GOOD]), ("副本", [HEAD, GOOD]), ("少一列", [HEAD[:-1], WANG[:-1], LI[:-1]]), ("说明", [["怎么填"], ["见通知"]]), hidden,
        ("空", []), touch=lambda book, sheets: sheets[4].hide(),
    )  # fmt: skip
    assert batch().counts["insert"] == 1
    assert [tuple(one) for one in batch().columns["unread"]] == [
        ("副本", 1, "内容与“名单”相同"),
        ("少一列", 2, "列不相同"),
        ("说明", 2, "没有表头"),
        ("旧表", 1, "隐藏的工作表"),
    ]
    assert "没有读取的工作表：“副本”" in answer.content.decode()


def test_a_heading_that_stands_twice_is_refused_with_its_cells(upload):
    answer = upload(("名单", [["帮扶责任人名单"], [*HEAD, "联系电话"], [*GOOD, ""]]))
    assert answer.status_code == 422 and "“联系电话”列有 2 个（F2、G2）" in answer.content.decode()
    assert helpers() == {}


def test_a_column_of_several_choices_is_taken(client):
    ledger, home = registry.get("households:case"), factories.household()
    take_in(client, ledger, {**line(ledger, home), "产业帮扶": "其他、发展种养业"})
    (made,) = rows(ledger)
    assert sorted(made.measure_industry) == ["farming", "other"]


@pytest.mark.parametrize(
    ("key", "change", "told"),
    [
        ("households:case", {"致贫/返贫风险1": "瞎写"}, "“瞎写”不在可填的选项中，可填：因病、"),
        ("households:case", {"产业帮扶": "发展种养业，瞎写"}, "“瞎写”不在可填的选项中，可填："),
        ("households:case", {"信息采集人": "长" * 61}, "最多 60 个字，现在有 61 个"),
        ("employment:spell", {"是否已务工": "也许"}, "“也许”不在可填的选项中，可填：是、否"),
        ("employment:spell", {"开始时间": "昨天"}, "不是有效的日期，请写成 2021-03-05 这样"),
        ("employment:spell", {"务工月收入（元）": "五千多"}, "应为数字，如 1250.50"),
        ("employment:spell", {"务工月收入（元）": "-1"}, "不能小于 0"),
        ("villages:year", {"总户数": "三百"}, "应为整数，如 12"),
        ("villages:year", {"总户数": "99999999999"}, "不能大于"),
        ("households:case", {"风险消除后工资性收入": "12345678901234567890"}, "数字太"),
    ],
)
def test_what_is_wrong_says_what_is_allowed(client, key, change, told):
    ledger, home = registry.get(key), factories.household()
    made = send_lines(client, factories.user("town_officer", "仁风镇"), ledger, {**line(ledger, home), **change})
    answer = client.get(ledger.url("import_batch", made.pk))
    (problem,) = answer.context["plan"].lines[0].problems
    assert problem[0] in change and told in problem[1] and not problem[1].endswith("。")
    assert "。；" not in answer.content.decode()


def test_a_reason_too_long_for_a_cell_goes_back_cut_and_says_so(client, page):
    long = "甲" * 20_000
    assert page(("名单", [HEAD, [*GOOD[:2], long, GOOD[3], long, GOOD[5]]])).status_code == 200
    answer = client.get(url("import_failed", batch().pk))
    head, first = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.iter_rows(
        values_only=True
    )
    told = dict(zip(head, first, strict=True))
    assert (answer.status_code, told["类型"]) == (200, long)
    assert len(told["错误"]) == 32_767 and told["错误"].endswith("…（太长，后面的没有写出）")


def test_what_is_wrong_with_several_cells_is_said_once(client):
    ledger, home = registry.get("villages:year"), factories.household()
    wrong = {**line(ledger, home), "总户数": "=SUM(1,2)", "总人口数": "=SUM(1,2)"}
    made = send_lines(client, factories.user("town_officer", "仁风镇"), ledger, wrong)
    text = client.get(ledger.url("import_batch", made.pk)).content.decode()
    assert "总户数 C2、总人口数 D2：公式没有计算结果" in text and text.count("公式没有计算结果") == 1


def test_a_batch_that_can_no_longer_be_read_is_told_and_dropped(client, page, monkeypatch):
    page(("名单", [HEAD, GOOD]))
    monkeypatch.setattr("jiyang.ledgers.import_files.MOST_ROWS", 0)
    answer = client.get(url("import_batch", batch().pk))
    assert answer.status_code == 200 and "一次最多 0 行" in answer.content.decode()
    assert push(client, HelperLedger, "submit", batch()).status_code == 422
    assert client.get(url("import_failed", batch().pk)).status_code == 404
    assert push(client, HelperLedger, "drop", batch()).status_code == 302
