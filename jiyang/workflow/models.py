"""Notices inside the product: a short line for one user, with the page it speaks of."""

from django.conf import settings
from django.db import models


class NoticeQuerySet(models.QuerySet):
    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    """通知. Its text names numbers and codes, never a person: it stands outside the rows' scope; its page is inside."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name="收件人")
    text = models.CharField("内容", max_length=200)
    url = models.CharField("页面", max_length=200, blank=True)
    at = models.DateTimeField("时间", auto_now_add=True)
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        indexes = [models.Index(fields=["user", "-at"])]

    def __str__(self) -> str:
        return self.text
