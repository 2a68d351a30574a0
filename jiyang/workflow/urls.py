from django.urls import path

from jiyang.workflow import views

app_name, mount = "workflow", "tasks/"
urlpatterns = [
    path("", views.TaskCentreView.as_view(), name="tasks"),
    path("read/", views.NoticesReadView.as_view(), name="notices_read"),
]
