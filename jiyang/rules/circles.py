"""Rows of a source with their related, as the evaluator and the teller walk them; a constant number of queries for any number of rows."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from jiyang.rules import tree
from jiyang.rules.catalogue import Rule
from jiyang.rules.evaluate import Evaluator, Row
from jiyang.rules.facts import Facts, RuleRefused
from jiyang.rules.fields import Subject, subjects
from jiyang.rules.sql import Source

Needs = dict[str, "Needs"]  # relation → the relations needed of its rows


def needs_of(nodes: Iterable[tree.Node]) -> Needs:
    """The relations that conditions walk, nested."""
    found: Needs = {}
    for node in nodes:
        _gather(node, found)
    return found


def _gather(node: tree.Node, found: Needs) -> None:
    if isinstance(node, tree.Quantified | tree.Parent):
        found = found.setdefault(node.relation.name, {})
    for child in tree.children(node):
        _gather(child, found)


class Circles:
    """Loads rows of `source` and what they are related to. Every query is asked once for all rows of a level."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def of(self, subject: Subject, column: str, values: Collection[Any], needs: Needs) -> dict[Any, list[Row]]:
        """Rows of the subject by the value of their `column`, each with the related rows that `needs` names."""
        found: dict[Any, list[Row]] = {}
        for record in self._records(subject, column, values):
            row = Row(record, frozenset(record.get("unread") or ()), {})
            found.setdefault(record[column], []).append(row)
        self._relate(subject, [row for rows in found.values() for row in rows], needs)
        return found

    def by_key(self, subject: Subject, keys: Collection[Any], nodes: Iterable[tree.Node]) -> dict[Any, Row]:
        """Rows by their own key, with what the conditions ask of their related. Keys that are gone are left out."""
        rows = self.of(subject, self.source.bases[subject.key].key, keys, needs_of(nodes))
        return {key: row for key, (row, *_) in rows.items()}

    def _records(self, subject: Subject, column: str, values: Collection[Any]) -> Iterator[dict[str, Any]]:
        if not values:
            return
        sql = f'select * from {self.source.bases[subject.key].sql} b where b."{column}" = any(%s)'
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(values)])
            names = [one.name for one in cursor.description]
            for line in cursor:
                read = (value.tobytes() if isinstance(value, memoryview) else value for value in line)
                yield dict(zip(names, read, strict=True))

    def _relate(self, subject: Subject, rows: list[Row], needs: Needs) -> None:
        for name, deeper in needs.items():
            relation = subject.relations[name]
            if relation.target not in self.source.bases:
                continue
            wanted = {row.values[relation.own] for row in rows} - {None}
            others = self.of(subjects()[relation.target], relation.other, wanted, deeper)
            one = self.source.bases[relation.target].one
            for row in rows:
                related = others.get(row.values[relation.own], [])
                row.related[name] = [other for other in related if other.values["version"] == 1] if one else related


@dataclass(frozen=True)
class Judged:
    """A rule that is true of a row."""

    rule: Rule
    key: Any
    row: Row


def examine(rules: Collection[Rule], source: Source, facts: Facts, column: str, value: Any) -> list[Judged]:
    """The rules that are true of the rows whose `column` is `value`: all of one household's, right after it was saved.

    The same answer as `running.run` gives for these rows, without compiling the whole catalogue for them. Rules that may
    not run over the source, or whose parameter is missing, are passed over.
    """
    by_subject: dict[str, list[Rule]] = {}
    missing = {key for key in {key for rule in rules for key in rule.parameters} if not _known(facts, key)}
    for rule in rules:
        if missing.isdisjoint(rule.parameters) and _readable(rule, source):
            by_subject.setdefault(rule.subject.key, []).append(rule)
    circles, evaluator, found = Circles(source), Evaluator(facts), []
    for key, group in by_subject.items():
        base = source.bases[key]
        rows = circles.of(subjects()[key], column, [value], needs_of(rule.when for rule in group)).get(value, [])
        found += [
            Judged(rule, row.values[base.key], row) for rule in group for row in rows if evaluator.truth(rule.when, row)
        ]
    return found


def _readable(rule: Rule, source: Source) -> bool:
    return all(
        key in source.bases and source.bases[key].columns.issuperset(names) for key, names in rule.required.items()
    )


def _known(facts: Facts, parameter: str) -> bool:
    try:
        facts.number(parameter)
    except RuleRefused:
        return False
    return True
