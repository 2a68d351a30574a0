"""What may happen to an attachment once it is stored."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from jiyang.access.scope import Actor, require
from jiyang.accounts.models import User
from jiyang.documents.models import Attachment
from jiyang.ledgers import registry
from jiyang.workflow.reasons import COLUMN, given


def may_change(attachment: Attachment, actor: Actor) -> bool:
    """Whether the actor may add to, and so void from, the record that the attachment hangs on."""
    owners = [one for one in registry.ledgers() if one.model._meta.label_lower == attachment.subject]
    return any(actor.may_open(f"{ledger.key}_attach") for ledger in owners)


@transaction.atomic
def void(*, attachment: Attachment, by: User, reason: str) -> Attachment:
    """作废: the attachment leaves every list and cannot be opened; the row and its file stay for the auditor.

    Raises PermissionDenied for who may not add there, ValidationError without a reason or for one that is too long. A second time changes nothing.
    """
    if not may_change(attachment, require()):
        raise PermissionDenied("本岗位不能作废这个附件")
    said = given(reason, missing="请写明作废原因", longest=COLUMN)
    attachment = Attachment.all_rows.select_for_update(of=("self",)).get(pk=attachment.pk)
    if attachment.voided_at is None:
        attachment.voided_at, attachment.voided_by, attachment.void_reason = timezone.now(), by, said
        attachment.save(update_fields=["voided_at", "voided_by", "void_reason"])
    return attachment
