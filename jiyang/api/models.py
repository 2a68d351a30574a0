"""Tokens by which a program acts for a user: only their digest is kept."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from jiyang.audit.tracking import Tracked


class ApiTokenQuerySet(models.QuerySet):
    def usable(self) -> "ApiTokenQuerySet":
        """Tokens that open the API today: neither revoked nor past their last day."""
        return self.filter(revoked_at=None, until__gte=timezone.localdate(), user__is_active=True)


class ApiToken(Tracked):
    """接口令牌: acts as its user with the user's postings of the day. `until` is the last day it works.

    The token itself is shown once; `digest` is its SHA-256 (it has 256 random bits, so no salt), `start` its first
    characters, by which people tell tokens apart.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens", verbose_name="用户")
    name = models.CharField("用途", max_length=40)
    start = models.CharField("开头", max_length=8)
    digest = models.CharField("摘要", max_length=64, unique=True)
    created_at = models.DateTimeField("签发时间", auto_now_add=True)
    until = models.DateField("有效期至")
    used_at = models.DateTimeField("最近使用", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤销人"
    )

    untracked_fields = ("digest", "used_at")
    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "接口令牌"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_token_revoked_pair",
                violation_error_message="撤销须写明时间和人",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.start}…）"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "已撤销"
        return "已过期" if self.until < timezone.localdate() else "有效"
