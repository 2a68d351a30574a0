"""Taking batches back in any order: what the batch alone did goes back, what others did since stays and is named."""

import datetime as dt

import pytest
from django.db.models import Count
from django.urls import reverse as reverse_url

from households.enums import ChangeKind
from households.models import Household, Membership, Person, RosterRow, RosterTouch
from households.services import changes, tiers
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake.enums import PlanMode
from monitoring.models import RuleHit
from tests import factories
from tests.households.test_roster import contents, reverse
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_storable import FOUR, ONE, THREE, TWO, as_csv, load, row

pytestmark = pytest.mark.django_db(transaction=True)
WIFE = {"与户主关系": "配偶"}


@pytest.fixture
def couple(data_admin, district_clerk):
    load(
        data_admin,
        district_clerk,
        row("3701", "9001", "王一", ONE),
        row("3701", "9002", "李二", TWO, **WIFE),
        row("3702", "9003", "赵三", THREE),
    )
    clear()


def moving(**more: str) -> tuple[dict[str, str], ...]:
    """李二 comes to the household of 赵三."""
    return row("3702", "9003", "赵三", THREE), row("3702", "9002", "李二", TWO, **{**WIFE, **more})


def homes_agree() -> bool:
    """Everybody is counted where their open membership is."""
    with system_scope("测试"):
        return not [
            one for one in Person.objects.all()
            if list(Membership.objects.filter(person=one, until=None).values_list("household_id", flat=True)) != [one.household_id]
        ]  # fmt: skip


def test_a_person_moved_to_a_new_household_goes_back_and_comes_again(couple, data_admin, district_clerk):
    before = contents()
    batch = load(data_admin, district_clerk, row("3709", "9002", "李二", TWO))
    after = contents()
    assert after != before and homes_agree()
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert (report["kept"], contents()) == ([], before) and homes_agree()
    clear()
    reverse(data_admin, district_clerk, batch)
    assert contents() == after and homes_agree()


def test_who_was_moved_stays_in_a_household_that_somebody_has_worked_on(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3709", "9002", "李二", TWO))
    with acting_as(actor_for(district_clerk)):
        home = Household.objects.get(household_no="3709")
        tiers.set_tier(household=home, tier="A", reason="大病", by=district_clerk)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3709", "人员留在现在的户、有分类认定")]
    with system_scope("测试"):
        assert Person.objects.get(name="李二").household == home
    assert homes_agree()


def dies(name: str, checker) -> None:
    """Somebody's death is registered and agreed to."""
    by = factories.user("district_clerk")
    with acting_as(actor_for(by)):
        one = Membership.objects.select_related("household", "person").get(person__name=name, until=None)
        change = changes.submit(
            household=one.household, by=by, kind=ChangeKind.DEATH, on=one.since, note="死亡证明", person=one.person
        )
    with acting_as(actor_for(checker)):
        changes.decide(proposal=change, by=checker, approve=True)
    clear()


def memberships(name: str) -> list[tuple[str, bool, str]]:
    with system_scope("测试"):
        found = Membership.objects.filter(person__name=name).order_by("pk")
        return [(one.household.household_no, one.until is None, one.leave_reason) for one in found]


def test_who_has_died_since_is_neither_brought_back_by_an_undo_nor_by_its_undo(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, *moving())
    clear()
    dies("李二", district_clerk)
    dead = [("3701", False, "其他转出"), ("3702", False, "死亡")]
    assert memberships("李二") == dead
    report = reverse(data_admin, district_clerk, batch).report
    assert memberships("李二") == dead
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3702", "成员后来有变动，留在现在的户")]
    with system_scope("测试"):
        assert Person.objects.get(name="李二").household.household_no == "3702"


def test_who_dies_after_an_undo_is_not_brought_back_when_it_is_undone(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, *moving())
    clear()
    reverse(data_admin, district_clerk, batch)
    clear()
    dies("李二", district_clerk)
    report = reverse(data_admin, district_clerk, batch).report
    assert memberships("李二") == [("3701", False, "死亡"), ("3702", False, "撤销导入")]
    assert [one["household"] for one in report["kept"]] == ["3701"]


def test_who_was_moved_and_then_edited_stays_with_all_that_is_theirs(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, *moving())
    with system_scope("测试"):
        Person.objects.filter(name="李二").update(work_months=7)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert memberships("李二") == [("3701", False, "其他转出"), ("3702", True, "")]
    assert [one["household"] for one in report["kept"]] == ["3702"] and homes_agree()


def test_a_move_stays_whose_relation_a_later_roster_has_changed(couple, data_admin, district_clerk):
    first = load(data_admin, district_clerk, *moving())
    clear()
    second = load(data_admin, district_clerk, *moving(与户主关系="其他"))
    clear()
    report = reverse(data_admin, district_clerk, first).report
    assert [one["household"] for one in report["kept"]] == ["3702"] and homes_agree()
    assert told_again(data_admin, district_clerk, second) == still_there(first)
    assert [(home, opened) for home, opened, _ in memberships("李二")] == [
        ("3701", False),
        ("3702", True),
        ("3702", False),
    ]
    assert homes_agree()


def test_nobody_goes_back_to_a_household_that_is_gone(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, *moving())
    with system_scope("测试"):
        Household.objects.filter(household_no="3701").update(closed_on=dt.date(2025, 7, 1), close_reason="其他")
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3702", "要回到的户已注销或作废")]
    assert homes_agree()


def test_who_came_to_a_household_stays_where_somebody_has_worked_on_them_since(couple, data_admin, district_clerk):
    four, five, six = (factories.id_number() for _ in range(3))
    batch = load(
        data_admin,
        district_clerk,
        row("3701", "9001", "王一", ONE),
        row("3701", "9004", "孙四", four, 与户主关系="之子"),
        row("3702", "9003", "赵三", THREE),
        row("3702", "9005", "周五", five, 与户主关系="之子"),
        row("3703", "9006", "吴六", six),
    )
    with system_scope("测试"):
        Person.objects.filter(name="孙四").update(work_months=7)
    clear()
    dies("周五", district_clerk)
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [
        ("3701", "人员后来改过"), ("3702", "成员后来有变动、有人员变更"),
    ]  # fmt: skip
    with system_scope("测试"):
        assert set(Person.objects.values_list("name", flat=True)) == {"王一", "李二", "赵三", "孙四", "周五"}


def test_what_a_job_has_found_keeps_nothing_from_being_taken_back(couple, data_admin, district_clerk):
    before = contents()
    batch = load(data_admin, district_clerk, row("3703", "9004", "孙四", factories.id_number()))
    with system_scope("测试"):
        home = Household.objects.get(household_no="3703")
        hit = {"code": "G_X", "title": "问题", "severity": "warning", "first_seen": home.registered_on}
        RuleHit.objects.create(household=home, done_by="系统", done_on=home.registered_on, **hit)
    clear()
    assert reverse(data_admin, district_clerk, batch).report["kept"] == []
    assert contents() == before


def registered(number: str, name: str, identity: str) -> None:
    """Somebody is entered by hand in a household of their own."""
    with system_scope("测试"):
        factories.person(factories.household(members=1), name=name, number=identity, person_no=number)


def alive() -> bool:
    """Who is alive is counted where they are, in a household that is live and open."""
    with system_scope("测试"):
        homes = {one.pk: one.closed_on for one in Household.objects.all()}
        return homes_agree() and all(homes.get(one.household_id, "void") is None for one in Person.objects.all())


def test_nobody_is_brought_into_a_household_that_does_not_come_back(couple, data_admin, district_clerk):
    new = factories.id_number()
    batch = load(data_admin, district_clerk, row("3709", "9009", "孙四", new), row("3709", "9002", "李二", TWO, **WIFE))
    clear()
    reverse(data_admin, district_clerk, batch)
    clear()
    registered("9010", "孙四", new)
    report = reverse(data_admin, district_clerk, batch).report
    assert alive() and {one["household"] for one in report["kept"]} == {"3701", "3709"}


def test_who_was_added_to_a_household_does_not_come_back_before_it(couple, data_admin, district_clerk):
    four, five = factories.id_number(), factories.id_number()
    first = load(data_admin, district_clerk, row("3709", "9009", "孙四", four))
    clear()
    second = load(
        data_admin,
        district_clerk,
        row("3709", "9009", "孙四", four),
        row("3709", "9010", "周五", five, 与户主关系="之子"),
    )
    for batch in (second, first, second):
        clear()
        report = reverse(data_admin, district_clerk, batch).report
    assert alive() and [(one["household"], one["why"]) for one in report["kept"]] == [("3709", "人员没有恢复")]
    clear()
    reverse(data_admin, district_clerk, first)
    assert alive()


def test_numbers_that_were_exchanged_stay_where_one_of_the_two_stays(couple, data_admin, district_clerk):
    batch = load(
        data_admin,
        district_clerk,
        row("3701", "9002", "王一", ONE),
        row("3702", "9003", "赵三", THREE),
        row("3702", "9001", "李二", TWO, **WIFE),
    )
    clear()
    dies("李二", district_clerk)
    report = reverse(data_admin, district_clerk, batch).report
    assert "3702" in {one["household"] for one in report["kept"]}
    with system_scope("测试"):
        assert dict(Person.objects.values_list("name", "person_no")) == {"王一": "9002", "李二": "9001", "赵三": "9003"}


def test_the_household_of_who_stays_is_kept(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3709", "9002", "李二", TWO))
    with system_scope("测试"):
        Person.objects.filter(name="李二").update(work_months=7)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert report["voided"]["household"] == 0 and alive()
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3709", "人员留在现在的户")]


def test_a_household_is_not_closed_again_over_its_members(couple, data_admin, district_clerk):
    with system_scope("测试"):
        home = Household.objects.get(household_no="3702")
        Membership.objects.filter(household=home).update(until=home.registered_on, leave_reason="其他转出")
        Household.objects.filter(pk=home.pk).update(closed_on=home.registered_on, close_reason="其他")
    first = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE))
    clear()
    load(data_admin, district_clerk, *moving())
    clear()
    report = reverse(data_admin, district_clerk, first).report
    assert "3702" in {one["household"] for one in report["kept"]}
    with system_scope("测试"):
        assert Household.objects.get(household_no="3702").closed_on is None
        assert Person.objects.get(name="李二").household == home


def test_a_batch_that_passed_a_number_on_goes_back_and_comes_again(couple, data_admin, district_clerk):
    batch = load(
        data_admin, district_clerk, row("3701", "9011", "王一", ONE), row("3709", "9001", "孙四", factories.id_number())
    )
    after = contents()
    clear()
    reverse(data_admin, district_clerk, batch)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert (report["kept"], contents()) == ([], after)


def test_a_number_that_is_somebody_elses_by_now_is_told(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3702", "9013", "赵三", THREE, 劳动技能="无劳动力"))
    clear()
    registered("9003", "孙四", factories.id_number())
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3702", "人员的编号已是别人的，没有恢复")]
    with system_scope("测试"):
        assert Person.objects.get(name="赵三").person_no == "9013"


def test_batches_are_taken_back_last_first(couple, data_admin, district_clerk):
    before = contents()
    first = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE, 人数="3", 劳动技能="无劳动力"))
    between = contents()
    clear()
    second = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE, 人数="4", 劳动技能="丧失劳动力"))
    clear()
    reverse(data_admin, district_clerk, second)
    assert contents() == between
    clear()
    report = reverse(data_admin, district_clerk, first).report
    assert (report["changed_since"], report["kept"]) == (0, [])
    assert contents() == before


def change(checker, name: str, kind: str, *, approve: bool = True, **fields) -> None:
    """A change of the household of somebody is registered and, unless it is left open, agreed to."""
    by = factories.user("district_clerk")
    with acting_as(actor_for(by)):
        one = Membership.objects.select_related("household", "person").get(person__name=name, until=None)
        fields |= {"household": one.household, "kind": kind, "on": one.since, "note": "有证明"}
        found = changes.submit(by=by, **fields)
    if approve:
        with acting_as(actor_for(checker)):
            changes.decide(proposal=found, by=checker, approve=True)
    clear()


def person(name: str) -> Person:
    with system_scope("测试"):
        return Person.objects.select_related("household").get(name=name)


def places() -> set[tuple[str, str]]:
    with system_scope("测试"):
        return set(Household.objects.values_list("household_no", "village__name"))


def test_a_household_that_has_moved_gets_its_values_back_and_keeps_its_place(couple, data_admin, district_clerk):
    before, new, there = contents(), factories.id_number(), factories.village("曲堤街道")
    more = row("3702", "9004", "孙四", new, 与户主关系="之子")
    batch = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE, 人数="3", 劳动技能="无劳动力"), more)
    after = contents()
    clear()
    change(district_clerk, "赵三", ChangeKind.MOVE, target_village=there)
    for values in (before, after):
        report = reverse(data_admin, district_clerk, batch).report
        assert (report["kept"], report["changed_since"], report["mend"]) == ([], 0, [])
        assert contents()["people"] == values["people"] and alive()
        assert ("3702", there.name) in places() and person("赵三").village_id == there.pk
        with system_scope("测试"):
            size = Household.objects.get(household_no="3702").stated_size
        assert size == (3 if values is after else None)
        clear()


def test_a_household_that_moved_on_from_where_the_batch_put_it_stays_there(couple, data_admin, district_clerk):
    second, there = factories.village("仁风镇", 1), factories.village("曲堤街道")
    batch = load(
        data_admin, district_clerk, row("3702", "9003", "赵三", THREE, 行政村=second.name, 劳动技能="无劳动力")
    )
    clear()
    change(district_clerk, "赵三", ChangeKind.MOVE, target_village=there)
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3702", "后来整户迁移，留在现在的村")]
    assert ("3702", there.name) in places() and person("赵三").labour == "weak"


def test_a_new_household_that_has_moved_stays_and_says_so(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3703", "9004", "孙四", factories.id_number()))
    clear()
    change(district_clerk, "孙四", ChangeKind.MOVE, target_village=factories.village("曲堤街道"))
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3703", "后来整户迁移、有人员变更")]
    assert {one["key"] for one in report["kept"]} == {person("孙四").household_id}


def test_of_whom_a_change_is_asked_for_stays(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, *moving())
    clear()
    change(district_clerk, "李二", ChangeKind.OTHER_OUT, approve=False, person=person("李二"))
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3702", "有待审核的人员变更")]
    assert person("李二").household.household_no == "3702" and homes_agree()


def test_a_new_household_that_somebody_is_to_join_stays(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3703", "9004", "孙四", factories.id_number()))
    clear()
    change(
        district_clerk,
        "李二",
        ChangeKind.OTHER_OUT,
        approve=False,
        person=person("李二"),
        target_no="3703",
        relation="other",
    )
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3703", "有人员变更")]


def test_who_nobody_has_edited_leaves_a_household_that_was_there_and_stays_in_a_new_one(
    couple, data_admin, district_clerk
):
    names = {"甲一": "3702", "乙一": "3702", "甲二": "3703", "乙二": "3703"}
    lines = [
        row(home, f"{9010 + place}", name, factories.id_number(), 与户主关系="之子")
        for place, (name, home) in enumerate(names.items())
    ]
    head = row("3703", "9029", "吴六", factories.id_number())
    batch = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE), head, *lines)
    with system_scope("测试"):
        Person.objects.filter(name__in=["甲一", "甲二"]).update(work_months=7)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert [(one["household"], one["why"]) for one in report["kept"]] == [
        ("3702", "人员后来改过"), ("3703", "人员后来改过，同户其他人一并保留"),
    ]  # fmt: skip
    with system_scope("测试"):
        left = set(Person.objects.exclude(name__in=["王一", "李二", "赵三"]).values_list("name", flat=True))
    assert left == {"甲一", "甲二", "乙二", "吴六"} and homes_agree()


def test_the_report_names_the_household_and_head_of_after_the_undo(couple, data_admin, district_clerk):
    batch = load(
        data_admin,
        district_clerk,
        row("3702", "9002", "李二", TWO),
        row("3702", "9003", "赵三", THREE, 与户主关系="其他"),
    )
    with system_scope("测试"):
        Person.objects.filter(name="赵三").update(work_months=7)
        Household.objects.filter(household_no="3702").update(hamlet="东头")
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert homes_agree() and person("李二").household.household_no == "3701"
    assert {(one["household"], one["name"]) for one in report["kept"]} <= {("3702", "赵三")}


def roles(home: str) -> dict[str, str]:
    with system_scope("测试"):
        found = Membership.objects.filter(household__household_no=home, until=None, person__voided_at=None)
        return dict(found.values_list("person__name", "relation"))


def swapped(**more: str) -> tuple[dict[str, str], ...]:
    """李二 becomes head in the place of 王一."""
    return row("3701", "9001", "王一", ONE, 与户主关系="配偶"), row("3701", "9002", "李二", TWO, **more)


def test_who_became_head_remains_it_where_the_former_one_has_died(couple, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, *swapped(劳动技能="无劳动力"))
    clear()
    dies("王一", district_clerk)
    report = reverse(data_admin, district_clerk, batch).report
    assert roles("3701") == {"李二": "head"} and report["mend"] == []
    assert [one["why"] for one in report["kept"]] == [
        "成员后来有变动，留在现在的户、户主后来有变动，与户主的关系不再改回"
    ]
    assert person("李二").labour == "weak"


def test_a_new_head_who_stays_is_the_only_one(couple, data_admin, district_clerk):
    head = row("3702", "9004", "孙四", factories.id_number())
    batch = load(data_admin, district_clerk, head, row("3702", "9003", "赵三", THREE, 与户主关系="其他"))
    with system_scope("测试"):
        Person.objects.filter(name="孙四").update(work_months=7)
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert roles("3702") == {"孙四": "head", "赵三": "other"} and report["mend"] == []


def test_a_new_head_stays_where_the_former_one_is_gone(couple, data_admin, district_clerk):
    head = row("3701", "9004", "孙四", factories.id_number())
    wife = row("3701", "9002", "李二", TWO, **WIFE)
    batch = load(data_admin, district_clerk, head, wife, row("3701", "9001", "王一", ONE, 与户主关系="其他"))
    clear()
    dies("王一", district_clerk)
    report = reverse(data_admin, district_clerk, batch).report
    assert roles("3701") == {"孙四": "head", "李二": "spouse"} and report["mend"] == []


def test_a_household_left_without_a_head_is_told(couple, data_admin, district_clerk, client):
    batch = load(data_admin, district_clerk, *swapped())
    with system_scope("测试"):  # head and former head both have another relation by now
        Membership.objects.filter(household__household_no="3701", until=None).update(relation="other")
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    home = person("李二").household_id
    assert [(one["household"], one["why"], one["key"]) for one in report["mend"]] == [("3701", "没有户主", home)]
    client.force_login(data_admin)
    page = client.get(reverse_url("households:batch_detail", args=[batch.pk])).content.decode()
    assert "1</b> 户没有户主或户主不止一位" in page and reverse_url("households:household_detail", args=[home]) in page


def test_a_row_that_somebody_edited_since_keeps_its_value_and_its_household_is_named(
    couple, data_admin, district_clerk
):
    batch = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE, 人数="3", 劳动技能="无劳动力"))
    with system_scope("测试"):
        Person.objects.filter(name="赵三").update(labour="lost")
    clear()
    report = reverse(data_admin, district_clerk, batch).report
    assert report["changed_since"] == 1
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3702", "人员后来改过，保留现值")]
    with system_scope("测试"):
        assert Person.objects.get(name="赵三").labour == "lost"
        assert Household.objects.get(household_no="3702").stated_size is None


def told_again(maker, checker, batch) -> list[str]:
    """What the report of the next reversal names."""
    clear()
    return [one["why"] for one in reverse(maker, checker, batch).report["kept"]]


def still_there(batch) -> list[str]:
    return [f"现值是已撤销的批次 {batch} 写入的，要改回请恢复该批次后再撤销"]


def test_what_a_later_batch_kept_from_going_back_is_named_and_goes_back_next_time(couple, data_admin, district_clerk):
    before = contents()
    first = load(data_admin, district_clerk, row("3702", "9003", "赵三", THREE, 劳动技能="无劳动力"))
    clear()
    both = row("3702", "9003", "赵三", THREE, 劳动技能="无劳动力", 民族="回族")
    second = load(data_admin, district_clerk, both)
    kept = ["人员后来改过，保留现值"]
    assert told_again(data_admin, district_clerk, first) == kept
    for _ in range(2):  # as long as the later batch stands, each undo says so
        assert told_again(data_admin, district_clerk, first) == []
        assert told_again(data_admin, district_clerk, first) == kept
    assert told_again(data_admin, district_clerk, second) == still_there(first)
    assert person("赵三").labour == "none"
    assert told_again(data_admin, district_clerk, first) == told_again(data_admin, district_clerk, first) == []
    assert contents() == before
    for labour in ("none", "weak") * 2:  # and nothing is owed any more
        assert told_again(data_admin, district_clerk, first) == [] and person("赵三").labour == labour


def test_a_number_that_somebody_else_had_goes_back_once_it_is_free(couple, data_admin, district_clerk):
    before = contents()
    first = load(data_admin, district_clerk, row("3702", "9003", "赵三", factories.id_number()))
    clear()
    second = load(data_admin, district_clerk, row("3705", "9005", "孙四", THREE))
    assert told_again(data_admin, district_clerk, first) == ["人员的编号已是别人的，没有恢复"]
    assert told_again(data_admin, district_clerk, second) == []
    assert told_again(data_admin, district_clerk, first) == told_again(data_admin, district_clerk, first) == []
    assert contents() == before


def test_a_relation_that_a_later_batch_changed_goes_back_next_time(couple, data_admin, district_clerk):
    before = roles("3701")
    first = load(data_admin, district_clerk, *swapped())
    clear()
    second = load(
        data_admin,
        district_clerk,
        row("3701", "9001", "王一", ONE, 与户主关系="其他"),
        row("3701", "9002", "李二", TWO),
    )
    assert told_again(data_admin, district_clerk, first) != []
    assert told_again(data_admin, district_clerk, second) == still_there(first)
    assert roles("3701") == {"王一": "spouse", "李二": "head"}
    assert told_again(data_admin, district_clerk, first) == told_again(data_admin, district_clerk, first) == []
    assert roles("3701") == before and homes_agree()


def test_who_a_later_batch_edited_is_named_as_the_row_of_an_undone_batch(couple, data_admin, district_clerk):
    first = load(data_admin, district_clerk, row("3703", "9004", "孙四", FOUR))
    clear()
    second = load(data_admin, district_clerk, row("3703", "9004", "孙四", FOUR, 劳动技能="无劳动力"))
    assert told_again(data_admin, district_clerk, first) == ["人员后来改过"]
    assert told_again(data_admin, district_clerk, second) == still_there(first)
    assert told_again(data_admin, district_clerk, first) == told_again(data_admin, district_clerk, first) == []
    with system_scope("测试"):
        assert not Household.objects.filter(household_no="3703").exists()


def touched_twice() -> list:
    """Rows of which one step notes two values before it: the next one could take either."""
    with system_scope("测试"):
        return list(
            RosterTouch.objects.values("batch", "reversal", "table", "record")
            .annotate(times=Count("pk"))
            .filter(times__gt=1)
        )


def goes_and_comes(maker, checker, batch, *states: dict) -> None:
    """Reversed again and again, the batch leaves the register in each of these states and has nothing to tell."""
    for held in states:
        assert told_again(maker, checker, batch) == []
        assert contents() == held and touched_twice() == []


def test_a_batch_is_taken_back_and_brought_back_again_and_again(couple, data_admin, district_clerk):
    before = contents()
    people = [row(f"37{n}0", f"37{n}1", f"孙{n}", factories.id_number()) for n in range(10, 18)]
    batch = load(data_admin, district_clerk, *people, *moving())
    after = contents()
    clear()
    for held in (before, after) * 3:
        goes_and_comes(data_admin, district_clerk, batch, held)
        assert homes_agree()


def test_who_was_in_a_closed_household_before_the_batch_goes_back_to_it(couple, data_admin, district_clerk):
    change(district_clerk, "王一", ChangeKind.CLOSE)
    before = contents()
    batch = load(
        data_admin,
        district_clerk,
        row("3709", "9009", "孙四", factories.id_number()),
        row("3709", "9002", "李二", TWO, **WIFE),
    )
    after = contents()
    clear()
    goes_and_comes(data_admin, district_clerk, batch, before, after, before)


def test_a_number_that_passed_to_somebody_new_goes_back_with_its_batch(couple, data_admin, district_clerk):
    before = contents()
    batch = load(
        data_admin,
        district_clerk,
        row("3701", "9001", "王一", ONE),
        row("3701", "9007", "李二", TWO, **{**WIFE, "民族": "回族"}),
        row("3701", "9002", "周三", factories.id_number(), 与户主关系="之子"),
    )
    after = contents()
    clear()
    goes_and_comes(data_admin, district_clerk, batch, before, after, before)


def test_an_income_of_a_closed_household_comes_back(couple, data_admin, district_clerk):
    change(district_clerk, "赵三", ChangeKind.CLOSE)
    before = contents()
    filled = row("3702", "9003", "赵三", THREE, 人均纯收入="7777")
    batch = load(data_admin, district_clerk, filled, mode=PlanMode.BLANKS)
    after = contents()
    clear()
    assert after != before
    goes_and_comes(data_admin, district_clerk, batch, before, after)


@pytest.mark.parametrize("whole", [True, False], ids=["with who was there", "alone"])
def test_blanks_bring_nobody_new_into_a_closed_household(couple, data_admin, district_clerk, whole):
    change(district_clerk, "赵三", ChangeKind.CLOSE)
    new = row("3702", "9008", "周五", factories.id_number(), 自然村="东头", 与户主关系="之子" if whole else "户主")
    there = (row("3702", "9003", "赵三", THREE),) if whole else ()
    batch = send(data_admin, as_csv(*there, new), PlanMode.BLANKS)
    assert batch.counts["insert"] == 0
    with system_scope("测试"):
        assert RosterRow.objects.get(batch=batch, row=len(there) + 2).action == "kept"
