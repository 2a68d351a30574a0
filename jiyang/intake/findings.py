"""Findings of a file: stable codes with severity, what is wrong and how to mend it (samples' code list, DOMAIN.md 1.7)."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Kind:
    """What a code means: severity E (refuses the household), W (a person may explain) or N (normalised, accepted)."""

    severity: str
    message: str
    hint: str
    rule: str = ""


@dataclass
class Finding:
    """One fault at one cell. `row` counts from 1 as Excel shows it; `stored` is the value that will be stored.

    `line` is the number of the batch's row: the same as `row`, but unique over all sheets of a file.
    """

    sheet: str
    row: int
    field: str
    column: str
    cell: str
    value: str | None
    code: str
    severity: str
    stored: str | None
    message: str
    hint: str
    line: int = 0

    def as_dict(self) -> dict:
        return {key: value for key, value in asdict(self).items() if key not in {"field", "line"}}


@cache
def kinds() -> dict[str, Kind]:
    data = yaml.safe_load(Path(__file__).with_name("findings.yaml").read_text("utf-8"))
    return {code: Kind(**spec) for code, spec in data.items()}


def standard_hint(code: str) -> str:
    """What a code's findings say of mending; empty for a rule's own code."""
    return kinds()[code].hint if code in kinds() else ""


@cache
def letters(column: int) -> str:
    """Excel's name of a column counted from 0: 0 → A, 26 → AA."""
    name, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name
