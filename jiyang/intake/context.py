"""What a whole file tells of how its cells are meant. Some of its rows that come back alone are read by it, not by themselves."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from jiyang.intake.dates import Ways

ENDLESS = 1 << 30


@dataclass
class Context:
    """`day` is the file's own day, `day_from` where it stands (`normalise.Mapped`), `ways` how its columns write days.

    `unclear` are the columns of 是/否 in which a circle may say either, since another sign says yes; `width` is how many cells
    the heading of a text file has (without end for a workbook).
    """

    day: dt.date | None = None
    day_from: str = ""
    ways: dict[str, Ways] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    width: int = ENDLESS

    def as_dict(self) -> dict:
        return {
            "day": self.day and self.day.isoformat(),
            "day_from": self.day_from,
            "ways": {name: astuple(ways) for name, ways in self.ways.items()},
            "unclear": sorted(self.unclear),
            "width": self.width,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Context":
        """From what `as_dict` gave."""
        day = dt.date.fromisoformat(kept["day"]) if kept["day"] else None
        ways = {name: Ways(*told) for name, told in kept["ways"].items()}
        return cls(day, kept["day_from"], ways, set(kept["unclear"]), kept["width"])
