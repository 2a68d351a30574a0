"""What outlived its use: sessions, results of tasks, read notices, temporary files. Never a record."""

import contextlib
import datetime as dt
import os
import tempfile
from pathlib import Path

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django_celery_results.models import TaskResult

from jiyang.parameters import values
from jiyang.workflow.models import Notice

TEMPORARY = ("jiyang-*", "*.upload", "*.upload.*")  # exports and uploads that a killed process left
OLD_FILE = dt.timedelta(days=1)


def clean(now: dt.datetime) -> dict[str, int]:
    """Delete it; returns how much of each kind. Raises ParameterMissing."""
    before = now - dt.timedelta(days=int(values.get("runtime.keep_days").value))
    return {
        "过期会话": Session.objects.filter(expire_date__lt=now).delete()[0],
        "任务结果": TaskResult.objects.filter(date_done__lt=before).delete()[0],
        "已读通知": Notice.objects.filter(read_at__lt=before).delete()[0],
        "登录失败计数": AccessAttempt.objects.filter(attempt_time__lt=before).delete()[0],
        "临时文件": clean_files(Path(tempfile.gettempdir()), now - OLD_FILE),
    }


def clean_files(folder: Path, before: dt.datetime) -> int:
    """Delete this user's own left-over files in `folder` that nobody has written to since `before`."""
    gone = 0
    for path in {path for pattern in TEMPORARY for path in folder.glob(pattern)}:
        with contextlib.suppress(OSError):
            about = path.lstat()
            if path.is_file() and about.st_uid == os.geteuid() and about.st_mtime < before.timestamp():
                path.unlink()
                gone += 1
    return gone
