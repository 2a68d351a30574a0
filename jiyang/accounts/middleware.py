"""Sessions end when idle or old; a first log-in leads to the change of password (DOMAIN.md 14.2)."""

import contextlib
import ipaddress
import time

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from jiyang.accounts.entry import to_log_in
from jiyang.accounts.enums import SessionEnd
from jiyang.accounts.services import sessions
from jiyang.api.errors import is_api, problem

NOTED_EVERY = 60  # seconds between writes of the last activity


class ClientAddressMiddleware(MiddlewareMixin):
    """Behind JIYANG_PROXIES proxies `REMOTE_ADDR` is the client's, as the outermost of them saw it.

    Each proxy adds its peer at the end of X-Forwarded-For; what stands before the trusted ones anybody may have written.
    """

    def process_request(self, request: HttpRequest) -> None:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if not 0 < settings.PROXIES <= len(hops):
            return
        with contextlib.suppress(ValueError):
            request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(hops[-settings.PROXIES]))


class SessionPolicyMiddleware(MiddlewareMixin):
    """Ends a session after SESSION_IDLE_SECONDS without work or SESSION_COOKIE_AGE in all.

    Requests a page makes by itself (header `X-Background`, as progress polls and draft uploads send) do not renew it.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if not request.user.is_authenticated or request.api_token:
            return None
        now, session = time.time(), request.session
        seen = session.get("seen_at", now)
        if (
            now - seen > settings.SESSION_IDLE_SECONDS
            or now - session.setdefault("since", now) > settings.SESSION_COOKIE_AGE
        ):
            request.session_end = SessionEnd.EXPIRED
            logout(request)
            return to_log_in(request, "session_expired", "登录已过期，请重新登录")
        if "seen_at" not in session or (now - seen > NOTED_EVERY and not request.headers.get("X-Background")):
            if "seen_at" in session:
                sessions.seen(session)
            session["seen_at"] = now
        return self._first_password(request)

    def _first_password(self, request: HttpRequest) -> HttpResponse | None:
        free = {reverse("accounts:password"), reverse("accounts:logout")}
        if request.user.must_change_password and request.path not in free:
            if is_api(request):
                return problem(403, "password_change_required", "首次登录须先在网页上修改密码")
            return redirect("accounts:password")
        return None
