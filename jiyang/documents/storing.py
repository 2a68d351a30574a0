"""Taking in photos and papers: real ones only, bounded; photos are turned upright and lose their metadata."""

import hashlib
import io
import struct
import zipfile

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from PIL import Image, ImageOps

from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.audit.logs import without_numbers
from jiyang.documents.enums import AttachmentKind
from jiyang.documents.models import Attachment

LARGEST = 10 * 1024 * 1024  # bytes of an upload
LONG_EDGE, QUALITY = 1600, 72
MOST_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
MOST = 50  # attachments of one record
OFFICE = "application/vnd.openxmlformats-officedocument."
# what a zip of the office formats must hold, and the type it then has
PACKAGES = {
    "word/document.xml": (f"{OFFICE}wordprocessingml.document", "docx"),
    "xl/workbook.xml": (f"{OFFICE}spreadsheetml.sheet", "xlsx"),
}
MACROS = ("vbaProject.bin", "vbaData.xml")


def check_size(upload: UploadedFile, what: str) -> None:
    """Raise ValidationError for an upload that is empty or larger than 10 MB."""
    if not upload.size:
        raise ValidationError(f"{what}是空文件，请重新选择")
    if upload.size > LARGEST:
        raise ValidationError(
            f"{what} {upload.size / 1048576:.0f} MB，超过 {LARGEST // 1048576} MB，请重拍或压缩后再传"
        )


def clean_photo(upload: UploadedFile) -> bytes:
    """JPEG bytes of an uploaded photo, long edge 1600, no metadata. Raises ValidationError: too large, or not a picture."""
    check_size(upload, "照片")
    try:
        image = Image.open(upload, formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise ValidationError("照片像素过大，请用手机的普通清晰度重拍")
        image = _opaque(ImageOps.exif_transpose(image))
    except ValidationError:
        raise
    except Exception as failure:  # a damaged file breaks the decoders in every way there is
        raise ValidationError("这个文件不是照片，请选 JPG 或 PNG") from failure
    image.thumbnail((LONG_EDGE, LONG_EDGE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    """On white where it is transparent: a signature's ink must not end up black on black."""
    if image.mode not in {"RGBA", "LA", "PA", "P"}:
        return image.convert("RGB")
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


def clean_paper(upload: UploadedFile) -> tuple[bytes, str, str]:
    """Bytes, type and suffix of a PDF, Word or Excel file, told by its content and not by its name.

    Raises ValidationError: too large, another type, or with macros.
    """
    check_size(upload, "文件")
    upload.seek(0)
    data = upload.read()
    if data.startswith(b"%PDF-"):
        return data, "application/pdf", "pdf"
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error, OverflowError):
        names = []
    if any(name.endswith(MACROS) for name in names):
        raise ValidationError("文件带有宏，请另存为不带宏的 docx 或 xlsx 再传")
    for inside, (mime, suffix) in PACKAGES.items():
        if inside in names:
            return data, mime, suffix
    raise ValidationError("只收照片（JPG、PNG）、PDF、Word（docx）和 Excel（xlsx）文件")


def clean(upload: UploadedFile) -> tuple[AttachmentKind, bytes, str, str]:
    """Kind, bytes, type and suffix of any attachment. Raises ValidationError."""
    start = upload.read(12)
    upload.seek(0)
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG")) or start[8:12] == b"WEBP":
        return AttachmentKind.PHOTO, clean_photo(upload), "image/jpeg", "jpg"
    return AttachmentKind.PAPER, *clean_paper(upload)


@transaction.atomic
def attach(*, record, upload: UploadedFile, by: User) -> Attachment:
    """Store an upload with a record of any ledger; the same content twice is one attachment.

    Raises ValidationError: see `clean`, or the record has 50 already, or is gone.
    """
    kind, data, mime, suffix = clean(upload)
    record = held(record)
    kept = Attachment.objects.filter(subject=record._meta.label_lower, subject_id=record.pk)
    known = kept.filter(sha256=hashlib.sha256(data).hexdigest()).first()
    if known is not None:
        return known
    if kept.count() >= MOST:
        raise ValidationError(f"一条记录最多 {MOST} 个附件，请先整理合并")
    made = Attachment(subject=record._meta.label_lower, subject_id=record.pk, kind=kind, mime=mime, entered_by=by)
    name = without_numbers(upload.name)  # people call files after the ID number they show
    made.name = name[-120:] if mime != "image/jpeg" else f"{name.rpartition('.')[0][-110:]}.jpg"
    made.belong_to(record)
    return _stored(made, data, suffix)


def attach_photo(
    *,
    household,
    subject: str,
    subject_id: int,
    data: bytes,
    name: str,
    by: User,
    kind: AttachmentKind = AttachmentKind.PHOTO,
) -> Attachment:
    """Store cleaned JPEG bytes (`clean_photo`) as an attachment of a household's record."""
    made = Attachment(household=household, subject=subject, subject_id=subject_id, kind=kind, entered_by=by)
    made.name, made.mime = name[:120], "image/jpeg"
    return _stored(made, data, "jpg")


def _stored(made: Attachment, data: bytes, suffix: str) -> Attachment:
    made.size, made.sha256 = len(data), hashlib.sha256(data).hexdigest()
    made.file.save(f"{made.sha256[:20]}.{suffix}", ContentFile(data), save=False)
    made.save()
    return made
