"""Number formats that show another number than the cell holds: 0.8 as 0.8万, 0.8 as 80%, 123 as 0000000000000123.

What counts is what the officer sees: such a cell is read as the text that it shows, in full digits.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from jiyang.intake.cells import LOST_DIGITS, OTHERWISE, as_text

BUILT_IN = {9: "0%", 10: "0.00%"}
PARTS = re.compile(
    r"""(?P<condition>\[[<>=]+-?[\d.]+\])|(?P<skipped>\[[^\]]*\]|_.|\*.)|"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|(?P<end>;)"""
    r"""|(?P<number>General|G/通用格式|[0#?]|\.(?=[0#?])|,)|(?P<other>.)""",
    re.IGNORECASE | re.DOTALL,
)
CONDITION = re.compile(r"\[([<>=]+)(-?[\d.]+)\]")
DATES = re.compile(r"[ymdhs]", re.IGNORECASE)
WEIGHS = re.compile(r"[千万百亿年天日周%‰/]")  # what may stand behind a number and makes another one of it
HARMLESS = re.compile(r"^[元块]?/年$")


@dataclass(frozen=True)
class Format:
    """How one section of a format shows a number: `shift` places to the left, padded to `digits`, `unit` behind it.

    `unclear`: digits of the number itself are not all that is shown, or not as they are.
    """

    condition: str = ""
    shift: int = 0
    digits: int = 0
    unit: str = ""
    unclear: bool = False

    @property
    def is_plain(self) -> bool:
        return not (self.shift or self.digits > 1 or self.unit or self.unclear)

    def shown(self, number: float) -> object:
        """The text that is shown, the number itself where that says the same."""
        if self.unclear:
            return OTHERWISE.shown
        if self.shift or self.unit:
            text = f"{Decimal(as_text(number)).scaleb(-self.shift):f}"
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{self.unit}"
        whole = as_text(number)
        return whole.rjust(self.digits, "0") if whole.isdigit() and len(whole) < self.digits else number


@dataclass(frozen=True)
class Formats:
    """The sections of a cell's format: by their conditions, else for numbers above, below and equal to zero."""

    sections: tuple[Format, ...]

    def shown(self, cell: object) -> object:
        """A number cell as the text that it shows; any other cell, and a number that is shown as it is, unchanged."""
        if type(cell) not in (int, float) or abs(cell) >= LOST_DIGITS:
            return cell
        one = self._section(cell)
        return cell if one.is_plain else one.shown(cell)

    def _section(self, number: float) -> Format:
        for one in self.sections:
            if one.condition and _holds(one.condition, number):
                return one
        free = [one for one in self.sections if not one.condition]
        place = 0 if len(self.sections) != len(free) or number > 0 else 1 if number < 0 else 2
        return free[place] if place < len(free) else free[0] if free else Format()


def read(code: str) -> Formats | None:
    """The format as far as it changes what is shown; None for one that does not, or that shows days."""
    sections, current = [], []
    for part in PARTS.finditer(code):
        if part["end"]:
            sections.append(current)
            current = []
        else:
            current.append(part)
    if any(DATES.search(part["other"] or "") for section in [*sections, current] for part in section):
        return None
    found = Formats(tuple(map(_section, [*sections, current][:3])))
    return None if all(one.is_plain for one in found.sections) else found


def _section(parts: list[re.Match]) -> Format:
    condition = next((part["condition"] for part in parts if part["condition"]), "")
    places = [number for number, part in enumerate(parts) if part["number"]]
    if not places:
        return Format(condition)
    first, last = places[0], places[-1]
    texts = ["" if part["number"] or part["skipped"] or part["condition"] else _text(part) for part in parts]
    written = "".join(part["number"] or "" for part in parts)
    inner = "".join(texts[first:last])
    commas = len(written) - len(written.rstrip(","))
    unit = "".join(texts[last:]).strip()
    shift = 3 * commas
    if shift and inner == ".":  # 0!.0,"万": the point is moved by one place more
        shift += sum(parts[place]["number"] in "0#?" for place in places if "." in texts[:place])
        inner = ""
    shift -= 2 * (unit.count("%") + inner.count("%"))
    weighs = bool(WEIGHS.search(unit)) and not HARMLESS.match(unit)
    unclear = any(text.isdigit() for text in texts) or bool(inner and (weighs or shift)) or bool(shift and not weighs)
    digits = written.partition(".")[0].count("0")
    return Format(condition, shift, digits if digits > 1 else 0, unit if weighs else "", unclear)


def _text(part: re.Match) -> str:
    return part["quoted"] or part["escaped"] or part["other"] or ""


def _holds(condition: str, number: float) -> bool:
    sign, limit = CONDITION.match(condition).groups()
    return {
        "<": number < float(limit), ">": number > float(limit), "=": number == float(limit),
        "<=": number <= float(limit), ">=": number >= float(limit), "<>": number != float(limit),
    }.get(sign, False)  # fmt: skip
