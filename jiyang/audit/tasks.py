"""Scheduled work of the audit: the hourly seal, and old log lines moved out of the database."""

from celery import shared_task

from jiyang.access.scope import system_scope
from jiyang.audit import chain, retention
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
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


@shared_task
def verify_events(user_id: int) -> bool:
    """Seal what is new, read every sealed event again, and log the verdict under the user who asked for it."""
    from jiyang.accounts.models import User

    with system_scope("核验变更记录"):
        chain.seal()
        verdict = chain.verify()
        text = "一致" if verdict.ok else f"不一致：{verdict.first_bad}"
        note(LogKind.VERIFY, user=User.objects.get(pk=user_id), rows=verdict.rows, purpose=text[:200])
    return verdict.ok
