"""One transaction and one scope per request; views refused unless the permission matrix opens them."""

import logging
import uuid

from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from rest_framework.exceptions import NotAuthenticated

from jiyang.access.matrix import matrix
from jiyang.access.scope import acting_as, actor_for
from jiyang.accounts.entry import to_log_in
from jiyang.api.errors import MESSAGES
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note

logger = logging.getLogger(__name__)
SERVER_ERROR = 500


class ScopeMiddleware(MiddlewareMixin):
    """Gives the request its `actor` and runs the view, rendering included, inside the actor's scope.

    Not ATOMIC_REQUESTS: that ends before a TemplateResponse renders, and lists would silently come out empty
    (STACK.md 3). A 4xx commits: services are atomic themselves, and the log of a refused access must stay.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None
        if not request.user.is_authenticated:
            return self.get_response(request)
        _ = request.POST  # a slow upload must not hold the transaction open
        address = request.META.get("REMOTE_ADDR")
        with acting_as(actor_for(request.user, request=str(uuid.uuid4()), address=address)) as actor:
            request.actor = actor
            response = self.get_response(request)
            if response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True)
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if any("\0" in text for query in (request.GET, request.POST) for texts in query.lists() for text in texts[1]):
            raise BadRequest("请求里有不能保存的字符")  # no text column takes a NUL, and no person types one
        name = request.resolver_match.view_name
        roles = request.actor.roles if request.actor else None
        if matrix().may_open(name, roles):
            return None
        if request.actor is None:
            return to_log_in(request, "not_authenticated", MESSAGES[NotAuthenticated])
        if name not in matrix().views:
            logger.error("view %s has no entry in the permission matrix", name)
        note(LogKind.REFUSED, table=name[:60], address=request.META.get("REMOTE_ADDR"))
        raise PermissionDenied("本岗位不能打开这个页面")
