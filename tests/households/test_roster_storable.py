"""Files that the register could not store: every reason is a finding, no commit dies, no number names two people."""

import csv
import datetime as dt
import io

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from households.models import Person
from households.roster.fields import OWNERS
from jiyang.access.scope import system_scope
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding
from tests import factories
from tests.households.test_roster import approve, reverse, submit
from tests.households.test_roster_plan import clear, send

pytestmark = pytest.mark.django_db(transaction=True)
HEADINGS = ("数据日期", "乡(镇)", "行政村", "自然村", "户编号", "人编号", "姓名", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况",
            "健康状况", "劳动技能", "人均纯收入", "风险识别时间", "风险消除时间")  # fmt: skip
ONE, TWO, THREE, FOUR = (factories.id_number() for _ in range(4))


def row(home: str, number: str, name: str, identity: str, **more: str) -> dict[str, str]:
    place = factories.village("仁风镇", 0)
    dull = {
        "乡(镇)": "仁风镇",
        "行政村": place.name,
        "与户主关系": "户主",
        "民族": "汉族",
        "文化程度": "初中",
        "健康状况": "健康",
        "劳动技能": "弱劳动力或半劳动力",
    }
    return {**dull, "户编号": home, "人编号": number, "姓名": name, "证件号码": identity, **more}  # fmt: skip


def as_csv(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    lines = csv.DictWriter(out, HEADINGS, restval="")
    lines.writeheader()
    lines.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def load(data_admin, district_clerk, *rows, mode=PlanMode.ALL):
    return approve(district_clerk, submit(data_admin, send(data_admin, as_csv(*rows), mode)))


def codes(batch) -> set[tuple[str, str, str]]:
    with system_scope("测试"):
        found = BatchFinding.objects.filter(batch=batch, severity="E")
        return set(found.values_list("cell", "code", "severity"))


def numbers() -> dict[str, str]:
    with system_scope("测试"):
        return dict(Person.objects.values_list("name", "person_no"))


def test_one_number_for_two_people_of_a_file_refuses_both_and_nobody_else(data_admin, district_clerk):
    rows = [row("3701", "9001", "王一", ONE), row("3702", "9001", "王二", TWO), row("3703", "9003", "王三", THREE)]
    batch = send(data_admin, as_csv(*rows))
    assert codes(batch) == {("F2", "person_no_taken", "E"), ("F3", "person_no_taken", "E")}
    assert approve(district_clerk, submit(data_admin, batch)).state == BatchState.APPROVED
    assert numbers() == {"王三": "9003"}


@pytest.mark.parametrize("identity", [TWO, FOUR], ids=["known person", "new person"])
def test_a_number_that_somebody_else_holds_is_a_finding(data_admin, district_clerk, identity):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "王二", TWO))
    clear()
    batch = send(data_admin, as_csv(row("3702", "9001", "王二", identity), row("3703", "9003", "王三", THREE)))
    assert codes(batch) == {("F2", "person_no_taken", "E")}
    approve(district_clerk, submit(data_admin, batch))
    assert numbers() == {"王一": "9001", "王二": "9002", "王三": "9003"}


def test_numbers_that_change_hands_within_a_file_do_so_and_back(data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "王二", TWO))
    before = numbers()
    clear()
    batch = load(data_admin, district_clerk, row("3701", "9002", "王一", ONE), row("3702", "9001", "王二", TWO))
    assert numbers() == {"王一": "9002", "王二": "9001"}
    clear()
    reverse(data_admin, district_clerk, batch)
    assert numbers() == before
    clear()
    reverse(data_admin, district_clerk, batch)
    assert numbers() == {"王一": "9002", "王二": "9001"}


def test_a_number_given_away_meanwhile_waits_in_a_continuation(data_admin, district_clerk):
    first = submit(
        data_admin, send(data_admin, as_csv(row("3701", "9001", "王一", ONE), row("3709", "9009", "王九", FOUR)))
    )
    clear()
    load(data_admin, district_clerk, row("3702", "9001", "王二", TWO))
    clear()
    done = approve(district_clerk, first)
    assert done.state == BatchState.APPROVED and numbers() == {"王二": "9001", "王九": "9009"}
    with system_scope("测试"):
        rest = Batch.objects.get(continues=done)
        assert list(BatchFinding.objects.filter(batch=rest, severity="E").values_list("row", "code")) == [
            (2, "person_no_taken")
        ]
        assert rest.counts["refused"] == 1


def test_what_no_column_holds_is_named_at_its_cell(data_admin, district_clerk):
    rows = [
        row("3701", "9001", "王" * 61, ONE), row("3702", "9002", "王二", TWO, 自然村="村" * 61),
        row("3703", "9003", "王三", THREE, 人数="99999"), row("3704", "9004", "王四", FOUR, 风险识别时间="202103", 风险消除时间="202102"),
    ]  # fmt: skip
    batch = send(data_admin, as_csv(*rows))
    assert codes(batch) == {
        ("G2", "text_too_long", "E"), ("D3", "text_too_long", "E"), ("I4", "number_too_large", "E"), ("R5", "removed_before_identified", "E"),
    }  # fmt: skip


def test_people_without_a_number_are_known_by_personal_number_or_name(data_admin, district_clerk):
    child = {"与户主关系": "之子", "文化程度": "", "在校生状况": "学龄前儿童", "劳动技能": "无劳动力"}
    rows = [
        row("3701", "9001", "王一", ONE), row("3701", "9011", "王小", "999999202001010018", **child),
        row("3702", "", "王二", TWO), row("3702", "", "王小", "999999202001010018", **child), row("3702", "", "王大", "999999", **child),
    ]  # fmt: skip
    batch = send(data_admin, as_csv(*rows))
    assert codes(batch) == set() and batch.counts["insert"] == 5
    with system_scope("测试"):
        warned = BatchFinding.objects.filter(batch=batch, severity="W", code="id_placeholder")
        assert set(warned.values_list("cell", flat=True)) == {"H3", "H5", "H6"}
    done = approve(district_clerk, submit(data_admin, batch))
    with system_scope("测试"):
        assert Person.objects.filter(id_index=None).count() == 3
        assert str(Person.objects.get(person_no="9011").birth_date) == "2020-01-01"
    clear()
    assert send(data_admin, as_csv(*rows)).counts["same"] == 5
    clear()
    named = [*rows[:1], {**rows[1], "证件号码": THREE, "在校生状况": "", "文化程度": "小学"}, *rows[2:]]
    later = load(data_admin, district_clerk, *named)
    assert later.counts["update"] == 1
    clear()
    assert send(data_admin, as_csv(*rows)).counts["insert"] == 0  # a placeholder never takes a number away
    with system_scope("测试"):
        assert Person.objects.filter(id_index=None).count() == 2
    clear()
    reverse(data_admin, district_clerk, later)
    clear()
    reverse(data_admin, district_clerk, done)
    assert numbers() == {}


def test_two_of_one_name_without_any_number_cannot_be_told_apart(data_admin):
    child = {"与户主关系": "之子", "文化程度": "", "在校生状况": "学龄前儿童", "劳动技能": "无劳动力"}
    rows = [
        row("3701", "", "王一", ONE),
        row("3701", "", "王小", "999999", **child),
        row("3701", "", "王小", "9999990", **child),
    ]
    assert codes(send(data_admin, as_csv(*rows))) == {
        ("G3", "person_listed_twice", "E"),
        ("G4", "person_listed_twice", "E"),
    }


odd = st.fixed_dictionaries(
    {
        "home": st.sampled_from(["3701", "3702", "3703"]),
        "number": st.sampled_from(["", "9001", "9002", "9003"]),
        "name": st.sampled_from(["王一", "王二", "王\x02三"]),
        "identity": st.sampled_from([ONE, TWO, THREE, "999999", "999999196005010011"]),
        "more": st.fixed_dictionaries(
            {
                "数据日期": st.sampled_from(["", "00010101", "20210630", "99991231"]),
                "人均纯收入": st.sampled_from(["", "1", "-99999999999", "9999999999.99"]),
                "自然村": st.sampled_from(["东头", "村" * 61, "\x02"]),
                "人数": st.sampled_from(["1", "40000"]),
                "风险识别时间": st.sampled_from(["", "202103", "202401"]),
                "风险消除时间": st.sampled_from(["", "202102", "202501"]),
                "民族": st.sampled_from(["汉族", "很" * 30]),
            }
        ),
    }
)
files = st.lists(odd, min_size=1, max_size=5)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(files, min_size=2, max_size=3), mode=st.sampled_from(PlanMode.values))
def test_no_file_kills_a_commit_or_its_undo(data_admin, district_clerk, sent, mode):
    with transaction.atomic():
        for rows in sent:
            lines = [row(one["home"], one["number"], one["name"], one["identity"], **one["more"]) for one in rows]
            batch = send(data_admin, as_csv(*lines), mode)
            clear()
            if batch.counts.get("insert", 0) + batch.counts.get("update", 0):
                written = approve(district_clerk, submit(data_admin, batch))
                clear()
                assert written.state == BatchState.APPROVED
                reverse(data_admin, district_clerk, written)
                clear()
                reverse(data_admin, district_clerk, written)
                clear()
        transaction.set_rollback(True)


def test_columns_of_codes_take_codes_alone():
    """Nothing checks their length: what a layout stages there comes from its code list."""
    for layout in layouts().values():
        for field in layout.fields:
            if field.name in OWNERS:
                model, name = OWNERS[field.name]
                column = apps.get_model("households", model)._meta.get_field(name.removesuffix("_id"))
                assert field.codes or not getattr(column, "base_field", column).choices, (layout.key, field.name)


@pytest.mark.parametrize(("relation", "male"), [("之外祖父", False), ("之外祖母", True)])
def test_a_mothers_parent_has_the_sex_that_the_relation_says(data_admin, relation, male):
    elder = {"identity": factories.id_number(dt.date(1940, 5, 1), male=male), "与户主关系": relation}
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE), row("3701", "9002", "王二", **elder)))
    assert {code for _, code, _ in codes(batch)} == {"relation_gender_clash"}


def test_a_number_of_somebody_else_elsewhere_takes_nobody_over(data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    taken = send(data_admin, as_csv(row("3709", "9009", "赵三", TWO)))
    assert codes(taken) == {("H2", "id_of_another", "E")} and taken.counts["insert"] == 0
    clear()
    renamed = send(data_admin, as_csv(row("3702", "9002", "李尔", TWO)))  # at home a name may be mended
    assert (codes(renamed), renamed.counts["update"]) == (set(), 1)
    clear()
    moved = send(data_admin, as_csv(row("3709", "9002", "李尔", TWO)))  # the 人编号 says who it is
    assert codes(moved) == set() and moved.counts["update"] == 1
