"""Files of a batch for who must mend it: the annotated original and the failed rows. Each download is logged."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from households.roster import feedback
from households.views.roster import batches
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch


def annotated(request: HttpRequest, pk: int) -> FileResponse:
    return _file(request, pk, feedback.annotated, "错误批注表")


def failed(request: HttpRequest, pk: int) -> FileResponse:
    return _file(request, pk, feedback.failed_rows, "有错误的行")


def _file(request: HttpRequest, pk: int, write: Callable[[Batch, Path], int], title: str) -> FileResponse:
    batch = get_object_or_404(batches(request.actor), pk=pk)
    if "parts" not in batch.columns or batch.state == BatchState.DROPPED:
        raise Http404("这一批没有可下载的结果")
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as handle:
        path = Path(handle.name)
    try:
        rows = write(batch, path)
        stream = path.open("rb")
    finally:
        path.unlink()
    note(LogKind.EXPORT, obj=batch, purpose=f"{title}：批次 {batch}", rows=rows)
    return FileResponse(stream, as_attachment=True, filename=f"{title}_{batch}.xlsx")
