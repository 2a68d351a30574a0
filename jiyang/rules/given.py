"""Values given for one run of the rules, in place of the parameters' own: which keys there are, and what is no value."""

import datetime as dt
import re
from collections.abc import Collection, Mapping

from jiyang.parameters.models import Parameter
from jiyang.rules.facts import SHOWN, Facts, RuleRefused
from jiyang.rules.versions import active

YEAR = re.compile("[12][0-9]{3}")


def keys() -> set[str]:
    """Of every parameter, and those that a rule asks for and nobody has given a value yet. One query."""
    return set(Parameter.objects.values_list("key", flat=True)) | {key for rule in active() for key in rule.parameters}


def _key(name: str, known: Collection[str]) -> str:
    """The key that `key` or `key.YEAR` names; empty where there is none."""
    key, _, year = name.rpartition(".")
    dated = key if YEAR.fullmatch(year) else ""
    return next((one for one in (name, dated) if one in known), "")


def unknown_of(given: Mapping[str, str]) -> list[str]:
    """What is wrong with the keys."""
    known = keys()
    unknown = sorted(name[:SHOWN] for name in given if not _key(name, known))
    return [f"没有参数 {'、'.join(unknown)}，请照“参数”页上的编号填写"] if unknown else []


def problems_of(given: Mapping[str, str], day: dt.date) -> list[str]:
    """What is wrong with the keys; else what no rule could compare with."""
    if problems := unknown_of(given):
        return problems
    known = keys()
    for name, value in given.items():
        key = _key(name, known)
        try:
            Facts(day, {key: value}).number(key)
        except RuleRefused as refused:
            problems.append(str(refused).partition("，请在")[0])
    return problems
