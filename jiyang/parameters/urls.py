from django.urls import path

from jiyang.parameters import views
from jiyang.ui.navigation import Entry, register

app_name = "parameters"
urlpatterns = [path("", views.ParameterListView.as_view(), name="list")]
register(Entry("参数", "parameters:list", 110))
