"""One-time links by which somebody without a password gets in: the first administrators, a lost password of theirs."""

from django.db import models
from django.db.models import Q

from jiyang.accounts.models.user import User


class EntryLink(models.Model):
    """一次性链接, made on the server's own console. Only the digest of its token is kept; it opens once, until `expires_at`.

    With a `role` it makes a user of that role; with a `user` it sets that user's password.
    """

    digest = models.CharField("链接摘要", max_length=64, unique=True)
    role = models.CharField("角色", max_length=30, blank=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="用户")
    made_at = models.DateTimeField("生成时间", auto_now_add=True)
    expires_at = models.DateTimeField("有效期至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    deletable = False

    class Meta:
        verbose_name = verbose_name_plural = "一次性链接"
        constraints = [
            models.CheckConstraint(
                condition=Q(role="", user__isnull=False) | ~Q(role="") & Q(user=None), name="entry_link_for_one"
            )
        ]

    def __str__(self) -> str:
        return self.role or str(self.user)
