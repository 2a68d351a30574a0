"""The job of an annotated copy: the checked file with its findings at their cells, stored encrypted beside it."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.core.files.base import ContentFile
from django.db import transaction

from households.checkup.workbook import annotated
from households.enums import CopyState
from households.models import CheckupFile
from households.roster.running import at_work, count_start, only_one
from jiyang.access.scope import require
from jiyang.identifiers.encryption import decrypt_bytes, encrypt_bytes
from jiyang.intake.progress import Progress

COPY_AAD = "households_checkupfile.annotated"
COPIES = 0x051A  # first key of the advisory locks


def progress_of(file_id: int) -> Progress:
    return Progress(f"checkup:copy:{file_id}")


def make(file_id: int) -> CheckupFile | None:
    """Write the copy. None when another worker is at it, or nobody asks for it any more."""
    progress = progress_of(file_id)
    with only_one(file_id, COPIES) as mine:
        one = CheckupFile.objects.select_for_update(of=("self",)).select_related("checkup").get(pk=file_id)
        if not mine or one.copy_state != CopyState.MAKING or not one.file:
            return None
        with tempfile.TemporaryDirectory(prefix="jiyang-") as folder:
            path = Path(folder) / "annotated.xlsx"
            annotated(one, require(), path, progress)
            progress.step("加密保存")
            one.annotated.save("annotated.bin", ContentFile(encrypt_bytes(path.read_bytes(), COPY_AAD)), save=False)
        one.copy_state = CopyState.READY
        one.save(update_fields=["annotated", "copy_state"])
        progress.step("完成")
        return one


def contents(one: CheckupFile) -> bytes:
    with one.annotated.open("rb") as stored:
        return decrypt_bytes(stored.read(), COPY_AAD)


def begin(file_id: int) -> bool:
    """Count a start. False: it has killed its workers too often."""
    return count_start(CheckupFile.objects.all(), file_id, lock=COPIES, column="copy_attempts")


def failed(file_id: int) -> None:
    """The job ended without a copy."""
    with transaction.atomic():
        CheckupFile.objects.filter(pk=file_id, copy_state=CopyState.MAKING).update(copy_state=CopyState.FAILED)


def orphans() -> Iterable[CheckupFile]:
    """Files whose copy is asked for and made nowhere. Call in the system's scope."""
    asked = CheckupFile.objects.filter(copy_state=CopyState.MAKING).select_related("checkup")
    return [one for one in asked if not at_work(one.pk, COPIES)]
