"""数据体检: upload of exports, progress, the result by rule and by row, the annotated files (DESIGN.md section 7)."""

from functools import partial
from io import BytesIO
from pathlib import Path

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from households import tasks
from households.checkup import copies
from households.checkup.job import contents, progress_of
from households.checkup.telling import Telling, sees_all
from households.enums import CheckupState, CopyState
from households.models import Checkup, CheckupFile, CheckupFinding
from households.roster.jobs import LAYOUTS
from households.services import checkups
from households.views.roster_reading import masked
from jiyang.access.scope import Actor
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.identifiers.encryption import blind_index
from jiyang.intake import pipeline
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts
from jiyang.intake.reader import LARGEST_FILE
from jiyang.intake.refusals import FileRefused
from jiyang.ledgers.terms import is_key
from jiyang.regions.models import Region
from jiyang.rules.catalogue import SEVERITIES
from jiyang.ui.forms import DayInput, FilesField, KernelForm, put_errors
from jiyang.ui.navigation import Entry, register

INVALID, PAGE = 422, 50
register(Entry("数据体检", "households:checkup_list", 91))


class CheckupForm(KernelForm):
    files = FilesField(
        label="导出的表",
        help_text="监测对象信息、户信息、务工月监测、计划外出务工、行政村信息，有几张传几张，可一次多选；原样上传，不用改列名",
    )
    as_of = forms.DateField(
        label="体检日期", widget=DayInput, required=False, help_text="年龄和期限按这一天算；不填按表里的数据日期"
    )
    given = forms.CharField(
        label="本次用的参数", required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="每行一个“参数=值”，只用于这次，例如 income_line.monitoring=7500",
    )  # fmt: skip

    def clean_files(self) -> list:
        for file in self.cleaned_data["files"]:
            if file.size > LARGEST_FILE:
                raise ValidationError(
                    f"{file.name} 有 {file.size // 1048576} MB，超过 {LARGEST_FILE // 1048576} MB。请按镇街分开导出后再传"
                )
        return self.cleaned_data["files"]

    def clean_given(self) -> dict[str, str]:
        found = {}
        for line in filter(None, map(str.strip, self.cleaned_data["given"].splitlines())):
            key, sign, value = (part.strip() for part in line.partition("="))
            if not (sign and key and value):
                raise ValidationError(f"“{line}”应写成 参数=值")
            found[key] = value
        return found


def visible(actor: Actor) -> QuerySet[Checkup]:
    return Checkup.objects.visible_to(actor).select_related("made_by", "town", "district")


class CheckupListView(TemplateView):
    template_name = "households/checkup/list.html"

    def get_context_data(self, **kwargs) -> dict:
        found = visible(self.request.actor).annotate(number=Count("files")).order_by("-pk")[:100]
        return {**super().get_context_data(**kwargs), "checkups": found, "title": "数据体检"}


class CheckupNewView(TemplateView):
    template_name = "households/checkup/new.html"

    def get_context_data(self, **kwargs) -> dict:
        return {
            "form": CheckupForm(actor=self.request.actor),
            **super().get_context_data(**kwargs),
            "title": "新的体检",
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CheckupForm(request.POST, request.FILES, actor=request.actor)
        if form.is_valid():
            values = form.cleaned_data
            files = [(file.name, file.read()) for file in values.pop("files")]
            try:
                checkup = checkups.start(by=request.user, files=files, **values)
            except ValidationError as refused:
                put_errors(form, refused)
            else:
                if (copies_left_out := len(files) - checkup.files.count()) > 0:
                    messages.info(request, f"有 {copies_left_out} 个文件与另一个内容完全相同，只算一次")
                return _go(checkup)
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)


def _go(checkup: Checkup) -> HttpResponse:
    """The job acts for who made the check-up, whoever asked for another reading."""
    transaction.on_commit(partial(tasks.run_checkup.delay, checkup.pk, checkup.made_by_id))
    return redirect("households:checkup_detail", checkup.pk)


class CheckupDetailView(TemplateView):
    """One check-up: progress while it runs, then its files, its rules and a page of findings."""

    template_name = "households/checkup/detail.html"

    def get_context_data(self, **kwargs) -> dict:
        checkup = get_object_or_404(visible(self.request.actor), pk=kwargs["pk"])
        context = {
            **super().get_context_data(**kwargs), "checkup": checkup, "title": f"体检 {checkup}",
            "may_run": self.request.actor.has("checkup.run"),
            "opens_files": opens_files(checkup, self.request.actor), "files": files_of(checkup, self.request.actor),
        }  # fmt: skip
        if checkup.state == CheckupState.WAITING:
            return context | progress_context(checkup)
        ran = [one for one in checkup.rules if not one["reason"]]
        return {
            **context,
            "unread": sum(bool(one["file"].error) for one in context["files"]),
            "refused": [one for one in checkup.rules if one["reason"]],
            "hit": sorted((one for one in ran if one["hits"]), key=lambda one: (list(SEVERITIES).index(one["severity"]), -one["hits"])),
            "ran": len(ran),
            "tallies": [{"key": key, "label": label, "count": checkup.counts.get(key, 0)} for key, label in SEVERITIES.items()],
            "page": Findings(checkup, self.request.actor, self.request.GET),
        }  # fmt: skip


def files_of(checkup: Checkup, actor: Actor) -> list[dict]:
    """The files with how they were read and the number of their findings."""
    rows = CheckupFinding.objects.visible_to(actor).filter(checkup=checkup).order_by()
    found = dict(rows.values_list("file").annotate(Count("pk")))
    return [
        {
            "file": one,
            "title": layouts()[one.layout].title if one.layout else "",
            "found": found.get(one.pk, 0),
            "progress": copies.progress_of(one.pk).read() if one.copy_state == CopyState.MAKING else {},
        }
        for one in CheckupFile.objects.visible_to(actor).filter(checkup=checkup).order_by("pk")
    ]


def opens_files(checkup: Checkup, actor: Actor) -> bool:
    """A file holds every column, and may hold rows of other places: who uploaded it has them anyway, and the district reaches them all."""
    return checkup.made_by_id == actor.user.pk or (bool(actor.reach.districts) and sees_all(actor))


def whole_files(actor: Actor) -> QuerySet[CheckupFile]:
    """The files that the actor may open whole."""
    files = CheckupFile.objects.visible_to(actor).select_related("checkup")
    return files if actor.reach.districts and sees_all(actor) else files.filter(checkup__made_by=actor.user)


class Findings:
    """A page of a check-up's findings, household by household, narrowed by the address."""

    def __init__(self, checkup: Checkup, actor: Actor, query) -> None:
        self.severity, self.code = query.get("severity", ""), query.get("code", "")
        self.file, self.town = query.get("file", ""), query.get("town", "")
        self.find, self.number = query.get("q", "").strip(), query.get("page", "1")
        self.number = int(self.number) if self.number.isdecimal() and 0 < int(self.number) < 10**6 else 1
        every = CheckupFinding.objects.visible_to(actor).filter(checkup=checkup)
        rows = every
        for name in ("severity", "code"):
            if value := getattr(self, name):
                rows = rows.filter(**{name: value})
        for name in ("file", "town"):
            if is_key(value := getattr(self, name)):
                rows = rows.filter(**{name: int(value)})
        if self.find:
            rows = (
                rows.filter(household_no__startswith=self.find)
                if self.find.isdigit()
                else rows.filter(name_index=blind_index(self.find))
            )
        self.total = rows.count()
        first = (self.number - 1) * PAGE
        page = list(rows.select_related("town", "village", "file").order_by("household_no", "pk")[first : first + PAGE])
        telling = Telling(checkup, actor)
        values = [masked(value) if one.personal else value for one in page for value in (telling.value(one),)]
        self.rows = [(one, value, telling.text(one)) for one, value in zip(page, values, strict=True)]
        self.towns = Region.objects.towns_of(every)
        kept = query.copy()
        kept.pop("page", None)
        self.kept = kept.urlencode()
        self.former = self.number - 1 if self.number > 1 else None
        self.next = self.number + 1 if self.total > first + PAGE else None


def progress_context(checkup: Checkup) -> dict:
    return {
        "checkup": checkup,
        "progress": progress_of(checkup.pk).read(),
        "poll_url": reverse("households:checkup_progress", args=[checkup.pk]),
    }


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress fragment, polled; when the job is over the page is asked to load anew."""
    checkup = get_object_or_404(visible(request.actor), pk=pk)
    if checkup.state == CheckupState.WAITING:
        return render(request, "households/checkup/_progress.html", progress_context(checkup))
    response = HttpResponse(status=200)
    response["HX-Refresh"] = "true"
    return response


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    checkup = get_object_or_404(visible(request.actor), pk=pk)
    if not opens_files(checkup, request.actor):
        raise PermissionDenied("只有体检人和区级可以取消这次体检")
    checkups.cancel(checkup=checkup, by=request.user)
    return redirect("households:checkup_detail", pk)


class CheckupReadingView(TemplateView):
    """指定读法: sheet, heading row and layout of one file; everything is checked anew."""

    template_name = "households/checkup/reading.html"

    def file(self) -> CheckupFile:
        return get_object_or_404(whole_files(self.request.actor), pk=self.kwargs["file"], checkup=self.kwargs["pk"])

    def get_context_data(self, **kwargs) -> dict:
        one, chosen = self.file(), self.request.POST or self.request.GET
        if not one.file:
            raise Http404("文件已到期清除")
        context = {
            **super().get_context_data(**kwargs),
            "file": one,
            "checkup": one.checkup,
            "title": f"指定读法：{one.filename}",
        }
        context["layouts"] = [(key, layouts()[key].title) for key in LAYOUTS]
        context["layout"] = chosen.get("layout") or one.layout
        try:
            outline = pipeline.outline(contents(one), one.filename, sheet=chosen.get("sheet", ""), rows=12)
        except FileRefused as refused:
            return context | {"problems": [str(refused)]}
        lines = [(number, [masked(cell) for cell in cells[:8]]) for number, cells in enumerate(outline.top, start=1)]
        return context | {
            "outline": outline,
            "lines": lines,
            "header_row": chosen.get("header_row") or one.columns.get("header_row", 1),
        }

    def post(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        data = request.POST
        row = data.get("header_row", "")
        layout = data.get("layout", "") if data.get("layout") in LAYOUTS else ""
        choice = Choice(layout, data.get("sheet", ""), int(row) if row.isdecimal() and len(row) < 6 else None, {})
        try:
            checkup = checkups.reread(file=self.file(), by=request.user, choice=choice)
        except ValidationError as refused:
            context = self.get_context_data(pk=pk, file=file) | {"problems": refused.messages}
            return self.render_to_response(context, status=INVALID)
        return _go(checkup)


@require_POST
def annotate(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """Ask for the annotated copy; it is made as a job, the page shows how far it is."""
    one = get_object_or_404(whole_files(request.actor), pk=file, checkup=pk)
    try:
        checkups.annotate(file=one, by=request.user)
    except ValidationError as refused:
        messages.warning(request, "；".join(refused.messages), extra_tags="warn")
    else:
        transaction.on_commit(partial(tasks.annotate_checkup.delay, one.pk, request.user.pk))
    return redirect("households:checkup_detail", pk)


def copy(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """How far the annotated copy is: a fragment of the page, polled until it is there."""
    one = get_object_or_404(whole_files(request.actor), pk=file, checkup=pk)
    context = {"file": one, "progress": copies.progress_of(one.pk).read(), "may_run": request.actor.has("checkup.run")}
    return render(request, "households/checkup/_copy.html", context)


def annotated(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """The annotated copy that was made. The download is logged."""
    one = get_object_or_404(whole_files(request.actor), pk=file, checkup=pk)
    if not one.annotated:
        raise Http404("这个文件没有可下载的批注表")
    rows = CheckupFinding.objects.visible_to(request.actor).filter(file=one).count()
    note(LogKind.EXPORT, obj=one.checkup, purpose=f"体检批注：{one.filename}", rows=rows)
    name = f"体检_{Path(one.filename).stem}.xlsx"
    return FileResponse(BytesIO(copies.contents(one)), as_attachment=True, filename=name)
