"""Reasons that people give: kept as they are written or refused, never cut."""

from django.core.exceptions import ValidationError

COLUMN = 200  # characters of the columns that keep reasons
LONGEST = 160  # with what the system says before one (撤销批次 …：) it fits into such a column


def given(reason: str, *, missing: str = "", longest: int = LONGEST) -> str:
    """The reason without the blanks around it. Raises ValidationError where it is too long, or `missing` where there is none."""
    said = reason.replace("\r\n", "\n").strip()
    if missing and not said:
        raise ValidationError(missing)
    if len(said) > longest:
        raise ValidationError(f"写了 {len(said)} 个字，最多 {longest} 个字，请写得简短些；没有保存")
    return said
