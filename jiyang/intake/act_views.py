"""The acts on a batch as pages see them: what the reader may do, and the answer to a pressed button."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import View

from jiyang.access.scope import Actor
from jiyang.intake import acts, targets
from jiyang.intake.models import Batch
from jiyang.workflow import reasons
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import may_decide

ASKED: dict[str, Callable] = {
    "reason": lambda sent: sent.get("reason", ""),
    "approve": lambda sent: sent.get("decision") == "approve",
}


def seen_by(request: HttpRequest) -> str:
    """What the page showed whose button was pressed: an act counts for nothing else. Raises ValidationError."""
    if not (seen := request.POST.get("seen", "")):
        raise ValidationError("没有说明办理时看到的是哪一版内容，这一步没有办。请打开这一批的页面，核对后再办")
    return seen


class BatchActView(View):
    """Base of the acts on a batch: `service(batch=, by=, seen=, **asked)` decides, a refusal is shown on the batch's page as it
    is now (422). `asks` names what the service wants of the form besides (`ASKED`).

    A target's base says `get_batch`, `address` and `page`. Who opens the address of an act (a page that was refused, opened
    again) is led to the batch.
    """

    http_method_names: ClassVar = ["get", "post"]
    service: ClassVar[Callable[..., Any] | None] = None
    asks: ClassVar[tuple[str, ...]] = ()
    get_batch: Callable[[], Batch]
    address: Callable[[Batch], str]
    page: Callable[[Batch, list[str]], HttpResponse]  # the batch's page with what was wrong

    def asked(self, batch: Batch) -> dict[str, Any]:
        """What the service wants besides. Raises ValidationError."""
        return {name: ASKED[name](self.request.POST) for name in self.asks}

    def done(self, batch: Batch) -> None:
        """What follows an act."""

    def get(self, request: HttpRequest, **kwargs) -> HttpResponse:
        return redirect(self.address(self.get_batch()))

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        batch = self.get_batch()
        try:
            type(self).service(batch=batch, by=request.user, seen=seen_by(request), **self.asked(batch))
        except ValidationError as refused:
            return self.page(self.get_batch(), refused.messages)
        self.done(batch)
        return redirect(self.address(batch))


def acts_context(batch: Batch, actor: Actor, plan: str = "") -> dict:
    """What a batch's page needs for its acts (`templates/intake/`): what it shows (`plan`: digest of what it worked out anew),
    which side the reader is on, what was undone, and the request that waits."""
    act = targets.target_of(batch).act
    barred = actor.barred(f"{act}.check")
    involved = acts.makers(batch)
    return {
        "seen": acts.stamp(batch, plan),
        "longest_reason": reasons.LONGEST,
        "may_make": actor.has(f"{act}.make"),
        "may_check": actor.has(f"{act}.check") and involved.isdisjoint(barred),
        "is_maker": actor.user.pk in involved,
        "stands_in": not involved.isdisjoint(barred - {actor.user.pk}),
        "settled_by": batch.approved_by,
        "settled_at": batch.approved_at,
        **(_reversal_context(batch, actor) if batch.state in acts.KIND_FROM else {}),
    }


def _reversal_context(batch: Batch, actor: Actor) -> dict:
    every = list(batch.reversals.exclude(state=ProposalState.WITHDRAWN).select_related("submitted_by", "decided_by"))
    asked = next((one for one in every if one.is_open), None)
    done = [one for one in every if one.done_at]
    context = {
        "asked": asked,
        "turned_down": every[-1] if every and every[-1].state == ProposalState.RETURNED else None,
        "next_kind": acts.KIND_FROM[batch.state],
        "may_ask": asked is None and actor.has(f"{targets.target_of(batch).undo_act}.make"),
        "may_decide": asked is not None and may_decide(asked, actor),
        "may_take_back": asked is not None and asked.submitted_by_id == actor.user.pk,
        "reversals": done,
    }
    if done:
        context |= {"settled_by": done[-1].decided_by, "settled_at": done[-1].done_at}
    return context
