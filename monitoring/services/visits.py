"""Recording a visit: once, however often the phone sends it (DESIGN.md invariant 10, UI.md section 8)."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from households.enums import Relation
from households.models import Household, Membership
from households.services import state
from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.documents.enums import AttachmentKind
from jiyang.documents.storing import attach_photo, clean_photo
from jiyang.ledgers.ledger import Clash
from jiyang.parameters import values
from monitoring.enums import Met, VisitMethod
from monitoring.models import Visit
from monitoring.services import changes, followups

TOLERANCE = dt.timedelta(minutes=10)  # a phone's clock may run ahead
PHOTO_OF = "monitoring.visit"
MOST_PHOTOS = 9


class VisitClash(Clash):
    """The same client UUID came with another content: not a replay. Nothing was written.

    `visit` is the record that stands, for the user who sent it; None for anybody else.
    """

    def __init__(self, message: str, visit: Visit | None):
        super().__init__(message)
        self.visit = visit


def digest_of(
    household: Household, answers: dict[str, Any], photos: Sequence[UploadedFile], signature: UploadedFile | None
) -> str:
    """Digest of what was submitted, by which a replay is told from a clash."""
    known = {name: str(value) for name, value in sorted(answers.items())}
    known |= {"household": household.pk, "photos": [_sha256(photo) for photo in photos]}
    known |= {"signature": _sha256(signature) if signature else ""}
    return hashlib.sha256(json.dumps(known, ensure_ascii=False).encode()).hexdigest()


def _sha256(upload: UploadedFile) -> str:
    total = hashlib.sha256()
    for chunk in upload.chunks():
        total.update(chunk)
    upload.seek(0)
    return total.hexdigest()


def record_visit(
    *,
    household: Household,
    by: User,
    client_uuid: UUID,
    done_by: str,
    photos: Sequence[UploadedFile] = (),
    signature: UploadedFile | None = None,
    **answers: Any,
) -> tuple[Visit, bool]:
    """Record a visit; returns it and whether it is new. The same UUID with the same content returns the first record.

    A visit at home at which somebody was met sets the next visit's day. What it leaves open becomes follow-up items,
    what it contradicts in the register change proposals. Raises ValidationError with every reason: a day that cannot
    be, a picture that is none, a signature that is wanted and missing. Raises Gone, VisitClash: UUID used for something else.
    """
    digest = digest_of(household, answers, photos, signature)
    known = _known(client_uuid, digest, by)
    if known:
        return known, False
    day = timezone.localtime(answers["visited_at"]).date()
    problems = _problems(household, answers, day, photos, signature)
    pictures, ink = (
        _cleaned("photos", photos, problems),
        _cleaned("signature", [signature] if signature else [], problems),
    )
    if problems:
        raise ValidationError(problems)
    try:
        with transaction.atomic():
            household = held(household)
            visit = Visit.objects.create(
                household=household,
                client_uuid=client_uuid,
                body_digest=digest,
                done_by=done_by or by.name,
                done_on=day,
                entered_by=by,
                **answers,
            )
            _attach(visit, pictures, AttachmentKind.PHOTO, by)
            _attach(visit, ink, AttachmentKind.SIGNATURE, by)
            if is_to_the_door(answers):
                state.note_visit(household_id=household.pk, on=day)
            followups.raise_from(visit, by)
            changes.propose_from(visit, by)
    except IntegrityError:
        known = _known(client_uuid, digest, by)  # a second request of the same submit was faster
        if known is None:
            raise
        return known, False
    return visit, True


def is_to_the_door(answers: dict[str, Any]) -> bool:
    """At home and somebody was met: what counts for the tier's interval (DOMAIN.md 3.2)."""
    return answers["method"] == VisitMethod.HOME and answers["met"] != Met.NOBODY


def wants_signature(tier: str) -> bool:
    """Whether a visit to the door of a household of this tier must be signed. Raises ParameterMissing."""
    return bool(tier) and tier in str(values.get("visit.signature.tiers").value)


def _problems(household: Household, answers: dict, day: dt.date, photos: Sequence, signature) -> dict[str, list[str]]:
    when, found = answers["visited_at"], []
    if when > timezone.now() + TOLERANCE:
        found.append(f"走访时间 {timezone.localtime(when):%Y-%m-%d %H:%M} 还没到，请改成实际时间")
    if day < household.registered_on:
        found.append(f"走访时间早于该户入册日期 {household.registered_on}，请改成实际时间")
    if household.closed_on and day >= household.closed_on:
        found.append(f"该户已于 {household.closed_on} 核减，不能再登记之后的走访；如核减有误，请联系镇街分管")
    if answers["met"] == Met.HEAD and (born := _head_birth(household)) and day < born:
        found.append(f"走访时间早于户主出生日期 {born}，请改成实际时间")
    problems = {"visited_at": found} if found else {}
    if len(photos) > MOST_PHOTOS:
        problems["photos"] = [f"照片最多 {MOST_PHOTOS} 张，现在是 {len(photos)} 张，请删去几张"]
    if signature is None and is_to_the_door(answers) and wants_signature(household.state.tier):
        problems["signature"] = [f"{household.state.tier} 类户入户走访须有签字，请户主或家属在屏幕上签名"]
    return problems


def _head_birth(household: Household) -> dt.date | None:
    heads = Membership.objects.present().filter(household=household, relation=Relation.HEAD).order_by("pk")
    return heads.values_list("person__birth_date", flat=True).first()


def _known(client_uuid: UUID, digest: str, by: User) -> Visit | None:
    visit = Visit.all_rows.filter(client_uuid=client_uuid).first()
    if visit is None:
        return None
    is_own = visit.entered_by_id == by.pk
    if visit.body_digest != digest or not is_own:
        raise VisitClash(
            "这次走访已经用另一份内容提交过，本机这一份没有写入。请核对已有记录，需要时作为另一次走访提交",
            visit if is_own else None,
        )
    return visit


def _cleaned(field: str, uploads: Sequence[UploadedFile], problems: dict[str, list[str]]) -> list[bytes]:
    """JPEG bytes of the pictures; refusals go into `problems`, each with the number of the picture."""
    cleaned = []
    for number, upload in enumerate(uploads, 1):
        try:
            cleaned.append(clean_photo(upload))
        except ValidationError as refused:
            which = f"第 {number} 张：" if len(uploads) > 1 else ""
            problems.setdefault(field, []).extend(f"{which}{message}" for message in refused.messages)
    return cleaned


def _attach(visit: Visit, pictures: list[bytes], kind: AttachmentKind, by: User) -> None:
    for number, data in enumerate(pictures, 1):
        name = f"走访{kind.label} {visit.done_on}{f' {number}' if len(pictures) > 1 else ''}.jpg"
        attach_photo(
            household=visit.household, subject=PHOTO_OF, subject_id=visit.pk, data=data, name=name, by=by, kind=kind
        )
