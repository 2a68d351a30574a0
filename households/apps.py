from django.apps import AppConfig


class HouseholdsConfig(AppConfig):
    name = "households"
    verbose_name = "户档案"

    def ready(self) -> None:
        from households.services.pairings import follow_posting
        from jiyang.accounts.services.postings import appointed

        appointed.connect(follow_posting, dispatch_uid="households.helper")
