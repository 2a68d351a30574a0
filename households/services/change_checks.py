"""What stands against a change of people: asked when it is submitted and again when it is approved."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils import timezone

from households.enums import ARRIVALS, DEPARTURES, ChangeKind, Relation
from households.models import Household, Membership, Person, PersonChange
from jiyang.identifiers import idcard
from jiyang.identifiers.encryption import blind_index
from jiyang.workflow.enums import ProposalState

Members = dict[int, Membership]
No = Callable[[str, str], None]  # (field, what is wrong and what to do)


def open_members(household: Household) -> Members:
    """Person key -> membership of those who belong to the household today, the head first."""
    rows = Membership.objects.present().filter(household=household).select_related("person").order_by("pk")
    return {one.person_id: one for one in sorted(rows, key=lambda one: one.relation != Relation.HEAD)}


def succession(change: PersonChange, members: Members) -> list[Membership]:
    """Of those who stay, whose relation changes so that the chosen heir is the one head: none where they are that already."""
    staying = (one for one in members.values() if one.person_id != change.person_id)
    return [one for one in staying if (one.relation == Relation.HEAD) != (one.person_id == change.new_head_id)]


def person_with(number: str) -> Person | None:
    """The live person with this ID number, whichever household their file is in."""
    return Person.objects.filter(id_index=blind_index(number[:18])).first()


def refuse_impossible(change: PersonChange) -> None:
    """Raise ValidationError with everything that stands against a change, by field. Call with the district's reach."""
    members, problems = open_members(change.household), {}

    def no(field: str, text: str) -> None:
        problems.setdefault(field, []).append(text)

    for check in (_day, CHECKS.get(change.kind), _target, _order_of_days):
        if check:
            check(change, members, no)
    if problems:
        raise ValidationError(problems)


def refuse_twice(change: PersonChange) -> None:
    """Raise ValidationError when the same change waits for its checker already: a double click, or two officers."""
    waiting = PersonChange.objects.filter(
        household=change.household,
        kind=change.kind,
        person=change.person,
        members=change.members,
        new_name=change.new_name,
        state=ProposalState.SUBMITTED,
    )
    if found := waiting.select_related("submitted_by").first():
        raise ValidationError(
            f"同样的变更已由{found.submitted_by.name}提交，正在等复核（变更日期 {found.on}）；要改内容，请先撤回那一件"
        )


def _day(change: PersonChange, members: Members, no: No) -> None:
    household = change.household
    if change.on > timezone.localdate():
        no("on", "变更日期不能晚于今天")
    if change.on < household.registered_on:
        no("on", f"变更日期不能早于入册日期 {household.registered_on}")
    if household.closed_on:
        no("on", f"该户已于 {household.closed_on} 核减")


def _target(change: PersonChange, members: Members, no: No) -> None:
    if change.target_household_id is None:
        return
    if change.target_household_id == change.household_id:
        no("target_no", "转入户就是本户")
    elif change.target_household.closed_on:
        no("target_no", "转入户已经核减")
    elif change.on < change.target_household.registered_on:
        no("on", f"变更日期早于转入户的入册日期 {change.target_household.registered_on}")


def _order_of_days(change: PersonChange, members: Members, no: No) -> None:
    """Nobody leaves before they came."""
    everybody = change.kind in {ChangeKind.MERGE, ChangeKind.CLOSE}
    moving = {change.person_id, *change.members}
    if change.new_head_id and change.kind != ChangeKind.SPLIT:
        moving |= {one.person_id for one in succession(change, members)}
    late = [one.person.name for key, one in members.items() if one.since > change.on and (everybody or key in moving)]
    if late:
        no("on", f"变更日期早于{'、'.join(late)}成为本户成员的日期")


def _departure(change: PersonChange, members: Members, no: No) -> None:
    leaver = members.get(change.person_id)
    if leaver is None:
        no("person", "请选择本户现有的成员")
    elif leaver.relation == Relation.HEAD and len(members) > 1:
        others = (one for key, one in members.items() if key != change.person_id)
        if change.new_head_id or not any(one.relation == Relation.HEAD for one in others):
            _heir(change, members, no)
    elif change.new_head_id:
        no("new_head", "离开的不是户主，不用选新户主")
    if change.target_household_id and not change.relation:
        no("relation", "请选择在转入户里与户主的关系")


def _heir(change: PersonChange, members: Members, no: No) -> None:
    if change.new_head_id not in members or change.new_head_id == change.person_id:
        no("new_head", "请在留下的成员中选择新户主")


def _new_head(change: PersonChange, members: Members, no: No) -> None:
    _heir(change, members, no)
    if change.new_head_id in members and not succession(change, members):
        no("new_head", f"{members[change.new_head_id].person.name}已是户主，请选择另一名成员")


def _arrival(change: PersonChange, members: Members, no: No) -> None:
    if not change.new_name.strip():
        no("new_name", "请填写姓名")
    if not change.relation or change.relation == Relation.HEAD:
        no("relation", "请选择与户主关系（不能是户主）")
    if change.new_id_number:
        _identity(change, no)
    elif change.kind != ChangeKind.NEWBORN:
        no("new_id_number", "请填写证件号码（只有新生儿可以暂缺）")
    elif change.new_birth_date is None or not change.new_sex:
        no("new_birth_date", "没有证件号码的新生儿须填写出生日期和性别")
    elif change.new_birth_date > change.on:
        no("on", "变更日期早于出生日期")


def _identity(change: PersonChange, no: No) -> None:
    checked = idcard.check(change.new_id_number)
    if checked.problem:
        no("new_id_number", checked.message)
        return
    if checked.birth_date and checked.birth_date > change.on:
        no("on", f"变更日期早于此人出生日期 {checked.birth_date}")
    known = person_with(checked.number)
    if known:
        _known(known, change, no)


def _known(person: Person, change: PersonChange, no: No) -> None:
    """Somebody with this number is in the register already: where they stand must allow the arrival."""
    spells = list(Membership.objects.filter(person=person).order_by("since", "pk"))
    last = spells[-1] if spells else None
    if any(one.until is None for one in spells):
        no("new_id_number", "此人已在另一户，请先办理转出")
    elif last and last.leave_reason == ChangeKind.DEATH.label:
        no("new_id_number", f"此人已于 {last.until} 登记死亡，请核对证件号码；登记有误的，先在原户办理返回本户")
    elif last and last.until > change.on:
        no("on", f"变更日期早于此人离开原户的日期 {last.until}")
    if person.name != change.new_name.strip():
        no("new_name", "这个证件号码在册的姓名与填写的不同，请核对")


def _return(change: PersonChange, members: Members, no: No) -> None:
    person = change.person
    if person is None or person.household_id != change.household_id or person.pk in members:
        no("person", "请选择曾是本户成员、现已减少的人")
    elif Membership.objects.present().filter(person=person).exists():
        no("person", "此人已在另一户，请先办理转出")
    elif Membership.objects.filter(person=person, until__gt=change.on).exists():
        no("on", "变更日期早于此人离开的日期")
    if not change.relation:
        no("relation", "请选择与户主关系")


def _split(change: PersonChange, members: Members, no: No) -> None:
    chosen = set(change.members)
    if not chosen or not chosen < set(members):
        no("members", "请选择分出的成员，原户至少留一人")
    elif any(members[key].relation == Relation.HEAD for key in chosen):
        no("members", "户主不能分出；请先办理变更户主")
    if change.new_head_id not in chosen:
        no("new_head", "请在分出的成员中选择新户的户主")


def _merge(change: PersonChange, members: Members, no: No) -> None:
    if change.target_household is None:
        no("target_no", "请填写并入的户编号")


def _move(change: PersonChange, members: Members, no: No) -> None:
    if change.target_village is None:
        no("target_village", "请选择迁入的行政村")
    elif change.target_village_id == change.household.village_id:
        no("target_village", "该户已经在这个村")


CHECKS: dict[str, Callable[[PersonChange, Members, No], None]] = {
    **dict.fromkeys(DEPARTURES, _departure),
    **dict.fromkeys(ARRIVALS, _arrival),
    ChangeKind.HEAD: _new_head,
    ChangeKind.RETURNED: _return,
    ChangeKind.SPLIT: _split,
    ChangeKind.MERGE: _merge,
    ChangeKind.MOVE: _move,
}
