from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.documents.models import Attachment


@never_cache
def download(request: HttpRequest, public_id) -> FileResponse:
    """An attachment in the actor's scope; every download is logged."""
    attachment = get_object_or_404(Attachment.objects.visible_to(request.actor), public_id=public_id)
    note(LogKind.DOWNLOAD, obj=attachment)
    response = FileResponse(attachment.file.open("rb"), content_type=attachment.mime, filename=attachment.name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
