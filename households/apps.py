from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class HouseholdsConfig(AppConfig):
    name = "households"
    verbose_name = "户档案"

    def ready(self) -> None:
        from households.services.pairings import follow_posting
        from jiyang.accounts.services.postings import appointed
        from jiyang.intake import targets

        autodiscover_modules("takers")
        targets.register(targets.Target("roster", "households:batch_detail", "roster.import", "roster.undo"))
        appointed.connect(follow_posting, dispatch_uid="households.helper")
