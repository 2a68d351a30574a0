from employment.ledgers import PlanLedger, SpellLedger

app_name = "employment"
urlpatterns = [*SpellLedger.urls("spells/"), *PlanLedger.urls("plans/")]
