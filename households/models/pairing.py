"""Who helps a household (帮扶责任人, 第一书记) and since when (DOMAIN.md 1.3, 1.6)."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from households.enums import Affiliation, HelperKind, PoliticalStatus
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord, Record


class Helper(Record):
    """帮扶责任人 or 第一书记 of a town. With `user`, that user's helper posting sees the households paired with them."""

    name = models.CharField("姓名", max_length=60)
    kind = models.CharField("类型", max_length=16, choices=HelperKind, default=HelperKind.HELPER)
    political = models.CharField("政治面貌", max_length=12, choices=PoliticalStatus, blank=True)
    office = models.CharField("帮扶（选派）单位", max_length=80)
    affiliation = models.CharField("隶属关系", max_length=10, choices=Affiliation, blank=True)
    phone = EncryptedTextField("联系电话", null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="系统账号"
    )

    field_groups = {"contact": ("phone",)}
    masked = {"phone": "phone"}

    class Meta(Record.Meta):
        verbose_name = verbose_name_plural = "帮扶责任人"
        constraints = [*Record.Meta.constraints]

    def __str__(self) -> str:
        return self.name


class PairingQuerySet(ScopedQuerySet):
    def on(self, day: dt.date) -> "PairingQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))


class Pairing(HouseholdRecord):
    """结对: a helper looks after a household, dated [`since`, `until`). A hand-over ends one and begins another.

    `helper_name` is kept beside the key: who sees the household may not see the town's list of helpers.
    """

    helper = models.ForeignKey(Helper, models.PROTECT, related_name="pairings", verbose_name="帮扶责任人")
    helper_name = models.CharField("帮扶责任人", max_length=60)
    kind = models.CharField("类型", max_length=16, choices=HelperKind)
    since = models.DateField("帮扶开始时间")
    until = models.DateField("帮扶结束时间", null=True, blank=True)
    end_reason = models.CharField("结束原因", max_length=100, blank=True)

    objects = PairingQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "结对"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household", "kind"],
                condition=Q(voided_at=None, until=None),
                name="pairing_one_open",
                violation_error_message="该户刚被另一位同志结对，请刷新后再试",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="pairing_dates",
                violation_error_message="结束时间不能早于开始时间",
            ),
        ]
        indexes = [models.Index(fields=["helper"], condition=Q(until=None), name="pairing_open_helper")]

    def __str__(self) -> str:
        return f"{self.helper_name} {self.since:%Y-%m-%d}"
