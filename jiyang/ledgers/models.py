"""What a user keeps of a list: the columns shown and the saved queries."""

from django.conf import settings
from django.db import models


class ListPreference(models.Model):
    """列表偏好 of one user for one ledger (every list page reads it through the cache).

    `columns`: paths of the shown columns in the ledger's order, empty = the ledger's own choice; `saved`: 常用查询,
    a list of {name, query}, where `query` is the part of the address behind the question mark.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="用户")
    ledger = models.CharField("台账", max_length=80)
    columns = models.JSONField("显示的列", default=list, blank=True)
    saved = models.JSONField("常用查询", default=list, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "列表偏好"
        constraints = [models.UniqueConstraint(fields=["user", "ledger"], name="list_preference_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.ledger}"
