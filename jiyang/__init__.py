"""The project package and the kernel every domain app stands on. No domain knowledge lives here."""

from jiyang.celery import app as celery_app

__all__ = ["celery_app"]
