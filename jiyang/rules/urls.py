from django.urls import path

from jiyang.rules.ledgers import RuleVersionLedger
from jiyang.rules.views import acts, catalogue, versions
from jiyang.ui.navigation import Entry, register

app_name = "rules"
urlpatterns = [
    path("", catalogue.RuleListView.as_view(), name="rule_list"),
    path("versions/<int:pk>/simulation/", versions.VersionSimulationView.as_view(ledger=RuleVersionLedger), name="version_simulation"),
    path("versions/<int:pk>/decide/", versions.VersionDecideView.as_view(ledger=RuleVersionLedger), name="version_decide"),
    path("versions/<int:pk>/withdraw/", versions.VersionWithdrawView.as_view(ledger=RuleVersionLedger), name="version_withdraw"),
    *RuleVersionLedger.urls("versions/"),
    path("code/<str:code>/", catalogue.RuleDetailView.as_view(), name="rule_detail"),
    path("code/<str:code>/hits/", catalogue.RuleHitsView.as_view(), name="rule_hits"),
    path("code/<str:code>/off/", acts.SwitchOffView.as_view(), name="rule_off"),
    path("code/<str:code>/<int:number>/back/", acts.BringBackView.as_view(), name="rule_back"),
]  # fmt: skip
register(Entry("规则", "rules:rule_list", 105))
