"""Checks of 两不愁三保障 and drinking water (DOMAIN.md section 5): every check is a dated row."""

from django.db import models

from households.enums import GuaranteeItem, GuaranteeState
from jiyang.ledgers.records import HouseholdRecord


class GuaranteeCheck(HouseholdRecord):
    """保障核查: the state of one item on one day, with evidence. The checker and the day are `done_by/done_on`."""

    item = models.CharField("项目", max_length=16, choices=GuaranteeItem)
    state = models.CharField("结果", max_length=16, choices=GuaranteeState)
    evidence = models.CharField("依据", max_length=200, blank=True)

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "保障核查"
        constraints = [*HouseholdRecord.Meta.constraints]
        indexes = [models.Index(fields=["household", "item", "-done_on"])]

    def __str__(self) -> str:
        return f"{self.get_item_display()} {self.get_state_display()}"
