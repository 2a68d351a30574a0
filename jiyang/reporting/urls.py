from django.urls import path

from jiyang.reporting import stored_views

app_name = "reporting"
urlpatterns = [
    path("stored/", stored_views.StoredView.as_view(), name="stored"),
    path("stored/export/", stored_views.StoredExportView.as_view(), name="stored_export"),
]
