"""Log-in backend that brings a user's postings of the day along: one query opens every request."""

import datetime as dt
import json
from functools import lru_cache

from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from jiyang.accounts.models import Posting, User

KEY = -1  # of nobody: stands in the query for that of the user who asks


class PostedBackend(ModelBackend):
    """`get_user` brings `posted`: today's postings as dicts, which `access.scope.actor_for` reads."""

    def get_user(self, user_id: int) -> User | None:
        sql, params = _posted_on(timezone.localdate())
        user = next(iter(User.objects.raw(sql, [user_id if one == KEY else one for one in params])), None)
        if user is None or not self.user_can_authenticate(user):
            return None
        user.posted = [json.loads(one) for one in user.posted]
        return user


@lru_cache(maxsize=2)
def _posted_on(day: dt.date) -> tuple[str, tuple]:
    """A user (whose key is `KEY`) with the postings of a day, as SQL: every request asks for it, and building it costs more than asking."""
    region = JSONObject(
        pk="region__pk",
        level="region__level",
        code="region__code",
        name="region__name",
        district_id="region__district",
        town_id="region__town",
    )
    absent = JSONObject(pk="deputy_for__pk", user="deputy_for__user__pk", name="deputy_for__user__name")
    postings = Posting.objects.on(day).filter(user=OuterRef("pk")).order_by("pk")
    data = JSONObject(pk="pk", role="role", region=region, deputy_for=absent)
    users = User.objects.annotate(posted=ArraySubquery(postings.values(data=data)))
    return users.filter(pk=KEY).query.sql_with_params()
