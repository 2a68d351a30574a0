"""What people do with a batch: submit, hold, approve, return, drop, cancel, undo and its decision."""

from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import TemplateView

from households import tasks
from households.services import roster
from households.views.roster import INVALID, batch_context, batches
from jiyang.intake.detect import Choice
from jiyang.intake.models import Batch
from jiyang.ledgers.terms import is_key


class BatchActView(TemplateView):
    """Base of the acts on a batch: the service decides, a refusal is shown on the batch's page.

    Who opens the address of an act (a page that was refused, opened again) is led to the batch.
    """

    http_method_names = ["get", "post"]

    def act(self, batch: Batch) -> None:
        raise NotImplementedError

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return redirect("households:batch_detail", get_object_or_404(batches(request.actor), pk=pk).pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = get_object_or_404(batches(request.actor), pk=pk)
        try:
            self.act(batch)
        except ValidationError as refused:
            batch = get_object_or_404(batches(request.actor), pk=pk)
            context = batch_context(request, batch, problems=refused.messages)
            return render(request, "households/roster/detail.html", context, status=INVALID)
        return redirect(self.after(batch))

    def after(self, batch: Batch) -> str:
        return f"/households/import/{batch.pk}/"

    def later(self, task, batch: Batch) -> None:
        transaction.on_commit(partial(task.delay, batch.pk, self.request.user.pk))

    @property
    def reason(self) -> str:
        return self.request.POST.get("reason", "")

    @property
    def seen(self) -> str:
        """What the page showed when the button was pressed."""
        return self.request.POST.get("seen", "")


class SubmitView(BatchActView):
    def act(self, batch: Batch) -> None:
        roster.submit(batch=batch, by=self.request.user, seen=self.seen)


class HoldView(BatchActView):
    """暂缓 (or its contrary) of the households of ticked rows, or of a whole town."""

    def act(self, batch: Batch) -> None:
        data = self.request.POST
        chosen = {name: [int(key) for key in data.getlist(name) if is_key(key)] for name in ("row", "town")}
        if not chosen["row"] and not chosen["town"]:
            raise ValidationError("请先勾选要暂缓的行，或选择镇街")
        held = data.get("held") != "0"
        by, seen = self.request.user, self.seen
        roster.hold(batch=batch, by=by, rows=chosen["row"], towns=chosen["town"], held=held, seen=seen)

    def after(self, batch: Batch) -> str:
        query = self.request.GET.urlencode()
        return super().after(batch) + (f"?{query}" if query else "")


class ApproveView(BatchActView):
    def act(self, batch: Batch) -> None:
        agreed = roster.approve(batch=batch, by=self.request.user, reason=self.reason, seen=self.seen)
        self.later(tasks.commit_batch, agreed)


class WithdrawView(BatchActView):
    """撤回 by the maker, before anybody has decided."""

    def act(self, batch: Batch) -> None:
        roster.withdraw(batch=batch, by=self.request.user, seen=self.seen)


class ReturnView(BatchActView):
    def act(self, batch: Batch) -> None:
        roster.give_back(batch=batch, by=self.request.user, reason=self.reason, seen=self.seen)


class RecheckView(BatchActView):
    """重新校验 of a check that was cancelled or went wrong, read as it was to be."""

    def act(self, batch: Batch) -> None:
        choice = Choice(**batch.reading)
        batch = roster.reread(batch=batch, by=self.request.user, choice=choice, seen=self.seen)
        self.later(tasks.check_batch, batch)


class DropView(BatchActView):
    def act(self, batch: Batch) -> None:
        roster.drop(batch=batch, by=self.request.user, seen=self.seen)


class CancelView(BatchActView):
    """取消 of the running job: it stops at its next step, nothing is written."""

    def act(self, batch: Batch) -> None:
        roster.cancel(batch=batch, by=self.request.user, seen=self.seen)


class UndoView(BatchActView):
    """Ask for the undo of an approved batch, or for the return of one that was taken back."""

    def act(self, batch: Batch) -> None:
        roster.ask_reversal(batch=batch, by=self.request.user, reason=self.reason, kind=self.seen)


class UndoWithdrawView(BatchActView):
    def act(self, batch: Batch) -> None:
        roster.withdraw_reversal(batch=batch, by=self.request.user, seen=self.seen)


class UndoDecideView(BatchActView):
    def act(self, batch: Batch) -> None:
        agreed = self.request.POST.get("decision") == "approve"
        batch = roster.decide_reversal(
            batch=batch, by=self.request.user, approve=agreed, reason=self.reason, seen=self.seen
        )
        if agreed:
            self.later(tasks.reverse_batch, batch)
