from django.urls import path

from jiyang.access import views
from jiyang.ui.navigation import Entry, register

app_name = "access"
urlpatterns = [
    path("matrix/", views.MatrixView.as_view(), name="matrix"),
    path("matrix/export/", views.MatrixExportView.as_view(), name="matrix_export"),
]
register(Entry("权限", "access:matrix", 120))
