from django.db import models


class LogKind(models.TextChoices):
    REVEAL = "reveal", "查看全号"
    EXPORT = "export", "导出"
    DOWNLOAD = "download", "下载附件"
    LOGIN = "login", "登录"
    LOGIN_FAILED = "login_failed", "登录失败"
    LOCKED = "locked", "账号锁定"
    LOGOUT = "logout", "退出"
    REFUSED = "refused", "越权被拒"
    PASSWORD = "password", "修改密码"
    ACCOUNT = "account", "账号变更"
    RIGHTS = "rights", "岗位变更"
    SESSION = "session", "结束会话"
    VERIFY = "verify", "核验变更记录"
    SCHEDULE = "schedule", "启停定时任务"
