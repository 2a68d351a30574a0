"""导入 of a ledger: the batches and the upload, the preview with every line, the second person's decision."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header

from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.intake.reader import LARGEST_FILE
from jiyang.ledgers import import_files, import_services, import_undo
from jiyang.ledgers.export import workbook_response
from jiyang.ledgers.importing import MOST_ROWS, resource_of
from jiyang.ledgers.views import INVALID, LedgerView
from jiyang.workflow.proposals import decision_of

OPEN = {BatchState.CHECKED, BatchState.RETURNED, BatchState.SUBMITTED}
MOST_BATCHES = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ImportView(LedgerView):
    def batches(self):
        rows = Batch.objects.visible_to(self.actor).filter(target=self.ledger.key)
        return rows.select_related("uploaded_by", "submitted_by", "approved_by")

    def get_batch(self) -> Batch:
        return get_object_or_404(self.batches(), pk=self.kwargs["batch"])

    def may(self, act: str) -> bool:
        return self.actor.may_open(f"{self.ledger.key}_import_{act}")


class ImportListView(ImportView):
    """The batches of this ledger, and for the maker the upload."""

    template_name = "ledgers/imports.html"

    def get_context_data(self, **kwargs) -> dict:
        found = [
            (one, self.ledger.url("import_batch", one.pk)) for one in self.batches().order_by("-pk")[:MOST_BATCHES]
        ]
        context = {"batches": found, "may_upload": self.may("upload"), "most_rows": MOST_ROWS}
        context |= {"upload_url": self.ledger.url("import_upload"), "template_url": self.ledger.url("import_template")}
        return {**super().get_context_data(**kwargs), **context, "title": f"导入{self.ledger.title}"}


class ImportTemplateView(ImportView):
    """An empty workbook with the headings."""

    def get(self, request: HttpRequest) -> HttpResponse:
        data = import_files.template_of(resource_of(self.ledger)(actor=self.actor, by=request.user))
        name = f"{self.ledger.title}导入模板.xlsx"
        return HttpResponse(data, XLSX, headers={"Content-Disposition": content_disposition_header(True, name)})


def received(request: HttpRequest) -> dict:
    """The uploaded file: `filename` and `data`. Raises ValidationError: none, or too large."""
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError("请选择要上传的文件")
    if file.size > LARGEST_FILE:
        raise ValidationError(f"文件 {file.size // 1048576} MB，超过 {LARGEST_FILE // 1048576} MB，请分开上传")
    return {"filename": file.name, "data": file.read()}


class ImportUploadView(ImportListView):
    def get(self, request: HttpRequest) -> HttpResponse:
        """A page that was refused, opened again."""
        return redirect(self.ledger.url("import"))

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            batch = import_services.upload(by=request.user, ledger=self.ledger, **received(request))
        except ValidationError as refused:
            return self.render_to_response(self.get_context_data(problems=refused.messages), status=INVALID)
        return redirect(self.ledger.url("import_batch", batch.pk))


class ImportBatchView(ImportView):
    """The preview: every line with what becomes of it, counted anew each time; a finished batch shows its counts."""

    template_name = "ledgers/import_batch.html"

    def get_context_data(self, **kwargs) -> dict:
        batch, plan = self.get_batch(), None
        if batch.state in OPEN:
            eyes = import_services.eyes_of(batch, self.actor)
            plan = import_services.plan_of(batch, self.ledger, eyes)
        acts = ("submit", "drop") if batch.state in {BatchState.CHECKED, BatchState.RETURNED} else ()
        if batch.state == BatchState.SUBMITTED and batch.submitted_by_id == self.request.user.pk:
            acts = ("withdraw",)
        is_mine = {self.request.user.pk, *self.actor.barred(f"{self.ledger.imports.act}.check")} & {
            batch.uploaded_by_id,
            batch.submitted_by_id,
        }
        if batch.state == BatchState.SUBMITTED and not is_mine:
            acts = ("approve", "return")
        asked = import_undo.open_request(batch)
        if batch.state == BatchState.APPROVED and asked is None and import_undo.is_known(batch):
            acts = ("undo",)
        return {
            **super().get_context_data(**kwargs),
            "batch": batch,
            "plan": plan,
            "moved": plan is not None and batch.state == BatchState.SUBMITTED and plan.digest != batch.plan_hash,
            "shown": [one for one in plan.lines if one.action != "same"] if plan else [],
            "writes": (batch.counts.get("insert", 0) + batch.counts.get("update", 0)),
            "acts": {act: self.ledger.url(f"import_{act}", batch.pk) for act in acts if self.may(act)},
            "written": self.written(batch),
            "undo": asked and self.undo_asked(batch, asked),
            "undone": batch.reversals.exclude(done_at=None).select_related("submitted_by", "decided_by").last(),
            "failed_url": self.ledger.url("import_failed", batch.pk) if plan and batch.counts.get("refused") else "",
            "imports_url": self.ledger.url("import"),
            "title": f"{batch} {self.ledger.title}",
        }

    def written(self, batch: Batch) -> list[tuple[str, str, str]]:
        """Of an approved batch: each row it wrote that stands, with its address."""
        if batch.state not in {BatchState.APPROVED, BatchState.UNDONE}:
            return []
        found = import_undo.written_by(batch, self.ledger, self.actor)
        return [
            ("新增" if row.origin_id == batch.pk else "变更", self.ledger.name_of(row), self.ledger.url_of(row))
            for row in found
        ]

    def undo_asked(self, batch: Batch, asked) -> dict:
        decide, withdraw = (self.ledger.url(f"import_undo_{act}", batch.pk) for act in ("decide", "withdraw"))
        return decision_of(asked, self.actor, decide, withdraw)


class ImportFailedView(ImportView):
    """The refused lines as they came, each with its row and what is wrong: mended, the file can be sent again."""

    def get(self, request: HttpRequest, batch: int) -> HttpResponse:
        one = self.get_batch()
        if one.state not in OPEN:
            raise Http404("这一批没有待改的行")
        plan = import_services.plan_of(one, self.ledger, import_services.eyes_of(one, self.actor))
        lines = list(import_files.failed_lines(plan))
        note(LogKind.EXPORT, table=self.ledger.model._meta.label_lower, purpose=f"{one} 有错误的行", rows=len(lines))
        name = f"{one}_有错误的行.xlsx"
        return workbook_response(iter(lines), list(lines[0]) if lines else ["错误"], "有错误的行", name)


class ImportActView(ImportBatchView):
    """One act on a batch: submit, approve, return or drop."""

    service: ClassVar = None
    asks_reason: ClassVar[bool] = False
    asks_decision: ClassVar[bool] = False

    def get(self, request: HttpRequest, batch: int) -> HttpResponse:
        """A page that was refused, opened again."""
        return redirect(self.ledger.url("import_batch", self.get_batch().pk))

    def post(self, request: HttpRequest, batch: int) -> HttpResponse:
        asked = {"reason": request.POST.get("reason", "")} if self.asks_reason else {}
        if self.asks_decision:
            asked["approve"] = request.POST.get("decision") == "approve"
        try:
            type(self).service(batch=self.get_batch(), ledger=self.ledger, by=request.user, **asked)
        except ValidationError as refused:
            return self.render_to_response(self.get_context_data(problems=refused.messages), status=INVALID)
        return redirect(self.ledger.url("import_batch", batch))


def _act(act, *, asks_reason: bool = False, asks_decision: bool = False) -> type[ImportActView]:
    asked = {"asks_reason": asks_reason, "asks_decision": asks_decision}
    return type(f"Import{act.__name__.title()}View", (ImportActView,), {"service": staticmethod(act), **asked})


PAGES = (
    ("import", "import/", ImportListView),
    ("import_upload", "import/upload/", ImportUploadView),
    ("import_template", "import/template/", ImportTemplateView),
    ("import_batch", "import/<int:batch>/", ImportBatchView),
    ("import_submit", "import/<int:batch>/submit/", _act(import_services.submit)),
    ("import_drop", "import/<int:batch>/drop/", _act(import_services.drop)),
    ("import_withdraw", "import/<int:batch>/withdraw/", _act(import_services.withdraw)),
    ("import_failed", "import/<int:batch>/failed/", ImportFailedView),
    ("import_undo", "import/<int:batch>/undo/", _act(import_undo.ask, asks_reason=True)),
    ("import_undo_withdraw", "import/<int:batch>/undo/withdraw/", _act(import_undo.withdraw)),
    (
        "import_undo_decide",
        "import/<int:batch>/undo/decide/",
        _act(import_undo.decide, asks_reason=True, asks_decision=True),
    ),
    ("import_approve", "import/<int:batch>/approve/", _act(import_services.approve)),
    ("import_return", "import/<int:batch>/return/", _act(import_services.give_back, asks_reason=True)),
)
