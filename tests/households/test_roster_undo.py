"""Taking batches back in any order: what the batch alone did goes back, what others did since stays and is named."""

import pytest

from households.models import Household, Membership, Person
from households.services import tiers
from jiyang.access.scope import acting_as, actor_for, system_scope
from tests.households.test_roster import contents, reverse
from tests.households.test_roster_plan import clear
from tests.households.test_roster_storable import ONE, THREE, TWO, load, row

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
    assert [(one["household"], one["why"]) for one in report["kept"]] == [("3709", "有分类认定")]
    with system_scope("测试"):
        assert Person.objects.get(name="李二").household == home
    assert homes_agree()


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
