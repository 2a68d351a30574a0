"""While the database restarts: a page that says so and tries again, in place of an error page."""

import sys

from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from jiyang.api.errors import is_api, problem

AGAIN = 5  # seconds
# of PostgreSQL: shut down, crashed, starting up; 08: the connection failed. Without a state: nobody answered, or the connection was closed
RESTARTING = {"57P01", "57P02", "57P03"}
TEXT = "系统正在恢复，请稍候。这次操作没有完成，数据没有改动"


@receiver(got_request_exception)
def note_outage(sender, request: HttpRequest, **kwargs) -> None:
    """Whatever part of the request failed, its middleware included."""
    request.outage = is_outage(sys.exc_info()[1])


def is_outage(error: BaseException | None) -> bool:
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "pgcode", None)
    return state is None or state in RESTARTING or state.startswith("08")


class OutageMiddleware(MiddlewareMixin):
    """Outside of all that asks the database; nor does its page, which a browser loads anew unless it has sent something."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not getattr(request, "outage", False):
            return response
        if is_api(request):
            found = problem(503, "recovering", TEXT)
        elif request.headers.get("HX-Request"):
            found = HttpResponse(f"{TEXT}。", status=503)
        else:
            again = AGAIN if request.method == "GET" else 0
            found = HttpResponse(
                render_to_string("ui/outage.html", {"title": "系统正在恢复", "text": TEXT, "again": again}), status=503
            )
        found["Retry-After"] = str(AGAIN)
        return found
