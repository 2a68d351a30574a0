"""导入 of a ledger: the batches and the upload, the preview with every line, the second person's decision."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header

from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.intake.reader import LARGEST_FILE
from jiyang.ledgers import import_files, import_services
from jiyang.ledgers.importing import MOST_ROWS, resource_of
from jiyang.ledgers.views import INVALID, LedgerView

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


class ImportUploadView(ImportListView):
    http_method_names: ClassVar = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        file, problems = request.FILES.get("file"), []
        if file is None:
            problems = ["请选择要上传的文件"]
        elif file.size > LARGEST_FILE:
            problems = [f"文件 {file.size // 1048576} MB，超过 {LARGEST_FILE // 1048576} MB，请分开上传"]
        else:
            try:
                batch = import_services.upload(
                    by=request.user, ledger=self.ledger, filename=file.name, data=file.read()
                )
                return redirect(self.ledger.url("import_batch", batch.pk))
            except ValidationError as refused:
                problems = refused.messages
        return self.render_to_response(self.get_context_data(problems=problems), status=INVALID)


class ImportBatchView(ImportView):
    """The preview: every line with what becomes of it, counted anew each time; a finished batch shows its counts."""

    template_name = "ledgers/import_batch.html"

    def get_context_data(self, **kwargs) -> dict:
        batch, plan = self.get_batch(), None
        if batch.state in OPEN:
            eyes = import_services.eyes_of(batch, self.actor)
            plan = import_services.plan_of(batch, self.ledger, eyes)
        acts = ("submit", "drop") if batch.state in {BatchState.CHECKED, BatchState.RETURNED} else ()
        is_mine = {self.request.user.pk, *self.actor.barred(f"{self.ledger.imports.act}.check")} & {
            batch.uploaded_by_id,
            batch.submitted_by_id,
        }
        if batch.state == BatchState.SUBMITTED and not is_mine:
            acts = ("approve", "return")
        return {
            **super().get_context_data(**kwargs),
            "batch": batch,
            "plan": plan,
            "moved": plan is not None and batch.state == BatchState.SUBMITTED and plan.digest != batch.plan_hash,
            "shown": [one for one in plan.lines if one.action != "same"] if plan else [],
            "writes": (batch.counts.get("insert", 0) + batch.counts.get("update", 0)),
            "acts": {act: self.ledger.url(f"import_{act}", batch.pk) for act in acts if self.may(act)},
            "imports_url": self.ledger.url("import"),
            "title": f"{batch} {self.ledger.title}",
        }


class ImportActView(ImportBatchView):
    """One act on a batch: submit, approve, return or drop."""

    http_method_names: ClassVar = ["post", "options"]
    service: ClassVar = None
    asks_reason: ClassVar[bool] = False

    def post(self, request: HttpRequest, batch: int) -> HttpResponse:
        asked = {"reason": request.POST.get("reason", "")} if self.asks_reason else {}
        try:
            type(self).service(batch=self.get_batch(), ledger=self.ledger, by=request.user, **asked)
        except ValidationError as refused:
            return self.render_to_response(self.get_context_data(problems=refused.messages), status=INVALID)
        return redirect(self.ledger.url("import_batch", batch))


def _act(act, *, asks_reason: bool = False) -> type[ImportActView]:
    return type(
        f"Import{act.__name__.title()}View",
        (ImportActView,),
        {"service": staticmethod(act), "asks_reason": asks_reason},
    )


PAGES = (
    ("import", "import/", ImportListView),
    ("import_upload", "import/upload/", ImportUploadView),
    ("import_template", "import/template/", ImportTemplateView),
    ("import_batch", "import/<int:batch>/", ImportBatchView),
    ("import_submit", "import/<int:batch>/submit/", _act(import_services.submit)),
    ("import_drop", "import/<int:batch>/drop/", _act(import_services.drop)),
    ("import_approve", "import/<int:batch>/approve/", _act(import_services.approve)),
    ("import_return", "import/<int:batch>/return/", _act(import_services.give_back, asks_reason=True)),
)
