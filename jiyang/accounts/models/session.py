"""Sessions as their owner sees them: where from, with what, since when."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from jiyang.accounts.enums import SessionEnd
from jiyang.accounts.models.user import User


class SignInQuerySet(models.QuerySet):
    def open(self) -> "SignInQuerySet":
        """Not ended and neither idle nor old by the rules of `SessionPolicyMiddleware`; `seen_at` lags up to a minute."""
        now = timezone.now()
        idle = now - dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS + 60)
        return self.filter(
            Q(ended_at=None) & Q(seen_at__gt=idle) & Q(started_at__gt=now - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE))
        )  # fmt: skip


class SignIn(models.Model):
    """登录会话: one log-in until its end. `key` is the session's, so that it can be ended from elsewhere."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins", verbose_name="用户")
    key = models.CharField("会话键", max_length=40, unique=True)
    address = models.GenericIPAddressField("来源地址", null=True, blank=True)
    agent = models.CharField("浏览器标识", max_length=300, blank=True)
    started_at = models.DateTimeField("登录时间", default=timezone.now)
    seen_at = models.DateTimeField("最近活动", default=timezone.now)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    end = models.CharField("结束方式", max_length=10, choices=SessionEnd, blank=True)

    objects = SignInQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "登录会话"
        indexes = [models.Index(fields=["user", "-started_at"])]

    def __str__(self) -> str:
        return f"{self.device} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def device(self) -> str:
        from jiyang.accounts.devices import device_of

        return device_of(self.agent)
