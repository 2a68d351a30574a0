"""Cron lines as the planner needs them: which moments match, which is next, and how an officer would say it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from celery.schedules import crontab
from django.utils import timezone

WEEKDAYS = "日一二三四五六"
HORIZON = dt.timedelta(days=366 * 5)  # a line that matches no day within five years matches none


@dataclass(frozen=True)
class Cron:
    """`minute hour day month weekday`, Celery's reading: day and weekday must both match. Times are the office's.

    Raises ValueError (celery's ParseException is one) for a line that is none.
    """

    line: str

    @cached_property
    def fields(self) -> crontab:
        parts = self.line.split()
        if len(parts) != 5:
            raise ValueError(f"cron {self.line!r}: five fields are needed")
        minute, hour, day, month, weekday = parts
        return crontab(minute=minute, hour=hour, day_of_month=day, month_of_year=month, day_of_week=weekday)

    def between(self, after: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
        """Matching moments in (`after`, `until`], oldest first."""
        after, until = timezone.localtime(after), timezone.localtime(until)
        day = after.date()
        while day <= until.date():
            if self._matches(day):
                for hour in sorted(self.fields.hour):
                    for minute in sorted(self.fields.minute):
                        moment = dt.datetime.combine(day, dt.time(hour, minute), after.tzinfo)
                        if after < moment <= until:
                            yield moment
            day += dt.timedelta(days=1)

    def next(self, after: dt.datetime) -> dt.datetime | None:
        """The first matching moment after `after`; None when there is none."""
        return next(self.between(after, after + HORIZON), None)

    def _matches(self, day: dt.date) -> bool:
        return (
            day.month in self.fields.month_of_year
            and day.day in self.fields.day_of_month
            and day.isoweekday() % 7 in self.fields.day_of_week
        )

    @property
    def words(self) -> str:
        """每天 07:00, 每周一 06:30, 每月 1 日 00:30, 每小时第 5 分; the line itself where it is more than that."""
        minute, hour, day, month, weekday = self.line.split()
        if not minute.isdigit() or month != "*":
            return self.line
        if hour == "*" and day == weekday == "*":
            return f"每小时第 {int(minute)} 分" if int(minute) else "每小时整点"
        if not hour.isdigit():
            return self.line
        at = f"{int(hour):02d}:{int(minute):02d}"
        if day == weekday == "*":
            return f"每天 {at}"
        if day == "*" and weekday.isdigit():
            return f"每周{WEEKDAYS[int(weekday) % 7]} {at}"
        return f"每月 {int(day)} 日 {at}" if day.isdigit() and weekday == "*" else self.line
