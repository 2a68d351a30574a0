"""数据导入: the list of batches, upload, progress, the preview with its segments (UI.md section 7)."""

from functools import partial

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.generic import TemplateView

from households import tasks
from households.roster import feedback
from households.roster.preview import Preview
from households.roster.recovery import RUNNING, STOPPED
from households.roster.running import progress_of
from households.services import roster
from jiyang.access.scope import Actor
from jiyang.accounts.models import User
from jiyang.intake.act_views import acts_context
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.models import Batch
from jiyang.intake.reader import LARGEST_FILE
from jiyang.intake.refusals import MENDABLE
from jiyang.ledgers.paging import Cursor, paginate
from jiyang.ledgers.tables import pager_of
from jiyang.ledgers.terms import is_key
from jiyang.ui.navigation import Entry, register

INVALID = 422
DIALOGS = ("return", "undo", "undo_decide", "undo_withdraw")  # acts whose forms are those of every target
STEPS = ("上传", "对应列", "核对", "复核入库")
MODES = (
    (PlanMode.ALL, "全部更新：以名单为准，与系统不同的都改，名单空白的也清空"),
    (PlanMode.BLANKS, "只补空白：系统里已有的内容不动，只填系统里空着的"),
    (PlanMode.NEW, "只增加：只新增系统里没有的，其余一律不动"),
)
ROW_WRONG = {
    "layout_unknown",
    "missing_column",
    "wrong_layout",
    "file_no_rows",
}  # what a wrongly chosen heading row looks like
# of a batch's counts: approved rows that the commit left to a continuation
UNWRITTEN = {"overtaken": "提交以后系统数据有变化", "tied": "与暂缓的户有牵连（如互换编号），须一起入库"}
# how a batch stands in the list: one of which nothing would be written is not waiting to be submitted
STANDINGS = {**dict(BatchState.choices), "idle": "不需入库", "stuck": "无可入库的行"}
SUPERSEDED = "未入库的行已由其他批次入库"
IDLE = Q(state=BatchState.CHECKED, counts__insert=0, counts__update=0, counts__relisted__isnull=True)
LEFT_OUT = Q(counts__refused__gt=0) | Q(counts__unknown__gt=0) | Q(counts__out_of_area__gt=0)
STANDING = Case(When(IDLE & LEFT_OUT, then=Value("stuck")), When(IDLE, then=Value("idle")), default=F("state"))
register(Entry("数据导入", "households:batch_list", 90))


class UploadForm(forms.Form):
    file = forms.FileField(
        label="名单文件", help_text="国家系统导出的 .xlsx、.xls 或 .csv，原样上传，不用改列名和次序",
        error_messages={"required": "请选择要上传的文件", "empty": "文件是空的（0 字节）。请重新从系统导出后上传"},
    )  # fmt: skip

    mode = forms.ChoiceField(
        label="已在系统里的户、人和村", choices=[(mode.value, text) for mode, text in MODES], initial=PlanMode.ALL,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择怎样更新", "invalid_choice": "没有这种更新方式，请重新选择"},
    )  # fmt: skip

    def __init__(self, *args, continues: Batch | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        if continues:  # its mode counts
            del self.fields["mode"]

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
        .select_related("uploaded_by", "approved_by", "submitted_by", "continues")
    )


class BatchListView(TemplateView):
    template_name = "households/roster/list.html"

    def get_context_data(self, **kwargs) -> dict:
        query, every = self.request.GET, batches(self.request.actor).annotate(standing=STANDING)
        state, maker = query.get("state", ""), query.get("by", "")
        found = every.filter(standing=state) if state in STANDINGS else every
        if is_key(maker):
            found = found.filter(Q(submitted_by=int(maker)) | Q(submitted_by=None, uploaded_by=int(maker)))
        page = paginate(found, sort="-pk", cursor=Cursor.decode(query.get("cursor")), total=found.count())
        makers = every.annotate(maker=Coalesce("submitted_by", "uploaded_by")).order_by().values("maker")
        return {
            **super().get_context_data(**kwargs), "title": "数据导入", "batches": page.rows, "total": page.total,
            "pager": pager_of(page, query), "state": state, "states": STANDINGS, "maker": maker,
            "makers": User.objects.filter(pk__in=makers).order_by("name"), "filtered": bool(state or maker),
            "may_upload": self.request.actor.has("roster.import.make"),
        }  # fmt: skip


class UploadView(TemplateView):
    """Upload of a file, or (`?continues=`) of the corrected rows of a batch."""

    template_name = "households/roster/upload.html"

    def continued(self) -> Batch | None:
        key = self.request.GET.get("continues", "")
        return get_object_or_404(batches(self.request.actor), pk=key) if is_key(key) else None

    def get_context_data(self, **kwargs) -> dict:
        former = self.continued()
        title = f"上传批次 {former} 改正后的行" if former else "上传名单"
        return {
            "form": UploadForm(continues=former),
            "continues": former,
            **super().get_context_data(**kwargs),
            "title": title,
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        former = self.continued()
        form = UploadForm(request.POST, request.FILES, continues=former)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=INVALID)
        file = form.cleaned_data["file"]
        batch = roster.upload(
            by=request.user,
            filename=file.name,
            data=file.read(),
            mode=form.cleaned_data.get("mode", PlanMode.ALL),
            continues=former,
        )
        transaction.on_commit(partial(tasks.check_batch.delay, batch.pk, request.user.pk))
        return redirect("households:batch_detail", batch.pk)


TITLES = {BatchState.APPROVED: "导入结果", BatchState.UNDONE: "导入后已撤销"}


class BatchDetailView(TemplateView):
    """One batch: progress while a job runs, else the preview that maker and checker both see."""

    template_name = "households/roster/detail.html"

    def get_context_data(self, **kwargs) -> dict:
        batch = get_object_or_404(batches(self.request.actor), pk=kwargs["pk"])
        return {**super().get_context_data(**kwargs), **batch_context(self.request, batch)}


def batch_context(request: HttpRequest, batch: Batch, **extra) -> dict:
    context = {
        "batch": batch,
        "title": TITLES.get(batch.state, "核对导入内容"),
        "running": batch.state in RUNNING,
        "steps": steps_of(batch),
        "here": reverse("households:batch_detail", args=[batch.pk]),  # a refused act shows the page at its own address
        **acts_context(batch, request.actor),
    }
    if context["running"]:
        may_stop = request.actor.may_open("households:batch_cancel")
        return {**context, **progress_context(batch), "seen": batch.doing, "may_stop": may_stop, **extra}
    actor = request.actor
    may_make, why = context["may_make"], batch.error.get("code")
    chain = chain_context(batch, actor)
    context |= {
        "urls": {act: reverse(f"households:batch_{act}", args=[batch.pk]) for act in DIALOGS},
        "may_reread": may_make and not roster.is_rest(batch),
        "may_mend": batch.state == BatchState.REFUSED and why in MENDABLE and may_make,
        "may_recheck": batch.state == BatchState.REFUSED and why == STOPPED and may_make,
        "row_chosen": row_chosen(batch),
        **chain,
        **origin_context(batch, actor),
        **unwritten_context(batch, chain["related"]),
    }  # fmt: skip
    if batch.counts and batch.state != BatchState.DROPPED:
        context["preview"] = Preview(batch, actor, request.GET)
    return {**context, **extra}


def chain_context(batch: Batch, actor: Actor) -> dict:
    """The other batches of the same roster, however often it was continued, and of which of them nothing waits any longer.

    Of a batch with nothing to write whose rows all came in by others (`superseded`) nobody need submit anything.
    """
    chain = list(batches(actor).filter(pk__in=roster.chain_of(batch)).annotate(standing=STANDING).order_by("pk"))
    stuck, written = ([one for one in chain if one.standing == standing] for standing in ("stuck", BatchState.APPROVED))
    out = feedback.still_out(stuck, written) if stuck and written else dict.fromkeys(one.pk for one in stuck)
    for one in chain:
        one.standing_label = SUPERSEDED if one in stuck and one.pk not in out else STANDINGS[one.standing]
    superseded = any(one.pk == batch.pk and one.standing_label == SUPERSEDED for one in chain)
    return {"related": [one for one in chain if one.pk != batch.pk], "superseded": superseded}


def row_chosen(batch: Batch) -> dict:
    """{row, why} of a heading row that a person chose and that could not be read: it is not the file that is wrong."""
    if batch.error.get("code") not in ROW_WRONG or not batch.reading.get("header_row"):
        return {}
    return {"row": batch.reading["header_row"], "why": batch.error["message"].partition("。")[0]}


def origin_context(batch: Batch, actor: Actor) -> dict:
    """Other batches of the same file, and how many rows of a continuation are none that the former batch left out."""
    if batch.state not in {BatchState.CHECKED, BatchState.RETURNED, BatchState.SUBMITTED}:
        return {}
    others = batches(actor).filter(sha256=batch.sha256).exclude(pk=batch.pk).exclude(state=BatchState.DROPPED)
    own = batch.continues and batch.continues.sha256 != batch.sha256  # else: what was held or overtaken of it
    return {
        "same_file": list(others.exclude(pk=batch.continues_id).exclude(continues=batch).order_by("-pk")[:3]),
        "strangers": feedback.strangers(batch) if own else 0,
    }


def unwritten_context(batch: Batch, related: list[Batch]) -> dict:
    """Approved rows of a batch that could not be written, why, and the batch in which they wait."""
    key = next((key for key in UNWRITTEN if batch.counts.get(key)), None)
    if key is None:
        return {}
    rest = next(one for one in related if one.continues_id == batch.pk and roster.is_rest(one))
    return {"unwritten": batch.counts[key], "unwritten_why": UNWRITTEN[key], "rest": rest}


def progress_context(batch: Batch) -> dict:
    progress = progress_of(batch.pk).read()
    return {
        "batch": batch,
        "progress": progress,
        "poll_url": reverse("households:batch_progress", args=[batch.pk]),
    }


def steps_of(batch: Batch) -> list[dict]:
    """The steps of the way, for the page; a batch that was given up has none."""
    if batch.state == BatchState.DROPPED:
        return []
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
