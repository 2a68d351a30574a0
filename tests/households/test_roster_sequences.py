"""Any order of imports, partial approvals, undos and their undos keeps the register whole; all undone last first, nothing is left."""

from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from employment.services import record_spell
from households.enums import ChangeKind
from households.models import Household, Membership, Person, PersonChange, RosterRow, RosterTouch
from households.roster import committing, reversing
from households.services import changes, roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch
from jiyang.workflow.enums import ProposalState
from tests import factories
from tests.households.test_roster import contents, submit
from tests.households.test_roster_plan import as_csv, clear, rosters, send

pytestmark = pytest.mark.django_db(transaction=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("import"), rosters, st.sampled_from(PlanMode.values), st.sets(st.integers(2, 8), max_size=2)),
        st.tuples(st.just("reverse"), st.integers(0, 5)),
        st.tuples(st.sampled_from(("die", "edit", "ask", "work")), st.integers(0, 6)),
        st.tuples(st.just("move"), st.integers(0, 6), st.integers(0, 3)),
    ),
    min_size=2,
    max_size=8,
)


def take(maker, checker, people, mode, held) -> Batch | None:
    """Import a roster, some rows held back. None where nothing was to be written."""
    batch = send(maker, as_csv(people), mode)
    clear()
    if not batch.counts["insert"] + batch.counts["update"]:
        return None
    submit(maker, batch)
    with acting_as(actor_for(checker)):
        roster.hold(batch=batch, by=checker, rows=held)
        if not RosterRow.objects.filter(batch=batch, action__in=roster.WRITTEN, held=False).exists():
            return None
        batch = committing.commit(roster.approve(batch=batch, by=checker, reason="核实").pk)
    clear()
    return batch if batch.state == BatchState.APPROVED else None


def turn(maker, checker, batch: Batch) -> None:
    with acting_as(actor_for(maker)):
        acts.ask_reversal(batch=batch, by=maker, reason="导错")
    with acting_as(actor_for(checker)):
        reversing.reverse(roster.decide_reversal(batch=batch, by=checker, approve=True).pk)
    clear()


def die(maker, checker, number: int) -> int | None:
    """Somebody's death is registered and agreed to, if they are a member and no head with others."""
    with system_scope("测试"):
        found = list(
            Membership.objects.filter(until=None, person__voided_at=None).select_related("household", "person")
        )
    if not found:
        return None
    one = found[number % len(found)]
    with suppress(ValidationError):
        with acting_as(actor_for(maker)):
            change = changes.submit(
                household=one.household, by=maker, kind=ChangeKind.DEATH, on=one.since, note="事实", person=one.person
            )
        with acting_as(actor_for(checker)):
            changes.decide(proposal=change, by=checker, approve=True)
        return one.person_id
    return None


def edit(number: int) -> None:
    with system_scope("测试"):
        found = list(Person.objects.order_by("pk"))
        if found:
            one = found[number % len(found)]
            Person.objects.filter(pk=one.pk).update(work_months=(one.work_months or 0) + 1)


def work(maker, number: int) -> None:
    """Somebody's job is recorded; it goes where they go."""
    with acting_as(actor_for(maker)):
        found = list(Person.objects.select_related("household").order_by("pk"))
        if found:
            with suppress(ValidationError, IntegrityError), transaction.atomic():
                record_spell(by=maker, person=found[number % len(found)])


def ask(maker, number: int) -> None:
    """Somebody's leaving is proposed, and nobody decides on it."""
    with acting_as(actor_for(maker)):
        found = list(
            Membership.objects.filter(until=None, person__voided_at=None).select_related("household", "person")
        )
        if not found:
            return
        one = found[number % len(found)]
        with suppress(ValidationError):
            changes.submit(
                household=one.household,
                by=maker,
                kind=ChangeKind.OTHER_OUT,
                on=one.since,
                note="外出",
                person=one.person,
            )


def move(maker, checker, number: int, village: int) -> dict[int, int]:
    """A household moves to another village as a whole: which, and where to."""
    with system_scope("测试"):
        found = list(Household.objects.filter(closed_on=None).order_by("pk"))
    if not found:
        return {}
    one, there = found[number % len(found)], factories.village("曲堤街道", village)
    with suppress(ValidationError):
        with acting_as(actor_for(maker)):
            change = changes.submit(
                household=one, by=maker, kind=ChangeKind.MOVE, on=one.registered_on, note="搬迁", target_village=there
            )
        with acting_as(actor_for(checker)):
            changes.decide(proposal=change, by=checker, approve=True)
        return {one.pk: there.pk}
    return {}


def places() -> dict[int, int]:
    with system_scope("测试"):
        return dict(Household.objects.values_list("pk", "village_id"))


def asked() -> set[tuple[int, int]]:
    """Of whom a change is proposed, and where they are: they can leave it."""
    with system_scope("测试"):
        opened = PersonChange.objects.filter(state=ProposalState.SUBMITTED).values_list("person", "household")
        members = Membership.objects.filter(until=None, person__voided_at=None).values_list("person", "household")
        return set(opened) & set(members)


def whole(dead: set[int | None] = frozenset()) -> None:
    """One open membership at most per person, everybody counted where it is, no live member of a household that is gone, no dead
    one at all."""
    with system_scope("测试"):
        noted = (
            RosterTouch.objects.order_by().values("batch", "reversal", "table", "record").annotate(times=Count("pk"))
        )
        assert not noted.filter(times__gt=1).exists()  # one step changes a row once
        opened = list(Membership.objects.filter(until=None, person__voided_at=None).values_list("person", "household"))
        assert not {person for person, _ in opened} & dead
        assert len({person for person, _ in opened}) == len(opened)
        homes, owners = (
            set(Household.objects.values_list("pk", flat=True)),
            dict(Person.objects.values_list("pk", "household")),
        )
        assert all(home in homes and owners[person] == home for person, home in opened)
        assert set(owners.values()) <= homes
        for home in Household.objects.select_related("state"):
            assert home.state.people == sum(one == home.pk for _, one in opened)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=steps)
def test_any_order_keeps_the_register_whole(data_admin, district_clerk, done):
    other = factories.user("district_clerk")
    with transaction.atomic():
        batches: list[Batch] = []
        dead: set[int | None] = set()
        moved: dict[int, int] = {}
        for kind, *more in done:
            if kind == "import":
                moved = {}  # a roster may bring a household back
                batches += filter(None, [take(data_admin, district_clerk, *more)])
            elif kind == "die":
                dead.add(die(other, district_clerk, *more))
            elif kind == "edit":
                edit(*more)
            elif kind == "ask":
                ask(other, *more)
            elif kind == "work":
                work(other, *more)
            elif kind == "move":
                moved |= move(other, district_clerk, *more)
            elif batches:
                waiting = asked()
                turn(data_admin, district_clerk, batches[more[0] % len(batches)])
                assert all(at == moved.get(home, at) for home, at in places().items())
                assert waiting <= asked()
            whole(dead)
        transaction.set_rollback(True)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    done=st.lists(
        st.tuples(rosters, st.sampled_from(PlanMode.values), st.sets(st.integers(2, 8), max_size=2)),
        min_size=1,
        max_size=4,
    )
)
def test_last_first_every_step_goes_back_exactly_and_comes_again(data_admin, district_clerk, done):
    with transaction.atomic():
        before, batches = [contents()], []
        for one in done:
            if batch := take(data_admin, district_clerk, *one):
                batches.append(batch)
                before.append(contents())
        for place in reversed(range(len(batches))):
            turn(data_admin, district_clerk, batches[place])
            whole()
            assert contents() == before[place]
        for place, batch in enumerate(batches):
            for held in (before[place + 1], before[place], before[place + 1]):
                turn(data_admin, district_clerk, batch)
                whole()
                assert contents() == held
        transaction.set_rollback(True)
