from django.urls import path

from monitoring.hit_ledger import HitLedger
from monitoring.ledgers import ChangeLedger, FollowUpLedger, VisitLedger
from monitoring.views import changes, followups, hits, offline, visit

app_name = "monitoring"
urlpatterns = [
    path("due/", visit.DueListView.as_view(), name="due"),
    path("due/kept/", offline.due_kept, name="due_kept"),
    path("offline/", offline.OfflineView.as_view(), name="offline"),
    path("offline/visit/", offline.OfflineVisitView.as_view(), name="offline_visit"),
    path("household/<int:pk>/visit/", visit.VisitCreateView.as_view(), name="visit_new"),
    path("visits/<int:pk>/receipt/", visit.ReceiptView.as_view(), name="visit_receipt"),
    path("household/<int:pk>/change/", changes.ChangeNewView.as_view(), name="change_new"),
    path("changes/<int:pk>/decide/", changes.ChangeDecideView.as_view(ledger=ChangeLedger), name="change_decide"),
    path("changes/<int:pk>/reveal/", changes.reveal, name="change_reveal"),
    path("changes/<int:pk>/withdraw/", changes.ChangeWithdrawView.as_view(ledger=ChangeLedger), name="change_withdraw"),
    path("followups/<int:pk>/close/", followups.CloseView.as_view(ledger=FollowUpLedger), name="followup_close"),
    path("hits/<int:pk>/decide/", hits.DecideView.as_view(ledger=HitLedger), name="hit_decide"),
    path("hits/<int:pk>/mute/", hits.MuteView.as_view(ledger=HitLedger), name="hit_mute"),
    path("hits/<int:pk>/unmute/", hits.UnmuteView.as_view(ledger=HitLedger), name="hit_unmute"),
    path("hits/runs/", hits.RunsView.as_view(), name="rule_runs"),
    path("hits/runs/new/", hits.run_now, name="rule_run"),
    path("hits/precision/", hits.PrecisionView.as_view(), name="precision"),
    *HitLedger.urls("hits/"),
    *VisitLedger.urls("visits/"),
    *FollowUpLedger.urls("followups/"),
    *ChangeLedger.urls("changes/"),
]
