from django.urls import path

from jiyang.schedules import views
from jiyang.ui.navigation import Entry, register

app_name = "schedules"
urlpatterns = [
    path("", views.JobListView.as_view(), name="job_list"),
    path("runs/<int:pk>/", views.RunView.as_view(), name="job_run"),
    path("runs/<int:pk>/progress/", views.progress, name="job_progress"),
    path("order/", views.OrderView.as_view(), name="job_order"),
    path("switch/", views.SwitchView.as_view(), name="job_switch"),
]
register(Entry("定时任务", "schedules:job_list", 130))
