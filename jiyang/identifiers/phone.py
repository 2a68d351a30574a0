"""Telephone numbers of households: eleven digits, mobile ones from 13 to 19 (DOMAIN.md 1.7, 4_02_001)."""

import re

MOBILE = re.compile(r"^1[3-9]\d{9}$")


def is_mobile(number: str) -> bool:
    return bool(MOBILE.match(number))
