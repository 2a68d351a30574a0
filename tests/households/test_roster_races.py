"""Several at once: batches write one after another, and what an officer saves meanwhile is neither written over nor lost."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from households import tasks
from households.models import Household, IncomeStatement, Person, RosterTouch
from households.roster.committing import STALE
from households.roster.recovery import CANCELLED
from households.roster.running import MOST_ATTEMPTS, WAITING, only_one, progress_of
from households.services import facts, register, roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake import acts
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch, Reversal
from tests import factories
from tests.households.test_roster import submit
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_storable import ONE, THREE, TWO, as_csv, load, row

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 8  # seconds
BEGINS = 60  # within which what goes on meanwhile has begun, on a machine that does much else


@contextmanager
def meanwhile(user, act: Callable[[], None], until: Callable[[], bool]) -> Iterator[None]:
    """`act` of a user in a transaction of its own, begun before the block and committed once `until` holds in it."""
    begun, problems = threading.Event(), []

    def run() -> None:
        try:
            with acting_as(actor_for(user)):
                act()
                begun.set()
                ends = time.monotonic() + PATIENCE
                while not until() and time.monotonic() < ends:
                    time.sleep(0.05)
        except BaseException as problem:
            problems.append(problem)
        finally:
            begun.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(BEGINS)
    try:
        yield
    finally:
        thread.join()
    assert not problems, problems


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # in this process's database: another one's tests wait as well
        cursor.execute(
            "select exists (select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
        )
        return cursor.fetchone()[0]


def agreed(maker, checker, *rows: dict) -> Batch:
    """A batch of these rows that another person has agreed to; its job has yet to run."""
    batch = send(maker, as_csv(*rows))
    clear()
    submit(maker, batch)
    with acting_as(actor_for(checker)):
        return roster.approve(batch=batch, by=checker)


def taken_back(maker, checker, batch: Batch) -> Batch:
    """The other way round: an undo (of an undone batch its return) that is agreed to; its job has yet to run."""
    with acting_as(actor_for(maker)):
        acts.ask_reversal(batch=batch, by=maker, reason="导错")
    with acting_as(actor_for(checker)):
        return roster.decide_reversal(batch=batch, by=checker, approve=True)


def fresh(batch: Batch) -> Batch:
    with system_scope("测试"):
        return Batch.objects.select_related("continues").get(pk=batch.pk)


def people() -> dict[str, tuple]:
    with system_scope("测试"):
        return {one.name: (list(one.health), one.labour, one.work_months) for one in Person.objects.all()}


def waits(batch: Batch) -> Callable[[], bool]:
    return lambda: progress_of(batch.pk).read().get("phase") == WAITING or somebody_waits()


def edit(name: str, **fields) -> Callable[[], None]:
    def act() -> None:
        person = Person.objects.get(name=name)
        facts.edit_person(by=None, record=person, version=person.version, **fields)

    return act


def test_of_two_batches_over_the_same_people_the_second_waits_and_finds_itself_overtaken(data_admin, district_clerk):
    leader = factories.user("district_leader")
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    clear()
    one = agreed(data_admin, district_clerk, row("3701", "9001", "王一", ONE, 人均纯收入="11000"))
    two = agreed(data_admin, leader, row("3701", "9001", "王一", ONE, 人均纯收入="12000"))
    with meanwhile(district_clerk, lambda: tasks.commit_batch(one.pk, district_clerk.pk), waits(two)):
        progress_of(two.pk).start(1)
        tasks.commit_batch(two.pk, leader.pk)
    assert fresh(one).state == BatchState.APPROVED
    assert (fresh(two).state, fresh(two).reason, fresh(two).counts["update"]) == (BatchState.CHECKED, STALE, 1)
    with system_scope("测试"):
        assert IncomeStatement.objects.get().per_head == 11000
        assert not RosterTouch.objects.filter(batch=two).exists()


def test_of_two_batches_with_the_same_new_household_the_second_goes_back(data_admin, district_clerk):
    rows = row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO)
    one, two = agreed(data_admin, district_clerk, *rows), agreed(data_admin, district_clerk, *rows)
    with meanwhile(district_clerk, lambda: tasks.commit_batch(one.pk, district_clerk.pk), waits(two)):
        tasks.commit_batch(two.pk, district_clerk.pk)
    assert (fresh(two).state, fresh(two).reason) == (BatchState.CHECKED, STALE)
    assert fresh(two).counts["same"] == 2 and len(people()) == 2


def test_who_waits_for_another_batch_can_be_cancelled(data_admin, district_clerk):
    one = agreed(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    two = agreed(data_admin, district_clerk, row("3702", "9002", "李二", TWO))

    def cancelled() -> bool:
        if progress_of(two.pk).read()["phase"] == WAITING:
            progress_of(two.pk).cancel()
        return fresh(two).state == BatchState.SUBMITTED

    with meanwhile(district_clerk, lambda: tasks.commit_batch(one.pk, district_clerk.pk), cancelled):
        tasks.commit_batch(two.pk, district_clerk.pk)
    assert fresh(one).state == BatchState.APPROVED
    assert fresh(two).state == BatchState.SUBMITTED and CANCELLED in fresh(two).reason
    assert set(people()) == {"王一"}


def test_a_message_that_comes_again_while_the_job_is_at_work_counts_for_nothing(data_admin, district_clerk):
    batch, done = agreed(data_admin, district_clerk, row("3701", "9001", "王一", ONE)), threading.Event()

    def at_it() -> None:
        with only_one(batch.pk):
            pass  # held until the transaction ends

    with meanwhile(district_clerk, at_it, done.is_set):
        for _ in range(MOST_ATTEMPTS + 1):
            tasks.commit_batch(batch.pk, district_clerk.pk)
        assert (fresh(batch).state, fresh(batch).attempts) == (BatchState.APPLYING, 0)
        done.set()
    tasks.commit_batch(batch.pk, district_clerk.pk)
    assert fresh(batch).state == BatchState.APPROVED and set(people()) == {"王一"}


def test_an_undo_waits_for_the_batch_that_writes(data_admin, district_clerk):
    one = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    clear()
    two = agreed(data_admin, district_clerk, row("3701", "9001", "王一", ONE, 劳动技能="普通劳动力"))
    taken_back(data_admin, district_clerk, one)
    with meanwhile(district_clerk, lambda: tasks.commit_batch(two.pk, district_clerk.pk), waits(one)):
        tasks.reverse_batch(one.pk, district_clerk.pk)
    assert people() == {"王一": (["healthy"], "ordinary", None)} and fresh(one).state == BatchState.UNDONE
    with system_scope("测试"):
        assert [kept["household"] for kept in Reversal.objects.get().report["kept"]] == ["3701"]


def test_a_save_begun_before_the_commit_is_seen_by_it_and_stays(data_admin, district_clerk, town_officer):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    ill = {"健康状况": "长期慢性病"}
    batch = agreed(
        data_admin, district_clerk, row("3701", "9001", "王一", ONE, **ill), row("3702", "9002", "李二", TWO, **ill)
    )
    with meanwhile(town_officer, edit("王一", health=["disabled"], labour="none"), somebody_waits):
        tasks.commit_batch(batch.pk, district_clerk.pk)
    assert people()["王一"][:2] == (["disabled"], "none") and people()["李二"][0] == ["chronic"]
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
        assert (rest.state, rest.reason, rest.counts["update"]) == (BatchState.RETURNED, STALE, 1)
    clear()
    taken_back(data_admin, district_clerk, batch)
    tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert people()["王一"][:2] == (["disabled"], "none") and people()["李二"][0] == ["healthy"]


def test_a_save_of_the_household_or_its_record_begun_before_the_commit_is_seen_by_it(
    data_admin, district_clerk, town_officer
):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE, 自然村="东头"))
    clear()
    batch = agreed(data_admin, district_clerk, row("3701", "9001", "王一", ONE, 自然村="西头"))

    def act() -> None:
        home = Household.objects.get()
        register.edit_household(by=town_officer, record=home, version=home.version, hamlet="南头")

    with meanwhile(town_officer, act, somebody_waits):
        tasks.commit_batch(batch.pk, district_clerk.pk)
    assert fresh(batch).state == BatchState.CHECKED and fresh(batch).reason == STALE
    with system_scope("测试"):
        assert Household.objects.get().hamlet == "南头"


@pytest.mark.parametrize("kind", ["undo", "redo"])
def test_a_save_begun_before_an_undo_or_its_return_stays_and_is_named(data_admin, district_clerk, town_officer, kind):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    able = {"劳动技能": "普通劳动力"}
    batch = agreed(
        data_admin, district_clerk, row("3701", "9001", "王一", ONE, **able), row("3702", "9002", "李二", TWO, **able)
    )
    tasks.commit_batch(batch.pk, district_clerk.pk)
    for _ in range(1 if kind == "redo" else 0):
        clear()
        taken_back(data_admin, district_clerk, batch)
        tasks.reverse_batch(batch.pk, district_clerk.pk)
    clear()
    taken_back(data_admin, district_clerk, batch)
    before = people()["王一"]
    with meanwhile(town_officer, edit("王一", work_months=7), somebody_waits):
        tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert people()["王一"] == (*before[:2], 7)
    assert people()["李二"][1] == ("weak" if kind == "undo" else "ordinary")
    with system_scope("测试"):
        report = Reversal.objects.filter(batch=batch).last().report
    assert report["changed_since"] == 1 and [one["household"] for one in report["kept"]] == ["3701"]


def test_a_new_person_edited_during_the_undo_keeps_the_household_whole(data_admin, district_clerk, town_officer):
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    taken_back(data_admin, district_clerk, batch)
    with meanwhile(town_officer, edit("王一", work_months=7), somebody_waits):
        tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert people() == {"王一": (["healthy"], "weak", 7)}
    with system_scope("测试"):
        assert [one.household_no for one in Household.objects.all()] == ["3701"]


def entered(user, number: str) -> Callable[[], None]:
    """Somebody is registered by hand under this ID number."""
    return lambda: register.register_household(
        by=user, village=factories.village("仁风镇", 1), head_name="王一", head_id_number=number
    )


def test_a_number_entered_by_hand_during_the_commit_sends_only_its_household_back(
    data_admin, district_clerk, town_officer
):
    rows = row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO), row("3703", "9003", "赵三", THREE)
    batch = agreed(data_admin, district_clerk, *rows)
    with meanwhile(town_officer, entered(town_officer, ONE), somebody_waits):
        tasks.commit_batch(batch.pk, district_clerk.pk)
    assert fresh(batch).state == BatchState.APPROVED and set(people()) == {"王一", "李二", "赵三"}
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
        assert (rest.state, rest.reason, rest.rows) == (BatchState.RETURNED, STALE, 1)
        assert Household.objects.filter(household_no__in=["3701", "3702", "3703"]).count() == 2


def test_a_number_entered_by_hand_during_a_return_is_kept_back(data_admin, district_clerk, town_officer):
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    taken_back(data_admin, district_clerk, batch)
    tasks.reverse_batch(batch.pk, district_clerk.pk)
    clear()
    taken_back(data_admin, district_clerk, batch)
    with meanwhile(town_officer, entered(town_officer, ONE), somebody_waits):
        tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert fresh(batch).state == BatchState.APPROVED and set(people()) == {"王一", "李二"}
    with system_scope("测试"):
        assert [one["why"] for one in Reversal.objects.last().report["kept"]] == ["人员已重新录入"]
