from django.urls import path

from households.ledgers import HouseholdLedger, PersonLedger
from households.views import reveal, roster, tiers

app_name = "households"
urlpatterns = [
    *HouseholdLedger.urls("registry/"),
    *PersonLedger.urls("people/"),
    path("registry/<int:pk>/tier/", tiers.TierView.as_view(), name="tier_set"),
    path("registry/<int:pk>/reveal/", reveal.reveal, name="reveal"),
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
