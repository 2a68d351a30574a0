"""数据导入: upload, progress, preview with segments, the second person's decision, undo (UI.md section 7)."""

from functools import partial

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.generic import TemplateView

from households import tasks
from households.roster import jobs
from households.roster.preview import SEGMENTS, Preview
from households.services import roster
from jiyang.access.scope import Actor
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.intake.reader import LARGEST_FILE
from jiyang.ui.navigation import Entry, register

INVALID = 422
RUNNING = {BatchState.UPLOADED, BatchState.CHECKING, BatchState.APPLYING, BatchState.UNDOING}
STEPS = ("上传", "对应列", "核对", "复核入库")
register(Entry("数据导入", "households:batch_list", 90))


class UploadForm(forms.Form):
    file = forms.FileField(
        label="名单文件", help_text="国家系统导出的 .xlsx、.xls 或 .csv，原样上传，不用改列名和次序",
        error_messages={"required": "请选择要上传的文件", "empty": "文件是空的（0 字节）。请重新从系统导出后上传"},
    )  # fmt: skip

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(
                f"文件 {file.size // 1048576} MB，超过 {LARGEST_FILE // 1048576} MB。请按镇街分开导出后再传"
            )
        return file


def batches(actor: Actor):
    return (
        Batch.objects.visible_to(actor)
        .filter(target=roster.TARGET)
        .select_related("uploaded_by", "approved_by", "submitted_by")
    )


class BatchListView(TemplateView):
    template_name = "households/roster/list.html"

    def get_context_data(self, **kwargs) -> dict:
        found = batches(self.request.actor).order_by("-pk")[:100]
        return {
            **super().get_context_data(**kwargs),
            "batches": found,
            "title": "数据导入",
            "may_upload": self.request.actor.has("roster.import.make"),
        }


class UploadView(TemplateView):
    template_name = "households/roster/upload.html"

    def get_context_data(self, **kwargs) -> dict:
        return {"form": UploadForm(), **super().get_context_data(**kwargs), "title": "上传名单"}

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=INVALID)
        file = form.cleaned_data["file"]
        batch = roster.upload(by=request.user, filename=file.name, data=file.read())
        transaction.on_commit(partial(tasks.check_batch.delay, batch.pk, request.user.pk))
        return redirect("households:batch_detail", batch.pk)


class BatchDetailView(TemplateView):
    """One batch: progress while a job runs, else the preview that maker and checker both see."""

    template_name = "households/roster/detail.html"

    def get_context_data(self, **kwargs) -> dict:
        batch = get_object_or_404(batches(self.request.actor), pk=kwargs["pk"])
        return {**super().get_context_data(**kwargs), **batch_context(self.request, batch)}


def batch_context(request: HttpRequest, batch: Batch, **extra) -> dict:
    context = {"batch": batch, "title": "核对导入内容", "running": batch.state in RUNNING, "steps": steps_of(batch)}
    if context["running"]:
        return {**context, **progress_context(batch), **extra}
    involved = {batch.uploaded_by_id, batch.submitted_by_id}
    actor = request.actor
    context |= {
        "may_make": actor.has("roster.import.make"),
        "may_check": actor.has("roster.import.check") and not actor.barred("roster.import.check") & involved,
        "is_maker": request.user.pk in involved,
    }
    if batch.counts and batch.state != BatchState.DROPPED:
        context["preview"] = Preview(batch, actor, request.GET)
        context["segments"] = SEGMENTS
    return {**context, **extra}


def progress_context(batch: Batch) -> dict:
    progress = jobs.progress_of(batch.pk).read()
    return {"batch": batch, "progress": progress, "poll_url": reverse("households:batch_progress", args=[batch.pk])}


def steps_of(batch: Batch) -> list[dict]:
    now = {
        BatchState.UPLOADED: 1, BatchState.CHECKING: 1, BatchState.CHECKED: 2, BatchState.RETURNED: 2, BatchState.REFUSED: 1,
        BatchState.SUBMITTED: 3, BatchState.APPLYING: 3,
    }.get(batch.state, 4)  # fmt: skip
    return [
        {"label": label, "state": "done" if place < now else "now" if place == now else ""}
        for place, label in enumerate(STEPS)
    ]


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress fragment, polled; when the job is over the page is asked to load anew."""
    batch = get_object_or_404(batches(request.actor), pk=pk)
    if batch.state in RUNNING:
        return render(request, "households/roster/_progress.html", progress_context(batch))
    response = HttpResponse(status=200)
    response["HX-Refresh"] = "true"
    return response


class BatchActView(TemplateView):
    """Base of the acts on a batch: POST only, the service decides, a refusal is shown on the batch's page."""

    http_method_names = ["post"]

    def act(self, batch: Batch) -> None:
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = get_object_or_404(batches(request.actor), pk=pk)
        try:
            self.act(batch)
        except ValidationError as refused:
            batch = get_object_or_404(batches(request.actor), pk=pk)
            context = batch_context(request, batch, problems=refused.messages)
            return render(request, "households/roster/detail.html", context, status=INVALID)
        return redirect("households:batch_detail", pk)

    def later(self, task, batch: Batch) -> None:
        transaction.on_commit(partial(task.delay, batch.pk, self.request.user.pk))


class SubmitView(BatchActView):
    def act(self, batch: Batch) -> None:
        roster.submit(batch=batch, by=self.request.user)


class ApproveView(BatchActView):
    def act(self, batch: Batch) -> None:
        self.later(tasks.commit_batch, roster.approve(batch=batch, by=self.request.user))


class ReturnView(BatchActView):
    def act(self, batch: Batch) -> None:
        roster.give_back(batch=batch, by=self.request.user, reason=self.request.POST.get("reason", ""))


class DropView(BatchActView):
    def act(self, batch: Batch) -> None:
        if batch.state == BatchState.CHECKING:
            jobs.progress_of(batch.pk).cancel()
            return
        roster.drop(batch=batch, by=self.request.user)


class UndoView(BatchActView):
    def act(self, batch: Batch) -> None:
        self.later(
            tasks.undo_batch,
            roster.take_back(batch=batch, by=self.request.user, reason=self.request.POST.get("reason", "")),
        )
