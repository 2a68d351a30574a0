"""附件 on the household's page: everything that hangs on the household and its records."""

from django.db.models import OuterRef, QuerySet
from django.urls import reverse

from jiyang.documents.models import Attachment
from jiyang.ledgers import tabs
from jiyang.ledgers.attachments import ACCEPTED, attachments_of
from jiyang.ledgers.ledger import ledger_of


def attachments_tab(household, actor) -> dict:
    attach = f"{ledger_of(type(household)).key}_attach"
    return {
        "attachments": attachments_of(household, actor),
        "can_attach": actor.may_open(attach),
        "attach_url": reverse(attach, args=[household.pk]),
        "accepted": ACCEPTED,
    }


def counted() -> QuerySet:
    return Attachment.objects.filter(household=OuterRef("pk"))


tabs.tab(tabs.Tab("files", "附件", 80, "documents:download", "ledgers/_attachments.html", attachments_tab, counted))
