"""What people do with a batch: submit, hold, approve, return, drop, cancel, undo and its decision."""

from functools import partial
from typing import ClassVar

from celery import Task
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from households import tasks
from households.roster.recovery import REVERSES
from households.services import roster
from households.views.roster import INVALID, batch_context, batches
from jiyang.intake import acts
from jiyang.intake.act_views import BatchActView
from jiyang.intake.header import Choice
from jiyang.intake.models import Batch
from jiyang.ledgers.terms import is_key


class RosterActView(BatchActView):
    """Base: an act on a batch of the roster; `task` is the job that follows it."""

    task: ClassVar[Task | None] = None

    def get_batch(self) -> Batch:
        return get_object_or_404(batches(self.request.actor), pk=self.kwargs["pk"])

    def address(self, batch: Batch) -> str:
        return reverse("households:batch_detail", args=[batch.pk])

    def page(self, batch: Batch, problems: list[str]) -> HttpResponse:
        context = batch_context(self.request, batch, problems=problems)
        return render(self.request, "households/roster/detail.html", context, status=INVALID)

    def done(self, batch: Batch) -> None:
        if self.task:
            transaction.on_commit(partial(self.task.delay, batch.pk, self.request.user.pk))


class SubmitView(RosterActView):
    service = roster.submit


class HoldView(RosterActView):
    """暂缓 (or its contrary) of the households of ticked rows, or of a whole town."""

    service = roster.hold

    def asked(self, batch: Batch) -> dict:
        data = self.request.POST
        rows, towns = ([int(key) for key in data.getlist(name) if is_key(key)] for name in ("row", "town"))
        if not rows and not towns:
            raise ValidationError("请先勾选要暂缓的行，或选择镇街")
        return {"rows": rows, "towns": towns, "held": data.get("held") != "0"}

    def address(self, batch: Batch) -> str:
        query = self.request.GET.urlencode()
        return super().address(batch) + (f"?{query}" if query else "")


class ApproveView(RosterActView):
    service, asks, task = roster.approve, ("reason",), tasks.commit_batch


class WithdrawView(RosterActView):
    service = roster.withdraw


class ReturnView(RosterActView):
    service, asks = roster.give_back, ("reason",)


class RecheckView(RosterActView):
    """重新校验 of a check that was cancelled or went wrong, read as it was to be."""

    service, task = roster.reread, tasks.check_batch

    def asked(self, batch: Batch) -> dict:
        return {"choice": Choice(**batch.reading)}


class DropView(RosterActView):
    service = roster.drop


class CancelView(RosterActView):
    """取消 of the running job: it stops at its next step, nothing is written."""

    service = roster.cancel


class UndoView(RosterActView):
    """Ask for the undo of an approved batch, or for the return of one that was taken back."""

    service, asks = acts.ask_reversal, ("reason",)


class UndoWithdrawView(RosterActView):
    service = acts.withdraw_reversal


class UndoDecideView(RosterActView):
    service, asks, task = roster.decide_reversal, ("reason", "approve"), tasks.reverse_batch

    def done(self, batch: Batch) -> None:
        if self.get_batch().state in REVERSES:  # agreed to
            super().done(batch)
