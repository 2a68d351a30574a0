from django.urls import path

from jiyang.ui import errors, views

app_name, mount = "ui", ""
urlpatterns = [
    path("ui/", views.kit, name="kit"),
    path("sw.js", views.worker, name="worker"),
    path("session", views.session, name="session"),
    path("csp-report", errors.csp_report, name="csp_report"),
]
