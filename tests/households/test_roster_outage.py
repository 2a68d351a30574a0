"""A cache that is down stops no job; a job that needs it all the same comes again, and nobody has to agree anew."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.test import override_settings
from redis.exceptions import ConnectionError

from households import tasks
from households.models import Person
from households.roster import apply
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.intake import acts
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch
from tests.households.test_roster import submit
from tests.households.test_roster_plan import send
from tests.households.test_roster_storable import ONE, TWO, as_csv, row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file() -> bytes:
    return as_csv(row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))


@contextmanager
def no_cache() -> Iterator[None]:
    dead = {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}
    with override_settings(CACHES={"default": dead}):
        yield


def state(batch: Batch) -> tuple[str, int]:
    with system_scope("测试"):
        return Batch.objects.get(pk=batch.pk).state, Person.objects.count()


def agreed(checker, batch: Batch) -> Batch:
    with acting_as(actor_for(checker)):
        return roster.approve(batch=batch, by=checker)


def test_a_check_a_commit_and_an_undo_go_on_without_a_cache(data_admin, district_clerk, file):
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="名单.csv", data=file, mode=PlanMode.ALL)
    with no_cache():
        tasks.check_batch(batch.pk, data_admin.pk)
    assert state(batch) == (BatchState.CHECKED, 0)
    agreed(district_clerk, submit(data_admin, batch))
    with no_cache():
        tasks.commit_batch(batch.pk, district_clerk.pk)
    assert state(batch) == (BatchState.APPROVED, 2)
    with acting_as(actor_for(data_admin)):
        acts.ask_reversal(batch=batch, by=data_admin, reason="导错")
    with acting_as(actor_for(district_clerk)):
        roster.decide_reversal(batch=batch, by=district_clerk, approve=True)
    with no_cache():
        tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert state(batch) == (BatchState.UNDONE, 0)


def test_a_commit_that_lost_the_cache_waits_to_be_taken_up(data_admin, district_clerk, file, monkeypatch):
    batch = agreed(district_clerk, submit(data_admin, send(data_admin, file)))

    def lost(batch: Batch) -> None:
        raise ConnectionError("Connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(apply, "refresh", lost)
        with pytest.raises(ConnectionError):
            tasks.commit_batch(batch.pk, district_clerk.pk)
    assert state(batch) == (BatchState.APPLYING, 0)
    tasks.commit_batch(batch.pk, district_clerk.pk)
    assert state(batch) == (BatchState.APPROVED, 2)
