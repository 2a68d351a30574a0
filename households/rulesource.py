"""The register as the standing data of rules: how its rows are named on pages, in scope."""

from collections.abc import Collection, Mapping
from functools import cache

from django.apps import apps
from django.urls import reverse

from households.checkup.register import HOUSEHOLD, PERSON, Held, held, hold, source
from households.models import Household, Person
from households.roster.fields import OWNED
from jiyang.access.scope import Actor
from jiyang.ledgers.records import Record
from jiyang.rules.fields import Subject
from jiyang.rules.groups import guards
from jiyang.rules.live import Live, Named, register


def named(subject: Subject, keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    """Rows by key, as the actor may see them. One query."""
    known = held().get(subject.key)
    return known.named(keys, actor) if known else {}


def named_households(keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    rows = Household.objects.visible_to(actor).filter(pk__in=keys).select_related("state", "village")
    return {
        row.pk: called(f"{row.state.head_name}户", row, "households:household_detail", row.pk, actor) for row in rows
    }


def named_people(keys: Collection[int], actor: Actor) -> Mapping[int, Named]:
    rows = Person.objects.visible_to(actor).filter(pk__in=keys).select_related("village")
    return {row.pk: called(row.name, row, "households:person_detail", row.pk, actor) for row in rows}


def called(name: str, placed: Record, view: str, key: int, actor: Actor) -> Named:
    """A name with its village, and the page where the actor may open it."""
    url = reverse(view, args=[key]) if actor.may_open(view) else ""
    return Named(f"{name}（{placed.village.short_name}）" if placed.village else name, url)


hold("household", Held(HOUSEHOLD, "household_key", named_households))
hold("person", Held(PERSON, "person_key", named_people))
IDENTITY = {"id_number", "id_kind", "stated_id_kind"}
HEALTH = {"disability_category", "disability_level", "medical_spending"}
INCOME = {"income_per_head", "income_last_year", "net_income", "education_spending"}
WORK = {"spell", "plan"}


def _group(owner: str, column: str) -> str:
    model = apps.get_model("households", owner)
    return next((group for group, names in model.field_groups.items() if column in names), "basic")


@cache
def _known() -> dict[tuple[str, str], str]:
    """(subject, column of the rules) → field group, as the register's models have them."""
    subject = {"person": "person"}
    return {
        (subject.get(owner, "household"), slot.name): _group(owner, slot.assigned[0][0])
        for owner, slots in OWNED.items()
        for slot in slots
    }


@guards
def group_of(subject: str, column: str) -> str:
    for group, names in (("identity", IDENTITY), ("health", HEALTH), ("income", INCOME)):
        if column in names:
            return group
    return _known().get((subject, column), "") or ("labour" if subject in WORK else "")


register(Live("户档案", source, named))
