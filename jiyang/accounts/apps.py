from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed


class AccountsConfig(AppConfig):
    name = "jiyang.accounts"
    label = "accounts"
    verbose_name = "用户与岗位"

    def ready(self) -> None:
        from jiyang.accounts import signals

        user_logged_in.connect(signals.signed_in, dispatch_uid="jiyang.accounts.in")
        user_logged_out.connect(signals.signed_out, dispatch_uid="jiyang.accounts.out")
        user_login_failed.connect(signals.failed, dispatch_uid="jiyang.accounts.failed")
