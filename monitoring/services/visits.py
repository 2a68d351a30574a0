"""Recording a visit: once, however often the phone sends it (DESIGN.md invariant 10, UI.md section 8)."""

import datetime as dt
import hashlib
import json
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from households.models import Household
from households.services import state
from jiyang.accounts.models import User
from jiyang.documents.storing import attach_photo, clean_photo
from jiyang.ledgers.ledger import Clash
from monitoring.enums import Met, VisitMethod
from monitoring.models import Visit

TOLERANCE = dt.timedelta(minutes=10)  # a phone's clock may run ahead
PHOTO_OF = "monitoring.visit"


class VisitClash(Clash):
    """The same client UUID came with another content: not a replay. Nothing was written."""


def digest_of(household: Household, answers: dict[str, Any], photo: UploadedFile | None) -> str:
    """Digest of what was submitted, by which a replay is told from a clash."""
    known = {name: str(value) for name, value in sorted(answers.items())}
    known |= {"household": household.pk, "photo": photo.size if photo else 0}
    return hashlib.sha256(json.dumps(known, ensure_ascii=False).encode()).hexdigest()


def record_visit(
    *,
    household: Household,
    by: User,
    client_uuid: UUID,
    done_by: str,
    photo: UploadedFile | None = None,
    **answers: Any,
) -> tuple[Visit, bool]:
    """Record a visit; returns it and whether it is new. The same UUID with the same content returns the first record.

    A visit at home at which somebody was met sets the next visit's day. Raises ValidationError: in the future, before
    the household was registered, photo not a photo. Raises VisitClash: UUID used for something else.
    """
    digest = digest_of(household, answers, photo)
    known = _known(client_uuid, digest, by)
    if known:
        return known, False
    when = answers["visited_at"]
    day = timezone.localtime(when).date()
    problems = []
    if when > timezone.now() + TOLERANCE:
        problems.append(f"走访时间 {timezone.localtime(when):%m-%d %H:%M} 还没到，请改成实际时间")
    if day < household.registered_on:
        problems.append(f"走访时间早于该户入册日期 {household.registered_on}")
    if household.closed_on and day >= household.closed_on:
        problems.append(f"该户已于 {household.closed_on} 核减，不能再登记走访")
    if problems:
        raise ValidationError({"visited_at": problems})
    picture = _clean(photo)
    try:
        with transaction.atomic():
            visit = Visit.objects.create(
                household=household,
                client_uuid=client_uuid,
                body_digest=digest,
                done_by=done_by or by.name,
                done_on=day,
                entered_by=by,
                **answers,
            )
            if picture:
                attach_photo(
                    household=household,
                    subject=PHOTO_OF,
                    subject_id=visit.pk,
                    data=picture,
                    name=f"走访照片 {day}.jpg",
                    by=by,
                )
            if visit.method == VisitMethod.HOME and visit.met != Met.NOBODY:
                state.note_visit(household_id=household.pk, on=day)
    except IntegrityError:
        known = _known(client_uuid, digest, by)  # a second request of the same submit was faster
        if known is None:
            raise
        return known, False
    return visit, True


def _known(client_uuid: UUID, digest: str, by: User) -> Visit | None:
    visit = Visit.all_rows.filter(client_uuid=client_uuid).first()
    if visit is None:
        return None
    if visit.body_digest != digest or visit.entered_by_id != by.pk:
        raise VisitClash("这次走访已经用另一份内容提交过，请重新打开表单登记")
    return visit


def _clean(photo: UploadedFile | None) -> bytes | None:
    if photo is None:
        return None
    try:
        return clean_photo(photo)
    except ValidationError as refused:
        raise ValidationError({"photo": refused.messages}) from refused
