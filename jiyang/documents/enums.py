from django.db import models


class AttachmentKind(models.TextChoices):
    PHOTO = "photo", "照片"
    SIGNATURE = "signature", "签名"
    PAPER = "paper", "材料"
