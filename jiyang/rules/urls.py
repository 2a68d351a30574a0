from django.urls import path

from jiyang.rules.ledgers import RuleVersionLedger
from jiyang.rules.views import acts, building, catalogue, versions
from jiyang.ui.navigation import Entry, register

app_name = "rules"
urlpatterns = [
    path("", catalogue.RuleListView.as_view(), name="rule_list"),
    path("versions/<int:pk>/simulation/", versions.VersionSimulationView.as_view(ledger=RuleVersionLedger), name="version_simulation"),
    path("versions/<int:pk>/decide/", versions.VersionDecideView.as_view(ledger=RuleVersionLedger), name="version_decide"),
    path("versions/<int:pk>/withdraw/", versions.VersionWithdrawView.as_view(ledger=RuleVersionLedger), name="version_withdraw"),
    *RuleVersionLedger.urls("versions/"),
    path("new/", building.NewRuleView.as_view(), name="rule_new"),
    path("drafts/<int:pk>/", building.DraftView.as_view(), name="draft"),
    path("drafts/<int:pk>/preview/", building.DraftPreviewView.as_view(), name="draft_preview"),
    path("drafts/<int:pk>/simulation/", building.DraftSimulationView.as_view(), name="draft_simulation"),
    path("drafts/<int:pk>/submit/", building.DraftSubmitView.as_view(), name="draft_submit"),
    path("drafts/<int:pk>/drop/", building.DraftDropView.as_view(), name="draft_drop"),
    path("code/<str:code>/change/", building.ChangeRuleView.as_view(), name="rule_change"),
    path("code/<str:code>/", catalogue.RuleDetailView.as_view(), name="rule_detail"),
    path("code/<str:code>/hits/", catalogue.RuleHitsView.as_view(), name="rule_hits"),
    path("code/<str:code>/off/", acts.SwitchOffView.as_view(), name="rule_off"),
    path("code/<str:code>/<int:number>/back/", acts.BringBackView.as_view(), name="rule_back"),
]  # fmt: skip
register(Entry("规则", "rules:rule_list", 105))
