from functools import partial

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_save


class ParametersConfig(AppConfig):
    name = "jiyang.parameters"
    label = "parameters"
    verbose_name = "参数"

    def ready(self) -> None:
        from jiyang.parameters.models import Parameter
        from jiyang.parameters.values import forget

        def changed(sender, **kwargs) -> None:
            transaction.on_commit(partial(forget))

        for signal in (post_save, post_delete):
            signal.connect(changed, sender=Parameter, weak=False, dispatch_uid="jiyang.parameters.changed")
