"""Running rules over a source: one statement per subject, hits by rule; what may not run is refused with its reason."""

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from django.db import connection

from jiyang.planner import planned_with
from jiyang.rules.catalogue import Rule
from jiyang.rules.facts import Facts
from jiyang.rules.fields import Subject, subjects
from jiyang.rules.sql import Source, statement, usable


@dataclass
class Outcome:
    """What a rule did: `keys` of the rows it hit, or the reason for which it was refused. `ms` is its share of its subject's pass."""

    rule: Rule
    keys: list = field(default_factory=list)
    reason: str = ""
    ms: float = 0.0


def one_pass() -> AbstractContextManager[None]:
    """A pass is one long expression over each row: compiling it to machine code costs more than it saves, loops are hopeless."""
    return planned_with(jit="off", enable_nestloop="off", work_mem="128MB")


def run(rules: Iterable[Rule], source: Source, facts: Facts) -> list[Outcome]:
    """Every rule's outcome, in the order given. One query per subject. Call inside a scope."""
    outcomes = [Outcome(rule, reason=usable(source, rule.subject, rule.when, facts)) for rule in rules]
    by_subject: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if not outcome.reason:
            by_subject.setdefault(outcome.rule.subject.key, []).append(outcome)
    with one_pass():
        for key, group in by_subject.items():
            _run(subjects()[key], group, source, facts)
    return outcomes


def _run(subject: Subject, group: list[Outcome], source: Source, facts: Facts) -> None:
    began = time.perf_counter()
    conditions = {outcome.rule.code: outcome.rule.when for outcome in group}
    with connection.cursor() as cursor:
        cursor.execute(statement(source, subject, conditions, facts))
        for key, places in cursor:
            for place in places:
                group[place - 1].keys.append(key)
    share = 1000 * (time.perf_counter() - began) / len(group)
    for outcome in group:
        outcome.ms = round(share, 3)
