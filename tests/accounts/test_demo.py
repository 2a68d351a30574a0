"""The demo's log-ins."""

import pytest

from jiyang.access.scope import system_scope
from jiyang.accounts.demo import make_users
from jiyang.accounts.models import User

pytestmark = pytest.mark.django_db


def test_no_two_demo_users_have_one_name(settings):
    settings.DEMO = settings.DEBUG = True
    with system_scope("测试"):
        made = make_users()
        names = User.objects.filter(username__in=[one.username for one in made]).values_list("name", flat=True)
        people = {name.partition("（")[0] for name in names}
    assert len(people) == len(made)
