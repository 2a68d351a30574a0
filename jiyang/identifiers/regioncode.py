"""12-digit administrative codes: 6 district + 3 town + 3 village (DOMAIN.md 14.3)."""

import re

SHAPE = re.compile(r"^\d{6}(?:\d{3}(?:\d{3})?)?$")
LENGTHS = {6: "district", 9: "town", 12: "village"}


def level(code: str) -> str:
    """`district`, `town` or `village` by length. Raises ValueError for what is not a code."""
    if not SHAPE.match(code):
        raise ValueError(f"区划代码应为 6、9 或 12 位数字：{code}")
    return LENGTHS[len(code)]


def parent(code: str) -> str:
    """Code one level up; the district's is its city's four digits."""
    return code[:4] if level(code) == "district" else code[:-3]
