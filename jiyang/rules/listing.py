"""The catalogue as a list: one line per code, with where it stands today and what waits."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from jiyang.rules.catalogue import SEVERITIES, catalogue
from jiyang.rules.enums import Standing
from jiyang.rules.fields import subjects
from jiyang.rules.models import RuleVersion
from jiyang.rules.versions import broken, version_of

STATES = {
    "active": "生效",
    "broken": "失效",
    "off": "停用",
    "waiting": "待复核",
    "coming": "将生效",
    "returned": "退回",
}
ORIGINS = {"built_in": "内置", "changed": "内置，已改", "own": "自建"}


@dataclass(frozen=True)
class Line:
    """`version`: what stands today, else the last that was proposed. `states`: every state of `STATES` that holds."""

    code: str
    version: RuleVersion
    states: frozenset[str]
    origin: str
    subject: str
    severity: str

    @property
    def main(self) -> str:
        """The one state that is told first."""
        return next((state for state in ("broken", "active", "off", "waiting", "coming", "returned") if state in self.states), "returned")  # fmt: skip


def lines(day: dt.date) -> list[Line]:
    """One line per code, the catalogue's order first. Two queries at most."""
    stored = RuleVersion.objects.order_by("code", "number").defer("tree")
    by_code = {code: list(group) for code, group in groupby(stored, key=lambda one: one.code)}
    lost = {one.version.code for one in broken(day)}
    built_in = {rule.code: version_of(rule) for rule in catalogue()}
    return [
        _line(code, built_in.get(code), by_code.get(code, []), code in lost, day) for code in {**built_in, **by_code}
    ]


def _line(code: str, built_in: RuleVersion | None, stored: list[RuleVersion], lost: bool, day: dt.date) -> Line:
    standings = {one.standing(day): one for one in stored}
    now = standings.get(Standing.ACTIVE) or standings.get(Standing.OFF)
    shown = now or built_in or stored[-1]
    states = {state.value for state in standings if state.value in STATES}
    if now is None and built_in:
        states.add("active")
    if lost:
        states = states - {"active"} | {"broken"}
    if stored and stored[-1].standing(day) != Standing.RETURNED:
        states.discard("returned")
    origin = "own" if built_in is None else "changed" if now else "built_in"
    subject = subjects().get(shown.subject)
    return Line(code, shown, frozenset(states), origin, subject.title if subject else shown.subject, SEVERITIES.get(shown.severity, ""))  # fmt: skip


def fits(line: Line, query) -> bool:
    """Whether a line meets the filters of the address."""
    subject, severity, origin, state, family, term = (
        query.get(name, "").strip() for name in ("subject", "severity", "origin", "state", "family", "q")
    )
    text = " ".join([line.code, line.version.title, line.version.source, *map(str, line.version.sources)])
    return (
        (not subject or line.version.subject == subject)
        and (not severity or line.version.severity == severity)
        and (not origin or line.origin == origin)
        and (not state or state in line.states)
        and (not family or line.version.family == family)
        and (not term or term.upper() in text.upper())
    )
