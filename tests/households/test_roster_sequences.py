"""Any order of imports, partial approvals, undos and their undos keeps the register whole; all undone last first, nothing is left."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from households.models import Household, Membership, Person, RosterRow
from households.roster import committing, reversing
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch
from tests.households.test_roster import contents, submit
from tests.households.test_roster_plan import as_csv, clear, rosters, send

pytestmark = pytest.mark.django_db(transaction=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("import"), rosters, st.sampled_from(PlanMode.values), st.sets(st.integers(2, 8), max_size=2)),
        st.tuples(st.just("reverse"), st.integers(0, 5)),
    ),
    min_size=2,
    max_size=6,
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


def whole() -> None:
    """One open membership at most per person, everybody counted where it is, no live member of a household that is gone."""
    with system_scope("测试"):
        opened = list(Membership.objects.filter(until=None, person__voided_at=None).values_list("person", "household"))
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
    with transaction.atomic():
        batches: list[Batch] = []
        for kind, *more in done:
            if kind == "import":
                batches += filter(None, [take(data_admin, district_clerk, *more)])
            elif batches:
                turn(data_admin, district_clerk, batches[more[0] % len(batches)])
            whole()
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
            assert contents() == before[place]
        for place, batch in enumerate(batches):
            turn(data_admin, district_clerk, batch)
            assert contents() == before[place + 1]
        transaction.set_rollback(True)
