from django.urls import path

from jiyang.accounts.ledgers import PostingLedger, PostingRequestLedger, UserLedger
from jiyang.accounts.views import login, me, requests, start, users

app_name = "accounts"
urlpatterns = [
    path("login/", login.LoginView.as_view(), name="login"),
    path("logout/", login.logout, name="logout"),
    path("password/", login.PasswordView.as_view(), name="password"),
    path("start/<str:token>/", start.StartView.as_view(), name="start"),
    path("me/", me.MeView.as_view(), name="me"),
    path("me/sessions/<int:pk>/end/", me.MySessionEndView.as_view(), name="my_session_end"),
    path("user/<int:pk>/disable/", users.DisableView.as_view(ledger=UserLedger), name="user_disable"),
    path("user/<int:pk>/enable/", users.EnableView.as_view(ledger=UserLedger), name="user_enable"),
    path("user/<int:pk>/unlock/", users.UnlockView.as_view(ledger=UserLedger), name="user_unlock"),
    path("user/<int:pk>/reset/", users.ResetView.as_view(ledger=UserLedger), name="user_reset"),
    path("user/<int:pk>/sessions/end/", users.SessionEndView.as_view(), name="session_end"),
    path("user/<int:pk>/posting/", users.AskView.as_view(ledger=UserLedger), name="posting_ask"),
    path("posting/<int:pk>/prolong/", requests.ProlongView.as_view(ledger=PostingLedger), name="posting_prolong"),
    path("posting/<int:pk>/end/", requests.EndView.as_view(ledger=PostingLedger), name="posting_end"),
    path("posting/<int:pk>/deputy/", requests.DeputyView.as_view(ledger=PostingLedger), name="deputy"),
    path("deputy/<int:pk>/end/", requests.DeputyEndView.as_view(), name="deputy_end"),
    path("postingrequest/<int:pk>/decide/", requests.RequestDecideView.as_view(ledger=PostingRequestLedger), name="request_decide"),
    path("postingrequest/<int:pk>/withdraw/", requests.RequestWithdrawView.as_view(ledger=PostingRequestLedger), name="request_withdraw"),
    *UserLedger.urls(),
    *PostingLedger.urls(),
    *PostingRequestLedger.urls(),
]  # fmt: skip
