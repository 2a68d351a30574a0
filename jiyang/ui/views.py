from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jiyang.ui import offline
from jiyang.ui.samples import samples


def kit(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for designers and the screenshot test. Development only."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "ui/kit.html", samples())


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Browsers ask for it anew each time, so that a new release reaches them."""
    return HttpResponse(offline.worker(), "text/javascript", headers={"Cache-Control": "no-cache"})


@never_cache
@require_safe
def session(request: HttpRequest) -> JsonResponse:
    """Who is signed in, with a fresh CSRF token: what the queue of drafts asks before it sends. `user` is null for nobody."""
    user = request.user if request.user.is_authenticated else None
    return JsonResponse({"user": user and user.pk, "name": user.name if user else "", "token": get_token(request)})
