"""Log-in backend that brings a user's postings of the day along: one query opens every request."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from jiyang.accounts.models import Posting, User


class PostedBackend(ModelBackend):
    """`get_user` annotates `posted`: today's postings as dicts, which `access.scope.actor_for` reads."""

    def get_user(self, user_id: int) -> User | None:
        region = JSONObject(
            pk="region__pk",
            level="region__level",
            code="region__code",
            name="region__name",
            district_id="region__district",
            town_id="region__town",
        )
        absent = JSONObject(pk="deputy_for__pk", user="deputy_for__user__pk", name="deputy_for__user__name")
        postings = Posting.objects.on(timezone.localdate()).filter(user=OuterRef("pk")).order_by("pk")
        user = (
            User.objects.annotate(
                posted=ArraySubquery(
                    postings.values(data=JSONObject(pk="pk", role="role", region=region, deputy_for=absent))
                )
            )
            .filter(pk=user_id)
            .first()
        )
        return user if user is not None and self.user_can_authenticate(user) else None
