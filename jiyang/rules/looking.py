"""What a rule hits in the standing data of the actor's scope, and what a changed one would hit in its place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from jiyang.access.scope import Actor
from jiyang.rules import running
from jiyang.rules.catalogue import Rule
from jiyang.rules.circles import Circles
from jiyang.rules.facts import Facts
from jiyang.rules.groups import told_to
from jiyang.rules.live import Named, live
from jiyang.rules.sentence import Teller
from jiyang.rules.sql import Source

SAMPLE = 5


@dataclass(frozen=True)
class Sample:
    """One row that is hit, in an officer's words."""

    named: Named
    text: str


@dataclass(frozen=True)
class Found:
    """`count` rows hit with some of them; or the `reason` for which the rule may not run."""

    rule: Rule
    count: int = 0
    samples: Sequence[Sample] = ()
    reason: str = ""


@dataclass(frozen=True)
class Part:
    title: str
    count: int
    samples: Sequence[Sample]


@dataclass(frozen=True)
class Compared:
    """A version against the one in force (None: there is none): hits that would be new, go away and stay."""

    old: Found | None
    new: Found
    parts: Sequence[Part] = ()


def look(rule: Rule, actor: Actor) -> Found:
    """The rule's hits of today in the actor's scope. A fixed number of queries."""
    source, facts = live().source(), Facts(timezone.localdate())
    (outcome,) = running.run([rule], source, facts)
    if outcome.reason:
        return Found(rule, reason=outcome.reason)
    return Found(rule, len(outcome.keys), samples(rule, outcome.keys, source, facts, actor))


def compare(old: Rule | None, new: Rule, actor: Actor) -> Compared:
    """Both over the same rows in one pass. A rule that is not in force, or may not run, hits nothing."""
    source, facts = live().source(), Facts(timezone.localdate())
    apart = [replace(rule, code=place) for place, rule in (("new", new), ("old", old)) if rule]
    outcome, *before = running.run(apart, source, facts)
    found = Found(new, len(outcome.keys), reason=outcome.reason)
    former = Found(old, len(before[0].keys), reason=before[0].reason) if old else None
    if outcome.reason:
        return Compared(former, found)
    now, then = set(outcome.keys), set(before[0].keys) if before else set()
    parts = [
        Part("新增", len(now - then), samples(new, sorted(now - then), source, facts, actor)),
        Part("消失", len(then - now), samples(old, sorted(then - now), source, facts, actor) if old else ()),
        Part("不变", len(now & then), samples(new, sorted(now & then), source, facts, actor)),
    ]
    return Compared(former, found, parts)


def samples(rule: Rule, keys: Sequence, source: Source, facts: Facts, actor: Actor) -> list[Sample]:
    """The first rows by key, each with the sentence that says why."""
    shown = sorted(keys)[:SAMPLE]
    if not shown:
        return []
    rows, named, teller = Circles(source).by_key(rule.subject, shown, [rule.when]), live().named(rule.subject, shown, actor), Teller(facts)  # fmt: skip
    return [
        Sample(named[key], told_to(actor, rule.when, rule.subject, teller.tell(rule.when, rows[key])))
        for key in shown
        if key in rows and key in named
    ]
