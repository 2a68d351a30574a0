from django.db import models


class RunState(models.TextChoices):
    WAITING = "waiting", "待运行"
    RUNNING = "running", "运行中"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"
    SKIPPED = "skipped", "已略过"


class AttemptState(models.TextChoices):
    RUNNING = "running", "运行中"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"
    INTERRUPTED = "interrupted", "中断"
