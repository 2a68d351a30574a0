from django.urls import path

from monitoring.ledgers import VisitLedger
from monitoring.views import visit

app_name = "monitoring"
urlpatterns = [
    path("due/", visit.DueListView.as_view(), name="due"),
    path("household/<int:pk>/visit/", visit.VisitCreateView.as_view(), name="visit_new"),
    path("visits/<int:pk>/receipt/", visit.ReceiptView.as_view(), name="visit_receipt"),
    *VisitLedger.urls("visits/"),
]
