from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class RulesConfig(AppConfig):
    name = "jiyang.rules"
    label = "rules"
    verbose_name = "规则"

    def ready(self) -> None:
        """Register every app's fields and read every rule: a broken rule file stops the start with its message."""
        from django.utils.module_loading import autodiscover_modules

        from jiyang.rules.catalogue import catalogue
        from jiyang.rules.reading import RuleBroken

        autodiscover_modules("rulefields")
        try:
            catalogue()
        except RuleBroken as broken:
            raise ImproperlyConfigured(str(broken)) from broken
