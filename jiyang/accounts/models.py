"""Users, their dated postings (who may act as what, where), and former passwords."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from jiyang.audit.tracking import Tracked


class UserManager(BaseUserManager):
    def create_user(self, username: str, password: str | None = None, **fields) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields) -> "User":
        """A superuser passes no wall: scope, rights and maker ≠ checker hold for them as for everybody."""
        return self.create_user(username, password, **{"name": username, "is_superuser": True, **fields})


class User(AbstractBaseUser, PermissionsMixin, Tracked):
    """用户: one account per real person (DOMAIN.md 14.2: no shared accounts)."""

    username = models.CharField("账号", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    office = models.CharField("单位", max_length=60, blank=True)
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("首次登录须改密码", default=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    untracked_fields = ("password", "last_login")
    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.name or self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()


class PasswordRecord(models.Model):
    """历史密码: hash of a former password, so that the last five are not used again (DOMAIN.md 14.2)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords", verbose_name="用户")
    password = models.CharField("密码摘要", max_length=128)
    at = models.DateTimeField("停用时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "历史密码"

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d}"


class PostingQuerySet(models.QuerySet):
    def on(self, day: dt.date) -> "PostingQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class Posting(Tracked):
    """岗位: user × role × region, dated [`since`, `until`).

    A district, town or village posting reaches the rows there; a 管区 posting its villages. A posting without a region
    (帮扶责任人, 第一书记, 保险公司联络员) reaches only the households granted to it (`access.HouseholdGrant`).
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="postings", verbose_name="用户")
    role = models.CharField("角色", max_length=30)
    region = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区划"
    )
    since = models.DateField("起", default=timezone.localdate)
    until = models.DateField("止", null=True, blank=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="posting_dates",
                violation_error_message="岗位的止日不能早于起日",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "region", "since"],
                nulls_distinct=False,
                name="posting_once",
                violation_error_message="该用户已有同样的岗位",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"
