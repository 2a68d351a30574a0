"""作废: records that were entered wrongly leave their ledger and stay readable in history."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from jiyang.accounts.models import User
from jiyang.ledgers.bulk import BulkAction, Outcome
from jiyang.ui.forms import KernelForm
from jiyang.workflow.reasons import COLUMN, given


@transaction.atomic
def void(*, rows: models.QuerySet, by: User, reason: str) -> Outcome:
    """作废 the live ones of some records. Raises ValidationError without a reason, or for one that is too long."""
    try:
        said = given(reason, missing="请写明作废原因", longest=COLUMN)
    except ValidationError as wrong:
        raise ValidationError({"reason": wrong}) from wrong
    done = rows.filter(voided_at=None).update(voided_at=timezone.now(), voided_by=by, void_reason=said)
    return Outcome(done)


def voiding(example: str) -> BulkAction:
    """The bulk act of a ledger; `example` is a reason that its people might write."""

    class VoidForm(KernelForm):
        reason = forms.CharField(label="作废原因", max_length=COLUMN, help_text=f"如“{example}”")

    warning = "作废的记录不再计入台账，仍留在变更记录里。"
    return BulkAction("void", "作废", void, form=VoidForm, warning=warning)
