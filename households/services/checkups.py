"""数据体检: what may happen to a check-up. The long part is a job: `households.checkup.job`."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from households.checkup import copies
from households.checkup.job import FILE_AAD, progress_of
from households.enums import CheckupState, CopyState
from households.models import Checkup, CheckupFile, CheckupFinding
from jiyang.access.scope import require
from jiyang.accounts.models import User
from jiyang.identifiers.encryption import encrypt_bytes
from jiyang.intake.header import Choice
from jiyang.parameters import values
from jiyang.regions.models import Region
from jiyang.rules.given import unknown_of

MOST_FILES = 20
EARLIEST = dt.date(2000, 1, 1)
KEPT_DAYS = "checkup.kept.days"


def own_place() -> Region:
    """The place that the actor's check-ups belong to: the widest of their posting. Raises PermissionDenied."""
    reach = require().reach
    for keys in (reach.districts, reach.towns, reach.villages):
        if found := Region.objects.select_related("district", "town").filter(pk__in=keys).order_by("code").first():
            return found
    raise PermissionDenied("没有可以体检的辖区")


@transaction.atomic
def start(
    *,
    by: User,
    files: Sequence[tuple[str, bytes]],
    as_of: dt.date | None = None,
    given: Mapping[str, str] | None = None,
) -> Checkup:
    """Take exports in, stored encrypted; the check-up follows as a job. The same file twice counts once.

    Raises ValidationError, PermissionDenied.
    """
    _may()
    if not files:
        raise ValidationError({"files": "请选择要体检的文件"})
    if len(files) > MOST_FILES:
        raise ValidationError({"files": f"一次最多 {MOST_FILES} 个文件，这里有 {len(files)} 个"})
    if as_of and not EARLIEST <= as_of <= timezone.localdate() + dt.timedelta(days=366):
        raise ValidationError({"as_of": "体检日期应在 2000 年以后、今后一年以内"})
    if problems := unknown_of(given or {}):
        raise ValidationError({"given": problems})
    place = own_place()
    checkup = Checkup(as_of=as_of, given=dict(given or {}), made_by=by, **path_of(place))
    checkup.save()
    different: dict[bytes, tuple[str, bytes]] = {}
    for name, data in files:
        different.setdefault(hashlib.sha256(data).digest(), (name, data))
    for name, data in different.values():
        one = CheckupFile(checkup=checkup, filename=name[:200], **path_of(checkup))
        one.file.save("export.bin", ContentFile(encrypt_bytes(data, FILE_AAD)), save=False)
        one.save()
    progress_of(checkup.pk).start()
    return checkup


def path_of(place: Region | Checkup) -> dict[str, int | None]:
    """The place as the columns of a scoped row."""
    if isinstance(place, Checkup):
        return {name: getattr(place, name) for name in ("district_id", "town_id", "village_id")}
    levels = {"district": (place.pk, None, None), "town": (place.district_id, place.pk, None)}
    district, town, village = levels.get(place.level, (place.district_id, place.town_id, place.pk))
    return {"district_id": district, "town_id": town, "village_id": village}


@transaction.atomic
def reread(*, file: CheckupFile, by: User, choice: Choice) -> Checkup:
    """Read one of the files in the way a person says; everything is checked anew. Raises ValidationError."""
    _may()
    checkup = _locked(file.checkup_id)
    if checkup.state not in {CheckupState.DONE, CheckupState.FAILED, CheckupState.CANCELLED}:
        raise ValidationError("体检正在进行，或文件已到期清除")
    if choice.header_row is not None and not 1 <= choice.header_row <= 1000:
        raise ValidationError("表头行应在第 1 到 1000 行之间")
    CheckupFile.objects.filter(pk=file.pk).update(reading=choice.as_dict(), error="")
    _drop(checkup, "annotated")
    CheckupFinding.objects.filter(checkup=checkup)._raw_delete(CheckupFinding.objects.db)
    checkup.state, checkup.rules, checkup.counts, checkup.error, checkup.attempts = CheckupState.WAITING, [], {}, "", 0
    checkup.save()
    progress_of(checkup.pk).start()
    return checkup


def cancel(*, checkup: Checkup, by: User) -> None:
    """Ask the running job to stop."""
    _may()
    progress_of(checkup.pk).cancel()


@transaction.atomic
def clear(checkup: Checkup) -> None:
    """Files and findings go; what was counted stays on record."""
    checkup = _locked(checkup.pk)
    _drop(checkup, "file", "annotated")
    CheckupFinding.objects.filter(checkup=checkup)._raw_delete(CheckupFinding.objects.db)
    checkup.state, checkup.cleared_at = CheckupState.CLEARED, timezone.now()
    checkup.save()


def _drop(checkup: Checkup, *names: str) -> None:
    """Forget files of the check-up; what is stored goes once that is certain. Their copies are asked for anew."""
    for one in checkup.files.all():
        for stored in (getattr(one, name) for name in names if getattr(one, name)):
            transaction.on_commit(partial(stored.storage.delete, stored.name))
    empty = dict.fromkeys(names, "")
    checkup.files.update(**empty, copy_state=CopyState.NONE, copy_attempts=0)


@transaction.atomic
def annotate(*, file: CheckupFile, by: User) -> CheckupFile:
    """Ask for the annotated copy of a checked file; the writing follows as a job. Asked again while it is made: nothing more.

    Raises ValidationError, PermissionDenied.
    """
    _may()
    checkup = _locked(file.checkup_id)
    one = CheckupFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if checkup.state != CheckupState.DONE or not one.file or "parts" not in one.columns:
        raise ValidationError("这个文件没有可以生成的批注表")
    if one.copy_state in {CopyState.NONE, CopyState.FAILED}:
        one.copy_state, one.copy_attempts = CopyState.MAKING, 0
        one.save(update_fields=["copy_state", "copy_attempts"])
        copies.progress_of(one.pk).start(one.rows or 0)
    return one


def clear_old() -> int:
    """Clear what is older than the parameter says. Call in the system's scope. Raises ParameterMissing."""
    days = int(values.get(KEPT_DAYS).value)
    old = Checkup.objects.filter(made_at__lt=timezone.now() - dt.timedelta(days=days))
    found = list(old.exclude(state__in=(CheckupState.CLEARED, CheckupState.WAITING)))
    for checkup in found:
        clear(checkup)
    return len(found)


def _locked(pk: int) -> Checkup:
    return Checkup.objects.select_for_update().get(pk=pk)


def _may() -> None:
    if not require().has("checkup.run"):
        raise PermissionDenied("没有数据体检的权限")
