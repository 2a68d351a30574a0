"""Addresses below /api/: two for every ledger, made from the registry, so that a new ledger needs no line here.

The pages for people stand below /interface/.
"""

from django.urls import path

from jiyang.api import ledgers as pages
from jiyang.api import views
from jiyang.api.figures import FiguresApi
from jiyang.ledgers import registry

app_name, mount = "api", ""
urlpatterns = [
    path("interface/", views.GuideView.as_view(), name="guide"),
    path("api/schema/", views.SchemaApi.as_view(), name="schema"),
    path("api/figures/", FiguresApi.as_view(), name="figures"),
    path("api/term/", views.TermApi.as_view(), name="term"),
    path("api/attachments/<uuid:public_id>/", pages.AttachmentApi.as_view(), name="attachment"),
    path("interface/tokens/", views.TokensView.as_view(), name="tokens"),
    path("interface/tokens/<int:pk>/revoke/", views.RevokeView.as_view(), name="token_revoke"),
    path("interface/tokens/all/", views.AllTokensView.as_view(), name="all_tokens"),
    path("interface/tokens/all/<int:pk>/revoke/", views.AdminRevokeView.as_view(), name="any_token_revoke"),
]
for ledger in registry.ledgers():
    name, address = ledger.key.replace(":", "_"), f"api/{ledger.key.replace(':', '/')}/"
    row = f"{address}<{pages.key_converter(ledger)}:key>/"
    urlpatterns += [
        path(address, pages.LedgerListApi.as_view(ledger=ledger), name=f"{name}_list"),
        path(row, pages.LedgerDetailApi.as_view(ledger=ledger), name=f"{name}_detail"),
    ]
    if ledger.is_attachable():
        attachments = pages.LedgerAttachmentsApi.as_view(ledger=ledger)
        urlpatterns.append(path(f"{row}attachments/", attachments, name=f"{name}_attachments"))
