"""The rules in force judge a roster before it is written: errors keep their household out, warnings go along, nothing is told twice."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.models import BatchFinding
from jiyang.parameters.models import Parameter
from jiyang.rules import services, versions
from tests import factories
from tests.households.test_roster_plan import send
from tests.households.test_roster_storable import ONE, THREE, TWO, as_csv
from tests.households.test_roster_storable import row as bare

pytestmark = pytest.mark.django_db(transaction=True)
OLD = factories.id_number(timezone.localdate().replace(year=timezone.localdate().year - 75))


def row(*said: str, **more: str) -> dict[str, str]:
    return bare(*said, **{"人均纯收入": "9000"} | more)


@pytest.fixture(autouse=True)
def fresh():
    versions.forget()
    yield
    versions.forget()


def told(batch) -> set[tuple[str, str, str]]:
    with system_scope("测试"):
        return set(
            BatchFinding.objects.filter(batch=batch).exclude(severity="N").values_list("cell", "code", "severity")
        )


def decided(maker, checker, **said):
    with acting_as(actor_for(maker)):
        version = services.submit(by=maker, **said)
    with acting_as(actor_for(checker)):
        return services.decide(by=checker, proposal=version, approve=True)


def test_a_rule_of_the_catalogue_is_told_at_its_cell_and_refuses_nobody(data_admin):
    child = factories.id_number(timezone.localdate().replace(year=timezone.localdate().year - 8, day=1))
    rows = [
        row("3701", "9001", "王一", ONE),
        row("3701", "9011", "王小", child, 与户主关系="之子", 文化程度="小学", 劳动技能="无劳动力"),
    ]
    batch = send(data_admin, as_csv(*rows, row("3702", "9002", "王二", TWO)))
    assert told(batch) == {("M3", "1_02_005", "W")}
    assert (batch.counts["refused"], batch.counts["insert"]) == (0, 3)
    with system_scope("测试"):
        finding = BatchFinding.objects.get(batch=batch, code="1_02_005")
    assert finding.message == "6–16 周岁没有在校状况也没有原因" and finding.hint


def test_a_rule_with_a_finding_refuses_its_household_alone(data_admin):
    batch = send(
        data_admin, as_csv(row("3701", "9001", "王一", ONE, 与户主关系="之子"), row("3702", "9002", "王二", TWO))
    )
    assert told(batch) == {("J2", "no_head", "E")}
    assert (batch.counts["refused"], batch.counts["insert"]) == (1, 1)


def test_who_stands_beside_a_row_without_a_household_is_not_told_of_its_fault_but_waits_with_it(data_admin):
    home = [row("3701", "9001", "王一", ONE), row("3701", "9011", "王二", TWO, 与户主关系="之子")]
    other = row("3702", "9003", "李四", factories.id_number(dt.date(1970, 3, 3)))
    for at, number in ((0, "37X1"), (0, ""), (1, "37X1")):
        rows = [{**one, "户编号": number} if place == at else one for place, one in enumerate(home)]
        rows = [{**one, "人数": "2"} for one in rows]
        batch = send(data_admin, as_csv(*rows, {**other, "人数": "1"}))
        (found,) = (one for one in told(batch) if one[0][1:] in "23")
        assert found[0] == f"E{at + 2}" and found[2] == "E"
        assert (batch.counts["refused"], batch.counts["insert"]) == (2, 1)


def test_a_cell_that_is_in_doubt_already_is_not_judged_again(data_admin):
    """A child with labour breaks two rules by one cell: the second waits until the first is mended."""
    child = factories.id_number(timezone.localdate().replace(year=timezone.localdate().year - 8, day=1))
    at_school = {"与户主关系": "之子", "文化程度": "", "在校生状况": "小学", "劳动技能": "普通劳动力"}
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE), row("3701", "9011", "王小", child, **at_school)))
    assert told(batch) == {("O3", "minor_with_labour", "E")}


def test_a_rule_may_be_made_milder_or_switched_off_and_files_are_judged_so(data_admin):
    leader = factories.user("district_leader")
    rule = next(one for one in versions.active() if one.code == "3_02_011")
    child = row("3701", "9001", "王一", ONE, 与户主关系="之子")
    assert told(send(data_admin, as_csv(child))) == {("J2", "no_head", "E")}
    with acting_as(actor_for(data_admin)):
        off = services.switch_off(by=data_admin, code=rule.code, reason="本批只有家庭成员")
    with acting_as(actor_for(leader)):
        services.decide(by=leader, proposal=off, approve=True)
    assert told(send(data_admin, as_csv(child))) == set()


def test_a_changed_rule_is_told_in_its_own_words_and_refuses_as_before_unless_made_milder(data_admin):
    leader, code = factories.user("district_leader"), "2_01_011"
    teen = factories.id_number(timezone.localdate().replace(year=timezone.localdate().year - 17, day=1))
    young = row(
        "3701", "9011", "王小", teen, 与户主关系="之子", 文化程度="", 在校生状况="高中一年级", 劳动技能="普通劳动力"
    )
    sheet = as_csv(row("3701", "9001", "王一", ONE), young)
    assert told(send(data_admin, sheet)) == {("M3", "1111_07", "W")}  # no child of the built-in rule
    said = {
        "code": code, "subject": "person", "title": "不满 18 周岁却不是无劳动力", "reason": "区里规定",
        "tree": {"all": [["age", "<", 18], ["labour", "!=", "none"]]},
    }  # fmt: skip
    decided(data_admin, leader, severity="error", **said)
    batch = send(data_admin, sheet)
    assert ("O3", code, "E") in told(batch) and batch.counts["refused"] == 2
    with system_scope("测试"):
        assert BatchFinding.objects.get(batch=batch, code=code).message == said["title"]
    decided(data_admin, leader, severity="warning", **said)
    batch = send(data_admin, sheet)
    assert (code, "W") in {(name, level) for _, name, level in told(batch)} and batch.counts["refused"] == 0


def test_a_rule_made_here_is_asked_of_files_too(data_admin):
    decided(
        data_admin, factories.user("district_leader"), code="", subject="person", title="七十岁以上登记为普通劳动力", severity="warning",
        tree={"all": [["age", ">=", 70], ["labour", "=", "ordinary"]]}, reason="区里自查",
    )  # fmt: skip
    batch = send(
        data_admin, as_csv(row("3701", "9001", "王一", OLD, 劳动技能="普通劳动力"), row("3702", "9002", "王二", TWO))
    )
    assert {(code, level) for _, code, level in told(batch)} >= {("L_001", "W")}


def test_a_warning_at_most_rows_is_counted_on_the_page_and_not_told_row_by_row(data_admin, client: Client):
    rows = [
        row(f"37{number:02}", f"90{number:02}", f"王{chr(0x4E00 + number)}", factories.id_number(), 人均纯收入="150000")
        for number in range(30)
    ]
    batch = send(data_admin, as_csv(*rows))
    assert told(batch) == set()
    assert batch.columns["rules"]["counted"] == [
        {"code": "G_INCOME_HUGE", "title": "人均纯收入超过 100000 元", "rows": 30}
    ]
    client.force_login(data_admin)
    page = client.get(reverse("households:batch_detail", args=[batch.pk])).content.decode()
    assert "人均纯收入超过 100000 元" in page and "30 行" in page


def test_a_rule_without_its_parameter_is_named_and_the_others_run(data_admin, client: Client):
    lost = Parameter.objects.get(key="income.per_head.most")
    lost.until = lost.since + dt.timedelta(1)
    lost.save()
    try:
        batch = send(
            data_admin,
            as_csv(row("3701", "9001", "王一", ONE, 人均纯收入="150000"), row("3703", "9003", "王三", THREE, 民族="")),
        )
    finally:
        lost.until = None
        lost.save()
    assert told(batch) == {("K3", "ethnic_empty", "E")}
    assert [one["code"] for one in batch.columns["rules"]["unasked"]] == ["G_INCOME_HUGE"]
    client.force_login(data_admin)
    page = client.get(reverse("households:batch_detail", args=[batch.pk])).content.decode()
    assert "没有校验" in page and "income.per_head.most" in page
