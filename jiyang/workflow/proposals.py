"""Rows of two people: one submits, another decides (DESIGN.md invariant 2). The database holds it too."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.access.scope import Actor, Held, note_stand_in, require
from jiyang.access.standing import held
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.reasons import given
from jiyang.workflow.tasks import forget_count

if TYPE_CHECKING:
    from jiyang.accounts.models import User


class Moved(ValidationError):
    """The proposal has been decided meanwhile; the page is old."""


class Proposal(models.Model):
    """Mixin of a proposal: frozen once submitted, decided once, by somebody else than its maker.

    `act` names the matrix's act whose checkers decide. Use beside `Record` or another base:
    `class PersonChange(Proposal, HouseholdRecord)` with
    `constraints = [*HouseholdRecord.Meta.constraints, *Proposal.Meta.constraints]`.
    """

    act: ClassVar[str] = ""

    state = models.CharField(
        "状态", max_length=10, choices=ProposalState, default=ProposalState.SUBMITTED, editable=False
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="提交人"
    )
    submitted_at = models.DateTimeField("提交时间", default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="复核人"
    )
    decided_at = models.DateTimeField("复核时间", null=True, editable=False)
    decision_reason = models.CharField("复核意见", max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(state=ProposalState.WITHDRAWN) | ~Q(decided_by=F("submitted_by")),
                name="%(app_label)s_%(class)s_two_people",
                violation_error_message="复核人不能是提交人",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.SUBMITTED, decided_by=None, decided_at=None)
                | ~Q(state=ProposalState.SUBMITTED) & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="%(app_label)s_%(class)s_decided",
            ),
        ]

    def act_of(self) -> str:
        """The act whose checkers decide this one."""
        return self.act

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.SUBMITTED


def waiting_for(rows: models.QuerySet, actor) -> models.QuerySet:
    """Open proposals that this actor may decide: not their own, and only with the checker's right."""
    right = f"{rows.model.act}.check"
    if not actor.has(right):
        return rows.none()
    waiting = rows.filter(state=ProposalState.SUBMITTED).exclude(submitted_by__in=actor.barred(right))
    if "district" in {field.name for field in rows.model._meta.fields} and not actor.is_system:
        waiting = waiting.filter(_at([one.region for one in actor.held_for(right)]))
    return waiting.order_by("submitted_at", "pk")


def _at(regions: list) -> Q:
    """Rows at or below one of the regions: the right of a posting holds where the posting lies."""
    places = Q(pk__in=[])
    for region in filter(None, regions):
        places |= Q(village__zone=region.pk) if region.level == "zone" else Q(**{region.level: region.pk})
    return places


def may_decide(proposal: Proposal, actor: Actor) -> bool:
    """Open, and this actor a checker of it: with the right at its place, and not barred as its maker or their deputy."""
    return proposal.is_open and _may_check(proposal, actor)


def _may_check(proposal: Proposal, actor: Actor) -> bool:
    right = f"{proposal.act_of()}.check"
    if not actor.has(right) or proposal.submitted_by_id in actor.barred(right):
        return False
    return actor.is_system or any(_reaches(one, proposal) for one in actor.held_for(right))


def _reaches(held: Held, proposal: Proposal) -> bool:
    if not hasattr(proposal, "district_id"):
        return True
    if held.region is None:
        return False
    if held.region.level == "zone":
        return proposal.village_id is not None and proposal.village.zone_id == held.region.pk
    return getattr(proposal, f"{held.region.level}_id") == held.region.pk


LONGEST_DECISION = 200  # characters: what the column holds


def decide(proposal: Proposal, *, by: "User", approve: bool, reason: str = "") -> Proposal:
    """Approve or return a proposal; its effect is the caller's, in the same transaction, on the locked row returned.

    Raises PermissionDenied (no checker, or the maker), Moved (already decided), ValidationError (a return needs a reason; one that is too long).
    """
    actor, right = require(), f"{proposal.act_of()}.check"
    if not actor.has(right):
        raise PermissionDenied("本岗位不能复核这一项")
    try:
        reason = given(reason, missing="" if approve else "请写明退回原因", longest=LONGEST_DECISION)
    except ValidationError as refused:
        raise ValidationError({"reason": refused.messages}) from refused
    locked = _locked(proposal)
    if locked.submitted_by_id in {by.pk, *actor.barred(right)}:
        raise PermissionDenied("复核人不能是提交人，也不能是提交人的代理人，请另一位同志复核")
    if not _may_check(locked, actor):
        raise PermissionDenied("本岗位不能复核这一项")
    note_stand_in(right)
    return _close(locked, by, ProposalState.APPROVED if approve else ProposalState.RETURNED, reason)


def withdraw(proposal: Proposal, *, by: "User") -> Proposal:
    """撤回 by its maker, before it is decided. Raises PermissionDenied, Moved."""
    locked = _locked(proposal)
    if locked.submitted_by_id != by.pk:
        raise PermissionDenied("只有提交人可以撤回")
    return _close(locked, by, ProposalState.WITHDRAWN)


def _locked(proposal: Proposal) -> Proposal:
    locked = held(proposal)
    if not locked.is_open:
        raise Moved(f"这一项{locked.get_state_display()}，不能再改，请刷新页面")
    return locked


def _close(locked: Proposal, by: "User", state: str, reason: str = "") -> Proposal:
    locked.state, locked.decided_by, locked.decided_at = state, by, timezone.now()
    locked.decision_reason = reason
    locked.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])
    forget_count(by)
    return locked


def decided_for(proposal: Proposal) -> str:
    """Whom the checker stood in for on the day of the decision (代 …); empty where they decided in their own name.

    One query for a decided proposal.
    """
    from jiyang.accounts.models import Posting

    if proposal.is_open or proposal.state == ProposalState.WITHDRAWN:
        return ""
    held = Posting.objects.on(timezone.localdate(proposal.decided_at)).filter(
        user=proposal.decided_by_id, role__in=matrix().roles_with(f"{proposal.act_of()}.check")
    )
    names = list(held.values_list("deputy_for__user__name", flat=True))
    return "" if None in names else "、".join(dict.fromkeys(names))


def decision_of(proposal: Proposal, actor, decide_url: str, withdraw_url: str = "") -> dict:
    """What a proposal's page needs to include the decision block (`templates/workflow/decision.html`)."""
    return {
        "template": "workflow/decision.html",
        "proposal": proposal,
        "decided_for": decided_for(proposal),
        "may_decide": may_decide(proposal, actor),
        "may_withdraw": proposal.is_open and proposal.submitted_by_id == actor.user.pk,
        "decide_url": decide_url,
        "withdraw_url": withdraw_url,
    }
