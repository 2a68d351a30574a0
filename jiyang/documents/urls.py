from django.urls import path

from jiyang.documents import views

app_name = "documents"
urlpatterns = [
    path("<uuid:public_id>/", views.download, name="download"),
    path("<uuid:public_id>/void/", views.VoidView.as_view(), name="void"),
]
