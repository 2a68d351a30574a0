from django.db import models


class RequestKind(models.TextChoices):
    GIVE = "give", "新岗位"
    PROLONG = "prolong", "延长岗位"


class SessionEnd(models.TextChoices):
    """Why a session is over."""

    LEFT = "left", "本人退出"
    EXPIRED = "expired", "闲置或超时"
    ENDED = "ended", "本人在别处结束"
    ADMIN = "admin", "管理员结束"
    PASSWORD = "password", "密码变更"
    DISABLED = "disabled", "账号停用"


# 三员 (DOMAIN.md 14.2): who makes accounts, who grants what they may do, who reviews the log. Nobody holds two of them.
THREE_DUTIES = ("system_admin", "security_admin", "auditor")
