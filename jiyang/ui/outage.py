"""While the database, the cache or the queue restarts: a page that says so and tries again, in place of an error page."""

import sys

from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from jiyang.api.errors import is_api, problem
from jiyang.caching import DOWN

AGAIN = 5  # seconds
# of PostgreSQL: shut down, crashed, starting up; 08: the connection failed. Without a state: nobody answered, or the connection was closed
RESTARTING = {"57P01", "57P02", "57P03"}
TEXT = "系统正在恢复，请稍候"
# A connection that is lost in a COMMIT does not tell whether it came about; what only reads has nothing to look after.
CHECK = "刚才的操作是否完成，请在页面恢复后核对"


@receiver(got_request_exception)
def note_outage(sender, request: HttpRequest, **kwargs) -> None:
    """Whatever part of the request failed, its middleware included; what fails in consequence changes nothing."""
    request.outage = stands_still(request) or is_outage(sys.exc_info()[1])


def stands_still(request: HttpRequest) -> bool:
    return getattr(request, "outage", False)


def is_outage(error: BaseException | None) -> bool:
    if isinstance(error, DOWN):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "pgcode", None)
    return state is None or state in RESTARTING or state.startswith("08")


class OutageMiddleware(MiddlewareMixin):
    """Outside of all that asks the database or the session; nor does its page, which a browser loads anew unless it has sent something."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not stands_still(request):
            return response
        reads = request.method in ("GET", "HEAD")
        text = TEXT if reads else f"{TEXT}。{CHECK}"
        if is_api(request):
            found = problem(503, "recovering", text)
        elif request.headers.get("HX-Request"):
            found = HttpResponse(f"{text}。", status=503)
        else:
            shown = {"title": "系统正在恢复", "text": text, "again": AGAIN if reads else 0}
            found = HttpResponse(render_to_string("ui/outage.html", shown), status=503)
        found["Retry-After"] = str(AGAIN)
        return found
