from functools import partial

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models.signals import post_delete, post_save


class RulesConfig(AppConfig):
    name = "jiyang.rules"
    label = "rules"
    verbose_name = "规则"

    def ready(self) -> None:
        """Register every app's fields and standing data, and read every rule: a broken rule file stops the start with its message."""
        from django.utils.module_loading import autodiscover_modules

        from jiyang.parameters.models import Parameter
        from jiyang.rules.catalogue import catalogue
        from jiyang.rules.models import RuleVersion
        from jiyang.rules.reading import RuleBroken
        from jiyang.rules.versions import forget

        autodiscover_modules("rulefields", "rulesource")
        try:
            catalogue()
        except RuleBroken as broken:
            raise ImproperlyConfigured(str(broken)) from broken

        def changed(sender, **kwargs) -> None:
            transaction.on_commit(partial(forget))

        post_save.connect(changed, sender=RuleVersion, weak=False, dispatch_uid="jiyang.rules.changed")
        for signal in (post_save, post_delete):  # a version that asks for a parameter that is gone is broken at once
            signal.connect(changed, sender=Parameter, weak=False, dispatch_uid="jiyang.rules.parameter_changed")
