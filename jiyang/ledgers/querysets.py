"""Reading scoped tables: the only way from a request to rows (KERNEL.md "Scope, once")."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from jiyang.access import scope
from jiyang.access.models import HouseholdGrant


class ScopedQuerySet(models.QuerySet):
    """Rows of scoped tables. Reading without a scope raises ScopeNotSet instead of answering "none"."""

    @classmethod
    def as_manager(cls):
        manager = LiveManager.from_queryset(cls)()
        manager._built_with_asmanager = True
        return manager

    as_manager.queryset_only = True

    @property
    def db(self) -> str:
        """Django asks for the database just before it runs a query: the place to insist on a scope."""
        scope.require()
        return super().db

    def visible_to(self, actor: scope.Actor) -> "ScopedQuerySet":
        """Rows that `actor`'s postings reach, by the arms of the table. The only way from a request to rows."""
        reach, column = actor.reach, self.model.household_column
        arms = Q(pk__in=[])
        if reach.districts:
            arms |= Q(district__in=reach.districts)
        if reach.towns:
            arms |= Q(town__in=reach.towns)
        if reach.villages:
            arms |= Q(village__in=reach.villages)
        if column and reach.postings:
            granted = (
                HouseholdGrant.objects.on(timezone.localdate()).filter(posting__in=reach.postings).values("household")
            )
            arms |= Q(**{f"{column}__in": granted})
        return self.filter(arms)

    def in_region(self, region) -> "ScopedQuerySet":
        """Rows at or below `region`; a 管区 stands for its villages."""
        if region.level == "zone":
            return self.filter(village__zone=region)
        return self.filter(**{region.level: region})


class LiveManager(models.Manager):
    """Live rows by default: voided ones stay readable through `all_rows`."""

    def get_queryset(self):
        return super().get_queryset().filter(voided_at=None)
