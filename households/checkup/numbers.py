"""What a written ID number tells even where the reader refused it: every fault it has, who it means, birth and sex by its digits."""

import datetime as dt
import re
from dataclasses import dataclass, field

from jiyang.identifiers import idcard
from jiyang.identifiers.encryption import blind_index
from jiyang.intake.cells import is_nothing, narrow

DIGITS = re.compile(r"^[0-9]{17}")
LENGTHS = (18, 20, 22)


@dataclass(frozen=True)
class Told:
    """`faults` are finding codes, `key` the digest by which equal numbers meet (COPY text), `born` a real day not after the check's."""

    faults: frozenset[str] = field(default_factory=frozenset)
    key: str = ""
    born: dt.date | None = None
    sex: str = ""


def told(text: str, day: dt.date) -> Told:
    """Of a cell's text. A number has each fault by itself: a wrong length does not hide a wrong check digit."""
    number = narrow(text).upper()
    if not number or is_nothing(number):
        return Told()
    faults = {"id_length_17"} if len(number) not in LENGTHS else set()
    if idcard.is_placeholder(number):
        return Told(frozenset(faults | {"no_id_number"}))
    key = f"\\\\x{blind_index(number[:18]).hex()}"
    if len(number) not in LENGTHS or not DIGITS.match(number):
        return Told(frozenset(faults), key)
    if idcard.check_digit(number) != number[17]:
        faults.add("id_checksum" if len(number) == 18 else "certificate_invalid")
    if len(number) > 18 and not idcard.CERTIFICATE.match(number[18:]):
        faults.add("certificate_invalid")
    born = idcard.birth_date(number)
    known = born if born and idcard.EARLIEST <= born <= day else None
    return Told(frozenset(faults), key, known, idcard.sex(number))
