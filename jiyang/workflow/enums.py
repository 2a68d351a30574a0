from django.db import models


class ProposalState(models.TextChoices):
    SUBMITTED = "submitted", "待复核"
    APPROVED = "approved", "已同意"
    RETURNED = "returned", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"
