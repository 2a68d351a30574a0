"""明白纸 (plan points 1 and 2; DOMAIN.md 2.1): which household received which leaflet, when, by whom."""

from django.db import models
from django.db.models import Q

from jiyang.ledgers.records import HouseholdRecord


class LeafletKind(models.TextChoices):
    APPLICATION = "application", "申报政策明白纸"  # to every household
    SUPPORT = "support", "帮扶政策明白纸"  # to every monitored household


class LeafletDelivery(HouseholdRecord):
    """明白纸发放: one leaflet of one year handed to one household; `done_by/done_on` say by whom and when."""

    kind = models.CharField("明白纸", max_length=12, choices=LeafletKind)
    year = models.PositiveSmallIntegerField("年度")
    receiver = models.CharField("签收人", max_length=60)

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "明白纸发放"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household", "kind", "year"],
                condition=Q(voided_at=None),
                name="leaflet_once",
                violation_error_message="该户本年度已发过这种明白纸",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_kind_display()}"
