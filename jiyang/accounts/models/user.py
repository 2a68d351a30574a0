"""Users and their former passwords."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
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


class UserQuerySet(models.QuerySet):
    def holding(self, *roles: str, on=None) -> "UserQuerySet":
        """Users with a posting of one of the roles in force on a day (today)."""
        from jiyang.accounts.models.posting import Posting

        return self.filter(pk__in=Posting.objects.on(on or timezone.localdate()).filter(role__in=roles).values("user"))


class User(AbstractBaseUser, PermissionsMixin, Tracked):
    """用户: one account per real person (DOMAIN.md 14.2: no shared accounts)."""

    username = models.CharField("账号", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    office = models.CharField("单位", max_length=60, blank=True)
    is_active = models.BooleanField("启用", default=True)
    state_reason = models.CharField("停用或启用原因", max_length=200, blank=True)
    must_change_password = models.BooleanField("首次登录须改密码", default=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    untracked_fields = ("password", "last_login")
    objects = UserManager.from_queryset(UserQuerySet)()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def posts(self) -> str:
        """Today's postings in words; reads `held_today` where a list has fetched it."""
        held = getattr(self, "held_today", None)
        if held is None:
            held = self.postings.on(timezone.localdate()).select_related("region", "deputy_for__user")
        return "；".join(posting.label for posting in held)

    @property
    def state(self) -> str:
        if not self.is_active:
            return "停用"
        return "启用" if self.last_login else "从未登录"

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()


class PasswordRecord(models.Model):
    """历史密码: hash of a former password, so that the last five are not used again (DOMAIN.md 14.2)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords", verbose_name="用户")
    password = models.CharField("密码摘要", max_length=128)
    at = models.DateTimeField("停用时间", auto_now_add=True)

    append_only = True

    class Meta:
        verbose_name = verbose_name_plural = "历史密码"

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d}"
