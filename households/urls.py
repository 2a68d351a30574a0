from django.urls import path

from households.ledgers import ChangeLedger, HelperLedger, HouseholdLedger, PersonLedger, TierChangeLedger
from households.views import changes, differences, guarantees, incomes, pairings, reveal, roster, tiers

app_name = "households"
urlpatterns = [
    *HouseholdLedger.urls("registry/"),
    *PersonLedger.urls("people/"),
    *HelperLedger.urls("helpers/"),
    *ChangeLedger.urls("changes/"),
    *TierChangeLedger.urls("tier-changes/"),
    path("helpers/<int:pk>/hand-over/", pairings.HandOverView.as_view(ledger=HelperLedger), name="hand_over"),
    path("changes/<int:pk>/decide/", changes.ChangeDecideView.as_view(), name="change_decide"),
    path("changes/<int:pk>/withdraw/", changes.ChangeWithdrawView.as_view(), name="change_withdraw"),
    path("tier-changes/<int:pk>/decide/", tiers.TierConfirmView.as_view(), name="tierchange_decide"),
    path("tier-changes/<int:pk>/withdraw/", tiers.TierWithdrawView.as_view(), name="tierchange_withdraw"),
    path("registry/<int:pk>/income/", incomes.IncomeView.as_view(), name="income_new"),
    path("registry/<int:pk>/guarantee/", guarantees.GuaranteeView.as_view(), name="guarantee_new"),
    path("registry/<int:pk>/pair/", pairings.PairView.as_view(), name="pair"),
    path("registry/<int:pk>/change/", changes.ChangeKindView.as_view(), name="change_kinds"),
    path("registry/<int:pk>/change/<str:kind>/", changes.ChangeView.as_view(), name="change_new"),
    path("registry/<int:pk>/tier/", tiers.TierView.as_view(), name="tier_set"),
    path("registry/<int:pk>/reveal/", reveal.reveal, name="reveal"),
    path("state/differences/", differences.DifferencesView.as_view(), name="state_differences"),
    path("import/", roster.BatchListView.as_view(), name="batch_list"),
    path("import/new/", roster.UploadView.as_view(), name="batch_upload"),
    path("import/<int:pk>/", roster.BatchDetailView.as_view(), name="batch_detail"),
    path("import/<int:pk>/progress/", roster.progress, name="batch_progress"),
    path("import/<int:pk>/submit/", roster.SubmitView.as_view(), name="batch_submit"),
    path("import/<int:pk>/approve/", roster.ApproveView.as_view(), name="batch_approve"),
    path("import/<int:pk>/return/", roster.ReturnView.as_view(), name="batch_return"),
    path("import/<int:pk>/drop/", roster.DropView.as_view(), name="batch_drop"),
    path("import/<int:pk>/undo/", roster.UndoView.as_view(), name="batch_undo"),
]
