"""Taking in photos: real images only, bounded, turned upright, without metadata (place and device stay out)."""

import hashlib
import io

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

from jiyang.accounts.models import User
from jiyang.documents.enums import AttachmentKind
from jiyang.documents.models import Attachment

LARGEST = 10 * 1024 * 1024  # bytes of an upload
LONG_EDGE, QUALITY = 1600, 72
MOST_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP")


def clean_photo(upload: UploadedFile) -> bytes:
    """JPEG bytes of an uploaded photo, long edge 1600. Raises ValidationError: too large, or not a picture."""
    if upload.size > LARGEST:
        raise ValidationError(f"照片 {upload.size / 1048576:.0f} MB，超过 {LARGEST // 1048576} MB，请重拍或压缩后再传")
    try:
        image = Image.open(upload, formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise ValidationError("照片像素过大，请用手机的普通清晰度重拍")
        image = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as failure:
        raise ValidationError("这个文件不是照片，请选 JPG 或 PNG") from failure
    image.thumbnail((LONG_EDGE, LONG_EDGE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def attach_photo(*, household, subject: str, subject_id: int, data: bytes, name: str, by: User) -> Attachment:
    """Store cleaned JPEG bytes as an attachment of a household's record."""
    digest = hashlib.sha256(data).hexdigest()
    attachment = Attachment(
        household=household,
        subject=subject,
        subject_id=subject_id,
        kind=AttachmentKind.PHOTO,
        name=name[:120],
        mime="image/jpeg",
        size=len(data),
        sha256=digest,
        entered_by=by,
    )
    attachment.file.save(f"{digest[:20]}.jpg", ContentFile(data), save=False)
    attachment.save()
    return attachment
