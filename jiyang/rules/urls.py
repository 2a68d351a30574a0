from django.urls import path

from jiyang.rules.ledgers import RuleVersionLedger
from jiyang.rules.views import versions

app_name = "rules"
urlpatterns = [
    path("versions/<int:pk>/decide/", versions.VersionDecideView.as_view(ledger=RuleVersionLedger), name="version_decide"),
    path("versions/<int:pk>/withdraw/", versions.VersionWithdrawView.as_view(ledger=RuleVersionLedger), name="version_withdraw"),
    *RuleVersionLedger.urls("versions/"),
]  # fmt: skip
