from django.urls import path

from jiyang.audit import views
from jiyang.audit.ledgers import AccessLogLedger

app_name = "audit"
urlpatterns = [
    path("chain/", views.ChainView.as_view(), name="chain"),
    path("chain/verify/", views.VerifyView.as_view(), name="verify"),
    *AccessLogLedger.urls(),
]
