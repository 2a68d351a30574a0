"""Celery application. Worker and beat refuse to start with a database role that row-level security does not bind."""

import os

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiyang.settings")
app = Celery("jiyang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
@signals.beat_init.connect
def refuse_privileged_role(**kwargs) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from jiyang.access.guard import assert_unprivileged

    try:
        assert_unprivileged()
    except ImproperlyConfigured as refusal:
        raise SystemExit(str(refusal)) from refusal  # Celery logs and swallows any other exception of a signal
