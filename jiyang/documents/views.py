from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.documents import services
from jiyang.documents.models import Attachment
from jiyang.ledgers import registry

INVALID = 422


@never_cache
def download(request: HttpRequest, public_id) -> FileResponse:
    """An attachment in the actor's scope; every download is logged."""
    attachment = get_object_or_404(Attachment.objects.visible_to(request.actor), public_id=public_id)
    note(LogKind.DOWNLOAD, obj=attachment)
    response = FileResponse(attachment.file.open("rb"), content_type=attachment.mime, filename=attachment.name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


class VoidView(TemplateView):
    """作废 of one attachment, with its reason."""

    template_name = "documents/void.html"
    http_method_names: ClassVar = ["get", "post", "head", "options"]

    def get_context_data(self, **kwargs) -> dict:
        rows = Attachment.objects.visible_to(self.request.actor)
        attachment = get_object_or_404(rows, public_id=self.kwargs["public_id"])
        context = {"attachment": attachment, "title": f"作废 {attachment.name}", "back_url": page_of(attachment)}
        return {**super().get_context_data(**kwargs), **context}

    def post(self, request: HttpRequest, public_id) -> HttpResponse:
        context = {**self.get_context_data(), "reason": request.POST.get("reason", "")}
        try:
            services.void(attachment=context["attachment"], by=request.user, reason=context["reason"])
        except ValidationError as refused:
            return self.render_to_response({**context, "error": "；".join(refused.messages)}, status=INVALID)
        return redirect(context["back_url"])


def page_of(attachment: Attachment) -> str:
    """The page that lists an attachment: its record's."""
    for ledger in registry.ledgers():
        if ledger.model._meta.label_lower == attachment.subject:
            return ledger.url("attachments", attachment.subject_id)
    return "/"
