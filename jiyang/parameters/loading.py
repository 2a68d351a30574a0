"""Load the apps' `parameters.yaml`: keys that are not there yet are added, nobody's value is overwritten."""

import datetime as dt

from django.db import transaction

from jiyang.parameters.catalogue import our_apps, read
from jiyang.parameters.models import Parameter
from jiyang.parameters.values import forget


@transaction.atomic
def load_parameters() -> int:
    """Add missing (key, since) lines of all apps; returns how many. Idempotent."""
    rows = []
    for config in our_apps():
        for key, spec in dict(read(config, "parameters.yaml")).items():
            since = spec.get("since") or dt.date(2021, 1, 1)
            rows.append(Parameter(key=key, **{**spec, "since": since}))
    added = len(Parameter.objects.bulk_create(rows, ignore_conflicts=True))
    transaction.on_commit(forget)  # bulk writes send no signal
    return added
