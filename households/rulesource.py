"""The register as the standing data of rules: how its rows are named on pages, in scope."""

from collections.abc import Collection, Mapping

from django.urls import reverse

from households.checkup.register import source
from households.models import Household, Person
from jiyang.access.scope import Actor
from jiyang.rules.fields import Subject
from jiyang.rules.live import Live, Named, register


def named(subject: Subject, keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    """Households and people by key, as the actor may see them. One query."""
    if subject.key == "household":
        rows = Household.objects.visible_to(actor).filter(pk__in=keys).select_related("state", "village")
        return {row.pk: _named(row, f"{row.state.head_name}户", "households:household_detail", actor) for row in rows}
    if subject.key == "person":
        rows = Person.objects.visible_to(actor).filter(pk__in=keys).select_related("village")
        return {row.pk: _named(row, row.name, "households:person_detail", actor) for row in rows}
    return {}


def _named(row: Household | Person, name: str, view: str, actor: Actor) -> Named:
    url = reverse(view, args=[row.pk]) if actor.may_open(view) else ""
    return Named(f"{name}（{row.village.short_name}）" if row.village else name, url)


register(Live("户档案", source, named))
