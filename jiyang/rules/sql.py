"""Nodes → SQL. All rules of a subject are one statement over a source, the related aggregated once each before."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import singledispatchmethod
from itertools import count

from jiyang.rules import tree
from jiyang.rules.facts import Facts, NotHeld, RuleRefused
from jiyang.rules.fields import Relation, RuleField, Subject, subjects

OPERATORS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
# aggregates over the related, for "surely" and for "possibly"; NULL where there are none
SOME = {True: "bool_or(true) filter (where {w})", False: "bool_or(({w}) is not false)"}
EVERY = {True: "bool_and(({w}) is true)", False: "bool_and(({w}) is not false)"}


@dataclass(frozen=True)
class Base:
    """Rows of one subject in a source: `sql` (a table or a query in brackets), its `columns`, its key column.

    `unread`: rows carry a list of fields whose cell could not be read. `one`: condition that leaves one row per key, for those that ask for them as related.
    """

    sql: str
    columns: frozenset[str]
    key: str
    unread: bool = False
    one: str = ""


@dataclass(frozen=True)
class Source:
    """Where rules look: a base per subject. `title` names it in refusals."""

    title: str
    bases: Mapping[str, Base]


def literal(value: tree.Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, int | Decimal):
        return f"({value})" if value < 0 else str(value)
    quoted = value.replace("'", "''").replace("\\", "'||chr(92)||'").replace("%", "'||chr(37)||'")
    return f"('{quoted}')"


def listed(values: tuple) -> str:
    return ", ".join(literal(one) for one in values)


@dataclass
class Frame:
    """One subject in the statement: which of its columns, aggregates of its related and facts of its parent are used."""

    source: Source
    subject: Subject
    facts: Facts
    numbers: count = field(default_factory=count)
    used: set[str] = field(default_factory=set)
    derived: dict[str, str] = field(default_factory=dict)
    related: dict[str, "Frame"] = field(default_factory=dict)
    aggregates: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alias = f"t{next(self.numbers)}"
        if self.subject.key not in self.source.bases:
            raise NotHeld(f"{self.source.title}里没有{self.subject.title}的数据")
        self.base = self.source.bases[self.subject.key]

    # --- columns
    def need(self, one: RuleField) -> None:
        missing = [name for name in one.required if name not in self.base.columns]
        if not one.required and self.base.columns.isdisjoint(one.optional):
            missing = list(one.optional)
        if missing:
            titles = "、".join(
                self.subject.fields[name].title if name in self.subject.fields else name for name in missing
            )
            raise NotHeld(f"{self.source.title}里没有{self.subject.title}的“{titles}”")

    def column(self, one: RuleField) -> str:
        self.need(one)
        if one.sql:
            optional = {name: f'b."{name}"' if name in self.base.columns else "null" for name in one.optional}
            self.derived[one.name] = one.sql.format(t="b", as_of=literal(self.facts.as_of), **optional)
        else:
            self.used.add(one.name)
        return f'{self.alias}."{one.name}"'

    def unread(self, one: RuleField) -> str:
        """SQL that is true where a cell of the field could not be read, else false."""
        if not self.base.unread:
            return "false"
        self.used.add("unread")
        self.derived["all_read"] = "cardinality(b.unread) = 0"  # asked first: searching the list costs most of a pass
        names = " or ".join(f"'{name}' = any({self.alias}.unread)" for name in one.reads)
        return f"(not {self.alias}.all_read and ({names}))"

    def child(self, relation: Relation) -> "Frame":
        if relation.name not in self.related:
            target = subjects()[relation.target]
            self.related[relation.name] = Frame(self.source, target, self.facts, self.numbers)
            self.aggregates[relation.name] = {}
        return self.related[relation.name]

    def export(self, relation: Relation, sql: str) -> str:
        """A column of this frame that holds `sql` of the related, worked out once."""
        known = self.aggregates[relation.name]
        name = known.setdefault(sql, f"{relation.name}_{len(known)}")
        return f"{self.alias}.{name}"

    # --- nodes
    @singledispatchmethod
    def sql(self, node: tree.Node, sure: bool = True) -> str:
        """SQL that is true exactly where the condition is; not `sure`: that is false exactly where it is false.

        Of three values only two are ever told apart, so a negation asks the other question of what it negates.
        """
        raise TypeError(node)

    @sql.register
    def _(self, node: tree.All, sure: bool = True) -> str:
        return "(" + " and ".join(self.sql(item, sure) for item in node.items) + ")"

    @sql.register
    def _(self, node: tree.Any, sure: bool = True) -> str:
        return "(" + " or ".join(self.sql(item, sure) for item in node.items) + ")"

    @sql.register
    def _(self, node: tree.AnyHeld, sure: bool = True) -> str:
        held = []
        for item in node.items:
            try:
                held.append(self.sql(item, sure))
            except NotHeld as missing:
                lacking = missing
        if not held:
            raise lacking
        return "(" + " or ".join(held) + ")"

    @sql.register
    def _(self, node: tree.Not, sure: bool = True) -> str:
        return f"(not {self.sql(node.item, not sure)})"

    @sql.register
    def _(self, node: tree.Named, sure: bool = True) -> str:
        return self.sql(node.item, sure)

    @sql.register
    def _(self, node: tree.Empty, sure: bool = True) -> str:
        column, unread = self.column(node.field), self.unread(node.field)
        if not node.wanted:
            return f"({column} is not null)" if sure else f"({column} is not null or {unread})"
        return f"({column} is null and not {unread})" if sure else f"({column} is null)"

    @sql.register
    def _(self, node: tree.Compare, sure: bool = True) -> str:
        column, operand = self.column(node.field), node.operand
        if node.op in {"in", "not_in"}:
            return f"({column} {'in' if node.op == 'in' else 'not in'} ({listed(operand.literal)}))"
        if node.op in {"has", "only"}:
            return self._list(node, column, sure)
        if node.op == "contains":
            return "(" + " or ".join(f"strpos({column}, {literal(part)}) > 0" for part in operand.literal) + ")"
        return f"({column} {OPERATORS[node.op]} {self.operand(operand)})"

    def _list(self, node: tree.Compare, column: str, sure: bool) -> str:
        wanted = f"array[{listed(node.operand.literal)}]::text[]"
        test = f"({column} && {wanted})" if node.op == "has" else f"({column} @> {wanted} and {column} <@ {wanted})"
        if sure or node.field.type == "choices":
            return test
        return f"(coalesce({test}, false) or {self.unread(node.field)})"

    def operand(self, operand: tree.Operand) -> str:
        if operand.param:
            return literal(self.facts.number(operand.param, operand.times))
        if operand.literal is not None:
            return literal(operand.literal)
        base = literal(self.facts.as_of) if operand.as_of else self.column(operand.field)
        if operand.times is not None:
            return f"({base} * {literal(self.facts.factor(operand.times))})"
        months, days = self.facts.shift(operand.months), self.facts.shift(operand.days)
        if months or days:
            shifted = f"{base} + make_interval(months => {months})" if months else base
            return f"(({shifted})::date + {days})"
        return base

    @sql.register
    def _(self, node: tree.Quantified, sure: bool = True) -> str:
        child = self.child(node.relation)
        if node.kind != "count":
            sure = sure != (node.kind == "none")
            where = child.sql(node.where, sure) if node.where else "true"
            found = self.export(node.relation, (EVERY if node.kind == "every" else SOME)[sure].format(w=where))
            return f"(not coalesce({found}, false))" if node.kind == "none" else f"coalesce({found}, false)"
        where = child.sql(node.where) if node.where else "true"
        found = f"coalesce({self.export(node.relation, f'count(*) filter (where {where})')}, 0)"
        if node.share is not None:
            everybody = f"coalesce({self.export(node.relation, 'count(*)')}, 0)"
            return f"({found} {OPERATORS[node.op]} {node.share} * {everybody})"
        return f"({found} {OPERATORS[node.op]} {self.operand(node.operand)})"

    @sql.register
    def _(self, node: tree.Parent, sure: bool = True) -> str:
        return self.export(node.relation, self.child(node.relation).sql(node.item, sure))

    # --- statement
    def render(self, *keep: str) -> str:
        """The rows with every used column, derived fact and aggregate, as a query in brackets named by the alias."""
        joins, columns = [], []
        own = {self.base.key, *keep, *self.used}
        for name, frame in self.related.items():
            if not self.aggregates[name]:
                continue  # asked for by a condition that the source cannot answer after all
            relation = self.subject.relations[name]
            own.add(relation.own)
            join, exported = self._join(relation, frame)
            joins.append(join)
            columns += exported
        derived = "".join(f', {sql} as "{name}"' for name, sql in self.derived.items())
        picked = ", ".join(f'b."{name}"' for name in sorted(own))
        inner = f"(select {picked}{derived} from {self.base.sql} b offset 0)"
        listed_columns = "".join(f", {column}" for column in columns)
        return (
            f"(select {self.alias}.*{listed_columns} from {inner} {self.alias}{''.join(joins)} offset 0) {self.alias}"
        )

    def _join(self, relation: Relation, frame: "Frame") -> tuple[str, list[str]]:
        known, alias = self.aggregates[relation.name], f"j{frame.alias}"
        exported = [f"{alias}.{name}" for name in known.values()]
        columns = ", ".join(f"{sql} as {name}" for sql, name in known.items())
        on = f'on {alias}.joined = {self.alias}."{relation.own}"'
        keep = (relation.other, *frame.one_columns())
        key = f'{frame.alias}."{relation.other}"'
        one = f" and {frame.base.one.format(t=frame.alias)}" if frame.base.one else ""
        query = f"select {key} as joined, {columns} from {frame.render(*keep)} where {key} is not null{one}"
        query += " group by 1" if relation.many else ""
        return f" left join ({query}) {alias} {on}", exported

    def one_columns(self) -> tuple[str, ...]:
        return ("version",) if self.base.one else ()


def statement(source: Source, subject: Subject, conditions: Mapping[str, tree.Node], facts: Facts) -> str:
    """One query for all conditions: key of each row that any hits, with the places (from 1) of those that do.

    Raises RuleRefused where one of them may not run; ask `usable` first.
    """
    frame = Frame(source, subject, facts)
    places = range(1, len(conditions) + 1)
    hits = "".join(
        f", case when {frame.sql(node)} then {place} end as h{place}"
        for place, node in zip(places, conditions.values(), strict=True)
    )
    listed = ", ".join(f"h{place}" for place in places)  # an array of them is made for rows with hits alone
    rows = frame.render()
    return (
        f"select rid, array_remove(array[{listed}]::int[], null) as hits"
        f' from (select {frame.alias}."{frame.base.key}" as rid{hits} from {rows} offset 0) found'
        f" where coalesce({listed}) is not null"
    )


def usable(source: Source, subject: Subject, node: tree.Node, facts: Facts) -> str:
    """Empty where the condition may run over the source, else the reason why not, in Chinese."""
    try:
        Frame(source, subject, facts).sql(node)
    except RuleRefused as refused:
        return str(refused)
    return ""
