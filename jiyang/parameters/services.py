"""What may happen to parameters: propose a dated value or a confirmation; a second person activates it.

A value never changes what a past day used: it begins today or later, unless no value was in force in the past days that
it would cover (DESIGN.md invariant 7).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.access.scope import require
from jiyang.accounts.models import User
from jiyang.parameters.enums import ChangeKind, Mark
from jiyang.parameters.kinds import kind_of, problem
from jiyang.parameters.models import Parameter, ParameterChange
from jiyang.regions.models import Region
from jiyang.workflow import proposals
from jiyang.workflow.notices import notify


@dataclass(frozen=True)
class Plan:
    """What an activation does: `ends` the value in force at `since`, and lasts to the day before `until`."""

    ends: Parameter | None
    until: dt.date | None
    problems: list[str]


def plan(key: str, region: Region | None, since: dt.date, until: dt.date | None) -> Plan:
    """How a new value fits between the dated ones; its problems where it does not. One query."""
    rows = list(Parameter.objects.filter(key=key, region=region).order_by("since"))
    before = next((row for row in rows if row.is_on(since) and row.since < since), None)
    after = next((row for row in rows if row.since > since), None)
    problems = []
    if any(row.since == since for row in rows):
        problems.append(f"已有自 {since} 起的值，请改生效日期")
    if since < timezone.localdate() and before:
        problems.append(f"生效日期不能早于今天：{since} 已在用“{before.words}”，过去用过的值不能改写")
    if until and until <= since:
        problems.append("最后一天不能早于生效日期")
    if until and before and (before.until is None or before.until > until):
        problems.append("最后一天之后没有有效值：不填最后一天，或先报其后的值")
    if until and after and until > after.since:
        problems.append(f"自 {after.since} 起已有值“{after.words}”，最后一天不能到那以后")
    ends = [day for day in (until, after.since if after else None) if day]
    return Plan(before, min(ends) if ends else None, problems)


@transaction.atomic
def propose_value(
    *, key: str, value: Any, since: dt.date, until: dt.date | None = None, region: Region | None = None, source: str,
    reason: str = "", by: User,
) -> ParameterChange:  # fmt: skip
    """Submit a new value of a key from day `since`. Raises PermissionDenied, ValidationError with every reason at once."""
    _need_maker()
    last = Parameter.objects.filter(key=key).order_by("-since").first()
    if last is None:
        raise ValidationError(f"没有参数 {key}")
    problems = [
        problem(value, kind_of(last.value, last.unit), last.value, last.unit),
        "请写明依据文件的名称和文号" if not source.strip() else "",
        *plan(key, region, since, until).problems,
    ]
    if _waiting().filter(key=key, region=region, kind=ChangeKind.VALUE).exists():
        problems.append("这个参数已有一项变更等待复核，先处理它")
    if found := [one for one in problems if one]:
        raise ValidationError(found)
    made = ParameterChange.objects.create(
        key=key, title=last.title, value=value, unit=last.unit, region=region, since=since, until=until,
        source=source.strip(), reason=reason.strip(), submitted_by=by,
    )  # fmt: skip
    return _tell_checkers(made)


@transaction.atomic
def propose_confirmation(*, parameter: Parameter, source: str, reason: str = "", by: User) -> ParameterChange:
    """Submit that a value is right as it stands, with the document that says so. Raises as `propose_value`."""
    _need_maker()
    problems = [
        "这个值已经核实" if parameter.is_confirmed else "",
        "请写明依据文件的名称和文号" if not source.strip() else "",
        "这个值已有一项核实等待复核" if _waiting().filter(parameter=parameter).exists() else "",
    ]
    if found := [one for one in problems if one]:
        raise ValidationError(found)
    made = ParameterChange.objects.create(
        kind=ChangeKind.CONFIRM, parameter=parameter, key=parameter.key, title=parameter.title, value=parameter.value,
        unit=parameter.unit, region=parameter.region, since=parameter.since, until=parameter.until, source=source.strip(),
        reason=reason.strip(), submitted_by=by,
    )  # fmt: skip
    return _tell_checkers(made)


@transaction.atomic
def decide(*, proposal: ParameterChange, by: User, approve: bool, reason: str = "") -> ParameterChange:
    """Activate a change as it was submitted, or return it.

    Raises as `proposals.decide`; ValidationError where it no longer fits, with what to do.
    """
    change = proposals.decide(proposal, by=by, approve=approve, reason=reason)
    if approve:
        (_confirm if change.kind == ChangeKind.CONFIRM else _activate)(change)
        change.save(update_fields=["parameter"])
    return change


def _activate(change: ParameterChange) -> None:
    found = plan(change.key, change.region, change.since, change.until)
    if found.problems:
        raise ValidationError([f"{one}。请退回，由提交人改后重报" for one in found.problems])
    if found.ends:
        found.ends.until = change.since
        found.ends.save(update_fields=["until"])
    last = Parameter.objects.filter(key=change.key).order_by("-since").first()
    change.parameter = Parameter.objects.create(
        key=change.key, title=change.title, value=change.value, unit=change.unit, region=change.region,
        since=change.since, until=found.until, source=change.source, mark=Mark.DOCUMENT, ask=last.ask if last else "",
        entered_by=change.submitted_by, confirmed_by=change.decided_by, confirmed_at=change.decided_at,
    )  # fmt: skip


def _confirm(change: ParameterChange) -> None:
    row = Parameter.objects.select_for_update(of=("self",)).get(pk=change.parameter_id)
    if row.is_confirmed or row.value != change.value:
        raise ValidationError("这个值已经核实或改动过，请退回")
    if row.entered_by_id == change.decided_by_id:
        raise ValidationError("核实人不能是录入人，请另一位同志复核")
    row.source, row.mark = change.source, Mark.DOCUMENT
    row.confirmed_by, row.confirmed_at = change.decided_by, change.decided_at
    row.save(update_fields=["source", "mark", "confirmed_by", "confirmed_at"])


def _waiting():
    return ParameterChange.objects.filter(state="submitted")


def _tell_checkers(change: ParameterChange) -> ParameterChange:
    checkers = User.objects.holding(*matrix().roles_with("parameter.check")).exclude(pk=change.submitted_by_id)
    notify(checkers, f"参数等待复核：{change.title}", reverse("parameters:change_detail", args=[change.pk]))
    return change


def _need_maker() -> None:
    if not require().has("parameter.make"):
        raise PermissionDenied("本岗位不能提交参数变更")
