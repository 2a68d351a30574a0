from django.urls import path

from jiyang.schedules import views
from jiyang.ui.navigation import Entry, register

app_name = "schedules"
urlpatterns = [
    path("", views.JobListView.as_view(), name="list"),
    path("runs/<int:pk>/", views.RunView.as_view(), name="run"),
    path("runs/<int:pk>/progress/", views.progress, name="run_progress"),
    path("order/", views.OrderView.as_view(), name="order"),
    path("switch/", views.SwitchView.as_view(), name="switch"),
]
register(Entry("定时任务", "schedules:list", 130))
