"""附件 of a ledger's row: what hangs on it, and adding to it (scope, size, type: `jiyang.documents.storing`)."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from jiyang.documents.models import Attachment
from jiyang.documents.storing import attach
from jiyang.ledgers.views import INVALID, LedgerView

DOWNLOAD = "documents:download"  # whoever may open a file sees that there is one
ACCEPTED = "image/jpeg,image/png,image/webp,.pdf,.docx,.xlsx"


def attachments_of(record, actor) -> list[Attachment]:
    """The record's attachments in scope, newest first; none for who may not open them. One query."""
    if not actor.may_open(DOWNLOAD):
        return []
    return list(Attachment.objects.visible_to(actor).of(record))


class LedgerAttachmentsView(LedgerView):
    """附件 of one row, and the form that adds one."""

    template_name = "ledgers/attachments.html"

    def get_context_data(self, **kwargs) -> dict:
        record = self.get_object()
        found = attachments_of(record, self.actor)
        return {
            **super().get_context_data(**kwargs),
            "record": record,
            "attachments": found,
            "attached": len(found),
            "accepted": ACCEPTED,
            "title": f"{record} 附件",
        }


class LedgerAttachView(LedgerAttachmentsView):
    """Adds one or more files; a refused one is named with the reason, the others stay."""

    http_method_names: ClassVar = ["post", "options"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        record, uploads, problems = self.get_object(), request.FILES.getlist("file"), []
        if not uploads:
            problems = ["请选择文件"]
        for upload in uploads:
            try:
                attach(record=record, upload=upload, by=request.user)
            except ValidationError as refused:
                problems.append(f"{upload.name}：{'；'.join(refused.messages)}")
        if problems:
            return self.render_to_response(self.get_context_data(problems=problems), status=INVALID)
        return redirect(self.ledger.files_url(record))
