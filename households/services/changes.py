"""Changes of people: submitted, checked by another person, carried out on approval. A person keeps one record for life.

Sources: DOMAIN.md 1.6 人员变更原因; DESIGN.md section 9 (a Person is one record, membership is dated).
"""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from households.enums import ARRIVALS, ChangeKind, Relation
from households.models import Household, Membership, Pairing, Person, PersonChange
from households.roster.takers import along
from households.services import moves, pairings, state, tiers
from households.services.change_checks import open_members, person_with, refuse_impossible, refuse_twice, succession
from jiyang.access import scope
from jiyang.access.standing import WHY, Gone, households_anew
from jiyang.accounts.models import User
from jiyang.identifiers import idcard, pinyin
from jiyang.identifiers.encryption import blind_index
from jiyang.workflow import proposals

HEAD_CHANGED = "户主变更"


@transaction.atomic
def submit(
    *, household: Household, by: User, kind: str, on: dt.date, target_no: str = "", **fields: Any
) -> PersonChange:
    """Propose a change. `target_no` is the number of the household that people go to.

    Raises ValidationError with every reason, by field.
    """
    change = PersonChange(
        household=household, kind=kind, on=on, submitted_by=by, entered_by=by, done_by=by.name, done_on=on, **fields
    )
    with scope.on_behalf_of(scope.require(), "核对转入户"):
        if target_no:
            change.target_household = Household.objects.filter(household_no=target_no.strip()).first()
            if change.target_household is None:
                raise ValidationError({"target_no": f"没有户编号为 {target_no.strip()} 的户，请核对"})
        _lock(change)
        refuse_impossible(change)
        refuse_twice(change)
    if not Household.objects.filter(pk=household.pk).exists():  # it has moved to another office while it was waited for
        raise Gone(WHY["kernel_moved"])
    change.save()
    return change


@transaction.atomic
def decide(*, proposal: PersonChange, by: User, approve: bool, reason: str = "") -> PersonChange:
    """Approve or return. An approval carries the change out at once, if the register still allows it.

    Raises ValidationError: no longer possible (somebody left meanwhile), or the target lies outside the checker's area.
    """
    change = proposals.decide(proposal, by=by, approve=approve, reason=reason)
    if not approve:
        return change
    actor = scope.require()
    _within_reach(change, actor)
    with scope.on_behalf_of(actor, f"人员变更：{change.get_kind_display()}"):
        _lock(change)
        refuse_impossible(change)
        touched = _carry_out(change, by)
        state.refresh(touched)
    return change


def _lock(change: PersonChange) -> None:
    """Hold the households concerned, in one order, and read them anew: changes of one household come one after another."""
    keys = {change.household_id, change.target_household_id} - {None}
    held = households_anew(keys)
    change.household = held[change.household_id]
    if change.target_household_id:
        change.target_household = held[change.target_household_id]


def _within_reach(change: PersonChange, actor: scope.Actor) -> None:
    target, village = change.target_household_id, change.target_village
    if target and not Household.objects.visible_to(actor).filter(pk=target).exists():
        raise ValidationError("转入户不在本辖区，须由区级复核")
    reach = actor.reach
    places = (*reach.districts, *reach.towns, *reach.villages)
    if village and not {village.district_id, village.town_id, village.pk} & set(places):
        raise ValidationError("迁入村不在本辖区，须由区级复核")


def _carry_out(change: PersonChange, by: User) -> list[int]:
    """Write the change; returns the keys of the households whose state is to be refreshed."""
    household, reason = change.household, change.get_kind_display()
    members = open_members(household)
    if change.kind == ChangeKind.MOVE:
        moves.move_household(household=household, village=change.target_village, by=by, reason=change.note)
        return [household.pk]
    if change.kind in ARRIVALS:
        _join(_arriving(change, by), household, change.on, change.relation, reason)
        return [household.pk]
    if change.kind == ChangeKind.RETURNED:
        _join(change.person, household, change.on, change.relation, reason)
        return [household.pk]
    if change.kind == ChangeKind.SPLIT:
        return _split(change, members, by)
    if change.kind == ChangeKind.MERGE:
        for one in members.values():
            _leave(one, change.on, reason)
            _join(one.person, change.target_household, change.on, "", reason)
        _close(household, change.on, f"并入户 {change.target_household}", by)
        return [household.pk, change.target_household_id]
    if change.kind == ChangeKind.CLOSE:
        for one in members.values():
            _leave(one, change.on, reason)
        _close(household, change.on, change.note[:60], by)
        return [household.pk]
    return _depart(change, members, reason, by)


def _depart(change: PersonChange, members: dict[int, Membership], reason: str, by: User) -> list[int]:
    """One member leaves, or only the head changes."""
    if change.new_head_id:
        for one in succession(change, members):
            relation = Relation.HEAD if one.person_id == change.new_head_id else ""
            _leave(one, change.on, HEAD_CHANGED)
            _join(one.person, change.household, change.on, relation, HEAD_CHANGED)
    if change.kind == ChangeKind.HEAD:
        return [change.household_id]
    _leave(members[change.person_id], change.on, reason)
    if len(members) == 1:
        _close(change.household, change.on, f"全户减少（{reason}）", by)
    if change.target_household_id:
        _join(change.person, change.target_household, change.on, change.relation, reason)
        return [change.household_id, change.target_household_id]
    return [change.household_id]


def _split(change: PersonChange, members: dict[int, Membership], by: User) -> list[int]:
    origin = change.household
    made = Household(
        household_type=origin.household_type,
        registered_on=change.on,
        entered_by=by,
        done_by=change.done_by,
        done_on=change.on,
    )
    made.place_at(change.target_village or origin.village)
    made.save()
    for key in change.members:
        _leave(members[key], change.on, change.get_kind_display())
        relation = Relation.HEAD if key == change.new_head_id else ""
        _join(members[key].person, made, change.on, relation, change.get_kind_display())
    change.result_household = made
    change.save(update_fields=["result_household"])
    return [origin.pk, made.pk]


def _arriving(change: PersonChange, by: User) -> Person:
    """The person's record: the one they had, or a new one."""
    number = idcard.check(change.new_id_number) if change.new_id_number else None
    known = person_with(number.number) if number else None
    if known:
        return known
    person = Person(household=change.household, name=change.new_name.strip(), ethnic=change.new_ethnic, entered_by=by)
    person.name_pinyin = pinyin.sort_key(person.name)
    person.birth_date, person.sex = change.new_birth_date, change.new_sex
    if number:
        person.id_number, person.id_index = number.number, blind_index(number.number[:18])
        person.birth_date, person.sex = number.birth_date, number.sex
    person.save()
    return person


def _leave(member: Membership, on: dt.date, reason: str) -> None:
    member.until, member.leave_reason = on, reason
    member.save(update_fields=["until", "leave_reason"])


def _join(person: Person, household: Household, on: dt.date, relation: str, reason: str) -> None:
    """Membership from `on`; the person's file moves to the household, with what later apps keep of them."""
    if person.household_id != household.pk:
        place = {"district": household.district_id, "town": household.town_id, "village": household.village_id}
        Person.objects.filter(pk=person.pk).update(household=household, **place)
        with connection.cursor() as cursor:
            for sql in along("%s").values():
                cursor.execute(sql, [person.pk])
    Membership.objects.create(person=person, household=household, relation=relation, since=on, join_reason=reason)


def _close(household: Household, on: dt.date, reason: str, by: User) -> None:
    """核减: the household leaves the register; its tier and its helpers end with it."""
    household.closed_on, household.close_reason = on, reason
    household.save(update_fields=["closed_on", "close_reason"])
    tiers.end(household=household, on=on, by=by)
    for helper in {
        one.helper for one in Pairing.objects.filter(household=household, until=None).select_related("helper")
    }:
        pairings.end_pairings(households=[household], helper=helper, reason=reason, on=on)
