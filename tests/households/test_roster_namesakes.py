"""Two people of one name in one household, without ID numbers: told apart by what else the file says, in the file and in the register."""

import csv
import datetime as dt
import io

import pytest

from households.models import Household, Person
from households.roster import layout_export
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.models import Batch, BatchFinding
from tests import factories
from tests.households.test_roster import approve, submit, upload
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_storable import ONE, codes

pytestmark = pytest.mark.django_db(transaction=True)
HEADINGS = ("县", "乡", "村", "户编号", "人口编号", "姓名", "性别", "出生日期", "证件号码", "与户主关系", "民族", "文化程度", "在校生状况",
            "健康状况", "劳动技能", "务工时间（月）", "就业渠道", "政治面貌")  # fmt: skip


def line(
    name: str, relation: str, *, number: str = "", identity: str = "999999", sex: str = "", born: str = "", **more: str
) -> dict:
    place = factories.village("仁风镇", 0)
    dull = {"县": "济阳区", "乡": "仁风镇", "村": place.name, "户编号": "3701", "民族": "汉族", "健康状况": "健康", "劳动技能": "无劳动力", "在校生状况": "小学"}  # fmt: skip
    said = {
        "姓名": name,
        "与户主关系": relation,
        "人口编号": number,
        "证件号码": identity,
        "性别": sex,
        "出生日期": born,
    }
    return {**dull, **said, **more}


HEAD = {"identity": ONE, "number": "9001", "文化程度": "初中", "在校生状况": "", "劳动技能": "弱劳动力或半劳动力"}


def as_csv(*lines: dict) -> bytes:
    out = io.StringIO()
    written = csv.DictWriter(out, HEADINGS, restval="")
    written.writeheader()
    written.writerows([line("王一", "户主", **HEAD), *lines])
    return out.getvalue().encode("utf-8-sig")


def load(maker, checker, *lines: dict) -> Batch:
    batch = approve(checker, submit(maker, send(maker, as_csv(*lines))))
    clear()
    return batch


def counts(maker, *lines: dict) -> dict[str, int]:
    batch = send(maker, as_csv(*lines))
    clear()
    return {key: n for key, n in batch.counts.items() if n}


def children() -> list[tuple]:
    with system_scope("测试"):
        found = Person.objects.filter(name="王小").order_by("pk")
        return [(one.sex, str(one.birth_date or ""), one.work_months) for one in found]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"relation": "之子"}, {"relation": "之女"}),
        ({"relation": "其他", "sex": "男"}, {"relation": "其他", "sex": "女"}),
        ({"relation": "之子", "born": "20150301"}, {"relation": "之子", "born": "20170801"}),
        (
            {"relation": "之子", "identity": "999999201503010010"},
            {"relation": "之子", "identity": "999999201708010010"},
        ),
    ],
    ids=["relation", "sex", "birth", "birth in the number"],
)
def test_two_of_one_name_are_two_where_something_differs_and_stay_who_they_are(data_admin, district_clerk, one, two):
    one, two = (line("王小", **said) for said in (one, two))
    batch = load(data_admin, district_clerk, one, two)
    assert (codes(batch), batch.counts["insert"]) == (set(), 3)
    assert counts(data_admin, two, one) == counts(data_admin, one, two) == {"same": 3}
    later = load(data_admin, district_clerk, {**two, "务工时间（月）": "5"}, {**one, "务工时间（月）": "2"})
    assert later.counts["update"] == 2
    assert [months for _, _, months in children()] == [2, 5]


def test_what_the_file_says_of_who_has_no_number_is_kept(data_admin, district_clerk):
    load(data_admin, district_clerk, line("王小", "之女", sex="女", born="20150301"))
    assert children() == [("f", "2015-03-01", None)]


def test_one_of_two_alone_is_found_and_a_third_is_new(data_admin, district_clerk):
    one, two = line("王小", "之子"), line("王小", "之女")
    load(data_admin, district_clerk, one, two)
    assert counts(data_admin, two) == {"same": 2, "absent": 1}
    assert counts(data_admin, two, one, line("王小", "之侄女")) == {"same": 3, "insert": 1}
    assert counts(data_admin, one, line("王小", "之侄女")) == {
        "same": 2,
        "update": 1,
    }  # of the other one the relation changed


def test_who_gets_a_number_is_told_from_the_namesake(data_admin, district_clerk):
    one, two = line("王小", "之子", born="20150301"), line("王小", "之子", born="20170801")
    load(data_admin, district_clerk, one, two)
    number = factories.id_number(dt.date(2017, 8, 1))
    later = load(data_admin, district_clerk, one, {**two, "证件号码": number})
    assert (later.counts["same"], later.counts["update"], later.counts["insert"]) == (2, 1, 0)


def test_nothing_that_tells_them_apart_is_said_with_what_to_add(data_admin):
    batch = send(data_admin, as_csv(line("王小", "之子"), line("王小", "之子")))
    assert {code for _, code, _ in codes(batch)} == {"row_duplicate"}
    clear()
    batch = send(data_admin, as_csv(line("王小", "之子"), line("王小", "之子", **{"务工时间（月）": "3"})))
    assert {code for _, code, _ in codes(batch)} == {"person_listed_twice"}
    with system_scope("测试"):
        (hint,) = set(BatchFinding.objects.filter(batch=batch, severity="E").values_list("hint", flat=True))
    assert "填清各自的与户主关系、性别、出生日期" in hint


def test_a_row_that_may_be_one_as_well_as_the_other_is_told_and_nobody_is_guessed(data_admin, district_clerk):
    load(data_admin, district_clerk, line("王小", "之子"), line("王小", "之女"))
    batch = send(data_admin, as_csv(line("王小", "其他")))
    assert {code for _, code, _ in codes(batch)} == {"person_unclear"}
    assert batch.counts["refused"] == 2
    clear()
    assert counts(data_admin, line("王小", "其他", number="9005")) == {"refused": 2}
    assert counts(data_admin, line("王小", "其他", number="9005"), line("王小", "之女")) == {"same": 2, "update": 1}


@pytest.mark.parametrize("numbered", [False, True])
def test_namesakes_read_back_as_the_same(data_admin, district_clerk, tmp_path, numbered):
    load(data_admin, district_clerk, line("王小", "之子", sex="男"), line("王小", "之女", sex="女"))
    with acting_as(actor_for(data_admin)) as actor:
        for layout in ("roster_a", "roster_b"):
            layout_export.write(layout, tmp_path / "back.xlsx", Household.objects.visible_to(actor), actor, numbered=numbered)  # fmt: skip
            batch = upload(data_admin, tmp_path / "back.xlsx")
            clear()
            assert {key: n for key, n in batch.counts.items() if n} == {"same": 3}
