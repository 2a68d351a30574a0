"""The scope of the running code: whose eyes it has and why (DESIGN.md invariant 1).

A request, task or command says who acts — `acting_as(actor)`, `system_scope("夜间检查")` — and that one statement feeds
both walls: the managers (`Model.objects.visible_to(actor)`) and the database's row-level security, which reads
transaction-local settings. Nothing said means no rows: the managers raise `ScopeNotSet`, the database answers none.
"""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db import connection, transaction
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.regions.enums import Level


class ScopeNotSet(RuntimeError):
    """Scoped rows were asked for by code that has not said for whom it acts."""


@dataclass(frozen=True)
class Reach:
    """Region keys and postings that open rows; the shortest list each (a district, not its villages)."""

    districts: tuple[int, ...] = ()
    towns: tuple[int, ...] = ()
    villages: tuple[int, ...] = ()
    postings: tuple[int, ...] = ()


@dataclass(frozen=True)
class Held:
    """One of the actor's postings of the day. `stands_for` is the absent user whose deputy it makes them (None: own)."""

    pk: int
    role: str
    region: object = None
    stands_for: int | None = None
    stands_for_name: str = ""


@dataclass(frozen=True)
class Actor:
    """Who acts: a user with today's postings, or the system for a stated reason.

    `reason` and `request` go into every history event written meanwhile.
    """

    user: object = None
    roles: frozenset[str] = frozenset()
    reach: Reach = Reach()
    office: str = ""
    reason: str = ""
    request: str = ""
    address: str | None = None
    is_system: bool = False
    regions: tuple = field(default=(), compare=False)
    held: tuple[Held, ...] = field(default=(), compare=False)

    @cached_property
    def field_groups(self) -> frozenset[str]:
        """Field groups whose columns this actor sees; the one source for lists, forms, exports, API and history."""
        return frozenset(matrix().field_groups) if self.is_system else matrix().groups_for(self.roles)

    def has(self, right: str) -> bool:
        """Whether one of the actor's roles holds `right` (an act's sides are `<act>.make` and `<act>.check`)."""
        return self.is_system or bool(matrix().roles_with(right) & self.roles)

    def held_for(self, right: str) -> tuple[Held, ...]:
        """The postings by which the actor holds a right."""
        return tuple(one for one in self.held if one.role in matrix().roles_with(right))

    def barred(self, right: str) -> frozenset[int]:
        """Keys of users whose work this actor may not check with `right`: their own, and the absent person's for whom
        alone they stand in (who holds the right also in their own name, or for another, may)."""
        ways = {one.stands_for for one in self.held_for(right)}
        absent = ways if len(ways) == 1 and None not in ways else set()
        return frozenset(absent | {getattr(self.user, "pk", None)})

    @property
    def stands_for(self) -> str:
        """Whom the actor stands in for today, in words (代 …); empty for nobody."""
        return "、".join(dict.fromkeys(one.stands_for_name for one in self.held if one.stands_for))

    def may_open(self, view: str) -> bool:
        return matrix().may_open(view, self.roles)

    @property
    def home(self):
        """The region whose figures this actor sees first: the widest posting's, None for household postings."""
        order = [Level.DISTRICT, Level.TOWN, Level.ZONE, Level.VILLAGE]
        return min(self.regions, key=lambda region: order.index(region.level), default=None)


_current: ContextVar[Actor | None] = ContextVar("jiyang_actor", default=None)


def current() -> Actor | None:
    return _current.get()


def require() -> Actor:
    """The acting actor. Raises ScopeNotSet where nobody was named."""
    if (actor := _current.get()) is None:
        raise ScopeNotSet("没有说明以谁的身份查询：请用 acting_as(...) 或 system_scope(...)")
    return actor


def actor_for(
    user, *, on: dt.date | None = None, reason: str = "", request: str = "", address: str | None = None
) -> Actor:  # fmt: skip
    """The actor of a user with the postings of day `on` (today). No posting: sees nothing.

    A signed-in user's postings came with the user (`accounts.backends`); others cost one query.
    """
    postings = _postings(user, on) if user.is_active else []
    places = {Level.DISTRICT: [], Level.TOWN: [], Level.ZONE: [], Level.VILLAGE: []}
    for posting in postings:
        if posting.region_id:
            places[posting.region.level].append(posting.region)
    zones = [region.pk for region in places[Level.ZONE]]
    return Actor(
        user=user,
        roles=frozenset(posting.role for posting in postings),
        reach=Reach(
            districts=_keys(places[Level.DISTRICT]),
            towns=_keys(places[Level.TOWN]),
            villages=_keys(places[Level.VILLAGE]) + _villages_of(zones),
            postings=tuple(posting.pk for posting in postings),
        ),
        office=user.office,
        reason=reason,
        request=request,
        address=address,
        regions=tuple(region for found in places.values() for region in found),
        held=tuple(_held(posting) for posting in postings),
    )


def _held(posting) -> Held:
    absent = posting.deputy_for.user if posting.deputy_for else None
    return Held(posting.pk, posting.role, posting.region, *((absent.pk, absent.name) if absent else ()))


def _postings(user, on: dt.date | None) -> list:
    if on is None and hasattr(user, "posted"):
        return [_posting(one) for one in user.posted]
    return list(user.postings.on(on or timezone.localdate()).select_related("region", "deputy_for__user"))


def _posting(data: dict):
    """A posting as the log-in backend's query brought it."""
    from jiyang.accounts.models import Posting, User
    from jiyang.regions.models import Region

    region = Region(**data["region"]) if data["region"]["pk"] else None
    absent = data["deputy_for"]
    original = Posting(pk=absent["pk"], user=User(pk=absent["user"], name=absent["name"])) if absent["pk"] else None
    return Posting(pk=data["pk"], role=data["role"], region=region, deputy_for=original)


def _keys(regions: list) -> tuple[int, ...]:
    return tuple(sorted({region.pk for region in regions}))


def _villages_of(zones: list[int]) -> tuple[int, ...]:
    from jiyang.regions.models import Region

    return tuple(Region.objects.filter(zone__in=zones).values_list("pk", flat=True)) if zones else ()


def _tell_database(actor: Actor | None) -> None:
    """Put the scope on the current transaction. Policies treat an empty list as nothing."""
    reach = actor.reach if actor else Reach()
    context = {}
    if actor:
        context = {"user": getattr(actor.user, "pk", None), "reason": actor.reason, "request": actor.request}
    values = [",".join(map(str, keys)) for keys in (reach.districts, reach.towns, reach.villages, reach.postings)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.districts',%s,true), set_config('app.towns',%s,true),"
            " set_config('app.villages',%s,true), set_config('app.postings',%s,true),"
            " set_config('app.user',%s,true), set_config('pghistory.context_metadata',%s,true)",
            [*values, str(context.get("user") or ""), json.dumps(context, ensure_ascii=False) if context else ""],
        )


def note_stand_in(right: str) -> str:
    """Say in the history written from here to the end of the transaction whom the actor stands in for, where a right is
    theirs only as a deputy. Returns the name, empty where they act in their own name."""
    held = require().held_for(right)
    if not held or any(one.stands_for is None for one in held):
        return ""
    names = "、".join(dict.fromkeys(one.stands_for_name for one in held))
    note_in_history(**{"for": names})
    return names


def note_in_history(**facts: str | int) -> None:
    """Say more in the history written from here to the end of the transaction, beside who and why: `batch`, say."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('pghistory.context_metadata',"
            " (current_setting('pghistory.context_metadata')::jsonb || %s::jsonb)::text, true)",
            [json.dumps(facts, ensure_ascii=False)],
        )


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Run a block in one transaction with `actor`'s eyes; the outer scope comes back afterwards."""
    token = _current.set(actor)
    try:
        with transaction.atomic():
            _tell_database(actor)
            yield actor
    finally:
        _current.reset(token)
    if connection.in_atomic_block and not connection.needs_rollback:
        _tell_database(_current.get())


def system_actor(reason: str) -> Actor:
    """The system itself, for `reason`: reaches every district, and no more than the policies allow a district user."""
    from jiyang.regions.models import Region

    districts = tuple(Region.objects.at(Level.DISTRICT).values_list("pk", flat=True))
    roles = frozenset(matrix().roles)
    return Actor(reach=Reach(districts=districts), roles=roles, reason=reason, is_system=True)


@contextmanager
def system_scope(reason: str) -> Iterator[Actor]:
    """A named system job: nightly check, move across towns, seeding. `reason` stands in every event it writes."""
    with acting_as(system_actor(reason)) as actor:
        yield actor


@contextmanager
def on_behalf_of(actor: Actor, reason: str) -> Iterator[Actor]:
    """District-wide reach for one service that must cross towns (a move), recorded under the acting user."""
    wide = replace(system_actor(reason), user=actor.user, request=actor.request)
    with acting_as(wide):
        yield wide
