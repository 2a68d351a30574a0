"""Resident ID numbers (居民身份证, GB 11643-1999) and the disability certificates that contain them (DOMAIN.md 14.3)."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import mul

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
SHAPE = re.compile(r"^\d{17}[\dX]$")
CERTIFICATE = re.compile(r"^[1-7][1-4](?:B\d)?$")
OLD = re.compile(r"^\d{15}$")
NO_NUMBER = "999999"  # what the national system writes first where somebody has no ID number (4_01_003)
EARLIEST = dt.date(1900, 1, 1)
MESSAGES = {
    "empty": "证件号码为空",
    "length": "证件号码应为 18 位身份证号，或 20、22 位残疾人证号",
    "shape": "证件号码只能是数字，末位可以是 X",
    "placeholder": "999999 开头表示没有证件号码，请留空",
    "birthdate": "证件号码第 7–14 位不是真实的出生日期",
    "future": "证件号码中的出生日期在以后",
    "checksum": "证件号码校验位不符",
    "certificate": "残疾人证号第 19 位应为类别 1–7，第 20 位应为等级 1–4",
}


@dataclass(frozen=True)
class Checked:
    """A number after checking: `number` upper-case and 18, 20 or 22 long; `problem` is a key of MESSAGES or "".

    `upgraded` says that a 15-digit number was turned into 18; `is_certificate` that it is a 残疾人证 number.
    """

    number: str
    problem: str = ""
    upgraded: bool = False
    is_certificate: bool = False
    birth_date: dt.date | None = None
    sex: str = ""

    @property
    def message(self) -> str:
        if self.problem == "checksum":
            return f"{MESSAGES['checksum']}，应为 {check_digit(self.number)}"
        return MESSAGES.get(self.problem, "")


def check_digit(number: str) -> str:
    """The 18th character that belongs to the first 17 digits."""
    return CHECK_DIGITS[sum(map(mul, WEIGHTS, map(int, number[:17]))) % 11]


def upgrade(number: str) -> str:
    """An old 15-digit number as 18: century 19 and the check digit."""
    longer = f"{number[:6]}19{number[6:]}"
    return longer + check_digit(longer)


def birth_date(number: str) -> dt.date | None:
    """Date in digits 7–14; None when it is not a real date."""
    return _day(number[6:14])


@lru_cache(maxsize=50_000)
def _day(digits: str) -> dt.date | None:
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def is_placeholder(number: str | None) -> bool:
    """Whether this stands for "has no ID number": it names nobody and is never matched by."""
    return number is not None and number.startswith(NO_NUMBER)


def sex(number: str) -> str:
    """`m` or `f` by the 17th digit."""
    return "m" if int(number[16]) % 2 else "f"


class _Sums(dict):
    """Weighted sums of a part of a number, worked out once per distinct part; None where the part is no such digits."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __missing__(self, digits: str) -> int | None:
        sound = digits.isascii() and digits.isdigit()
        self[digits] = sum(map(mul, WEIGHTS[self.first :], map(int, digits))) if sound else None
        return self[digits]


class _Births(_Sums):
    """Of digits 7–14 as well: None where they are no date between 1900 and `last`."""

    def __init__(self, last: dt.date) -> None:
        super().__init__(6)
        self.last = last

    def __missing__(self, digits: str) -> int | None:
        day = _day(digits) if digits.isascii() and digits.isdigit() else None
        if day is None or not EARLIEST <= day <= self.last:
            self[digits] = None
            return None
        return super().__missing__(digits)


def sound(numbers: Iterable[object], *, as_of: dt.date) -> set[str]:
    """Those of many numbers that are without fault exactly as written, certificates included. Everything else needs `check`.

    Twenty times faster than checking one by one: the sum is put together from three tables of parts.
    """
    area, birth, order = _Sums(0), _Births(as_of), _Sums(14)
    area[NO_NUMBER] = None
    found = set()
    for number in numbers:
        if type(number) is str and (len(number) == 18 or (len(number) in (20, 22) and CERTIFICATE.match(number[18:]))):
            parts = area[number[:6]], birth[number[6:14]], order[number[14:17]]
            if None not in parts and CHECK_DIGITS[sum(parts) % 11] == number[17]:
                found.add(number)
    return found


def check(text: str, *, as_of: dt.date | None = None) -> Checked:
    """Check an ID or certificate number as typed (case and surrounding blanks do not matter).

    `as_of` is the day after which a birth is in the future (today).
    """
    number = text.strip().upper()
    if not number:
        return Checked(number, "empty")
    if is_placeholder(number):
        return Checked(number, "placeholder")
    upgraded = bool(OLD.match(number))
    if upgraded:
        number = upgrade(number)
    if len(number) not in (18, 20, 22):
        return Checked(number, "length", upgraded)
    if not SHAPE.match(number[:18]):
        return Checked(number, "shape", upgraded)
    born = birth_date(number)
    if born is None or born < EARLIEST:
        return Checked(number, "birthdate", upgraded)
    if born > (as_of or dt.date.today()):
        return Checked(number, "future", upgraded)
    is_certificate = len(number) > 18
    facts = {"upgraded": upgraded, "is_certificate": is_certificate, "birth_date": born, "sex": sex(number)}
    if check_digit(number) != number[17]:
        return Checked(number, "certificate" if is_certificate else "checksum", **facts)
    if is_certificate and not CERTIFICATE.match(number[18:]):
        return Checked(number, "certificate", **facts)
    return Checked(number, **facts)
