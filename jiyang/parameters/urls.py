from django.urls import path

from jiyang.parameters.ledgers import ParameterChangeLedger
from jiyang.parameters.views import changes, pages
from jiyang.ui.navigation import Entry, register

app_name = "parameters"
urlpatterns = [
    path("", pages.ParameterListView.as_view(), name="parameter_list"),
    path("unconfirmed/", pages.UnconfirmedView.as_view(), name="unconfirmed"),
    path("change/<int:pk>/decide/", changes.ChangeDecideView.as_view(ledger=ParameterChangeLedger), name="change_decide"),
    path("change/<int:pk>/withdraw/", changes.ChangeWithdrawView.as_view(ledger=ParameterChangeLedger), name="change_withdraw"),
    *ParameterChangeLedger.urls(),
    path("value/<int:pk>/confirm/", changes.ConfirmView.as_view(), name="parameter_confirm"),
    path("key/<str:key>/", pages.ParameterDetailView.as_view(), name="parameter_detail"),
    path("key/<str:key>/new/", changes.ValueView.as_view(), name="parameter_value"),
]  # fmt: skip
register(Entry("参数", "parameters:parameter_list", 110))
