from django.urls import path

from households.ledgers import HouseholdLedger, PersonLedger
from households.views import reveal, tiers

app_name = "households"
urlpatterns = [
    *HouseholdLedger.urls("registry/"),
    *PersonLedger.urls("people/"),
    path("registry/<int:pk>/tier/", tiers.TierView.as_view(), name="tier_set"),
    path("registry/<int:pk>/reveal/", reveal.reveal, name="reveal"),
]
