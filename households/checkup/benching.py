"""`./bench rules`: the whole catalogue in one pass per subject, against one query per rule and against plain Python functions.

The plain functions are what a county tool has: per rule one function over a record in memory, called once per record.
They are written from the same trees; unknown counts as no.
"""

import datetime as dt
import os
from collections.abc import Callable

from django.db import connection, transaction

from households.checkup import synthetic
from jiyang.access.scope import system_scope
from jiyang.rules import running, tree
from jiyang.rules.catalogue import Rule
from jiyang.rules.facts import Facts, shifted
from jiyang.rules.fields import RuleField, subjects
from jiyang.rules.sql import Source
from jiyang.rules.versions import active
from jiyang.runtime.benchmarks import benchmark, cpu, median

HOUSEHOLDS = int(os.environ.get("BENCH_RULES_HOUSEHOLDS", "4000"))
TIMES, MANY = 10, 100  # 4,000 random households are 10,000 people; ten and a hundred times that are measured
FACTS = Facts(dt.date(2025, 6, 30), {"income_line.monitoring": "7300", "medical.cutoff.month": "2"})
APART = 10_000_000


def multiplied(made: dict, times: int, prefix: str) -> Source:
    """The records and their copies under other keys, in temporary tables of the running transaction."""
    source = synthetic.load(made, prefix)
    with connection.cursor() as cursor:
        for subject, base in source.bases.items():
            keys = {"rid", *synthetic.KEYS[subject]} - {"version"}
            cursor.execute(f"select * from {base.sql} limit 0")
            names = [one.name for one in cursor.description]
            picked = ", ".join(f"{name} + n * {APART}" if name in keys else f'"{name}"' for name in names)
            cursor.execute(f"insert into {base.sql} select {picked} from {base.sql}, generate_series(1, {times - 1}) n")
            cursor.execute(f"analyze {base.sql}")
    return source


class Plain:
    """Source text of a condition as a Python expression over the record `r`."""

    def __init__(self) -> None:
        self.constants: dict[str, object] = {}

    def constant(self, found: object) -> str:
        return next((name for name, value in self.constants.items() if value is found), None) or self._new(found)

    def _new(self, found: object) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = found
        return name

    def value(self, one: RuleField, r: str) -> str:
        return f"{self.constant(one.python)}({r}, day)" if one.python else f"{r}['{one.name}']"

    def text(self, node: tree.Node, r: str = "r") -> str:
        if isinstance(node, tree.All | tree.Any | tree.AnyHeld):
            return (
                "("
                + (" and " if isinstance(node, tree.All) else " or ").join(self.text(item, r) for item in node.items)
                + ")"
            )
        if isinstance(node, tree.Not):
            return f"(not {self.text(node.item, r)})"
        if isinstance(node, tree.Named):
            return self.text(node.item, r)
        if isinstance(node, tree.Empty):
            return f"({self.value(node.field, r)} is {'' if node.wanted else 'not '}None)"
        if isinstance(node, tree.Parent):
            return f"any({self.text(node.item, 'p')} for p in {r}['{node.relation.name}'])"
        return self._quantified(node, r) if isinstance(node, tree.Quantified) else self._compared(node, r)

    def _quantified(self, node: tree.Quantified, r: str) -> str:
        where, others = self.text(node.where, "m") if node.where else "True", f"{r}['{node.relation.name}']"
        if node.kind != "count":
            return {"some": f"any({where} for m in {others})", "none": f"(not any({where} for m in {others}))", "every": f"all({where} for m in {others})"}[node.kind]  # fmt: skip
        right = f"{float(node.share)} * len({others})" if node.share is not None else self._operand(node.operand, r)[0]
        return f"({_unless_none(right)}sum(1 for m in {others} if {where}) {_sign(node.op)} {right})"

    def _compared(self, node: tree.Compare, r: str) -> str:
        left = self.value(node.field, r)
        if node.op in {"in", "not_in"}:
            return f"({left} is not None and {left} {node.op.replace('_', ' ')} {self.constant(node.operand.literal)})"
        if node.op == "contains":
            return f"({left} is not None and any(x in {left} for x in {self.constant(node.operand.literal)}))"
        if node.op in {"has", "only"}:
            test = f"any(x in {left} for x in {self.constant(node.operand.literal)})" if node.op == "has" else f"set({left}) == set({self.constant(node.operand.literal)})"  # fmt: skip
            return f"({left} is not None and {test})"
        right, known = self._operand(node.operand, r)
        return f"({left} is not None{known} and {left} {_sign(node.op)} {right})"

    def _operand(self, operand: tree.Operand, r: str) -> tuple[str, str]:
        if operand.param:
            return self.constant(FACTS.number(operand.param, operand.times)), ""
        if operand.literal is not None:
            return self.constant(operand.literal), ""
        months, days = FACTS.shift(operand.months), FACTS.shift(operand.days)
        if operand.as_of:
            return self.constant(shifted(FACTS.as_of, months, days)), ""
        base = self.value(operand.field, r)
        known = f" and {base} is not None"
        if operand.times is not None:
            return f"{base} * {self.constant(FACTS.factor(operand.times))}", known
        if months or days:
            return f"shifted({base}, {months}, {days})", known
        return base, known


def _sign(op: str) -> str:
    return "==" if op == "=" else op


def _unless_none(right: str) -> str:
    return f"{right} is not None and " if right.endswith("']") else ""


def plain_functions(rules: list[Rule]) -> list[tuple[str, Callable]]:
    """(subject, function) per rule."""
    plain, lines = Plain(), []
    for place, rule in enumerate(rules):
        lines.append(f"def rule_{place}(r):\n    return {plain.text(rule.when)}")
    space = {"shifted": shifted, "day": FACTS.as_of, **plain.constants}
    exec("\n".join(lines), space)
    return [(rule.subject.key, space[f"rule_{place}"]) for place, rule in enumerate(rules)]


def in_memory(made: dict, times: int) -> dict[str, list[dict]]:
    """The records with their related ones, `times` over."""
    index: dict = {}
    for key, records in made.items():
        for record in records:
            for column in ("household_key", "person_key"):
                index.setdefault((key, column, record.get(column)), []).append(record)
    for key, records in made.items():
        for record in records:
            for relation in subjects()[key].relations.values():
                record[relation.name] = index.get((relation.target, relation.other, record[relation.own]), [])
    copies = {key: [dict(record) for _ in range(times) for record in records] for key, records in made.items()}
    copies["household"] = [person["household"][0] for person in copies["person"]]  # once per person, as such tools do
    return copies


def called(functions: list[tuple[str, Callable]], records: dict[str, list[dict]]) -> int:
    found = 0
    for key, rule in functions:
        for record in records[key]:
            if rule(record):
                found += 1
    return found


@benchmark("rules")
def bench_rules() -> dict:
    """The catalogue at 100,000 people in one pass per subject; one query per rule; plain functions; and at 1,000,000."""
    made = synthetic.make(HOUSEHOLDS, 3, blank=0.1, unread=0, dull=0.97)
    people, rules = len(made["person"]), list(active(FACTS.as_of))
    with system_scope("性能测试"), transaction.atomic():
        source = multiplied(made, TIMES, "bench")
        ran = [outcome.rule for outcome in running.run(rules, source, FACTS) if not outcome.reason]
        one_pass = median(lambda: cpu(lambda: running.run(ran, source, FACTS)))
        per_rule = cpu(lambda: [running.run([rule], source, FACTS) for rule in ran])
        transaction.set_rollback(True)
    with system_scope("性能测试"), transaction.atomic():
        source = multiplied(made, MANY, "many")
        many = cpu(lambda: running.run(ran, source, FACTS))
        transaction.set_rollback(True)
    records, functions = in_memory(made, TIMES), plain_functions(ran)
    per_function = cpu(lambda: called(functions, records))
    return {
        "rules": len(ran), "people": people * TIMES, "seconds": round(one_pass, 2), "per_rule_query_seconds": round(per_rule, 2),
        "per_function_seconds": round(per_function, 2), "per_rule_query_ratio": round(per_rule / one_pass, 2),
        "per_function_ratio": round(per_function / one_pass, 2), "many_people": people * MANY, "many_seconds": round(many, 2),
        "linear_ratio": round(many / MANY / (one_pass / TIMES), 2),
    }  # fmt: skip
