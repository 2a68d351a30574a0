"""导入 of a ledger: the batches and the upload, the preview with every line, the second person's decision."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header

from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.intake import acts
from jiyang.intake.act_views import BatchActView, acts_context
from jiyang.intake.enums import BatchState, RowAction
from jiyang.intake.models import Batch
from jiyang.intake.reader import LARGEST_FILE
from jiyang.ledgers import import_files, import_services, import_undo
from jiyang.ledgers.export import workbook_response
from jiyang.ledgers.importing import MOST_ROWS, resource_of
from jiyang.ledgers.views import INVALID, LedgerView

OPEN = {BatchState.CHECKED, BatchState.RETURNED, BatchState.SUBMITTED}
WRITTEN = {BatchState.APPROVED, BatchState.UNDONE}
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
        if context["may_upload"]:
            resource = resource_of(self.ledger)(actor=self.actor, by=self.request.user)
            context |= {
                "needed": resource.needed,
                "further": [one for one in resource.headings if one not in resource.needed],
            }
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
        batch, plan, shown, problems = self.get_batch(), None, [], list(kwargs.pop("problems", ()))
        if batch.state in OPEN:
            try:
                plan = import_services.plan_of(batch, import_services.eyes_of(batch, self.actor))
                shown = [one for one in plan.lines if one.action != RowAction.SAME]
            except ValidationError as refused:  # taken in by what is no longer so: it can be dropped or given back
                problems += [one for one in refused.messages if one not in problems]
        elif batch.state in WRITTEN:
            shown = import_services.refused_lines(batch, self.actor)
        counts = plan.counts if plan else batch.counts
        allowed = acts_context(batch, self.actor, plan.digest if plan else "")
        allowed["may_ask"] = allowed.get("may_ask") and import_undo.is_known(batch)
        return {
            **super().get_context_data(**kwargs),
            **allowed,
            "outside": import_undo.outside_of(batch) if allowed.get("may_decide") else 0,
            "batch": batch,
            "plan": plan,
            "problems": problems,
            "moved": import_services.MOVED if plan and self.has_moved(batch, plan) else "",
            "shown": shown,
            "counts": counts,
            "writes": plan and counts["insert"] + counts["update"],
            "urls": {act: self.ledger.url(f"import_{act}", batch.pk) for act in ACTS},
            "written": self.written(batch),
            "failed": any(one.problems for one in shown),
            "failed_url": self.ledger.url("import_failed", batch.pk),
            "imports_url": self.ledger.url("import"),
            "title": f"{batch} {self.ledger.title}",
        }

    def has_moved(self, batch: Batch, plan: import_services.Plan) -> bool:
        """Whether another person would agree to something else than was submitted."""
        return batch.state == BatchState.SUBMITTED and plan.digest != batch.plan_hash

    def written(self, batch: Batch) -> list[tuple[str, str, str]]:
        """Of an approved batch: each row it wrote that stands, with its address."""
        if batch.state not in WRITTEN:
            return []
        found = import_undo.written_by(batch, self.actor)
        return [
            ("新增" if row.origin_id == batch.pk else "变更", self.ledger.name_of(row), self.ledger.url_of(row))
            for row in found
        ]


class ImportFailedView(ImportView):
    """The refused lines as they came, each with its row and what is wrong: mended, the file can be sent again."""

    def get(self, request: HttpRequest, batch: int) -> HttpResponse:
        one = self.get_batch()
        if one.state not in OPEN | WRITTEN:
            raise Http404("这一批没有待改的行")
        try:
            lines = list(import_files.failed_lines(self.lines_of(one)))
        except ValidationError as refused:
            raise Http404("；".join(refused.messages)) from refused
        note(LogKind.EXPORT, table=self.ledger.model._meta.label_lower, purpose=f"{one} 有错误的行", rows=len(lines))
        name = f"{one}_有错误的行.xlsx"
        return workbook_response(iter(lines), list(lines[0]) if lines else ["错误"], "有错误的行", name)

    def lines_of(self, batch: Batch) -> list[import_services.Line]:
        if batch.state in OPEN:
            return import_services.plan_of(batch, import_services.eyes_of(batch, self.actor)).lines
        return import_services.refused_lines(batch, self.actor, with_texts=True)


class ImportActView(BatchActView, ImportBatchView):
    """Base: an act on a batch of the ledger."""

    def address(self, batch: Batch) -> str:
        return self.ledger.url("import_batch", batch.pk)

    def page(self, batch: Batch, problems: list[str]) -> HttpResponse:
        return self.render_to_response(self.get_context_data(problems=problems), status=INVALID)


class ImportSubmitView(ImportActView):
    service = import_services.submit


class ImportApproveView(ImportActView):
    service = import_services.approve


class ImportReturnView(ImportActView):
    service, asks = acts.give_back, ("reason",)


class ImportWithdrawView(ImportActView):
    service = acts.withdraw


class ImportDropView(ImportActView):
    service = acts.drop


class ImportUndoView(ImportActView):
    service, asks = import_undo.ask, ("reason",)


class ImportUndoWithdrawView(ImportActView):
    service = acts.withdraw_reversal


class ImportUndoDecideView(ImportActView):
    service, asks = import_undo.decide, ("reason", "approve")


# act -> its address below the batch's, its view
ACTS = {
    "submit": ("submit/", ImportSubmitView),
    "approve": ("approve/", ImportApproveView),
    "return": ("return/", ImportReturnView),
    "withdraw": ("withdraw/", ImportWithdrawView),
    "drop": ("drop/", ImportDropView),
    "undo": ("undo/", ImportUndoView),
    "undo_withdraw": ("undo/withdraw/", ImportUndoWithdrawView),
    "undo_decide": ("undo/decide/", ImportUndoDecideView),
}
PAGES = (
    ("import", "import/", ImportListView),
    ("import_upload", "import/upload/", ImportUploadView),
    ("import_template", "import/template/", ImportTemplateView),
    ("import_batch", "import/<int:batch>/", ImportBatchView),
    ("import_failed", "import/<int:batch>/failed/", ImportFailedView),
    *((f"import_{act}", f"import/<int:batch>/{below}", view) for act, (below, view) in ACTS.items()),
)
