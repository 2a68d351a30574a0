"""Batches that meet: continuations of continuations, files sent twice or to the wrong batch, two makers with one household."""

from pathlib import Path

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from households.models import Household, Person, RosterRow
from households.roster import committing, feedback, jobs
from households.services import facts, roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.writing import WHY
from tests import factories
from tests.households.test_roster import DATA, approve, contents, submit
from tests.households.test_roster import reverse as take_back
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_storable import FOUR, ONE, THREE, TWO, as_csv, load, row
from tests.intake.workbooks import grid, people, workbook

pytestmark = pytest.mark.django_db(transaction=True)


def wrong(number: str) -> str:
    return number[:-1] + ("0" if number[-1] != "0" else "1")


def failed(maker, batch: Batch, path: Path, **mended: str) -> bytes:
    """The failed rows of a batch as they are downloaded, with cells corrected."""
    with acting_as(actor_for(maker)):
        feedback.failed_rows(batch, path)
    book = openpyxl.load_workbook(path)
    for line in book.active.iter_rows():
        for cell in line:
            if (key := f"n{cell.value}") in mended:
                cell.value = mended[key]
    book.save(path)
    clear()
    return path.read_bytes()


def continued(maker, batch: Batch, data: bytes) -> Batch:
    with acting_as(actor_for(maker)):
        return jobs.check(roster.upload(by=maker, filename="改正.xlsx", data=data, continues=batch).pk)


def counts(batch: Batch) -> dict[str, int]:
    return {key: number for key, number in batch.counts.items() if number}


def page(user, batch: Batch) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("households:batch_detail", args=[batch.pk])).content.decode()


@pytest.fixture
def faulty(data_admin) -> Batch:
    """Three households: the second and third have a wrong number each."""
    return send(
        data_admin,
        as_csv(
            row("3701", "9001", "王一", ONE),
            row("3702", "9002", "李二", wrong(TWO)),
            row("3703", "9003", "赵三", wrong(THREE)),
        ),
    )


def test_a_continuation_is_continued_in_turn_and_a_file_sent_twice_changes_nothing_more(
    faulty, data_admin, district_clerk, tmp_path
):
    clear()
    approve(district_clerk, submit(data_admin, faulty))
    first = continued(data_admin, faulty, failed(data_admin, faulty, tmp_path / "1.xlsx", **{f"n{wrong(TWO)}": TWO}))
    assert counts(first) == {"insert": 1, "refused": 1}
    second = continued(
        data_admin, first, data := failed(data_admin, first, tmp_path / "2.xlsx", **{f"n{wrong(THREE)}": THREE})
    )
    assert counts(second) == {"insert": 1} and second.continues_id == first.pk
    clear()
    twice = continued(data_admin, first, data)
    assert counts(twice) == {"insert": 1}
    for batch in (first, second, twice):
        clear()
        submit(data_admin, batch)
    clear()
    assert approve(district_clerk, first).state == approve_clear(district_clerk, second).state == BatchState.APPROVED
    late = approve_clear(district_clerk, twice)
    assert (late.state, counts(late), "系统数据有变化" in late.reason) == (BatchState.CHECKED, {"same": 1}, True)
    with system_scope("测试"):
        assert sorted(Person.objects.values_list("name", flat=True)) == ["李二", "王一", "赵三"]


def approve_clear(checker, batch: Batch) -> Batch:
    clear()
    return approve(checker, batch)


def test_a_file_that_is_not_of_the_batch_is_told_on_the_page(faulty, data_admin, tmp_path):
    clear()
    right = continued(data_admin, faulty, failed(data_admin, faulty, tmp_path / "1.xlsx", **{f"n{wrong(TWO)}": TWO}))
    assert "未入库的行里" not in page(data_admin, right)
    clear()
    other = continued(data_admin, faulty, as_csv(row("3702", "9002", "李二", TWO), row("3709", "9009", "孙九", FOUR)))
    assert f"行不在批次 {faulty} 未入库的行里" in page(data_admin, other) and strangers(other) == 1


def test_rows_that_went_along_with_a_held_town_are_no_strangers(data_admin, district_clerk, tmp_path):
    """The failed rows were downloaded before the checker held the town: now they stand in the batch of what was held."""
    batch = submit(
        data_admin,
        send(
            data_admin,
            as_csv(
                row("3701", "9001", "王一", ONE),
                row("3702", "9002", "李二", wrong(TWO)),
                row("3703", "9003", "赵三", THREE),
            ),
        ),
    )
    data = failed(data_admin, batch, tmp_path / "1.xlsx", **{f"n{wrong(TWO)}": TWO})
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[3, 4])
        committing.commit(roster.approve(batch=batch, by=district_clerk, reason="还在核实").pk)
    clear()
    assert strangers(continued(data_admin, batch, data)) == 0


def test_the_whole_chain_is_shown_and_what_came_in_by_a_later_part_waits_for_nobody(
    faulty, data_admin, district_clerk, tmp_path
):
    clear()
    approve(district_clerk, submit(data_admin, faulty))
    first = continued(data_admin, faulty, failed(data_admin, faulty, tmp_path / "1.xlsx", **{f"n{wrong(TWO)}": FOUR}))
    second = continued(data_admin, first, failed(data_admin, first, tmp_path / "2.xlsx"))
    mended = {f"n{wrong(THREE)}": THREE}
    third = continued(data_admin, second, failed(data_admin, second, tmp_path / "3.xlsx", **mended))
    assert f"{second}</a>（无可入库的行，" in page(data_admin, faulty)
    assert "不需要再提交" not in page(data_admin, second)
    approve_clear(district_clerk, submit(data_admin, third))
    text = page(data_admin, faulty)
    for one, standing in ((first, "待提交"), (second, "未入库的行已由其他批次入库"), (third, "已入库")):
        assert f"{one}</a>（{standing}，" in text
    assert "不需要再提交" in page(data_admin, second) and "不需要再提交" not in page(data_admin, first)


def strangers(batch: Batch) -> int:
    with system_scope("测试"):
        return feedback.strangers(batch)


def test_of_two_makers_with_one_household_the_later_gets_back_what_the_first_overtook(data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    other, leader = factories.user("data_admin"), factories.user("district_leader")
    clear()
    mine = submit(
        data_admin,
        send(data_admin, as_csv(row("3701", "9001", "王一", ONE, 自然村="东头"), row("3702", "9002", "李二", TWO))),
    )
    clear()
    theirs = submit(
        other,
        send(
            other,
            as_csv(row("3701", "9001", "王一", ONE, 自然村="西头"), row("3702", "9002", "李二", TWO, 自然村="北头")),
        ),
    )
    assert approve_clear(district_clerk, mine).state == BatchState.APPROVED
    done = approve_clear(leader, theirs)
    with system_scope("测试"):
        rest = Batch.objects.get(continues=theirs)
        assert dict(Household.objects.values_list("household_no", "hamlet")) == {"3701": "东头", "3702": "北头"}
        assert (done.rows, rest.rows, rest.state, rest.uploaded_by_id) == (1, 1, BatchState.RETURNED, other.pk)
    with acting_as(actor_for(other)), pytest.raises(PermissionDenied, match="复核人不能是"):
        roster.approve(batch=submit(other, rest), by=other)


def test_a_part_of_a_part(data_admin, district_clerk):
    """By row, then by town, then the last of it; each part is written once and what was held says why."""
    batch = submit(
        data_admin,
        send(
            data_admin,
            as_csv(
                *(row(f"370{n}", f"900{n}", f"王{chr(0x4E00 + n)}", one) for n, one in enumerate((ONE, TWO, THREE)))
            ),
        ),
    )
    for held in ([3, 4], [4]):
        with acting_as(actor_for(district_clerk)):
            roster.hold(batch=batch, by=district_clerk, rows=held)
            clear()
            done = committing.commit(roster.approve(batch=batch, by=district_clerk, reason="还在核实").pk)
        assert (done.state, done.rows) == (BatchState.APPROVED, 1)
        with system_scope("测试"):
            batch = submit(data_admin, Batch.objects.get(continues=done))
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, towns=[factories.town().pk])
        with pytest.raises(ValidationError, match="直接退回"):
            roster.approve(batch=batch, by=district_clerk, reason="还在核实")
        roster.hold(batch=batch, by=district_clerk, towns=[factories.town().pk], held=False)
    assert approve_clear(district_clerk, batch).rows == 1
    with system_scope("测试"):
        assert Person.objects.count() == 3 and not RosterRow.objects.filter(held=True).exists()


RING = [
    ("3701", "王一", ONE, "9001", "9002"),
    ("3702", "李二", TWO, "9002", "9003"),
    ("3703", "赵三", THREE, "9003", "9001"),
]


def exchanged(maker, checker, *more: dict, held: list[int]) -> Batch:
    """A batch in which three households pass their 人编号 around, approved but for the rows held."""
    load(maker, checker, *(row(home, old, name, identity) for home, name, identity, old, _ in RING))
    clear()
    rows = [row(home, new, name, identity) for home, name, identity, _, new in RING]
    batch = submit(maker, send(maker, as_csv(*rows, *more)))
    clear()
    with acting_as(actor_for(checker)):
        roster.hold(batch=batch, by=checker, rows=held)
        return committing.commit(roster.approve(batch=batch, by=checker, reason="还在核实").pk)


def test_what_only_goes_together_with_held_rows_is_told_so(data_admin, district_clerk):
    batch = exchanged(data_admin, district_clerk, held=[3])
    assert (batch.state, counts(batch)) == (BatchState.CHECKED, {"update": 3})
    assert batch.reason == f"{committing.TIED}；复核人暂缓：还在核实"
    clear()
    assert approve_clear(district_clerk, submit(data_admin, batch)).state == BatchState.APPROVED


@pytest.mark.parametrize("edited", [False, True], ids=["tied to held rows", "overtaken"])
def test_a_batch_of_which_approved_rows_were_not_written_says_how_many_why_and_where(
    data_admin, district_clerk, town_officer, edited
):
    new = row("3704", "9004", "孙四", FOUR)
    if edited:
        load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
        clear()
        ill = {"健康状况": "长期慢性病"}
        rows = row("3701", "9001", "王一", ONE, **ill), row("3702", "9002", "李二", TWO, **ill), new
        batch = submit(data_admin, send(data_admin, as_csv(*rows)))
        with acting_as(actor_for(town_officer)):
            for one in Person.objects.visible_to(actor_for(town_officer)):
                facts.edit_person(by=town_officer, record=one, version=one.version, health=["disabled"])
        batch = approve_clear(district_clerk, batch)
    else:
        batch = exchanged(data_admin, district_clerk, new, held=[3])
    assert (batch.state, counts(batch)) == (BatchState.APPROVED, {"insert": 1, "overtaken" if edited else "tied": 2})
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    why = "提交以后系统数据有变化" if edited else "与暂缓的户有牵连（如互换编号），须一起入库"
    text = page(data_admin, batch)
    assert f'<b class="num">2</b> 行没有入库：{why}。' in text and f">{rest}</a>（已退回）" in text
    assert why[:9] in rest.reason and "没有入库：" not in page(data_admin, rest)


def test_undone_parts_come_back_in_any_order_and_the_file_goes_again(data_admin, district_clerk):
    data = as_csv(row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    batch = submit(data_admin, send(data_admin, data))
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[3])
        clear()
        committing.commit(roster.approve(batch=batch, by=district_clerk, reason="还在核实").pk)
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    approve_clear(district_clerk, submit(data_admin, rest))
    full = contents()
    for one in (batch, rest, batch, rest):
        clear()
        take_back(data_admin, district_clerk, one)
    assert contents() == full
    for one in (rest, batch):
        clear()
        take_back(data_admin, district_clerk, one)
    assert contents()["people"] == []
    clear()
    assert counts(approve_clear(district_clerk, submit(data_admin, send(data_admin, data)))) == {"insert": 2}
    assert contents() == full


def test_blank_cells_in_each_mode(data_admin, district_clerk):
    full = row("3701", "9001", "王一", ONE, 自然村="东头", 人数="1", 人均纯收入="9000")
    blank = {**full, "自然村": "", "人数": "", "民族": "", "人均纯收入": ""}
    load(data_admin, district_clerk, full)
    for mode, expected in ((PlanMode.NEW, {"refused": 1}), (PlanMode.BLANKS, {"refused": 1})):
        clear()
        assert counts(send(data_admin, as_csv(blank), mode)) == expected  # 民族 must not be empty
    blank["民族"] = "汉族"
    for mode, expected in ((PlanMode.NEW, {"kept": 1}), (PlanMode.BLANKS, {"kept": 1}), (PlanMode.ALL, {"update": 1})):
        clear()
        batch = send(data_admin, as_csv(blank), mode)
        assert counts(batch) == expected
    approve_clear(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        home = Household.objects.get()
        assert (home.hamlet, home.stated_size, home.incomestatement_set.get().per_head) == ("", None, 9000)
    clear()
    batch = send(data_admin, as_csv(full), PlanMode.BLANKS)
    with system_scope("测试"):
        assert set(RosterRow.objects.get(batch=batch).changed) == {"hamlet", "stated_size"}
    approve_clear(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        assert Household.objects.get().hamlet == "东头"


def test_a_number_that_lost_its_digits_never_comes_back_as_another(data_admin, tmp_path):
    """Neither copy makes up digits; the failed rows, sent as they are, are refused at the same cells for the same reasons."""
    heading, *lines = grid(people(4))
    place = {name: heading.index(name) for name in ("证件号码", "户编号", "人均纯收入", "自然村")}
    lines[0][place["证件号码"]] = lost = 370125195007017008.0
    lines[1][place["户编号"]] = 3701250000000010.0
    lines[2][place["人均纯收入"]] = lines[3][place["自然村"]] = ""

    def formulas(book, sheets) -> None:
        sheets[0].write_formula(4, place["人均纯收入"], "=A1+1", None, "")
        sheets[0].write_formula(5, place["自然村"], "=NA()", None, "#N/A")

    batch = send(data_admin, workbook(("名单", [heading, *lines]), touch=formulas))
    wanted = {(2, "id_as_number"), (3, "number_as_number"), (4, "formula_no_value"), (5, "cell_error")}
    with system_scope("测试"):
        assert {(number - 1, code) for number, code in errors(batch)} >= wanted
    with acting_as(actor_for(data_admin)):
        feedback.annotated(batch, tmp_path / "copy.xlsx")
    copied = openpyxl.load_workbook(tmp_path / "copy.xlsx")["名单"].cell(3, place["证件号码"] + 1)
    assert (copied.value, copied.data_type) == (lost, "n") and "末几位已丢失" in copied.comment.text
    clear()
    data = failed(data_admin, batch, tmp_path / "failed.xlsx")
    sent = openpyxl.load_workbook(tmp_path / "failed.xlsx").active
    assert sent.cell(3, place["证件号码"] + 1).value == "（原为数值，位数已丢失）"
    again = continued(data_admin, batch, data)
    assert counts(again) == counts(batch) == {"refused": 4}
    assert (
        "（原为数值，位数已丢失）" in page(data_admin, batch)
        and "********" not in page(data_admin, batch).split("<tbody>")[1].split("</tr>")[0]
    )
    refused = {(number, "number_as_number" if code == "id_as_number" else code) for number, code in errors(batch)}
    assert errors(again) == refused


def errors(batch: Batch) -> set[tuple[int, str]]:
    with system_scope("测试"):
        return set(BatchFinding.objects.filter(batch=batch, severity="E").values_list("row", "code"))


@pytest.mark.parametrize("name", ["roster_a_errors.xlsx", "roster_c_errors.xlsx"])
def test_failed_rows_sent_as_they_are_are_refused_again(data_admin, tmp_path, name):
    batch = send(data_admin, (DATA / name).read_bytes())
    clear()
    again = continued(data_admin, batch, failed(data_admin, batch, tmp_path / "failed.xlsx"))
    left = {
        action: batch.counts[action] for action in ("refused", "duplicate", "out_of_area") if batch.counts.get(action)
    }
    assert counts(again) == left


def test_failed_rows_of_a_further_table_come_back_below_their_own_headings(data_admin, tmp_path):
    rows = people(12)
    rows[-1]["证件号码"] = wrong(rows[-1]["证件号码"])
    first, turned = grid(rows[:6]), list(reversed(grid([])[0]))
    second = grid(rows[6:], turned)
    batch = send(data_admin, workbook(("名单", [*first, *second])))
    failed(data_admin, batch, path := tmp_path / "failed.xlsx")
    lines = [[cell or "" for cell in line] for line in openpyxl.load_workbook(path).active.values]
    mended = [line[: len(turned)] for line in lines[1:]]
    assert mended[:2] == [first[0], turned] and mended[-1] == second[-1]
    assert [line[len(turned)] for line in lines[1:3]] == [WHY, WHY]
