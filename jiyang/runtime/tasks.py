from django.utils import timezone

from jiyang.runtime import cleaning
from jiyang.schedules.registry import scheduled


@scheduled("runtime.cleanup", cron="20 3 * * *", title="清理过期会话和临时文件")
def clean_up(run) -> dict:
    return cleaning.clean(timezone.now())
