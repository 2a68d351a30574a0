"""What a request is answered that needs a log-in first, whatever kind of request it is."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect

from jiyang.api.errors import is_api, problem

UNKNOWN = 401


def to_log_in(request: HttpRequest, code: str, message: str) -> HttpResponse:
    """A page goes to the log-in and back; the page of a fragment goes there as a whole, else the log-in would stand in its middle.

    The API and what pages send by themselves (`X-Background`) get 401 with `message`; `code` is for programs.
    """
    if is_api(request):
        return problem(UNKNOWN, code, message)
    if request.htmx:
        page = request.htmx.current_url_abs_path or "/"
        answer = HttpResponseClientRedirect(redirect_to_login(page).url)
        answer.status_code = UNKNOWN
        return answer
    if request.headers.get("X-Background"):
        return HttpResponse(message, status=UNKNOWN)
    return redirect_to_login(request.get_full_path())
