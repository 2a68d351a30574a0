"""Scheduled work of visits."""

from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import scheduled
from monitoring.services import last_visits, reminders

__all__ = ["last_visits", "remind_of_visits"]  # last_visits takes part in the nightly re-derivation


@scheduled("visit.due", cron="0 7 * * *", title="走访到期提醒", per="district")
def remind_of_visits(run: JobRun) -> dict:
    return reminders.remind(run.span.last)
