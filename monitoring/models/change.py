"""What a visit found that the register says otherwise: a proposal with both values, decided by another person."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from households.enums import GuaranteeState
from jiyang.identifiers import masks
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord
from jiyang.workflow.proposals import Proposal
from monitoring.enums import Subject
from monitoring.models.visit import Visit


class RegisterChange(Proposal, HouseholdRecord):
    """信息变更申请: the register's value when it was submitted, the value found at the door, and who decided.

    Values are stored as text, encrypted since some are telephone numbers: digits, an address, 元 per head and year, or
    the key of a guarantee's state. `year` is the accounting year of an income estimate.
    """

    act = "register.change"

    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="changes", verbose_name="走访")
    subject = models.CharField("变更内容", max_length=12, choices=Subject)
    year = models.PositiveSmallIntegerField("年度", null=True, blank=True)
    old_value = EncryptedTextField("登记簿原值", blank=True, null=True)
    new_value = EncryptedTextField("走访所见")
    reason = models.CharField("依据", max_length=200, blank=True)

    masked = {"old_value": "phone", "new_value": "phone"}
    objects = ScopedQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "信息变更申请"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["household", "subject"],
                condition=Q(state="submitted", voided_at=None),
                name="registerchange_one_open",
                violation_error_message="这户这一项已有申请在等复核，请等复核后再提",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()}变更"

    @property
    def old_shown(self) -> str:
        return shown(self.subject, self.old_value)

    @property
    def new_shown(self) -> str:
        return shown(self.subject, self.new_value)


def shown(subject: str, value: str | None) -> str:
    """A value as a reader sees it: telephone numbers masked, states and money in words."""
    if not value:
        return "未填"
    if subject == Subject.PHONE:
        return masks.mask_phone(value)
    if subject == Subject.INCOME:
        return f"{Decimal(value):,.2f} 元"
    if subject in Subject.guarantees():
        return GuaranteeState(value).label
    return value
