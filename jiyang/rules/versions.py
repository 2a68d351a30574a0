"""The rules in force on a day: those of the files, overridden and joined by the versions that two people made.

A stored version whose condition can no longer be read is disabled and told here; the others run.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone

from jiyang.caching import kept
from jiyang.intake.findings import kinds
from jiyang.parameters.models import Parameter
from jiyang.rules.catalogue import Rule, catalogue, terms
from jiyang.rules.enums import VersionKind
from jiyang.rules.fields import subjects
from jiyang.rules.models import RuleVersion
from jiyang.rules.reading import Reader, RuleBroken
from jiyang.workflow.enums import ProposalState

STAMP = "rules:stamp"
SAID = ("subject", "title", "severity", "family", "sources", "source", "why", "mend", "tree")  # what a version says


@dataclass(frozen=True)
class Broken:
    """A stored version that is in force but cannot run any more, and why."""

    version: RuleVersion
    reason: str


@dataclass(frozen=True)
class InForce:
    rules: tuple[Rule, ...]
    broken: tuple[Broken, ...]


def active(day: dt.date | None = None) -> tuple[Rule, ...]:
    """The rules of `day` (today), in the catalogue's order, those made here last. No query until a version changes."""
    return in_force(day).rules


def broken(day: dt.date | None = None) -> tuple[Broken, ...]:
    """The stored versions of `day` that are disabled because a field, an option or a parameter of theirs is gone."""
    return in_force(day).broken


def in_force(day: dt.date | None = None) -> InForce:
    stamp = kept(STAMP, lambda: uuid.uuid4().hex, None)
    return _read(stamp, day or timezone.localdate())


def forget(**kwargs) -> None:
    """Called when a version changed: every process reads anew."""
    cache.delete(STAMP)


@lru_cache(maxsize=32)
def _read(stamp: str, day: dt.date) -> InForce:
    stored = {one.code: one for one in RuleVersion.objects.on(day).order_by("code")}
    if not stored:
        return InForce(catalogue(), ())
    known = set(Parameter.objects.values_list("key", flat=True))
    made, lost = {}, []
    for code, version in stored.items():
        if version.kind == VersionKind.OFF:
            continue
        try:
            made[code] = rule_of(version, known)
        except RuleBroken as problem:
            lost.append(Broken(version, str(problem)))
    rules = [made.get(rule.code, rule) for rule in catalogue() if rule.code in made or rule.code not in stored]
    built_in = {rule.code for rule in catalogue()}
    return InForce((*rules, *(rule for code, rule in made.items() if code not in built_in)), tuple(lost))


def rule_of(version: RuleVersion, known: Iterable[str] | None = None) -> Rule:
    """A stored version as a rule. `known`: the keys of all parameters, asked for where not given. Raises RuleBroken."""
    where = f"规则 {version.code} 第 {version.number} 版"
    subject = subjects().get(version.subject)
    if subject is None:
        raise RuleBroken(f"{where}：没有这种对象“{version.subject}”")
    read = Rule(
        version.code, tuple(version.sources), version.title, version.severity, subject,
        Reader(where, terms()).read(version.tree, subject), version.family, version.source, version.tree,
        version.why, version.mend, version.number,
    )  # fmt: skip
    rule = _told_as_built_in(read)
    keys = Parameter.objects.values_list("key", flat=True) if known is None else known
    if missing := sorted(rule.parameters - set(keys)):
        raise RuleBroken(f"{where}：没有参数 {'、'.join(missing)}")
    return rule


def _told_as_built_in(rule: Rule) -> Rule:
    """A version that asks what the built-in rule asks is told at a file's cells as that is.

    One that asks something else, or is milder, is told in its own words where it points itself; an error that refused a household
    refuses it still.
    """
    standing = next((one for one in catalogue() if one.code == rule.code and one.findings), None)
    if standing is None:
        return rule
    if (standing.when, standing.severity) == (rule.when, rule.severity):
        return replace(rule, findings=standing.findings)
    refused = any(kinds()[one.code].severity == "E" for one in standing.findings)
    return replace(rule, refuses=refused and rule.severity == "error")


def jsonable(raw: Any) -> Any:
    """A condition as JSON keeps it: a file's days become text."""
    if isinstance(raw, Mapping):
        return {key: jsonable(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [jsonable(one) for one in raw]
    return raw.isoformat() if isinstance(raw, dt.date) else raw


def version_of(rule: Rule) -> RuleVersion:
    """A built-in rule as its version 0, which is not stored."""
    return RuleVersion(
        code=rule.code, number=0, subject=rule.subject.key, title=rule.title, severity=rule.severity, family=rule.family,
        sources=list(rule.source_codes), source=rule.basis, why=rule.why, mend=rule.mend, tree=jsonable(rule.raw),
        state=ProposalState.APPROVED,
    )  # fmt: skip


def built_in(code: str) -> RuleVersion | None:
    return next((version_of(rule) for rule in catalogue() if rule.code == code), None)


def saying(code: str, number: int) -> RuleVersion:
    """A version of a rule, whatever became of it; 0 is the built-in one. Raises ValidationError."""
    found = RuleVersion.objects.filter(code=code, number=number).first() if number else built_in(code)
    if found is None:
        raise ValidationError(f"规则 {code} 没有第 {number} 版")
    return found


def standing_version(code: str, day: dt.date | None = None) -> RuleVersion | None:
    """The version that holds on a day (today), broken or not; None where the rule is switched off or unknown."""
    stored = RuleVersion.objects.on(day or timezone.localdate()).filter(code=code).first()
    if stored is not None:
        return None if stored.kind == VersionKind.OFF else stored
    return built_in(code)


def in_use(code: str) -> RuleVersion | None:
    """The version that holds today, else the one that is agreed to begin later: what can be switched off."""
    today = timezone.localdate()
    coming = RuleVersion.objects.filter(
        code=code, state=ProposalState.APPROVED, kind=VersionKind.RULE, valid_from__gt=today
    )
    return standing_version(code) or coming.filter(valid_until=None).first()


def latest(code: str) -> RuleVersion:
    """The last version that two people agreed to, else the built-in one, else the last that was proposed.

    Raises ValidationError for an unknown code.
    """
    stored = RuleVersion.objects.filter(code=code).order_by("number")
    return stored.filter(state=ProposalState.APPROVED).last() or built_in(code) or stored.last() or saying(code, 0)
