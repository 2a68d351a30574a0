"""Addresses: every installed app's `urls.py` is mounted under its label (or its `mount`), so a new app needs no edit here."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.urls import include, path

from jiyang.ledgers.admin_site import site
from jiyang.reporting.views import DashboardView
from jiyang.runtime.views import health


def app_urls() -> list:
    """Include of each of the project's own apps that has a `urls` module."""
    found = []
    for config in apps.get_app_configs():
        if "site-packages" in config.path or not find_spec(f"{config.name}.urls"):
            continue
        module = import_module(f"{config.name}.urls")
        found.append(path(getattr(module, "mount", f"{config.label}/"), include(module)))
    return found


urlpatterns = [
    path("", DashboardView.as_view(), name="home"),
    path("healthz", health, name="health"),
    path("admin/", site.urls),
    *app_urls(),
]
handler400 = "jiyang.ui.errors.bad_request"
handler403 = "jiyang.ui.errors.forbidden"
handler404 = "jiyang.ui.errors.not_found"
handler500 = "jiyang.ui.errors.server_error"
