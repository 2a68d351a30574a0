from policies.ledgers import LeafletLedger

app_name = "policies"
urlpatterns = LeafletLedger.urls("leaflets/")
