"""Scheduled work of the audit: the hourly seal, and old log lines moved out of the database."""

from jiyang.audit import chain, retention
from jiyang.schedules.registry import scheduled


@scheduled("audit.seal", cron="5 * * * *", title="封存变更记录", period="hour")
def seal_events(run) -> dict:
    """Seal new history events into the chain."""
    return {"封存条数": chain.seal()}


@scheduled("audit.retention", cron="40 2 * * *", title="调阅日志转存")
def archive_log(run) -> dict:
    """Move access-log lines older than `audit.retention_days` to a file of the day they left."""
    moved, name = retention.archive(run.span.last)
    if moved:
        run.note(f"{moved} 条转存到 {name}")
    return {"转存条数": moved}
