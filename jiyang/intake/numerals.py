"""Chinese numerals (三, 十二, 二〇一七) as numbers."""

import re

NUMERALS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
FORMAL = str.maketrans(
    dict(zip("壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬", "一二二三三四五六六七八九十百千万", strict=True))
    | {"廿": "二十", "卅": "三十"}
)  # as amounts and dates are written where nobody shall alter them
DIGIT = "[一二三四五六七八九两]"
BY_DIGIT = re.compile(r"^(?=.*[零〇]).{2,4}$|^(?:一九..|二...)$")  # 一〇, 二〇一七, 一九九八; 八九 may be eight or nine
CHINESE_NUMBER = re.compile(
    rf"^(?:(?P<w>{DIGIT})万)?零?(?:(?P<k>{DIGIT})千)?零?(?:(?P<h>{DIGIT})百)?零?(?:(?P<t>{DIGIT}?)十)?(?:(?:(?<=[十零])|^)(?P<o>{DIGIT}))?$"
)


def chinese_number(text: str) -> int | None:
    """三 → 3, 十二 → 12, 叁拾 → 30, 一千二百零五 → 1205; None for what is not one, or may be two (一千二, 八九)."""
    text = text.translate(FORMAL)
    if text and all(char in NUMERALS for char in text) and (len(text) == 1 or BY_DIGIT.match(text)):
        return int("".join(str(NUMERALS[char]) for char in text))
    found = CHINESE_NUMBER.match(text)
    if not found or not text:
        return None
    parts = [(found[name], size) for name, size in (("w", 10_000), ("k", 1000), ("h", 100), ("t", 10), ("o", 1))]
    return sum((NUMERALS[digit] if digit else 1) * size for digit, size in parts if digit is not None)
