from villages.ledgers import YearLedger

app_name = "villages"
urlpatterns = YearLedger.urls("years/")
