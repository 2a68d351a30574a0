"""定时任务: what runs when, what became of it, and running it again with a reason."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView, View

from jiyang.ledgers.views import INVALID
from jiyang.schedules import entries, overview, services
from jiyang.schedules.enums import RunState
from jiyang.schedules.forms import OrderForm
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import Job, UnknownJob, get, jobs
from jiyang.schedules.tasks import run_one

PAGE = 50
BUSY = {RunState.WAITING, RunState.RUNNING}


def job_named(request: HttpRequest, key: str | None) -> Job:
    try:
        return get(key or "")
    except UnknownJob:
        raise Http404("没有这个任务") from None


class JobListView(TemplateView):
    """All jobs, and the runs below, by state and job."""

    template_name = "schedules/list.html"

    def get_context_data(self, **kwargs) -> dict:
        now, query = timezone.now(), self.request.GET
        state = query.get("state", "") if query.get("state") in RunState.values else ""
        job = query.get("job", "") if query.get("job") in {one.key for one in jobs()} else ""
        rows = JobRun.objects.visible_to(self.request.actor).known()
        rows = rows.filter(job=job) if job else rows
        found = rows.filter(state=state) if state else rows
        page = Paginator(found.select_related("region").order_by("-pk"), PAGE).get_page(query.get("page"))
        return {
            **super().get_context_data(**kwargs),
            "title": "定时任务",
            "jobs": overview.jobs_with_runs(now),
            "silent": overview.is_silent(now),
            "may_run": self.request.actor.has(services.RIGHT),
            "page": page,
            "job": job,
            "state": state,
            "segments": segments(rows, state),
        }


def segments(rows, state: str) -> list[dict]:
    """States with their counts, one query."""
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    lines = [("", "全部", sum(counts.values())), *((key, label, counts.get(key, 0)) for key, label in RunState.choices)]
    return [{"key": key, "label": label, "count": count, "current": key == state} for key, label, count in lines]


def runs(request: HttpRequest):
    return JobRun.objects.visible_to(request.actor).select_related("region", "asked_by")


class RunView(TemplateView):
    """One run: what it did, each attempt with its log, and 重跑."""

    template_name = "schedules/run.html"

    def get_context_data(self, **kwargs) -> dict:
        run = get_object_or_404(runs(self.request), pk=kwargs["pk"])
        return {**super().get_context_data(**kwargs), **run_context(self.request, run)}


def run_context(request: HttpRequest, run: JobRun) -> dict:
    try:
        title = run.definition.title
    except UnknownJob:
        raise Http404("这个任务已经取消") from None
    return {
        "run": run,
        "title": title,
        "attempts": list(run.attempts.select_related("asked_by").order_by("-number")),
        "may_run": request.actor.has(services.RIGHT) and run.state not in BUSY,
        "result_url": result_url(request, run),
        **progress_context(run),
    }


def result_url(request: HttpRequest, run: JobRun) -> str:
    """The page that lists what the run found, where the job has one that this actor may open."""
    view = run.definition.results
    return f"{reverse(view)}?run={run.pk}" if view and run.attempt and request.actor.may_open(view) else ""


def progress_context(run: JobRun) -> dict:
    return {
        "run": run,
        "running": run.state in BUSY,
        "progress": run.progress.read() if run.state == RunState.RUNNING else {},
        "poll_url": reverse("schedules:job_progress", args=[run.pk]),
    }


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress fragment, polled; when the run is over the page is asked to load anew."""
    run = get_object_or_404(runs(request), pk=pk)
    if run.state in BUSY:
        return render(request, "schedules/_progress.html", progress_context(run))
    response = HttpResponse()
    response["HX-Refresh"] = "true"
    return response


class OrderView(TemplateView):
    """补跑或重跑 of a job: `job` in the address, period and region may come along."""

    template_name = "schedules/order.html"

    def get_context_data(self, **kwargs) -> dict:
        job = job_named(self.request, self.request.GET.get("job"))
        last = job.period_of(timezone.now())
        start = {"period": self.request.GET.get("period") or str(last), "region": self.request.GET.get("region")}
        form = kwargs.pop("form", None) or OrderForm(job=job, actor=self.request.actor, initial=start)
        return {"form": form, **super().get_context_data(**kwargs), "job": job, "title": f"运行：{job.title}"}

    def post(self, request: HttpRequest) -> HttpResponse:
        job = job_named(request, request.GET.get("job"))
        form = OrderForm(request.POST, job=job, actor=request.actor)
        if form.is_valid():
            data = {"region": None, **form.cleaned_data}
            try:
                run = services.order(job=job, by=request.user, **data)
            except ValidationError as refused:
                form.add_error(None, refused)
            else:
                transaction.on_commit(lambda: run_one.delay(run.pk))
                return redirect("schedules:job_run", run.pk)
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)


class SwitchView(View):
    """Switch a job's schedule off or on; it can still be run by hand."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        job = job_named(request, request.POST.get("job"))
        enabled = entries.switch(job, on=request.POST.get("on") == "1", by=request.user)
        messages.success(request, f"{job.title}已{'启用' if enabled else '停用'}", extra_tags="ok")
        return redirect("schedules:job_list")
