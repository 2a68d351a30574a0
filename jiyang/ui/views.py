from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from jiyang.ui.samples import samples


def kit(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for designers and the screenshot test. Development only."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "ui/kit.html", samples())
